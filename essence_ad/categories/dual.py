"""Dual(k) (section 13): arrows of ``k`` turned round. ``D(Dual(k))`` is reverse mode, with no more to it."""

from __future__ import annotations

from typing import Any

import attrs

from essence_ad.category import BIPRODUCT, LinearCategory, of_linear_maps
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import NeedsSpaceError
from essence_ad.linear_map import LinearMap, require_linear


class DualArrow(Op):
    """An arrow ``a -> b`` of ``Dual(k)``: an arrow ``b -> a`` of ``k``. Applied to data it takes ``b`` to ``a``."""

    __slots__ = ("arrow", "k")
    linear = True
    name = "dual arrow"
    dom = 0
    cod = 0

    def __init__(self, k: Any, arrow: Any) -> None:
        self.k, self.arrow = k, arrow

    def __call__(self, v: Any) -> Any:
        """The arrow of ``k`` at a covector."""
        return self.arrow(v)

    @property
    def T(self) -> Any:
        """The arrow of ``k``."""
        return self.arrow

    def matrix(self) -> Any:
        """The matrix of the map ``a -> b`` that this stands for."""
        return self.k.linear_map(self.arrow).T.matrix()

    def __repr__(self) -> str:
        return f"Dual({self.arrow!r})"


@attrs.frozen(repr=False)
class Dual(LinearCategory):
    """The dual of a category of linear maps: copying becomes addition, projecting injecting, and the order turns round.

    >>> from essence_ad import Additive, D, Dual, mul
    >>> y, df = D(Dual(Additive))(mul)((3.0, 4.0))
    >>> float(y), df(1.0)
    (12.0, (4.0, 3.0))
    """

    k: Any = attrs.field(validator=of_linear_maps)

    structure = BIPRODUCT | {"dual"}
    arrows = DualArrow

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is a turned arrow of ``k``."""
        return isinstance(value, DualArrow) and self.k.is_arrow(value.arrow)

    def arrow(self, f: Any) -> DualArrow:
        """The arrow ``a -> b`` that an arrow ``b -> a`` of ``k`` is here: the paper's constructor ``Dual``."""
        self.k.require_arrows("Dual", (f,))
        return DualArrow(self.k, f)

    def diagram(self, d: Diagram) -> DualArrow:
        """The transposed diagram, in ``k``; ``NotLinearError`` where a box is not linear."""
        try:
            turned = d.T
        except NeedsSpaceError:
            require_linear(d, self)
            raise
        return DualArrow(self.k, self.k.diagram(turned))

    def push(self, d: Diagram, g: DualArrow) -> DualArrow:
        """``d`` after ``g`` is, in ``k``, a pulling back."""
        return DualArrow(self.k, self.k.pull(d.T, g.arrow))

    def pull(self, d: Diagram, h: DualArrow) -> DualArrow:
        """``h`` after ``d`` is, in ``k``, a pushing forward."""
        return DualArrow(self.k, self.k.push(d.T, h.arrow))

    def linear_map(self, arrow: DualArrow) -> LinearMap:
        """The transpose of what ``k`` reads."""
        answer: LinearMap = self.k.linear_map(arrow.arrow).T
        return answer

    def from_linear_map(self, f: LinearMap) -> DualArrow:
        """The transpose, in ``k``."""
        return DualArrow(self.k, self.k.from_linear_map(f.T))

    def __repr__(self) -> str:
        return f"Dual({self.k!r})"
