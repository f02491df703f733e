"""Begin(k, r) (section 14): an arrow ``a -> b`` is a map of beginnings, ``(r -> a) -> (r -> b)``: forward mode."""

from __future__ import annotations

from typing import Any

import attrs

from essence_ad.category import LinearCategory
from essence_ad.diagram import Diagram, Op
from essence_ad.linear_map import LinearMap, columns
from essence_ad.spaces import R, Space


class BeginArrow(Op):
    """An arrow ``a -> b`` of ``Begin(k, r)``: call it with an arrow ``r -> a`` of ``k``, or with a vector where ``r = R``."""

    __slots__ = ("category", "diagram")
    linear = True
    name = "beginning"

    def __init__(self, category: Begin, diagram: Diagram) -> None:
        self.category, self.diagram = category, diagram

    def __call__(self, g: Any) -> Any:
        """The beginning after this arrow; a vector for a vector."""
        k, d = self.category.k, self.diagram
        if k.is_arrow(g):
            return k.push(d, g)
        source = d.dom_space
        tree = source.check(g) if source is not None else g
        column = columns(R, [tree], source)
        return k.linear_map(k.push(d, k.from_linear_map(column)))(1.0)

    def apply(self, *inputs: Any) -> Any:
        """The image of a packed vector under the map that this stands for."""
        return self.diagram.propagate(inputs[0] if len(inputs) == 1 else inputs)

    @property
    def T(self) -> Any:
        """The transposed map."""
        return LinearMap(self.diagram.T)

    def matrix(self) -> Any:
        """The matrix of the map ``a -> b``."""
        return self.category.linear_map(self).matrix()


@attrs.frozen(repr=False)
class Begin(LinearCategory):
    """Beginnings over ``k`` from ``r``: forward mode carries one vector along.

    >>> from essence_ad import Additive, Begin, D, R, mul
    >>> y, df = D(Begin(Additive, R))(mul)((3.0, 4.0))
    >>> float(df((1.0, 0.0)))
    4.0
    """

    k: Any
    r: Space = R

    def diagram(self, d: Diagram) -> BeginArrow:
        """The arrow that pushes a beginning through the whole diagram."""
        return BeginArrow(self, d)

    def linear_map(self, arrow: BeginArrow) -> LinearMap:
        """The diagram as a map."""
        return LinearMap(arrow.diagram)

    def __repr__(self) -> str:
        return f"Begin({self.k!r}, {self.r!r})"
