"""Bodies of loops and branches: flat programs, one array on each wire, and what derivatives make of them.

A body reads arrays from outside by inputs of its own: a traced array of an outer recording that it met becomes one more
input. What is linearised is always recorded again as a body, so a derivative of a loop is a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from essence_ad.categories.additive import Additive
from essence_ad.categories.derivative import Derivative
from essence_ad.containers import ZERO
from essence_ad.diagram import Box, Diagram, Op
from essence_ad.linear_map import LinearMap, arrays
from essence_ad.operation import Constant, LinearOp, Scale, is_discrete
from essence_ad.primitives import catalogue
from essence_ad.primitives.indexing import take
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batching
from essence_ad.tracing.calls import is_abstract, leader
from essence_ad.tracing.program import name_of, run_function
from essence_ad.tracing.protocol import depth
from essence_ad.tracing.tracer import Trace, Tracer

Flags = tuple[bool, ...]


class Body(NamedTuple):
    """What was recorded of a function: its flat program, the traced arrays that it read besides, and its value's space."""

    diagram: Diagram
    captured: tuple[Any, ...]
    target: Space


def record(function: Callable[..., Any], spaces: Sequence[Space], *, claiming: bool = False) -> Body:
    """A function of values in these spaces as a body; the arrays that it captured come after its arguments.

    What the function does to captured arrays alone is done once, before a loop begins; a branch is ``claiming``: that
    belongs to it as well, and happens only where the branch is taken.
    """
    with Trace(name_of(function)) as trace:
        trees = tuple([trace.argument(space) for space in spaces])
        before, depth.claiming = depth.claiming, trace if claiming else depth.claiming
        try:
            value = run_function(function, [s.unpack(t) for s, t in zip(spaces, trees, strict=True)])
        finally:
            depth.claiming = before
        d = trace.diagram(trees, value, Product(tuple(spaces)))
    assert d.dom_space is not None and d.cod_space is not None
    target = d.cod_space
    flat = Diagram(tuple(leaves(d.dom)), tuple(leaves(d.cod)), d.boxes, d.n_wires, _flat(d.dom_space), _flat(target))
    lifted, captured = _lifted(flat)
    return Body(lifted, captured, target)


def staged(name: str, spaces: Sequence[Space], function: Callable[..., Any]) -> Diagram:
    """The flat program of a function of arrays that returns several, as this module's rules are written."""
    with Trace(name) as trace:
        inputs = tuple([trace.argument(space) for space in spaces])
        d = trace.diagram(inputs, tuple(function(*inputs)), Product(tuple(spaces)))
    assert isinstance(d.cod, tuple)
    return d


def _flat(space: Space) -> Product:
    return Product(tuple(arrays(space)))


def _lifted(d: Diagram) -> tuple[Diagram, tuple[Any, ...]]:
    """The program with an input for each traced array that it holds as a constant, and those arrays."""
    wires: dict[int, tuple[int, Any]] = {}
    n = d.n_wires
    boxes: list[Box] = []

    def wire_of(value: Any) -> int:
        nonlocal n
        if id(value) not in wires:
            wires[id(value)] = n, value
            n += 1
        return wires[id(value)][0]

    for op, ins, outs in d.boxes:
        if isinstance(op, Constant) and is_abstract(op.value):
            boxes.append((None, (wire_of(op.value),), outs))
        elif isinstance(op, Scale) and is_abstract(op.factor):
            boxes.append((catalogue()["multiply"].call(), (wire_of(op.factor), *ins), outs))
        else:
            boxes.append((op, ins, outs))
    if not wires:
        return d, ()
    captured = tuple([value for _, value in wires.values()])
    assert isinstance(d.dom_space, Product)
    space = Product((*d.dom_space.parts, *[Array(v.shape, v.dtype) for v in captured]))
    return Diagram((*d.dom, *[w for w, _ in wires.values()]), d.cod, boxes, n, space, d.cod_space), captured


def common(bodies: Sequence[Body]) -> tuple[list[Diagram], tuple[Any, ...]]:
    """The programs of several bodies of the same arguments with all that any captured as inputs, and those arrays."""
    captured = {id(v): v for body in bodies for v in body.captured}
    answer = []
    for body in bodies:
        d, n = body.diagram, body.diagram.n_wires
        assert isinstance(d.dom_space, Product)
        own = len(d.dom) - len(body.captured)
        wires = dict(zip(map(id, body.captured), d.dom[own:], strict=True))
        for place in captured:
            if place not in wires:
                wires[place] = n
                n += 1
        space = Product((*d.dom_space.parts[:own], *[Array(v.shape, v.dtype) for v in captured.values()]))
        answer.append(Diagram((*d.dom[:own], *[wires[p] for p in captured]), d.cod, d.boxes, n, space, d.cod_space))
    return answer, tuple(captured.values())


# ---------------------------------------------------------------------------------------------- running


def run(d: Diagram, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The outputs of a flat program."""
    env = d.evaluate(tuple(inputs), drop=True)
    return tuple([env[w] for w in d.cod])


def spaces_in(d: Diagram) -> tuple[Array, ...]:
    """The spaces of the inputs of a body that knows them."""
    assert isinstance(d.dom_space, Product)
    return d.dom_space.parts  # type: ignore[return-value]


def spaces_out(d: Diagram) -> tuple[Array, ...]:
    """The spaces of the outputs."""
    assert isinstance(d.cod_space, Product)
    return d.cod_space.parts  # type: ignore[return-value]


def bound(op: Op, inputs: Sequence[Any]) -> Any:
    """An operation at values of which some are traced: one box more in the innermost recording among them."""
    trace = leader(inputs).owner
    if depth.claiming is not None and depth.claiming.level > trace.level:
        trace = depth.claiming
    wires, spaces = [], []
    for value in inputs:
        wire, space = (
            (value.wire, value.space) if type(value) is Tracer and value.owner is trace else trace.constant(value)
        )
        wires.append(wire)
        spaces.append(space)
    return trace.record(op, tuple(wires), tuple(spaces))


def batched(d: Diagram, n: int, lifted: Sequence[bool]) -> Diagram:
    """A body with an added axis of length ``n`` in front of the lifted inputs, and of all outputs."""

    def step(*values: Any) -> list[Any]:
        with Batching(n) as batching:
            given = [batching.lift(v) if has else v for v, has in zip(values, lifted, strict=True)]
            return [batching.lower(y) for y in run(d, given)]

    spaces = [Array((n, *s.shape), s.dtype) if has else s for s, has in zip(spaces_in(d), lifted, strict=True)]
    return staged("a batch", spaces, step)


def elements(inputs: Sequence[Any], lifted: Sequence[bool]) -> list[Array]:
    """The spaces of the elements of inputs, of which the lifted have an added axis."""
    spaces = zip(map(space_of, inputs), lifted, strict=True)
    return [Array(s.shape[has:], s.dtype) for s, has in spaces if isinstance(s, Array)]


def chosen_by(flags: Any, yes: Any, no: Any) -> Any:
    """For each element of a batch one of two values, by a boolean for each."""
    return np.where(np.reshape(flags, (*np.shape(flags), *(1,) * (len(np.shape(yes)) - 1))), yes, no)


def standing_in(flags: Any, values: Sequence[Any], lifted: Sequence[bool]) -> list[Any]:
    """The values with each element that is not flagged replaced by one that is.

    So a body that only flagged elements may meet (an index that is out of range for the others, a matrix that has no
    inverse) can be run on all at once.

    >>> standing_in(np.array([False, True, True]), [np.array([1.0, 2.0, 3.0])], [True])
    [array([2., 2., 3.])]
    """
    first = np.argmax(flags)
    return [
        chosen_by(flags, v, np.expand_dims(take(v, first, axis=0), axis=0)) if has else v
        for v, has in zip(values, lifted, strict=True)
    ]


# ---------------------------------------------------------------------------------------------- derivatives


def moves(d: Diagram, active: Sequence[bool]) -> Flags:
    """Which outputs of a body move where the active inputs do."""
    moving = bytearray(d.n_wires)
    for wire, flag in zip(d.dom, active, strict=True):
        moving[wire] = flag
    for op, ins, outs in d.boxes:
        if (op is None or not op.discrete) and any([moving[w] for w in ins]):
            for wire in outs:
                moving[wire] = 1
    return tuple([bool(moving[w]) and not s.discrete for w, s in zip(d.cod, spaces_out(d), strict=True)])


def chosen(values: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    """Those values that are flagged."""
    return [v for v, flag in zip(values, flags, strict=True) if flag]


def placed(values: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    """Values at the flagged places, ``ZERO`` at the others."""
    rest = iter(values)
    return [next(rest) if flag else ZERO for flag in flags]


def zeros(space: Space) -> Any:
    """The zero of a space as an array."""
    return space.fill(ZERO)


def linear_at(d: Diagram, inputs: Sequence[Any], active: Sequence[bool]) -> tuple[tuple[Any, ...], LinearMap]:
    """The outputs of a body, and its derivative by the active inputs."""
    held: list[Box] = [
        (Constant(x), (), (w,)) for x, w, flag in zip(inputs, d.dom, active, strict=True) if not flag
    ]  # each run once
    space = Product(tuple(chosen(spaces_in(d), active)))
    of_active = Diagram(tuple(chosen(d.dom, active)), d.cod, [*held, *d.boxes], d.n_wires, space, d.cod_space)
    y, linear, _ = Derivative(Additive, of_active).run(tuple(chosen(inputs, active)), space)
    return y, linear


def pushed(d: Diagram, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags, moving: Flags) -> Any:
    """The outputs of a body and the tangents of the moving ones, from those of the active inputs."""
    y, linear = linear_at(d, inputs, active)
    image = linear.apply(tuple(tangents))
    return y, [
        s.fill(v)
        for s, v in zip(chosen(spaces_out(d), moving), chosen(_parts(image, len(moving)), moving), strict=True)
    ]


def pulled(d: Diagram, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags, moving: Flags) -> list[Any]:
    """The covectors of the active inputs of a body from those of the moving outputs."""
    _, linear = linear_at(d, inputs, active)
    image = linear.T.apply(tuple(placed(covectors, moving)))
    return [s.fill(v) for s, v in zip(chosen(spaces_in(d), active), _parts(image, sum(active)), strict=True)]


def _parts(image: Any, n: int) -> Sequence[Any]:
    return (ZERO,) * n if image is ZERO else image


class Joint(LinearOp):
    """The derivative of an operation that holds bodies, from all its inputs to all its outputs.

    The two functions take and give one value for each wire, ``ZERO`` where nothing moves.
    """

    __slots__ = ()

    def apply(self, *inputs: Any) -> Any:
        """The image of a vector; zeros stay symbolic."""
        if len(self.source) == 1 and len(inputs) == 1 and type(inputs[0]) is tuple:
            (inputs,) = inputs
        images = self.forward(*inputs)
        return images[0] if len(self.target) == 1 else tuple(images)

    @property
    def T(self) -> Op:
        """The adjoint."""
        transposed = super().T
        assert isinstance(transposed, LinearOp)
        return Joint(
            transposed.name, transposed.forward, transposed.adjoint, transposed.source, transposed.target,
        )  # fmt: skip


def continuous(inputs: Sequence[Any], wanted: Sequence[bool]) -> Flags:
    """Which inputs of an operation move."""
    return tuple([bool(w) and not is_discrete(x) for x, w in zip(inputs, wanted, strict=True)])


def boundary(n: int) -> Any:
    """The pattern of ``n`` arrays on wires of their own."""
    return "num" if n == 1 else ("num",) * n


def packed(values: Sequence[Any]) -> Any:
    """What an operation returns: the only value, or the tuple of them."""
    return values[0] if len(values) == 1 else tuple(values)


def plain(inputs: Sequence[Any]) -> bool:
    """Whether all inputs are arrays and numbers of NumPy and Python."""
    return all([isinstance(x, (float, int, complex)) or _numeric(x) for x in inputs])


def _numeric(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind != "O"


def unshared(x: Any) -> Any:
    """A copy of an array: a loop without steps gives what it was given, and compiled code writes over its arrays."""
    return x.copy() if isinstance(x, np.ndarray) else x
