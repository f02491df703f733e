"""The simple essence of automatic differentiation: programs are morphisms, and a category is a way to run them.

A program is built of primitives and combinators, and differentiated by sending it to a category:

>>> import essence_ad as ad
>>> f = ad.mul >> ad.fork(ad.cos, ad.sin)
>>> value, derivative = ad.D(ad.Dual(ad.Additive))(f)((0.0, 3.0))
>>> value == (1.0, 0.0), derivative((0.0, 1.0)) == (3.0, 0.0)
(True, True)

The vocabulary is the paper's (``exl``, ``dup``, ``jam``, ``scale``, ...), and primitives have NumPy's names (``sin``,
``add``, ``matmul``, ...), found in the catalogue ``essence_ad.primitives``. A name is loaded when it is first used, so that
``import essence_ad`` and the help of the command line need neither NumPy nor the catalogue. ``from essence_ad import *``
leaves Python's own names (``sum``, ``round``, ``compile``, ...) alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# The names that users type, by the module that defines them; the primitives of the catalogue are added to these.
_NAMES = {
    "calculus.checking": "check_derivatives",
    "calculus.cost": "cost",
    "calculus.gradient": "grad value_and_grad",
    "calculus.hessian": "hessian hvp",
    "calculus.jacobian": "jacobian",
    "calculus.linearization": "jvp linearize vjp",
    "calculus.modes": "forward reverse",
    "calculus.vectorization": "vmap",
    "categories.additive": "Additive",
    "categories.batched": "Batched",
    "categories.begin": "Begin",
    "categories.cont": "Cont",
    "categories.derivative": "D",
    "categories.dual": "Dual",
    "categories.functions": "Functions",
    "categories.graphs": "Graphs",
    "categories.matrices": "Matrices",
    "categories.product": "Both",
    "categories.shapes": "Shapes",
    "combinators": "cross_i first fork_i join_i second unfork unfork_i unjoin unjoin_i",
    "compiler.combinator_text": "show",
    "compiler.compiled": "compile",
    "compiler.python_text": "to_python",
    "control.checkpoint": "checkpoint",
    "control.conditions": "cond while_",
    "control.custom": "custom stop_gradient",
    "control.loops": "fold iterate map_ scan",
    "control.updates": "update",
    "diagram": "Diagram",
    "drawing.draw": "draw",
    "drawing.failure": "draw_failure",
    "drawing.mirror": "draw_adjoint",
    "drawing.picture": "Pictures",
    "drawing.steps": "steps",
    "lawfulness": "check_laws",
    "linear_map": "LinearMap",
    "morphism": "Morphism assoc compose const cross dup exl exr fork identity inj inl inr it jam join proj repl "
    "scale sum_ swap to_combinators unassoc zero",
    "spaces": "C R Space Unit space_of",
    "tracing.counting": "count",
    "tracing.program": "program",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = ("errors",)

if TYPE_CHECKING:  # the same names for type checkers, to whom any other name is a primitive; a test compares the two
    from essence_ad import errors as errors
    from essence_ad.calculus.checking import check_derivatives as check_derivatives
    from essence_ad.calculus.cost import cost as cost
    from essence_ad.calculus.gradient import grad as grad
    from essence_ad.calculus.gradient import value_and_grad as value_and_grad
    from essence_ad.calculus.hessian import hessian as hessian
    from essence_ad.calculus.hessian import hvp as hvp
    from essence_ad.calculus.jacobian import jacobian as jacobian
    from essence_ad.calculus.linearization import jvp as jvp
    from essence_ad.calculus.linearization import linearize as linearize
    from essence_ad.calculus.linearization import vjp as vjp
    from essence_ad.calculus.modes import forward as forward
    from essence_ad.calculus.modes import reverse as reverse
    from essence_ad.calculus.vectorization import vmap as vmap
    from essence_ad.categories.additive import Additive as Additive
    from essence_ad.categories.batched import Batched as Batched
    from essence_ad.categories.begin import Begin as Begin
    from essence_ad.categories.cont import Cont as Cont
    from essence_ad.categories.derivative import D as D
    from essence_ad.categories.dual import Dual as Dual
    from essence_ad.categories.functions import Functions as Functions
    from essence_ad.categories.graphs import Graphs as Graphs
    from essence_ad.categories.matrices import Matrices as Matrices
    from essence_ad.categories.product import Both as Both
    from essence_ad.categories.shapes import Shapes as Shapes
    from essence_ad.combinators import cross_i as cross_i
    from essence_ad.combinators import first as first
    from essence_ad.combinators import fork_i as fork_i
    from essence_ad.combinators import join_i as join_i
    from essence_ad.combinators import second as second
    from essence_ad.combinators import unfork as unfork
    from essence_ad.combinators import unfork_i as unfork_i
    from essence_ad.combinators import unjoin as unjoin
    from essence_ad.combinators import unjoin_i as unjoin_i
    from essence_ad.compiler.combinator_text import show as show
    from essence_ad.compiler.compiled import compile as compile
    from essence_ad.compiler.python_text import to_python as to_python
    from essence_ad.control.checkpoint import checkpoint as checkpoint
    from essence_ad.control.conditions import cond as cond
    from essence_ad.control.conditions import while_ as while_
    from essence_ad.control.custom import custom as custom
    from essence_ad.control.custom import stop_gradient as stop_gradient
    from essence_ad.control.loops import fold as fold
    from essence_ad.control.loops import iterate as iterate
    from essence_ad.control.loops import map_ as map_
    from essence_ad.control.loops import scan as scan
    from essence_ad.control.updates import update as update
    from essence_ad.diagram import Diagram as Diagram
    from essence_ad.drawing.draw import draw as draw
    from essence_ad.drawing.failure import draw_failure as draw_failure
    from essence_ad.drawing.mirror import draw_adjoint as draw_adjoint
    from essence_ad.drawing.picture import Pictures as Pictures
    from essence_ad.drawing.steps import steps as steps
    from essence_ad.lawfulness import check_laws as check_laws
    from essence_ad.linear_map import LinearMap as LinearMap
    from essence_ad.morphism import Morphism as Morphism
    from essence_ad.morphism import assoc as assoc
    from essence_ad.morphism import compose as compose
    from essence_ad.morphism import const as const
    from essence_ad.morphism import cross as cross
    from essence_ad.morphism import dup as dup
    from essence_ad.morphism import exl as exl
    from essence_ad.morphism import exr as exr
    from essence_ad.morphism import fork as fork
    from essence_ad.morphism import identity as identity
    from essence_ad.morphism import inj as inj
    from essence_ad.morphism import inl as inl
    from essence_ad.morphism import inr as inr
    from essence_ad.morphism import it as it
    from essence_ad.morphism import jam as jam
    from essence_ad.morphism import join as join
    from essence_ad.morphism import proj as proj
    from essence_ad.morphism import repl as repl
    from essence_ad.morphism import scale as scale
    from essence_ad.morphism import sum_ as sum_
    from essence_ad.morphism import swap as swap
    from essence_ad.morphism import to_combinators as to_combinators
    from essence_ad.morphism import unassoc as unassoc
    from essence_ad.morphism import zero as zero
    from essence_ad.spaces import C as C
    from essence_ad.spaces import R as R
    from essence_ad.spaces import Space as Space
    from essence_ad.spaces import Unit as Unit
    from essence_ad.spaces import space_of as space_of
    from essence_ad.tracing.counting import count as count
    from essence_ad.tracing.program import program as program

    def __getattr__(name: str) -> Morphism[Any, Any]: ...

else:

    def __getattr__(name: str) -> Any:
        """Load a name when it is first used."""
        if name in _HOMES:
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        elif name in _MODULES:
            return import_module(f"{__name__}.{name}")
        elif name == "__all__":
            value = sorted({*_HOMES, *_MODULES, *_catalogue()} - set(dir(import_module("builtins"))))
        elif name.startswith("_") or name not in _catalogue():
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        else:
            globals().update(import_module(f"{__name__}.morphism").primitives())
            return globals()[name]
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*globals(), *_HOMES, *_MODULES, *_catalogue()]


def _catalogue() -> dict[str, Any]:
    """The primitives, whose names nobody lists."""
    found: dict[str, Any] = import_module(f"{__name__}.primitives").catalogue()
    return found
