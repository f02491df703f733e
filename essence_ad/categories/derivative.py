"""D(k) (sections 4 and 7): ``D_k f : a -> b × (a ⊸_k b)``, a value and a derivative in a category ``k`` of linear maps.

The program runs once; then every box says its derivative at what it met, which is again a linear arrow, on the same
wires; and ``k`` composes those. Forward and reverse mode are choices of ``k``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.category import BIPRODUCT, Category, of_linear_maps
from essence_ad.containers import ZERO, describe
from essence_ad.diagram import Diagram, Op, collect, uncollected
from essence_ad.errors import (
    CompositionError,
    NeedsSpaceError,
    NotLinearError,
    OptionError,
    ShapeError,
    StructureError,
)
from essence_ad.inlining import explicit, inline, unfold
from essence_ad.operation import LinearOp
from essence_ad.spaces import Space, fits, pack, reals, space_of


class Derivative:
    """An arrow of ``D(k)``: call it with a point for ``(value, derivative)``.

    >>> from essence_ad import Additive, D, dup, mul
    >>> square = D(Additive)(dup >> mul)
    >>> y, dy = square(3.0)
    >>> square, float(y), dy(1.0)
    (<a -> value, derivative in Additive; 1 box>, 9.0, 6.0)
    """

    __slots__ = ("_diagram", "k")
    discrete = False
    linear = False

    def __init__(self, k: Any, diagram: Diagram | None) -> None:
        self.k, self._diagram = k, diagram

    @property
    def diagram(self) -> Any:
        """The boxes; arrows that it was composed of are written out when it is first read."""
        if self._diagram is not None:
            self._diagram = inline(self._diagram)
        return self._diagram

    def __call__(self, *args: Any) -> tuple[Any, Any]:
        """The value and the derivative, an arrow of ``k`` between the spaces of argument and value.

        Raises ``StructureError``, ``ShapeError`` or ``DTypeError`` where the argument does not fit the program.
        """
        x = args[0] if len(args) == 1 else args
        d = self.diagram
        known = d is not None and d.dom_space is not None
        space = d.dom_space if known else space_of(x)
        y, derivative, target = self.run(space.check(x) if known else pack(x), space)
        return target.unpack(y), derivative

    def run(self, tree: Any, space: Space) -> tuple[Any, Any, Space]:
        """The packed value, the derivative, and the space of the value, each primitive evaluated once."""
        with uncollected(), np.errstate(all="ignore"):  # infinite slopes are values, also of derivatives in a program
            d = self._ready(tree)
            env = d.evaluate(reals(tree))
            linear = d.linearize(env)
            y = collect(d.cod, env)
            target = d.cod_space
            if target is None:
                y = _without_zeros(y)
                target = space_of(y)
            placed = Diagram(linear.dom, linear.cod, linear.boxes, linear.n_wires, space, target)
            return y, self.k.diagram(placed), target

    def _ready(self, tree: Any) -> Diagram:
        """The diagram as it meets an argument: sums and zeros are boxes, and arrows written by hand keep notes."""
        d = unfold(self.diagram, tree)
        if any(d.misfits):
            if "explicit" not in d._cache:
                d._cache["explicit"] = _explicit(d)
            d = d._cache["explicit"]
        if "by hand" not in d._cache:
            d._cache["by hand"] = any(isinstance(op, ByHand) for op, _, _ in d.boxes)
        if d._cache["by hand"]:
            boxes = [(Recorded(op) if isinstance(op, ByHand) else op, ins, outs) for op, ins, outs in d.boxes]
            d = Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)
        return d

    def __repr__(self) -> str:
        n = len(self.diagram.boxes)
        return f"<a -> value, derivative in {self.k!r}; {n} box{'' if n == 1 else 'es'}>"


def _explicit(d: Diagram) -> Diagram:
    d = explicit(d)
    unnamed = set(d.misfits[0])
    boxes = []
    for op, ins, outs in d.boxes:
        if any(i in unnamed for i in ins):
            unnamed.update(outs)
            op = op if op is None else MayBeZero(op)
        boxes.append((op, ins, outs))
    return Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)


class MayBeZero(Op):
    """An operation that may meet the zero of a space that nobody has named."""

    __slots__ = ("discrete", "op")

    def __init__(self, op: Op) -> None:
        self.op, self.discrete = op, op.discrete

    def apply(self, *inputs: Any) -> Any:
        """Zero for nothing but zeros; ``NeedsSpaceError`` where the result depends on the shape of one."""
        if all(x is ZERO for x in inputs) and self.op.linear and inputs:
            n = len(self.op.cod) if isinstance(self.op.cod, tuple) else 1
            return ZERO if n == 1 else (ZERO,) * n
        if isinstance(self.op, LinearOp):
            return self.op.apply(*inputs)
        if not self.op.linear and any(x is ZERO for x in inputs):
            raise NeedsSpaceError(
                f"{self.op.name} meets a zero of no known shape", found="the zero that inl, inr, inj or zero makes",
                expected="an array", remedy="make the zero with const, which has a shape",
            )  # fmt: skip
        return self.op.apply(*[0.0 if x is ZERO else x for x in inputs])

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the operation says."""
        if output is ZERO:
            return None
        return self.op.derivative([0.0 if x is ZERO else x for x in inputs], output, wanted)


class ByHand(Derivative):
    """An arrow of ``D(k)`` that a user wrote: a function from a point to the value and the derivative there.

    A product reaches the function as a tuple.
    """

    __slots__ = ("function",)
    name = "an arrow written by hand"
    dom = 0
    cod = 0

    def __init__(self, k: Any, function: Callable[[Any], tuple[Any, Any]]) -> None:
        super().__init__(k, None)
        self.function = function

    def run(self, tree: Any, space: Space) -> tuple[Any, Any, Space]:
        """The packed value, the derivative, and the space of the value, checked to fit each other.

        Raises ``StructureError`` where the function gives no pair, ``NotLinearError`` where the derivative is no arrow
        of ``k``, and ``CompositionError`` where that runs between other spaces.
        """
        answer = self.function(reals(tree))
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise StructureError(
                f"{self.name} gives the value and the derivative", found=describe(answer), expected="a pair",
                remedy="return value, derivative",
            )  # fmt: skip
        y, derivative = answer
        if not self.k.is_arrow(derivative):
            raise NotLinearError(
                f"the derivative that {self.name} gives is not an arrow of {self.k!r}", found=repr(derivative),
                expected=f"an arrow of {self.k!r}", remedy=f"make one: {self.k!r}.scale(s), or {self.k!r}(program)",
            )  # fmt: skip
        target = space_of(y)
        return pack(y), self._placed(derivative, space, target), target

    def _placed(self, derivative: Any, space: Space, target: Space) -> Any:
        """The derivative between the spaces of argument and value."""
        start, end = self.k.ends(derivative)
        unplaced = start is None or end is None
        if start is None or (end is None and fits(start, space)):
            try:
                end = self.k.linear_map(derivative).at(space).target
            except NeedsSpaceError:  # an operation that states no shape rule
                end = None
            except (StructureError, ShapeError) as error:
                raise self._misfit("start", derivative, space) from error
        if start is not None and not fits(start, space):
            raise self._misfit("start", start, space)
        if end is not None and not fits(end, target):
            raise self._misfit("end", end, target)
        if not unplaced:
            return derivative
        return self.k.diagram(Diagram(0, 1, [(derivative, (0,), (1,))], 2, space, target))

    def _misfit(self, end: str, found: object, expected: Space) -> CompositionError:
        return CompositionError(
            f"the derivative that {self.name} gives does not {end} where it should", found=repr(found),
            expected=repr(expected), remedy="a derivative runs from the argument's space to the value's",
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<a -> value, derivative in {self.k!r}; by hand>"


class Recorded(Op):
    """A box that was written by hand, during one run: its value and its derivative come together."""

    __slots__ = ("arrow", "found")
    dom = 0
    cod = 0

    def __init__(self, arrow: ByHand) -> None:
        self.arrow = arrow
        self.found: Any = None

    def apply(self, *inputs: Any) -> Any:
        """The value; the derivative is kept."""
        (x,) = inputs
        y, self.found, _ = self.arrow.run(x, space_of(x))
        return y

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What came with the value."""
        return self.found


def _without_zeros(tree: Any) -> Any:
    """A zero of no known space as the number 0."""
    if isinstance(tree, tuple):
        return tuple([_without_zeros(t) for t in tree])
    return 0.0 if tree is ZERO else tree


@attrs.frozen(repr=False)
class D(Category):
    """Differentiation over a category ``k`` of linear maps.

    A derivative reads the arrays of the point and of the value when it is applied: do not write into them before.

    >>> from essence_ad import D, Additive, cos, dup, mul
    >>> y, df = D(Additive)(dup >> mul >> cos)(1.0)
    >>> round(float(df(1.0)), 6)
    -1.682942

    Raises ``OptionError`` for a category that is not one of linear maps.
    """

    k: Any = attrs.field(validator=of_linear_maps)

    arrows = Derivative

    @property
    def structure(self) -> frozenset[str]:  # type: ignore[override]
        """What ``k`` has, for programs that need not be linear."""
        found: frozenset[str] = (self.k.structure & BIPRODUCT) | {"general", "derivative"}
        return found | {"numeric"} if "scalable" in found else found

    def is_arrow(self, value: Any) -> bool:
        """Whether a value is such a function with derivatives in ``k``."""
        return isinstance(value, Derivative) and value.k == self.k

    def diagram(self, d: Diagram) -> Derivative:
        """The value and derivative of a whole program at once."""
        return Derivative(self.k, d)

    def arrow(self, function: Callable[[Any], tuple[Any, Any]]) -> Derivative:
        """An arrow written by hand: ``function(x)`` gives the value and its derivative, an arrow of ``k``.

        >>> from essence_ad import Additive, D, exp
        >>> k = D(Additive)
        >>> square = k.arrow(lambda x: (x * x, Additive.scale(2 * x)))
        >>> y, dy = k.compose(square, k(exp))(0.0)
        >>> float(y), float(dy(1.0))
        (1.0, 2.0)
        """
        if not callable(function):
            raise OptionError(
                "an arrow written by hand is a function of the point", found=describe(function),
                expected="a function that gives the value and the derivative",
                remedy=f"for a program write {self!r}(program)",
            )  # fmt: skip
        return ByHand(self.k, function)

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """The value and the derivative at the point."""
        d = arrow.diagram
        if d is not None and d.cod_space is None:  # a zero in the value is one of the target
            arrow = type(arrow)(self.k, Diagram(d.dom, d.cod, d.boxes, d.n_wires, source, target))
        y, derivative = arrow(point)
        return target.check(y), self.k.observe(derivative, source, target, point)

    def __repr__(self) -> str:
        return f"D({self.k!r})"
