"""Begin(k, r) (section 14): an arrow ``a -> b`` is a map of beginnings, ``(r -> a) -> (r -> b)``: forward mode.

The paper leaves its instances to the reader. As in ``Cont``, an arrow keeps its diagram, and a beginning is pushed
through it once.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from essence_ad.category import BIPRODUCT, LinearCategory, a_space, of_linear_maps
from essence_ad.containers import ZERO, describe
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import StructureError
from essence_ad.inlining import Composed
from essence_ad.linear_map import LinearMap, columns, matrix, require_fit, require_linear, with_ends
from essence_ad.spaces import Array, R, Space, space_of


class BeginArrow(Composed, Op):
    """An arrow ``a -> b`` of ``Begin(k, r)``: call it with an arrow ``r -> a`` of ``k``, or a vector where ``r = R``.

    >>> from essence_ad import Additive, Begin, R, fork, scale
    >>> f = Begin(Additive, R)(fork(scale(3.0), scale(4.0)).at(R))
    >>> f, f(1.0), f(Additive.scale(10.0))(1.0)
    (<beginnings of R over Additive: R -> R * R>, (3.0, 4.0), (30.0, 40.0))
    """

    __slots__ = ("category",)
    linear = True
    name = "beginning"
    dom = 0
    cod = 0

    def __init__(self, category: Begin, diagram: Diagram) -> None:
        super().__init__(diagram)
        self.category = category

    def __call__(self, g: Any) -> Any:
        """The beginning after this arrow; a vector for a vector.

        Raises ``CompositionError`` or ``ShapeError`` where ``g`` does not end where this arrow starts.
        """
        k, r, d = self.category.k, self.category.r, self.diagram
        if k.is_arrow(g):
            require_fit(r, k.linear_map(g).source, lambda: f"the beginning {g!r}")
            return k.push(d, g)
        if not isinstance(r, Array) or r.shape:
            raise StructureError(
                f"an arrow of {self.category!r} takes arrows of {k!r}", found=describe(g),
                expected=f"an arrow out of {r!r}", remedy="give a vector only where beginnings start in a scalar",
            )  # fmt: skip
        source = d.dom_space if d.dom_space is not None else space_of(g)
        column = columns(r, [source.check(g)], source)
        return k.linear_map(k.push(d, k.from_linear_map(column)))(r.dtype.type(1) if r != R else 1.0)

    @property
    def T(self) -> Any:
        """The transposed map."""
        return LinearMap(self.diagram.T)

    def matrix(self) -> Any:
        """The matrix of the map ``a -> b``."""
        return self.category.linear_map(self).matrix()

    def __repr__(self) -> str:
        ends = [s if s is not None else "?" for s in (self.source, self.target)]
        return f"<beginnings of {self.category.r} over {self.category.k!r}: {ends[0]} -> {ends[1]}>"


@attrs.frozen(repr=False)
class Begin(LinearCategory):
    """Beginnings over ``k`` from ``r``: forward mode carries one vector along.

    >>> from essence_ad import Additive, Begin, D, R, mul
    >>> y, df = D(Begin(Additive, R))(mul)((3.0, 4.0))
    >>> df((1.0, 0.0))
    4.0
    """

    k: Any = attrs.field(validator=of_linear_maps)
    r: Space = attrs.field(default=R, validator=a_space)

    structure = BIPRODUCT | {"beginnings"}
    arrows = BeginArrow

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is a map of such beginnings."""
        return isinstance(value, BeginArrow) and value.category == self

    def diagram(self, d: Diagram) -> BeginArrow:
        """The arrow that pushes a beginning through the whole diagram."""
        require_linear(d, self)
        return BeginArrow(self, with_ends(d))

    def linear_map(self, arrow: BeginArrow) -> LinearMap:
        """The map ``a -> b``, composed in ``k``."""
        answer: LinearMap = self.k.linear_map(self.k.diagram(arrow.diagram))
        return answer

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """The matrix, a column from each beginning that starts at one component."""
        k, r = self.k, self.r
        rest = [ZERO] * (r.dim - 1)
        images = [columns(r, [unit, *rest], source) for unit in source.units()]
        found = [matrix(k.linear_map(arrow(k.from_linear_map(g))), r, target)[:, 0] for g in images]
        return np.stack(found, axis=1) if found else np.zeros((target.dim, 0))

    def __repr__(self) -> str:
        return f"Begin({self.k!r}, {self.r!r})"
