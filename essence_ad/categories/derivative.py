"""D(k) (sections 4 to 6): ``D_k f : a -> b × (a ⊸_k b)``, a value and a derivative in a category ``k`` of linear maps.

The program runs once; then every box says its derivative at what it met, which is again a linear arrow, on the same
wires; and ``k`` composes those. Forward and reverse mode are choices of ``k``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.category import Category
from essence_ad.diagram import Diagram, Op, collect
from essence_ad.morphism import require_cartesian
from essence_ad.spaces import Space, pack, space_of


class Derivative:
    """An arrow of ``D(k)``: call it with a point for ``(value, derivative)``."""

    __slots__ = ("diagram", "k")
    discrete = False

    def __init__(self, k: Any, diagram: Diagram) -> None:
        self.k, self.diagram = k, diagram

    def __call__(self, *args: Any) -> tuple[Any, Any]:
        """The value and the derivative, an arrow of ``k`` between the spaces of argument and value."""
        x = args[0] if len(args) == 1 else args
        d = self.diagram
        space = d.dom_space if d.dom_space is not None else space_of(x)
        y, derivative, target = self.run(space.check(x) if d.dom_space is not None else pack(x), space)
        return target.unpack(y), derivative

    def run(self, tree: Any, space: Space) -> tuple[Any, Any, Space]:
        """The packed value, the derivative, and the space of the value."""
        d = self.diagram
        if self.nested:
            boxes = [(Recorded(op) if isinstance(op, Derivative) else op, ins, outs) for op, ins, outs in d.boxes]
            d = Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)
        with np.errstate(all="ignore"):  # infinite slopes are values, also where a program holds derivatives itself
            env = d.evaluate(_real(tree))
            linear = d.linearize(env)
        y = collect(d.cod, env)
        target = d.cod_space if d.cod_space is not None else space_of(y)
        placed = Diagram(linear.dom, linear.cod, linear.boxes, linear.n_wires, space, target)
        return y, self.k.diagram(placed), target

    @property
    def nested(self) -> bool:
        """Whether some box is an arrow of ``D(k)`` itself."""
        cache = self.diagram._cache
        if "nested" not in cache:
            cache["nested"] = any(isinstance(op, Derivative) for op, _, _ in self.diagram.boxes)
        return bool(cache["nested"])





class ByHand(Derivative):
    """An arrow of ``D(k)`` that a user wrote."""

    __slots__ = ("function",)

    def __init__(self, k: Any, function: Callable[[Any], tuple[Any, Any]]) -> None:
        super().__init__(k, Diagram(0, 0, (), 1))
        self.function = function

    def __call__(self, *args: Any) -> tuple[Any, Any]:
        """What the user's function says."""
        return self.function(args[0] if len(args) == 1 else args)

    def run(self, tree: Any, space: Space) -> tuple[Any, Any, Space]:
        """The packed value, the derivative, and the space of the value."""
        y, derivative = self.function(tree)
        return pack(y), derivative, space_of(y)


class Recorded(Op):
    """A box that is an arrow of ``D(k)`` during one run: its value and its derivative come together."""

    __slots__ = ("arrow", "found")

    def __init__(self, arrow: Derivative) -> None:
        self.arrow = arrow
        self.found: Any = None

    def apply(self, *inputs: Any) -> Any:
        """The value; the derivative is kept."""
        x = inputs[0] if len(inputs) == 1 else inputs
        y, self.found, _ = self.arrow.run(x, space_of(x))
        return y

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What came with the value."""
        return self.found


def _real(tree: Any) -> Any:
    """Python integers as real numbers."""
    if type(tree) is int:
        return float(tree)
    return tuple([_real(t) for t in tree]) if isinstance(tree, tuple) else tree


@attrs.frozen(repr=False)
class D(Category):
    """Differentiation over a category ``k`` of linear maps.

    >>> from essence_ad import D, Additive, cos, dup, mul
    >>> y, df = D(Additive)(dup >> mul >> cos)(1.0)
    >>> round(float(df(1.0)), 6)
    -1.682942
    """

    k: Any

    def diagram(self, d: Diagram) -> Derivative:
        """The value and derivative of a whole program at once."""
        require_cartesian(d, "this program")
        return Derivative(self.k, d)

    def arrow(self, function: Callable[[Any], tuple[Any, Any]]) -> Derivative:
        """An arrow written by hand: ``function(x)`` gives the value and its derivative, an arrow of ``k``."""
        return ByHand(self.k, function)

    def __repr__(self) -> str:
        return f"D({self.k!r})"
