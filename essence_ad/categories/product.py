"""The product of two categories: a program is run in both at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from essence_ad.category import BIPRODUCT, Category, LinearCategory
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import OptionError
from essence_ad.linear_map import LinearMap
from essence_ad.spaces import Space


class Pair(Op):
    """An arrow of ``Both(k1, k2)``: an arrow of each. Called, it calls both.

    >>> from essence_ad import Both, Functions, R, Shapes, exp
    >>> value, shape = Both(Functions, Shapes)(exp)
    >>> float(value(0.0)), shape(R)
    (1.0, R)
    """

    __slots__ = ("first", "second")
    name = "pair"
    dom = 0
    cod = 0

    def __init__(self, first: Any, second: Any) -> None:
        self.first, self.second = first, second

    @property
    def linear(self) -> bool:  # type: ignore[override]
        """Whether both are."""
        return bool(getattr(self.first, "linear", False) and getattr(self.second, "linear", False))

    def __call__(self, *args: Any) -> tuple[Any, Any]:
        """What each gives for the same argument."""
        return self.first(*args), self.second(*args)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.first, self.second))

    @property
    def T(self) -> Pair:
        """Both transposed."""
        return Pair(self.first.T, self.second.T)

    def matrix(self) -> tuple[Any, Any]:
        """Both matrices."""
        return self.first.matrix(), self.second.matrix()

    def __repr__(self) -> str:
        return f"({self.first!r}, {self.second!r})"


@attrs.frozen(repr=False)
class Both(LinearCategory):
    """The product of two categories; nest it for more. What laws both have it has, and what ``D`` needs likewise.

    >>> from essence_ad import Additive, Both, D, Dual, mul
    >>> y, (forward, reverse) = D(Both(Additive, Dual(Additive)))(mul)((3.0, 4.0))
    >>> float(y), forward((1.0, 0.0)), reverse(1.0)
    (12.0, 4.0, (4.0, 3.0))
    """

    k1: Any
    k2: Any

    arrows = Pair

    def __attrs_post_init__(self) -> None:
        for k in (self.k1, self.k2):
            if not isinstance(k, Category):
                raise OptionError(
                    "Both takes two categories", found=repr(k), expected="a category, as Functions or D(Additive)",
                    remedy="give two categories; nest Both for more",
                )  # fmt: skip

    @property
    def is_linear(self) -> bool:  # type: ignore[override]
        """Whether both are categories of linear maps."""
        return bool(self.k1.is_linear and self.k2.is_linear)

    @property
    def structure(self) -> frozenset[str]:  # type: ignore[override]
        """What both have."""
        found: frozenset[str] = self.k1.structure & self.k2.structure & (BIPRODUCT | {"general", "numeric"})
        return found

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is an arrow of each."""
        return isinstance(value, Pair) and bool(self.k1.is_arrow(value.first) and self.k2.is_arrow(value.second))

    def diagram(self, d: Diagram) -> Pair:
        """The diagram in each."""
        return Pair(self.k1.diagram(_side(d, 0)), self.k2.diagram(_side(d, 1)))

    def push(self, d: Diagram, g: Pair) -> Pair:
        """Pushed in each."""
        return Pair(self.k1.push(_side(d, 0), g.first), self.k2.push(_side(d, 1), g.second))

    def pull(self, d: Diagram, h: Pair) -> Pair:
        """Pulled in each."""
        return Pair(self.k1.pull(_side(d, 0), h.first), self.k2.pull(_side(d, 1), h.second))

    def linear_map(self, arrow: Pair) -> LinearMap:
        """What the first reads: the second reads the same."""
        found: LinearMap = self.k1.linear_map(arrow.first)
        return found

    def from_linear_map(self, f: LinearMap) -> Pair:
        """A linear map in each."""
        return Pair(self.k1.from_linear_map(f), self.k2.from_linear_map(f))

    def observe(self, arrow: Pair, source: Space, target: Space, point: Any) -> Any:
        """What can be seen of each."""
        return self.k1.observe(arrow.first, source, target, point), self.k2.observe(arrow.second, source, target, point)

    def __repr__(self) -> str:
        return f"Both({self.k1!r}, {self.k2!r})"


def _side(d: Diagram, i: int) -> Diagram:
    """A diagram with one arrow of each pair."""
    if not any(isinstance(op, Pair) for op, _, _ in d.boxes):
        return d
    boxes = [((op.first, op.second)[i] if isinstance(op, Pair) else op, ins, outs) for op, ins, outs in d.boxes]
    return Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)
