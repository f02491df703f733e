"""Additive functions (section 5's ``-+>``): linear maps as data, applied without recursion."""

from __future__ import annotations

from typing import Any

from essence_ad.category import LinearCategory
from essence_ad.diagram import Diagram
from essence_ad.errors import NotLinearError
from essence_ad.linear_map import LinearMap, columns, rows, sequence


class AdditiveCategory(LinearCategory):
    """Linear functions: composition of derivatives as functions, in whatever direction they are applied.

    >>> from essence_ad import Additive, jam, scale
    >>> Additive(jam >> scale(2.0))((3.0, 4.0))
    14.0
    """

    name = "Additive"

    def diagram(self, d: Diagram) -> LinearMap:
        """The diagram itself, as a map."""
        for op, _, _ in d.boxes:
            if op is not None and not op.linear:
                raise NotLinearError(
                    f"{self.name} holds linear maps, and {op.name} is not linear", found=repr(op),
                    expected="linear primitives and structure", remedy=f"take its derivative: D({self.name})",
                )  # fmt: skip
        return LinearMap(d)

    def push(self, d: Diagram, g: LinearMap) -> LinearMap:
        """``d`` after ``g``, as the images of the units of ``g``'s source where that is known."""
        if g.source is None:
            return LinearMap(sequence(g.diagram, d))
        images = [d.propagate(g.apply(g.source.pack(e))) for e in g.source.basis()]
        return columns(g.source, images, d.cod_space)

    def pull(self, d: Diagram, h: LinearMap) -> LinearMap:
        """``h`` after ``d``, as the covectors of the units of ``h``'s target where that is known."""
        if h.target is None:
            return LinearMap(sequence(d, h.diagram))
        back, turned = d.T, h.T
        images = [back.propagate(turned.apply(h.target.pack(e))) for e in h.target.basis()]
        return rows(h.target, images, d.dom_space)

    def linear_map(self, arrow: LinearMap) -> LinearMap:
        """Itself."""
        return arrow


Additive = AdditiveCategory()
