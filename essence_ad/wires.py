"""Operations that only arrange wires: products packed on one wire and taken apart, sums, and copies.

They come in pairs of transposes. A program needs none of them; diagrams do where structure must be seen as boxes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from essence_ad.containers import ZERO, describe
from essence_ad.diagram import IDENTITY, Op
from essence_ad.errors import NeedsSpaceError, StructureError
from essence_ad.spaces import Product, Space, add
from essence_ad.structure import Pattern, leaves, substitute


class Pack(Op):
    """The linear operation that puts several wires into one product on one wire; its transpose takes them out."""

    __slots__ = ("pattern",)
    linear = True
    name = "pack"
    cod = 0

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern  # a tree of 0, 1, ..., n - 1

    @property
    def dom(self) -> Pattern:
        """One wire for each leaf."""
        return tuple(leaves(self.pattern))

    def apply(self, *inputs: Any) -> Any:
        """The product."""
        return substitute(self.pattern, dict(enumerate(inputs)))

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> Op:
        """The taking out."""
        return Unpack(self.pattern)

    def shape(self, *spaces: Space) -> Any:
        """The product of the spaces."""
        return _product(self.pattern, spaces)


class Unpack(Op):
    """The linear operation that takes a product on one wire apart: the transpose of ``Pack``."""

    __slots__ = ("pattern",)
    linear = True
    name = "unpack"
    dom = 0

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern

    @property
    def cod(self) -> Pattern:
        """One wire for each leaf."""
        return tuple(leaves(self.pattern))

    def apply(self, *inputs: Any) -> Any:
        """The leaves (the leaf itself where there is one)."""
        found: list[Any] = []
        stack = [(self.pattern, inputs[0])]
        while stack:
            wires, value = stack.pop()
            if isinstance(wires, tuple):
                parts = (ZERO,) * len(wires) if value is ZERO else value
                stack.extend(zip(reversed(wires), reversed(parts), strict=True))
            else:
                found.append(value)
        return found[0] if len(found) == 1 else tuple(found)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> Op:
        """The putting together."""
        return Pack(self.pattern)

    def shape(self, *spaces: Space) -> Any:
        """The parts."""
        (space,) = spaces
        found = self.apply(_spaces(space))
        return found


def _product(pattern: Pattern, spaces: Sequence[Space]) -> Space:
    if isinstance(pattern, tuple):
        return Product(tuple([_product(p, spaces) for p in pattern]))
    return spaces[pattern]


def _spaces(space: Space) -> Any:
    return tuple([_spaces(p) for p in space.parts]) if isinstance(space, Product) else space


class Sum(Op):
    """The linear operation that adds what stands on several wires; its transpose copies one wire to several."""

    __slots__ = ("n",)
    linear = True
    name = "+"
    cod = 0

    def __init__(self, n: int) -> None:
        self.n = n

    @property
    def dom(self) -> Pattern:
        """One wire for each summand."""
        return (0,) * self.n

    def apply(self, *inputs: Any) -> Any:
        """The sum."""
        return functools.reduce(add, inputs, ZERO)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """The identity in each."""
        return (IDENTITY,) * self.n

    @property
    def T(self) -> Op:
        """The copying."""
        return Copy(self.n)

    def shape(self, *spaces: Space) -> Any:
        """The space of every summand."""
        return spaces[0]


class Copy(Op):
    """The linear operation that copies one wire to several: the transpose of ``Sum``."""

    __slots__ = ("n",)
    linear = True
    name = "dup"
    dom = 0

    def __init__(self, n: int) -> None:
        self.n = n

    @property
    def cod(self) -> Pattern:
        """One wire for each copy."""
        return (0,) * self.n

    def apply(self, *inputs: Any) -> Any:
        """The copies."""
        return inputs * self.n

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> Op:
        """The adding."""
        return Sum(self.n)

    def shape(self, *spaces: Space) -> Any:
        """The space of every copy."""
        return spaces * self.n


class Projection(Op):
    """One part of a product that stands on one wire; its transpose, where the length is known, is the injection."""

    __slots__ = ("i", "n")
    linear = True
    name = "proj"
    dom = 0
    cod = 1

    def __init__(self, i: int, n: int | None = None) -> None:
        self.i, self.n = i, n

    def apply(self, *inputs: Any) -> Any:
        """The part; ``StructureError`` where there is none."""
        (x,) = inputs
        if type(x) is not tuple or self.i >= len(x) or self.n not in (None, len(x)):
            raise self._misfit(describe(x))
        return x[self.i]

    def _misfit(self, found: object) -> StructureError:
        return StructureError(
            f"proj({self.i}) takes a part of a product", found=found,
            expected=f"a product of {self.n or f'at least {self.i + 1}'}", remedy="take a part that is there, counted from 0",
        )  # fmt: skip

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself, knowing the length."""
        return (Projection(self.i, len(inputs[0])),)

    @property
    def T(self) -> Op:
        """The injection."""
        if self.n is None:
            raise NeedsSpaceError(
                "the transpose of proj depends on the length of the product", found=repr(self), expected="a known product",
                remedy="give the length, proj(i, n), or ask f.at(space).T",
            )  # fmt: skip
        return Injection(self.i, self.n)

    def at(self, *spaces: Space) -> Op:
        """Itself, knowing the length."""
        (space,) = spaces
        return Projection(self.i, len(self._parts(space)))

    def shape(self, *spaces: Space) -> Any:
        """The part."""
        (space,) = spaces
        return self._parts(space)[self.i]

    def _parts(self, space: Space) -> tuple[Space, ...]:
        if not isinstance(space, Product) or self.i >= len(space.parts) or self.n not in (None, len(space.parts)):
            raise self._misfit(space)
        return space.parts

    def __repr__(self) -> str:
        return f"proj({self.i})" if self.n is None else f"proj({self.i}, {self.n})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Projection) and (self.i, self.n) == (other.i, other.n)

    def __hash__(self) -> int:
        return hash(("proj", self.i, self.n))


class Injection(Op):
    """A product on one wire that is zero but for one part: the transpose of ``Projection``."""

    __slots__ = ("i", "n")
    linear = True
    name = "inj"
    dom = 0
    cod = 1

    def __init__(self, i: int, n: int) -> None:
        self.i, self.n = i, n

    def apply(self, *inputs: Any) -> Any:
        """The product."""
        return tuple([inputs[0] if j == self.i else ZERO for j in range(self.n)])

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """The projection."""
        return Projection(self.i, self.n)

    def __repr__(self) -> str:
        return f"inj({self.i}, {self.n})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Injection) and (self.i, self.n) == (other.i, other.n)

    def __hash__(self) -> int:
        return hash(("inj", self.i, self.n))
