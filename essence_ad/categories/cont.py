"""Cont(k, r) (section 11, figure 10): an arrow ``a -> b`` is a map of continuations, ``(b -> r) -> (a -> r)``.

The paper's proof splits continuations at every ``dup`` and ``join``, which over plain functions calls them 4^n times
on ``n`` squarings. Here an arrow keeps its diagram, and a continuation is pulled back through it once.
"""

from __future__ import annotations

from typing import Any

import attrs

from essence_ad.category import LinearCategory
from essence_ad.diagram import Diagram, Op
from essence_ad.linear_map import LinearMap, rows
from essence_ad.spaces import R, Space


class ContArrow(Op):
    """An arrow ``a -> b`` of ``Cont(k, r)``: call it with an arrow ``b -> r`` of ``k``, or with a covector where ``r = R``."""

    __slots__ = ("category", "diagram")
    linear = True
    name = "continuation"

    def __init__(self, category: Cont, diagram: Diagram) -> None:
        self.category, self.diagram = category, diagram

    def __call__(self, h: Any) -> Any:
        """The continuation before this arrow; a covector for a covector."""
        k, d = self.category.k, self.diagram
        if k.is_arrow(h):
            return k.pull(d, h)
        target = d.cod_space
        tree = target.check(h) if target is not None else h
        row = rows(R, [tree], target)
        answer = k.linear_map(k.pull(d, k.from_linear_map(row))).T(1.0)
        return answer

    def apply(self, *inputs: Any) -> Any:
        """The image of a packed vector under the map that this stands for."""
        return self.diagram.propagate(inputs[0] if len(inputs) == 1 else inputs)

    @property
    def T(self) -> Any:
        """The map of covectors."""
        return LinearMap(self.diagram.T)

    def matrix(self) -> Any:
        """The matrix of the map ``a -> b``."""
        return self.category.linear_map(self).matrix()


@attrs.frozen(repr=False)
class Cont(LinearCategory):
    """Continuation-passing over ``k`` with results in ``r``: the other road to reverse mode.

    >>> from essence_ad import Additive, Cont, D, R, mul
    >>> y, df = D(Cont(Additive, R))(mul)((3.0, 4.0))
    >>> df(1.0) == (4.0, 3.0)
    True
    """

    k: Any
    r: Space = R

    def diagram(self, d: Diagram) -> ContArrow:
        """The arrow that pulls a continuation back through the whole diagram."""
        return ContArrow(self, d)

    def linear_map(self, arrow: ContArrow) -> LinearMap:
        """The diagram as a map."""
        return LinearMap(arrow.diagram)

    def __repr__(self) -> str:
        return f"Cont({self.k!r}, {self.r!r})"
