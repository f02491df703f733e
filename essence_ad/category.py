"""The vocabulary of the paper, in its order: what every category answers, all from one method.

A category says how a *diagram* of its arrows (or of primitives) becomes one arrow: the general n-ary composition. The
binary words of the paper are the smallest diagrams.
"""

from __future__ import annotations

from typing import Any

from essence_ad.diagram import Diagram, Op
from essence_ad.errors import CompositionError, NeedsSpaceError, OptionError
from essence_ad.linear_map import LinearMap, matrix
from essence_ad.linearity import explicit
from essence_ad.operation import Scale
from essence_ad.spaces import Product, Space, space_of
from essence_ad.structure import Pattern, leaves

#: What a category may have, by the paper's words: laws name what they need. ``copying``: ``dup`` is natural; ``adding``:
#: so is ``jam``; ``general``: it takes programs that are not linear; ``numeric``: its numbers keep the rules of arithmetic.
CARTESIAN = frozenset({"category", "monoidal", "cartesian", "copying", "terminal", "indexed"})
BIPRODUCT = CARTESIAN | {"cocartesian", "adding", "initial", "biproduct", "scalable"}


class Category:
    """A way to run programs: ``k(program)`` is the program's arrow in ``k``.

    A new category gives ``diagram`` and, to have its laws checked, ``observe``; everything else follows.
    """

    name: str = "category"
    structure: frozenset[str] = CARTESIAN  #: what laws it is held to
    arrows: type | tuple[type, ...] = object  #: the class of its arrows
    is_linear: bool = False  #: whether it is one of linear maps, as ``D``, ``Dual``, ``Cont`` and ``Begin`` take

    def __call__(self, program: Any) -> Any:
        """The structure-preserving functor from programs: the program's diagram, composed here.

        A ``@program`` function that needs to know shapes gives an arrow that is made when it meets its argument.
        """
        try:
            d = getattr(program, "diagram", None)
        except NeedsSpaceError:
            return Waiting(self, program)
        if not isinstance(d, Diagram):
            raise OptionError(
                f"{self!r} takes programs", found=type(program).__name__, expected="a morphism",
                remedy="build it of combinators, or turn a function on arrays into one with @program",
            )  # fmt: skip
        return self.diagram(explicit(d).at(d.dom_space) if self.is_linear and d.dom_space is not None else d)

    def diagram(self, d: Diagram) -> Any:
        """The arrow that a diagram composes; its boxes hold primitives or arrows of this category."""
        raise NotImplementedError

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """What can be seen of an arrow between two spaces, at a point of the first: equal for equal arrows."""
        raise NotImplementedError

    def ends(self, arrow: Any) -> tuple[Space | None, Space | None]:
        """The spaces that an arrow runs between, where they are known."""
        return None, None

    def argument(self, x: Any) -> Space:
        """The space that a program must know to be run at an argument."""
        return space_of(x)

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is an arrow of this category."""
        return isinstance(value, self.arrows)

    def require_arrows(self, word: str, values: tuple[Any, ...]) -> None:
        """An error where a word of the vocabulary is given something else than arrows of this category."""
        for value in values:
            if isinstance(value, Waiting):
                raise value.needs_space(word)
            if not self.is_arrow(value):
                raise CompositionError(
                    f"{word} takes arrows of {self!r}", found=f"{type(value).__name__} {value!r}",
                    expected="arrows of this category", remedy="send a program there first: k(program)",
                )  # fmt: skip

    def __repr__(self) -> str:
        return self.name

    # Category (figure 1)

    def identity(self) -> Any:
        """``id : a -> a``."""
        return self.wiring(0, 0)

    def compose(self, *arrows: Any) -> Any:
        """``compose(g, f)`` is ``g`` after ``f``; of nothing, the identity."""
        self.require_arrows("compose", arrows)
        fs = arrows[::-1]
        return self.diagram(Diagram(0, len(fs), [(f, (i,), (i + 1,)) for i, f in enumerate(fs)], len(fs) + 1))

    # Monoidal

    def cross(self, *arrows: Any) -> Any:
        """``f × g``, for any number of arrows."""
        self.require_arrows("cross", arrows)
        n = len(arrows)
        boxes = [(f, (i,), (n + i,)) for i, f in enumerate(arrows)]
        return self.diagram(Diagram(tuple(range(n)), tuple(range(n, 2 * n)), boxes, 2 * n))

    # Cartesian

    def exl(self) -> Any:
        """``a × b -> a``."""
        return self.wiring((0, 1), 0)

    def exr(self) -> Any:
        """``a × b -> b``."""
        return self.wiring((0, 1), 1)

    def dup(self) -> Any:
        """``a -> a × a``."""
        return self.wiring(0, (0, 0))

    # Cocartesian, with biproducts

    def inl(self) -> Any:
        """``a -> a × b``."""
        return self.wiring(0, (0, 1))

    def inr(self) -> Any:
        """``b -> a × b``."""
        return self.wiring(1, (0, 1))

    def jam(self) -> Any:
        """``a × a -> a``."""
        return self.wiring((0, 0), 0)

    # Scalable

    def scale(self, s: Any) -> Any:
        """Multiplication by ``s``."""
        return self.primitive(Scale(s))

    # Numeric

    def primitive(self, op: Any) -> Any:
        """A primitive operation (``add``, ``mul``, ``sin``, ...) as an arrow."""
        if not isinstance(op, Op):
            return self(op)
        ins = 1 if not isinstance(op.dom, tuple) else len(op.dom)
        outs = 1 if not isinstance(op.cod, tuple) else len(op.cod)
        dom, cod = tuple(range(ins)), tuple(range(ins, ins + outs))
        single_in, single_out = not isinstance(op.dom, tuple), not isinstance(op.cod, tuple)
        d = Diagram(dom[0] if single_in else dom, cod[0] if single_out else cod, [(op, dom, cod)], ins + outs)
        return self.diagram(d)

    # Indexed

    def proj(self, i: int, n: int) -> Any:
        """The part ``i`` of ``n``."""
        require_place(i, n)
        return self.wiring(tuple(range(n)), i)

    def inj(self, i: int, n: int) -> Any:
        """Zero but for the part ``i`` of ``n``."""
        require_place(i, n)
        return self.wiring(i, tuple(range(n)))

    def repl(self, n: int) -> Any:
        """``n`` copies."""
        return self.wiring(0, (0,) * n)

    def sum_(self, n: int) -> Any:
        """The sum of ``n`` parts."""
        return self.wiring((0,) * n, 0)

    # Terminal and initial

    def it(self) -> Any:
        """``a -> 1``."""
        return self.wiring(0, ())

    def zero(self) -> Any:
        """The zero arrow ``a -> b``."""
        return self.wiring(0, 1)

    def wiring(self, dom: Pattern, cod: Pattern) -> Any:
        """The structural arrow of a pattern: how the parts of the codomain stand in the domain."""
        return self.diagram(Diagram(dom, cod, (), max([*leaves(dom), *leaves(cod)], default=-1) + 1))


class Waiting:
    """An arrow of a program that is known only at a space: made at the space of each argument."""

    __slots__ = ("category", "program")

    def __init__(self, category: Category, program: Any) -> None:
        self.category, self.program = category, program

    def __call__(self, *args: Any) -> Any:
        """What the arrow at the space of the argument gives; an argument of ``Shapes`` is a space itself."""
        x = args[0] if len(args) == 1 else args
        if args and all(isinstance(arg, Space) for arg in args):
            return self.category.diagram(self.program.program_at(x if len(args) == 1 else Product(args)).diagram)(*args)
        return self.category.diagram(self.program.program_at(self.category.argument(x)).diagram)(x)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise self.needs_space(name)

    def needs_space(self, word: str) -> NeedsSpaceError:
        """The error of asking more of it than a value."""
        return NeedsSpaceError(
            f"the arrow of {self.program.name} is known at the space of its argument alone", found=f"{self!r}.{word}",
            expected="an arrow at a known space", remedy=f"send the program at its space: {self.category!r}(program.at(space))",
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<{self.program.name} in {self.category!r}, at the space of its argument>"


def require_place(i: int, n: int) -> None:
    """An error for a part that a product of ``n`` does not have."""
    if not 0 <= i < n:
        raise OptionError(
            "a product has no such part", found=f"part {i} of {n}", expected="0 <= i < n", remedy="count parts from 0"
        )


def of_linear_maps(instance: Any, attribute: Any, k: Any) -> None:
    """The attrs validator of a category over another one, which must be one of linear maps.

    Raises ``OptionError`` otherwise.
    """
    if not isinstance(k, Category) or not k.is_linear:
        raise OptionError(
            f"{type(instance).__name__} takes a category of linear maps", found=repr(k),
            expected="a category with sums and scaling",
            remedy="use Additive, Matrices, Dual(k), Cont(k, r) or Begin(k, r)",
        )  # fmt: skip


def a_space(instance: Any, attribute: Any, space: Any) -> None:
    """The attrs validator of a space. Raises ``OptionError`` otherwise."""
    if not isinstance(space, Space):
        raise OptionError(
            f"{type(instance).__name__} takes a space", found=repr(space), expected="a space, as R or R[3]",
            remedy="ask space_of(x) for the space of a value",
        )  # fmt: skip


class LinearCategory(Category):
    """A category of linear maps: what ``D`` takes. Its boxes are linear operations with transposes, or its own arrows.

    A new one gives ``diagram`` and ``linear_map``; ``push`` and ``pull`` where it knows a cheaper way.
    """

    structure = BIPRODUCT
    arrows: type | tuple[type, ...] = LinearMap
    is_linear = True

    def push(self, d: Diagram, g: Any) -> Any:
        """``d`` after the arrow ``g``: how far one arrow gets when it is pushed through, first box first."""
        return self.compose(self.diagram(d), g)

    def pull(self, d: Diagram, h: Any) -> Any:
        """The arrow ``h`` after ``d``: how far one arrow gets when it is pulled back, last box first."""
        return self.compose(h, self.diagram(d))

    def linear_map(self, arrow: Any) -> LinearMap:
        """An arrow read out as a linear map between its spaces."""
        raise NotImplementedError

    def ends(self, arrow: Any) -> tuple[Space | None, Space | None]:
        """The spaces of the linear map."""
        f = self.linear_map(arrow)
        return f.source, f.target

    def from_linear_map(self, f: LinearMap) -> Any:
        """A linear map as an arrow of this category."""
        return self.diagram(f.diagram)

    def add(self, f: Any, g: Any) -> Any:
        """The sum of two arrows: ``jam`` after ``f × g`` after ``dup``."""
        self.require_arrows("add", (f, g))
        return self.diagram(Diagram(0, 1, [(f, (0,), (1,)), (g, (0,), (1,))], 2))

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """The matrix."""
        return matrix(self.linear_map(arrow), source, target)
