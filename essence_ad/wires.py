"""Operations that only arrange wires: products packed on one wire and taken apart, sums, and copies.

They come in pairs of transposes. A program needs none of them; diagrams do where structure must be seen as boxes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from essence_ad.containers import ZERO
from essence_ad.diagram import IDENTITY, Op
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
