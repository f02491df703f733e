"""Cont(k, r) (section 12): an arrow ``a -> b`` is a map of continuations, ``(b -> r) -> (a -> r)``.

The paper's instances split continuations at every ``dup`` and ``join``, which over plain functions calls them 8^n times
on ``n`` squarings. Here an arrow keeps its diagram, and a continuation is pulled back through it once.
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
from essence_ad.linear_map import LinearMap, columns, matrix, require_fit, require_linear, rows, with_ends
from essence_ad.spaces import Array, R, Space, space_of


class ContArrow(Composed, Op):
    """An arrow ``a -> b`` of ``Cont(k, r)``: call it with an arrow ``b -> r`` of ``k``, or a covector where ``r = R``.

    >>> from essence_ad import Additive, Cont, R, dup, join, scale
    >>> f = Cont(Additive, R)((dup >> join(scale(3.0), scale(4.0))).at(R))
    >>> f, f(1.0), f(Additive.scale(10.0))(1.0)
    (<continuations of R over Additive: R -> R>, 7.0, 70.0)
    """

    __slots__ = ("category",)
    linear = True
    name = "continuation"
    dom = 0
    cod = 0

    def __init__(self, category: Cont, diagram: Diagram) -> None:
        super().__init__(diagram)
        self.category = category

    def __call__(self, h: Any) -> Any:
        """The continuation before this arrow; a covector for a covector.

        Raises ``CompositionError`` or ``ShapeError`` where ``h`` does not start where this arrow ends.
        """
        k, r, d = self.category.k, self.category.r, self.diagram
        if k.is_arrow(h):
            require_fit(k.linear_map(h).target, r, lambda: f"the continuation {h!r}")
            return k.pull(d, h)
        if not isinstance(r, Array) or r.shape:
            raise StructureError(
                f"an arrow of {self.category!r} takes arrows of {k!r}", found=describe(h),
                expected=f"an arrow into {r!r}", remedy="give a covector only where continuations end in a scalar",
            )  # fmt: skip
        target = d.cod_space if d.cod_space is not None else space_of(h)
        row = rows(r, [target.check(h)], target)
        return k.linear_map(k.pull(d, k.from_linear_map(row))).T(r.dtype.type(1) if r != R else 1.0)

    @property
    def T(self) -> Any:
        """The map of covectors."""
        return LinearMap(self.diagram.T)

    def matrix(self) -> Any:
        """The matrix of the map ``a -> b``."""
        return self.category.linear_map(self).matrix()

    def __repr__(self) -> str:
        ends = [s if s is not None else "?" for s in (self.source, self.target)]
        return f"<continuations of {self.category.r} over {self.category.k!r}: {ends[0]} -> {ends[1]}>"


@attrs.frozen(repr=False)
class Cont(LinearCategory):
    """Continuation-passing over ``k`` with results in ``r``: the other road to reverse mode.

    >>> from essence_ad import Additive, Cont, D, R, mul
    >>> y, df = D(Cont(Additive, R))(mul)((3.0, 4.0))
    >>> df(1.0)
    (4.0, 3.0)
    """

    k: Any = attrs.field(validator=of_linear_maps)
    r: Space = attrs.field(default=R, validator=a_space)

    structure = BIPRODUCT | {"continuations"}
    arrows = ContArrow

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is a map of such continuations."""
        return isinstance(value, ContArrow) and value.category == self

    def diagram(self, d: Diagram) -> ContArrow:
        """The arrow that pulls a continuation back through the whole diagram."""
        require_linear(d, self)
        return ContArrow(self, with_ends(d))

    def linear_map(self, arrow: ContArrow) -> LinearMap:
        """The map ``a -> b``, composed in ``k``."""
        answer: LinearMap = self.k.linear_map(self.k.diagram(arrow.diagram))
        return answer

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """The matrix, a row from each continuation that looks at one component."""
        k, r, n = self.k, self.r, target.dim
        if not n:
            return np.zeros((0, source.dim))
        seen = next(r.units())
        images = [columns(target, [seen if i == j else ZERO for j in range(n)], r) for i in range(n)]
        return np.stack([matrix(k.linear_map(arrow(k.from_linear_map(h))), source, r)[0] for h in images])

    def __repr__(self) -> str:
        return f"Cont({self.k!r}, {self.r!r})"
