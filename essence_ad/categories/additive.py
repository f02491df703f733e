"""Additive functions (section 5's ``-+>``): linear maps as data, applied without recursion."""

from __future__ import annotations

from typing import TypeGuard

from essence_ad.category import LinearCategory
from essence_ad.diagram import Diagram
from essence_ad.inlining import inline
from essence_ad.linear_map import (
    LinearMap,
    arrays,
    columns,
    propagate,
    require_fit,
    require_linear,
    rows,
    sequence,
    with_ends,
)
from essence_ad.spaces import Space


class AdditiveCategory(LinearCategory):
    """Linear functions: composition of derivatives as functions, in whatever direction they are applied.

    >>> from essence_ad import Additive, jam, scale
    >>> Additive(jam >> scale(2.0))((3.0, 4.0))
    14.0
    """

    name = "Additive"

    def diagram(self, d: Diagram) -> LinearMap:
        """The diagram itself, as a map; ``NotLinearError`` where a box is not linear."""
        require_linear(d, self)
        return LinearMap(with_ends(d))

    def push(self, d: Diagram, g: LinearMap) -> LinearMap:
        """``d`` after ``g``, as the images of the units of ``g``'s source where that is known and real."""
        require_fit(g.target, d.dom_space, lambda: f"{g!r}   then a program from {d.dom_space}")
        if not _real(g.source):
            return LinearMap(sequence(g.diagram, d))
        d = inline(d)
        images = [propagate(d, g.apply(e)) for e in g.source.units()]
        return columns(g.source, images, d.cod_space)

    def pull(self, d: Diagram, h: LinearMap) -> LinearMap:
        """``h`` after ``d``, as the covectors of the units of ``h``'s target where that is known and real."""
        require_fit(d.cod_space, h.source, lambda: f"a program to {d.cod_space}   then   {h!r}")
        if not _real(h.target):
            return LinearMap(sequence(d, h.diagram))
        back, turned = inline(d).T, h.T
        images = [propagate(back, turned.apply(e)) for e in h.target.units()]
        return rows(h.target, images, d.dom_space)

    def linear_map(self, arrow: LinearMap) -> LinearMap:
        """Itself."""
        return arrow


def _real(space: Space | None) -> TypeGuard[Space]:
    """Whether a space is known and real: the images of its units then tell all of a map."""
    return space is not None and all(a.dtype.kind != "c" for a in arrays(space))


Additive = AdditiveCategory()
