"""The vocabulary of the paper, in its order: what every category answers, all from one method.

A category says how a *diagram* of its arrows (or of primitives) becomes one arrow: the general n-ary composition. The
binary words of the paper are the smallest diagrams.
"""

from __future__ import annotations

from typing import Any

from essence_ad.diagram import Diagram, Op
from essence_ad.linear_map import LinearMap
from essence_ad.primitives.primitive import Scale
from essence_ad.structure import Pattern


class Category:
    """A way to run programs: ``k(program)`` is the program's arrow in ``k``."""

    name: str = "category"

    def __call__(self, program: Any) -> Any:
        """The structure-preserving functor from programs: the program's diagram, composed here."""
        return self.diagram(program.diagram)

    def diagram(self, d: Diagram) -> Any:
        """The arrow that a diagram composes; its boxes hold primitives or arrows of this category."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.name

    # Category (figure 1)

    def identity(self) -> Any:
        """``id : a -> a``."""
        return self._wiring(0, 0)

    def compose(self, *arrows: Any) -> Any:
        """``compose(g, f)`` is ``g`` after ``f``; of nothing, the identity."""
        fs = arrows[::-1]
        return self.diagram(Diagram(0, len(fs), [(f, (i,), (i + 1,)) for i, f in enumerate(fs)], len(fs) + 1))

    # Monoidal

    def cross(self, *arrows: Any) -> Any:
        """``f × g``, for any number of arrows."""
        n = len(arrows)
        boxes = [(f, (i,), (n + i,)) for i, f in enumerate(arrows)]
        return self.diagram(Diagram(tuple(range(n)), tuple(range(n, 2 * n)), boxes, 2 * n))

    # Cartesian

    def exl(self) -> Any:
        """``a × b -> a``."""
        return self._wiring((0, 1), 0)

    def exr(self) -> Any:
        """``a × b -> b``."""
        return self._wiring((0, 1), 1)

    def dup(self) -> Any:
        """``a -> a × a``."""
        return self._wiring(0, (0, 0))

    # Cocartesian, with biproducts

    def inl(self) -> Any:
        """``a -> a × b``."""
        return self._wiring(0, (0, 1))

    def inr(self) -> Any:
        """``b -> a × b``."""
        return self._wiring(1, (0, 1))

    def jam(self) -> Any:
        """``a × a -> a``."""
        return self._wiring((0, 0), 0)

    # Scalable

    def scale(self, s: Any) -> Any:
        """Multiplication by ``s``."""
        return self.primitive(Scale(s))

    # Numeric

    def primitive(self, op: Any) -> Any:
        """A primitive operation (``add``, ``mul``, ``sin``, ...) as an arrow."""
        ins = 1 if not isinstance(op.dom, tuple) else len(op.dom)
        outs = 1 if not isinstance(op.cod, tuple) else len(op.cod)
        dom, cod = tuple(range(ins)), tuple(range(ins, ins + outs))
        single_in, single_out = not isinstance(op.dom, tuple), not isinstance(op.cod, tuple)
        d = Diagram(dom[0] if single_in else dom, cod[0] if single_out else cod, [(op, dom, cod)], ins + outs)
        return self.diagram(d)

    # Indexed

    def proj(self, i: int, n: int) -> Any:
        """The part ``i`` of ``n``."""
        return self._wiring(tuple(range(n)), i)

    def inj(self, i: int, n: int) -> Any:
        """Zero but for the part ``i`` of ``n``."""
        return self._wiring(i, tuple(range(n)))

    def repl(self, n: int) -> Any:
        """``n`` copies."""
        return self._wiring(0, (0,) * n)

    def sum_(self, n: int) -> Any:
        """The sum of ``n`` parts."""
        return self._wiring((0,) * n, 0)

    # Terminal and initial

    def it(self) -> Any:
        """``a -> 1``."""
        return self._wiring(0, ())

    def zero(self) -> Any:
        """The zero arrow ``a -> b``."""
        return self._wiring(0, 1)

    def _wiring(self, dom: Pattern, cod: Pattern) -> Any:
        from_both = {w for p in (dom, cod) for w in _flat(p)}
        return self.diagram(Diagram(dom, cod, (), max(from_both, default=-1) + 1))


def _flat(p: Pattern) -> list[int]:
    return [w for q in p for w in _flat(q)] if isinstance(p, tuple) else [p]


class LinearCategory(Category):
    """A category of linear maps: what ``D`` takes. Its boxes are linear operations with transposes, or its own arrows."""

    def push(self, d: Diagram, g: Any) -> Any:
        """``d`` after the arrow ``g``: how far one arrow gets when it is pushed through, first box first."""
        return self.compose(self.diagram(d), g)

    def pull(self, d: Diagram, h: Any) -> Any:
        """The arrow ``h`` after ``d``: how far one arrow gets when it is pulled back, last box first."""
        return self.compose(h, self.diagram(d))

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is an arrow of this category, not data."""
        return isinstance(value, Op)

    def linear_map(self, arrow: Any) -> LinearMap:
        """An arrow read out as a linear map between its spaces."""
        raise NotImplementedError

    def from_linear_map(self, f: LinearMap) -> Any:
        """A linear map as an arrow of this category."""
        return self.diagram(f.diagram)

    def add(self, f: Any, g: Any) -> Any:
        """The sum of two arrows: ``jam`` after ``f × g`` after ``dup``."""
        return self.diagram(Diagram(0, 1, [(f, (0,), (1,)), (g, (0,), (1,))], 2))
