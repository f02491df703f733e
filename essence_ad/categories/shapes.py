"""Shapes: types only. An arrow takes the space of an argument to the space of the value, and computes nothing."""

from __future__ import annotations

from typing import Any

from essence_ad.category import BIPRODUCT, Category
from essence_ad.diagram import Diagram, Op, collect
from essence_ad.errors import EssenceError, NeedsSpaceError, OptionError, ShapeError, StructureError
from essence_ad.inlining import Composed, inline
from essence_ad.operation import fault
from essence_ad.spaces import Product, Space, fits
from essence_ad.structure import Pattern


class Shape(Composed):
    """An arrow of ``Shapes``: call it with a space.

    >>> from essence_ad import R, Shapes, matmul
    >>> f = Shapes(matmul)
    >>> f, f(R[2, 3] * R[3])
    (<space -> space; 1 box>, R[2])
    """

    __slots__ = ()

    def __call__(self, *spaces: Space) -> Space:
        """The space of the value for an argument of a space; several make a product.

        Raises ``StructureError`` or ``ShapeError`` where an argument of that space would not fit, naming the primitive
        that would not take it, and ``NeedsSpaceError`` where the program makes a zero of no known space.
        """
        for space in spaces:
            if not isinstance(space, Space):
                raise OptionError(
                    "an arrow of Shapes takes spaces", found=type(space).__name__, expected="a space, as R[3] or R * R",
                    remedy="ask space_of(x) for the space of a value",
                )  # fmt: skip
        known = self.run(spaces[0] if len(spaces) == 1 else Product(spaces))
        found = _space(known)
        if found is None:
            raise NeedsSpaceError(
                "the program makes a zero of no known space", found=f"a value of shape {known}", expected="known spaces",
                remedy="compose it with an arrow that reads the zero, or leave zero, inl and inr out",
            )  # fmt: skip
        return found

    def run(self, space: Space) -> Any:
        """The tree of spaces of the value; ``None`` for a zero of no known space."""
        d = inline(self.diagram, space.pattern)
        if d.dom_space is not None and not fits(space, d.dom_space):
            raise StructureError(
                "the space does not fit the program", found=space, expected=d.dom_space,
                remedy="give the program the space that it was sent to",
            )  # fmt: skip
        env: list[Any] = [None] * d.n_wires
        for wire, part in _pairs(d.dom, space):
            env[wire] = _same(env[wire], part)
        for op, ins, outs in d.boxes:
            inputs = [env[i] for i in ins]
            if inputs and all(i is None for i in inputs):
                continue
            known = next((i for i in inputs if i is not None), None)
            made = known if op is None else _made(op, [known if i is None else i for i in inputs])
            for wire, part in zip(outs, made if isinstance(made, tuple) else (made,), strict=True):
                env[wire] = _same(env[wire], part)
        return collect(d.cod, env)

    def __repr__(self) -> str:
        n = len(self.diagram.boxes)
        return f"<space -> space; {n} box{'' if n == 1 else 'es'}>"


def _made(op: Op, spaces: list[Any]) -> Any:
    try:
        return op.shape(*spaces)
    except EssenceError:
        raise
    except (ValueError, TypeError, IndexError, AssertionError) as error:
        raise fault(op.name, spaces, error) or error from error


def _same(a: Space | None, b: Space) -> Space:
    """The space of a sum."""
    if a is None or fits(a, b):
        return b
    raise ShapeError(
        "values of different spaces cannot be added", found=f"{a} and {b}", expected="one space",
        remedy="reshape one of the two before jam or join",
    )  # fmt: skip


def _pairs(pattern: Pattern, space: Space) -> list[tuple[int, Space]]:
    if not isinstance(pattern, tuple):
        return [(pattern, space)]
    assert isinstance(space, Product)
    return [pair for p, s in zip(pattern, space.parts, strict=True) for pair in _pairs(p, s)]


def _space(tree: Any) -> Space | None:
    if not isinstance(tree, tuple):
        found: Space | None = tree
        return found
    parts = [p for p in map(_space, tree) if p is not None]
    return Product(tuple(parts)) if len(parts) == len(tree) else None


class ShapeCategory(Category):
    """Spaces for values: what a program would give, known before any arithmetic. Nonlinear and linear programs alike.

    >>> from essence_ad import R, Shapes, jam, sin
    >>> Shapes(sin)(R[2, 3]), Shapes(jam)(R[2] * R[2])
    (R[2, 3], R[2])
    """

    name = "Shapes"
    structure = BIPRODUCT | {"general", "numeric"}
    arrows = Shape

    def diagram(self, d: Diagram) -> Shape:
        """The composed rules of the boxes."""
        return Shape(d)

    def observe(self, arrow: Shape, source: Space, target: Space, point: Any) -> Any:
        """The shapes of the value; a zero of no known space is one of the target."""
        return _text(arrow.run(source), target)


def _text(tree: Any, target: Space) -> Any:
    """A tree of spaces as names of array spaces, dtypes left out."""
    if tree is None:
        tree = target
    if isinstance(tree, Product):
        tree = tree.parts
    if isinstance(tree, tuple):
        targets = target.parts if isinstance(target, Product) else (target,) * len(tree)
        return tuple([_text(t, s) for t, s in zip(tree, targets, strict=True)])
    return f"array{list(tree.shape)}"


Shapes = ShapeCategory()
