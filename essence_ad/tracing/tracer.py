"""Traces: what an ordinary function does to abstract arrays, written down as a ``Diagram``.

Traces nest. An operation is recorded by the innermost trace among its operands, and a traced array of an outer trace is
a constant there: so the derivatives of nested programs cannot be confused.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.containers import container_of, describe
from essence_ad.diagram import Box, Diagram, Op
from essence_ad.errors import NeedsSpaceError, StructureError, TracingError
from essence_ad.operation import NEGATE, Constant, Scale, same
from essence_ad.primitives import by_function
from essence_ad.primitives.primitive import Call, Primitive
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import Pattern
from essence_ad.tracing import source, steering
from essence_ad.tracing.protocol import Level, Overloaded, depth
from essence_ad.tracing.steering import Changed, Run

_PYTHON_NUMBERS = frozenset({float, int, complex, bool})
_STRONG = frozenset({np.dtype(np.float64), np.dtype(np.complex128)})  # a Python number does not change in these


class Tracer(Overloaded):
    """An abstract array: a wire of a trace, with its space (``None`` in a trace without shapes)."""

    __slots__ = ("level", "owner", "space", "wire")

    def __init__(self, trace: Trace, wire: int, space: Array | None) -> None:
        self.owner, self.wire, self.space = trace, wire, space
        self.level = trace.level

    @property
    def free(self) -> bool:  # type: ignore[override]
        """Whether this is a traced array without shape."""
        return self.space is None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; an error in a trace without shapes."""
        return self.space.shape if self.space is not None else self._unknown("shape")

    @property
    def dtype(self) -> Any:
        """The dtype; an error in a trace without shapes."""
        return self.space.dtype if self.space is not None else self._unknown("dtype")

    def _unknown(self, what: str) -> Any:
        raise NeedsSpaceError(
            f"the {what} of an argument of {self.owner.name} is asked for, and no space was given",
            found=source.found(f"a program without a space, whose function needs the {what}"),
            expected="a function of elementwise operations, or a space",
            remedy=f"name the space: program({self.owner.name}, R[3]), or {self.owner.name}.at(R[3])",
        )  # fmt: skip

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The traced result: one box more in the trace."""
        return self.owner.bind(primitive, inputs, params)

    def __getitem__(self, key: Any) -> Any:
        if self.space is None:
            self._unknown("shape")
        return super().__getitem__(key)

    def known(self, use: str, remedy: str = source.NUMBERS, *, steers: bool = False) -> Any:
        """The value at the point of the recording; an error where there is no point, or a derivative would be lost.

        A value that only ``steers`` the program (``if``, ``while``, a count) is piecewise constant: nothing is lost then.
        """
        self.owner.require_open()
        return self.owner.value(self, use, remedy, steers)

    def __iadd__(self, other: Any) -> Any:
        return self.owner.rebound(self, self + other)

    def __isub__(self, other: Any) -> Any:
        return self.owner.rebound(self, self - other)

    def __imul__(self, other: Any) -> Any:
        return self.owner.rebound(self, self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self.owner.rebound(self, self / other)

    def __ipow__(self, other: Any) -> Any:
        return self.owner.rebound(self, self**other)

    def __repr__(self) -> str:
        return f"<traced {self.space if self.space is not None else 'array'} in {self.owner.name}>"


class Trace(Level):
    """A diagram while it grows. Use it in a ``with``; its traced arrays end with it.

    >>> with Trace("square") as trace:
    ...     x = trace.argument(Array())
    ...     d = trace.diagram(x, x * x, Array())
    >>> d.boxes
    ((multiply, (0, 0), (1,)),)
    """

    __slots__ = (
        "_run",
        "boxes",
        "captured",
        "changed",
        "constants",
        "n_wires",
        "name",
        "point",
        "steered",
    )

    def __init__(self, name: str = "the function") -> None:
        super().__init__()
        self.name = name
        self.boxes: list[Box] = []
        self.n_wires = 0
        self.constants: dict[Any, tuple[int, Any, Any, Array | None]] = {}
        self.captured = False  #: whether a traced array of an outer trace became a constant
        self.point: tuple[Any, Any] | None = None  #: the packed argument, and its value, of a recording at a point
        self.steered = False  #: whether a value at the point decided what was recorded
        self.changed: Changed | None = None  #: what ``+=`` changed in place
        self._run: Run | None = None

    def require_open(self) -> None:
        """An error where a traced array is used after its trace ended."""
        if not self.open:
            raise TracingError(
                f"a traced array was used after the recording of {self.name} ended", found=source.found("a leaked traced array"),
                expected="traced arrays used only inside the function that got them",
                remedy="return the array from the function; do not keep it in a global, a list or an attribute",
            )  # fmt: skip

    # ------------------------------------------------------------------ wires

    def argument(self, space: Space | None) -> Any:
        """A packed value of fresh traced arrays; one without shape for ``None``."""
        if isinstance(space, Product):
            return tuple([self.argument(p) for p in space.parts])
        assert space is None or isinstance(space, Array)
        return self.fresh(space)

    def fresh(self, space: Array | None) -> Tracer:
        """A traced array on a wire of its own."""
        wire = self.n_wires
        self.n_wires = wire + 1
        return Tracer(self, wire, space)

    def constant(self, value: Any) -> tuple[int, Array | None]:
        """The wire of a constant and its space; the same object has the same wire, unless somebody changed it."""
        held = self.constants.get(id(value))
        if held is not None and (type(value) is not np.ndarray or _unchanged(value, held[2])):
            return held[0], held[3]
        if isinstance(value, (list, tuple)):
            return self.constant(np.asarray(value))
        op = Constant(self.outer(value))
        space = None if isinstance(value, Overloaded) and value.free else space_of(value)
        assert space is None or isinstance(space, Array)
        wire = self.n_wires
        self.n_wires = wire + 1
        self.boxes.append((op, (), (wire,)))
        self.constants[id(value)] = wire, value, op.value, space  # the value is kept, so that its id is not given anew
        return wire, space

    def outer(self, value: Any) -> Any:
        """A value from outside of this trace; a traced array must be one of a trace that goes on."""
        if isinstance(value, Overloaded):
            self.captured = True
            if isinstance(value, Tracer):
                value.owner.require_open()
        return value

    # ------------------------------------------------------------------ values

    def value(self, x: Tracer, use: str, remedy: str, steers: bool) -> Any:
        """The value of a traced array at the point, by running what was recorded so far, each box once."""
        if self.point is None:
            raise TracingError(
                f"a traced array was {use}, and its value is not known while {self.name} is recorded",
                found=source.found(f"{x!r}"), expected="operations on arrays, in an order that does not depend on values",
                remedy=remedy,
            )  # fmt: skip
        run = self.running()
        if not steers and not _still(x) and run.moves(x.wire):
            raise TracingError(
                f"a traced array was {use}, and its derivative would be lost there, while {self.name} is recorded",
                found=source.found(f"{x!r}"), expected="operations on arrays; values may decide branches and counts only",
                remedy=f"{remedy}; or drop the derivative: float(stop_gradient(x))",
            )  # fmt: skip
        value = run.value(x.wire, use)
        if not self.steered:
            steering.warn(self.name)
            self.steered = True
        return value

    def running(self) -> Run:
        """The run of this recording at its point."""
        if self._run is None:
            self._run = Run(self)
        return self._run

    def rebound(self, old: Tracer, new: Any) -> Any:
        """What ``old += ...`` gives: a new array.

        NumPy would change every other array that shares memory with the old one, so an error follows if one is used again.
        """
        self.require_open()
        if old.shape and isinstance(new, Tracer):
            if self.changed is None:
                self.changed = Changed(self)
            self.changed.mark(old.wire)
        return new

    # ------------------------------------------------------------------ operations

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """A call of a primitive on values, at least one of them traced here."""
        if not self.open:
            self.require_open()
        claiming = depth.claiming
        if claiming is not None and claiming.level > self.level:
            return claiming.bind(primitive, inputs, params)
        if self.changed is not None:
            self.changed.require_fresh(inputs)
        if primitive is _multiply() and not params:
            scaled = self._scaling(*inputs)
            if scaled is not None:
                return scaled
        wires, spaces = [], []
        for value in inputs:
            if type(value) is Tracer and value.owner is self:
                wires.append(value.wire)
                spaces.append(value.space)
            else:
                if type(value) in _PYTHON_NUMBERS:
                    value = _strong(value, inputs)
                wire, space = self.constant(value)
                wires.append(wire)
                spaces.append(space)
        return self.record(Call(primitive, params, source.here()), tuple(wires), tuple(spaces))

    def record(self, op: Op, wires: tuple[int, ...], spaces: tuple[Any, ...]) -> Any:
        """One box more: the traced result, a tuple of them where the codomain has several parts."""
        unknown = None in spaces
        result = None if unknown else op.shape(*spaces)
        if not isinstance(op.cod, tuple):
            out = self.fresh(result)
            self.boxes.append((op, wires, (out.wire,)))
            return out
        results = [None] * len(op.cod) if result is None else result
        outs = tuple([self.fresh(space) for space in results])
        self.boxes.append((op, wires, tuple([o.wire for o in outs])))
        return outs

    def _scaling(self, a: Any, b: Any) -> Tracer | None:
        """A product with a constant that keeps shape and dtype, as the linear ``Scale``; ``None`` for others."""
        x, factor = (a, b) if type(a) is Tracer and a.owner is self else (b, a)
        if (type(factor) is Tracer and factor.owner is self) or type(x) is not Tracer or x.owner is not self:
            return None
        space, kind = x.space, type(factor)
        if kind is float or kind is int:
            if space is not None and space.dtype.kind not in "fc":
                return None
            return self._box(NEGATE if kind is int and factor == -1 else Scale(factor), x)
        if space is None or isinstance(factor, (list, tuple)) or (isinstance(factor, Overloaded) and factor.free):
            return None
        other = space_of(factor)
        assert isinstance(other, Array)
        if space.dtype.kind not in "fc" or np.result_type(space.dtype, other.dtype) != space.dtype:
            return None
        if other.shape and not _broadcasts(other.shape, space.shape):
            return None
        if kind is np.ndarray:
            self.constant(factor)
            return self._box(Scale(self.constants[id(factor)][2]), x)
        return self._box(Scale(self.outer(factor)), x)

    def _box(self, op: Op, x: Tracer) -> Tracer:
        out = self.fresh(x.space)
        self.boxes.append((op, (x.wire,), (out.wire,)))
        return out

    # ------------------------------------------------------------------ the end

    def result(self, value: Any) -> tuple[Pattern, Space | None]:
        """The wires of what a function returned, and its space; numbers and arrays become constants."""
        if isinstance(value, Tracer) and value.owner is self:
            if self.changed is not None:
                self.changed.require_fresh((value,))
            return value.wire, value.space
        container = None if isinstance(value, Overloaded) else container_of(value)
        if container is None:
            return self._returned(value)
        parts = [self.result(child) for child in container.children(value)]
        spaces = [space for _, space in parts if space is not None]
        space = Product(tuple(spaces), container) if len(spaces) == len(parts) else None
        return tuple([wires for wires, _ in parts]), space

    def _returned(self, value: Any) -> tuple[int, Array | None]:
        try:
            return self.constant(value)
        except StructureError as error:
            raise StructureError(
                f"{self.name} returned what is neither numbers nor a structure of them", found=describe(value),
                expected="arrays and numbers, in tuples, lists, dicts, dataclasses or attrs classes",
                remedy="return the numbers only, and make the rest of them outside the program",
            ) from error  # fmt: skip

    def diagram(self, argument: Any, value: Any, space: Space | None) -> Diagram:
        """What was recorded between a packed argument and a returned value."""
        cod, target = self.result(value)
        dom = _wires(argument)
        return Diagram(dom, cod, self.boxes, self.n_wires, space, target if space is not None else None).pruned()


def _still(x: Tracer) -> bool:
    """Whether a traced array cannot move a little."""
    return x.space is not None and x.space.discrete


def _wires(tree: Any) -> Pattern:
    return tuple([_wires(t) for t in tree]) if isinstance(tree, tuple) else tree.wire


@functools.cache
def _multiply() -> Any:
    return by_function().get(np.multiply)


def _strong(value: Any, inputs: Sequence[Any]) -> Any:
    """A Python number as it is, or with the dtype that it takes beside arrays of dtypes other than the default."""
    dtypes = [x.dtype for x in inputs if type(x) not in _PYTHON_NUMBERS and not (isinstance(x, Tracer) and x.space is None)
              and hasattr(x, "dtype")]  # fmt: skip
    if not dtypes or all(d in _STRONG for d in dtypes):
        return value
    return np.result_type(*dtypes, value).type(value)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether an array of one shape fits another without making it larger."""
    return len(shape) <= len(to) and all(m in (1, n) for m, n in zip(reversed(shape), reversed(to), strict=False))


def _unchanged(value: Any, held: Any) -> bool:
    """Whether an array still holds what it held when it became a constant, by its bits."""
    if value.shape != held.shape or value.dtype != held.dtype:
        return False
    if value.flags.c_contiguous and held.flags.c_contiguous and value.size:
        return bool(memoryview(value.reshape(-1).view(np.uint8)) == memoryview(held.reshape(-1).view(np.uint8)))
    return same(value, held)
