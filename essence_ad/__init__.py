"""The simple essence of automatic differentiation: programs are morphisms, and a category is a way to run them.

A program is built of primitives and combinators, and differentiated by sending it to a category:

>>> import essence_ad as ad
>>> f = ad.mul >> ad.fork(ad.cos, ad.sin)
>>> value, derivative = ad.D(ad.Dual(ad.Additive))(f)((0.0, 3.0))
>>> value == (1.0, 0.0), derivative((0.0, 1.0)) == (3.0, 0.0)
(True, True)

The vocabulary is the paper's (``exl``, ``dup``, ``jam``, ``scale``, ...), and primitives have NumPy's names (``sin``,
``add``, ``matmul``, ...), found in the catalogue ``essence_ad.primitives``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from essence_ad import errors
from essence_ad.calculus.checking import check_derivatives
from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.calculus.hessian import hessian, hvp
from essence_ad.calculus.jacobian import jacobian
from essence_ad.calculus.linearization import jvp, linearize, vjp
from essence_ad.categories.additive import Additive
from essence_ad.categories.begin import Begin
from essence_ad.categories.cont import Cont
from essence_ad.categories.derivative import D
from essence_ad.categories.dual import Dual
from essence_ad.categories.functions import Functions
from essence_ad.diagram import Diagram
from essence_ad.linear_map import LinearMap
from essence_ad.morphism import (
    Morphism,
    assoc,
    compose,
    const,
    cross,
    dup,
    exl,
    exr,
    fork,
    identity,
    inj,
    inl,
    inr,
    it,
    jam,
    join,
    proj,
    repl,
    scale,
    sum_,
    swap,
    zero,
)
from essence_ad.morphism import primitives as _primitives
from essence_ad.spaces import C, R, Space, Unit, space_of
from essence_ad.tracing.counting import count
from essence_ad.tracing.program import program

__version__ = "0.1.0"

forward = D(Begin(Additive))
reverse = D(Dual(Additive))

if TYPE_CHECKING:  # a type checker cannot see the catalogue

    def __getattr__(name: str) -> Morphism[Any, Any]: ...


_programs = _primitives()
globals().update(_programs)

__all__ = [
    "Additive",
    "Begin",
    "C",
    "Cont",
    "D",
    "Diagram",
    "Dual",
    "Functions",
    "LinearMap",
    "Morphism",
    "R",
    "Space",
    "Unit",
    "assoc",
    "check_derivatives",
    "compose",
    "const",
    "count",
    "cross",
    "dup",
    "errors",
    "exl",
    "exr",
    "fork",
    "forward",
    "grad",
    "hessian",
    "hvp",
    "identity",
    "inj",
    "inl",
    "inr",
    "it",
    "jacobian",
    "jam",
    "join",
    "jvp",
    "linearize",
    "program",
    "proj",
    "repl",
    "reverse",
    "scale",
    "space_of",
    "sum_",
    "swap",
    "value_and_grad",
    "vjp",
    "zero",
]
__all__ += _programs
__all__.sort()
