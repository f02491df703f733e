"""The linear operations that derivatives are composed of, and what all operations on arrays share.

A derivative is stated as scalings, casts, broadcasts and pairs of a linear function with its adjoint. Broadcasting and
dtypes are handled once, by ``embed``. The functions here run on arrays and on traced arrays alike.
"""

from __future__ import annotations

import numbers
import struct
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from essence_ad.containers import ZERO, describe
from essence_ad.diagram import IDENTITY, Chain, Op
from essence_ad.errors import DTypeError, NotPicklableError, ShapeError
from essence_ad.kernel import astype
from essence_ad.spaces import Array, Product, Space, scale, space_of
from essence_ad.structure import NUM, Pattern

# ---------------------------------------------------------------------------------------------- linear operations


class Scale(Op):
    """Multiplication by a fixed number or, elementwise, by a fixed array: its own transpose (the paper's ``scale``)."""

    __slots__ = ("factor",)
    linear = True
    elementwise = True
    name = "scale"
    dom = 0
    cod = 0

    def __init__(self, factor: Any) -> None:
        self.factor = factor

    def apply(self, *inputs: Any) -> Any:
        """The input times the factor."""
        (x,) = inputs
        return scale(self.factor, x) if type(x) is tuple else self.factor * x

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """Itself; for numbers that may not commute, multiplication from the other side."""
        return self if commutes(self.factor) else ScaleRight(self.factor)

    def within(self, mask: Any) -> Op:
        """Scaling by zero outside the mask."""
        return self if type(self.factor) in (int, float) else Scale(np.where(mask(), self.factor, 0))

    def shape(self, *spaces: Space) -> Any:
        """The space it is given, broadcast with the factor."""
        (space,) = spaces
        factor = space_of(self.factor)
        if isinstance(space, Array) and isinstance(factor, Array):
            number = self.factor if type(self.factor) in (int, float, complex) else factor.dtype
            return Array(np.broadcast_shapes(space.shape, factor.shape), np.result_type(space.dtype, number))
        return space

    def __repr__(self) -> str:
        return f"scale({self.factor!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scale) and same(self.factor, other.factor)

    def __hash__(self) -> int:
        return hash(("scale", key(self.factor)))


class ScaleRight(Scale):
    """Multiplication by a fixed number from the right: the transpose of ``Scale`` where products do not commute."""

    __slots__ = ()

    def apply(self, *inputs: Any) -> Any:
        """The factor after the input."""
        (x,) = inputs
        return tuple([self.apply(t) for t in x]) if type(x) is tuple else x if x is ZERO else x * self.factor

    @property
    def T(self) -> Op:
        """Multiplication from the left."""
        return Scale(self.factor)


def commutes(factor: Any) -> bool:
    """Whether products with a factor surely do not depend on their order: numbers of Python and of NumPy."""
    dtype = getattr(factor, "dtype", None)
    return dtype.kind != "O" if dtype is not None else isinstance(factor, numbers.Complex)


class Negate(Op):
    """Scaling by minus one."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "NEGATE"

    linear = True
    elementwise = True
    name = "negative"
    dom = 0
    cod = 0

    def apply(self, *inputs: Any) -> Any:
        """The negated input."""
        (x,) = inputs
        return scale(-1, x) if type(x) is tuple else -x

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """Itself."""
        return self

    def shape(self, *spaces: Space) -> Any:
        """The space it is given."""
        return spaces[0]


NEGATE = Negate()


class LinearOp(Op):
    """A linear operation between known spaces, with its adjoint; transposing swaps the two."""

    __slots__ = ("adjoint", "forward", "merge", "merge_T", "name", "origin", "source", "target")
    linear = True

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        adjoint: Callable[..., Any],
        source: tuple[Space, ...],
        target: tuple[Space, ...],
        merge: Any = None,
        merge_T: Any = None,
        origin: Any = None,
    ) -> None:
        self.name, self.forward, self.adjoint = name, forward, adjoint
        self.source, self.target, self.merge, self.merge_T = source, target, merge, merge_T
        self.origin = origin  #: a function and its arguments that make this operation, for pickling

    def __reduce__(self) -> Any:
        if self.origin is None:
            raise NotPicklableError(
                f"the linear operation {self.name} cannot be pickled", found=f"{self.name}, made of functions in memory",
                expected="operations that primitives of the catalogue state",
                remedy="pickle the program and the point, and linearize there; or pickle the matrix()",
            )  # fmt: skip
        return self.origin

    @property
    def dom(self) -> Pattern:
        """One array for each source space."""
        return _boundary(self.source)

    @property
    def cod(self) -> Pattern:
        """One array for each target space."""
        return _boundary(self.target)

    def apply(self, *inputs: Any) -> Any:
        """The image of a vector."""
        if len(inputs) > 1 or type(inputs[0]) is tuple:
            inputs = tuple([s.fill(x) for s, x in zip(self.source, inputs, strict=True)])
        return self.forward(*inputs)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> Op:
        """The adjoint."""
        name = self.name[:-1] if self.name.endswith("ᵀ") else self.name + "ᵀ"
        origin = None if self.origin is None else (_transpose, (self,))
        return LinearOp(name, self.adjoint, self.forward, self.target, self.source, self.merge_T, self.merge, origin)

    def shape(self, *spaces: Space) -> Any:
        """The target spaces."""
        return self.target[0] if len(self.target) == 1 else self.target

    def fault(self, inputs: Sequence[Any], error: Exception) -> Exception | None:
        """Tells the shapes."""
        return fault(self.name, inputs, error, expected=" and ".join(map(repr, self.source)))


def _transpose(op: LinearOp) -> Op:
    return op.T


def _boundary(spaces: tuple[Space, ...]) -> Pattern:
    if len(spaces) > 1:
        return (NUM,) * len(spaces)
    return 0 if isinstance(spaces[0], Product) else NUM


def embed(x: Any, y: Any, then: Op = IDENTITY) -> Op:
    """The linear map that takes ``x`` to the shape and dtype of ``y`` by broadcasting, followed by another.

    Its adjoint sums over what was broadcast, and takes the real part where a real number entered complex arithmetic.
    """
    if type(x) is type(y) and type(x) is not np.ndarray and not hasattr(x, "shape"):
        return then
    xs, ys = getattr(x, "shape", ()), getattr(y, "shape", ())
    xd, yd = getattr(x, "dtype", None), getattr(y, "dtype", None)
    if xs == ys and (
        xd is yd or xd == yd or (xd is None and yd is not None and yd.kind != "c" and not isinstance(x, complex))
    ):
        return then
    source, target = space_of(x), space_of(y)
    assert isinstance(source, Array) and isinstance(target, Array)
    if source == target or target.dtype == object or (source.dtype == object and source.shape == target.shape):
        return then
    return Chain(_broadcast(source, target), then)


def _broadcast(source: Array, target: Array) -> LinearOp:
    def forward(v: Any) -> Any:
        if target.dtype != source.dtype:
            v = astype(v, dtype=target.dtype)
        return np.broadcast_to(v, target.shape) if target.shape != source.shape else v

    def adjoint(v: Any) -> Any:
        v = sum_to(v, source.shape) if target.shape != source.shape else v
        return astype(v, dtype=source.dtype) if target.dtype != source.dtype else v

    return LinearOp("broadcast", forward, adjoint, (source,), (target,), origin=(_broadcast, (source, target)))


def sum_to(v: Any, shape: tuple[int, ...]) -> Any:
    """An array summed over the axes along which ``shape`` was broadcast to its shape."""
    found = getattr(v, "shape", ())
    extra = len(found) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and found[i + extra] != 1)
    if axes:
        v = np.sum(v, axis=axes)
    return v if found == shape or np.shape(v) == shape else np.reshape(v, shape)


def scaled(slope: Any, x: Any, y: Any) -> Op | None:
    """The derivative of an elementwise operation in an input ``x`` with output ``y``: scaling by the slope."""
    if type(slope) is np.float64 and type(y) is np.float64 and type(x) in _REAL:
        return Scale(slope)  # what follows comes to this, in a long chain of numbers most of the time
    if slope is None or is_discrete(x):
        return None
    if type(slope) is int:
        if slope == 0:
            return None
        then: Op = IDENTITY if slope == 1 else NEGATE if slope == -1 else Scale(slope)
    else:
        kind = type(slope)
        if kind in _DOUBLE and type(y) is not kind:
            slope = slope.item()  # a slope made of Python numbers takes the dtype of the arrays beside it
        elif kind is np.ndarray and slope.dtype.itemsize > y.dtype.itemsize:
            slope = slope.astype(y.dtype)
        then = Scale(slope)
    return embed(x, y, then)


_REAL = frozenset({float, np.float64})
_DOUBLE = frozenset({np.float64, np.complex128})


def is_discrete(x: Any) -> bool:
    """Whether a value cannot move a little: an array or NumPy number of booleans or integers, or a Python bool."""
    dtype = getattr(x, "dtype", None)
    return type(x) is bool if dtype is None else dtype.kind in "bui"


def linear_op(
    name: str, forward: Callable[..., Any], adjoint: Callable[..., Any], x: Any, y: Any, merge_T: Any = None
) -> Op:
    """A linear operation from the space of the value ``x`` to that of ``y``, its adjoint's results cast to those of ``x``."""
    source, target = space_of(x), space_of(y)
    if isinstance(source, Array) and isinstance(target, Array) and source.dtype != target.dtype:
        return Chain(
            *([] if object in (source.dtype, target.dtype) else [_cast(source, target)]),
            LinearOp(name, forward, adjoint, (source.of(target.dtype),), (target,), None, merge_T),
        )
    return LinearOp(name, forward, adjoint, (source,), (target,), None, merge_T)


def _cast(source: Array, target: Array) -> LinearOp:
    to, back = target.dtype, source.dtype
    forward, adjoint = lambda v: astype(v, dtype=to), lambda v: astype(v, dtype=back)
    return LinearOp("astype", forward, adjoint, (source,), (source.of(to),), origin=(_cast, (source, target)))


def as_element(v: Any, space: Space) -> Any:
    """A result of an adjoint with the dtype of the space that it belongs to."""
    if isinstance(space, Array) and space.dtype.kind in "fc" and getattr(v, "dtype", space.dtype) != space.dtype:
        return v if v.dtype == object else astype(v, dtype=space.dtype)
    return v


def example(space: Space) -> Any:
    """A cheap value of a space: ones, without memory for each."""
    if isinstance(space, Product):
        return tuple([example(p) for p in space.parts])
    assert isinstance(space, Array)
    one = np.ones((), space.dtype)
    return np.broadcast_to(one, space.shape) if space.shape else one[()]


_copies: WeakValueDictionary[int, Any] = WeakValueDictionary()  #: read-only copies made here, which need no other copy


class Constant(Op):
    """An array that does not depend on the domain."""

    __slots__ = ("value",)
    name = "const"
    discrete = True
    dom = ()

    def __init__(self, value: Any) -> None:
        if isinstance(value, np.ndarray) and _copies.get(id(value)) is not value:
            value = value.copy()
            value.flags.writeable = False
            _copies[id(value)] = value
        self.value = value

    def apply(self, *inputs: Any) -> Any:
        """The value."""
        return self.value

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """None."""
        return None

    def shape(self, *spaces: Space) -> Any:
        """The space of the value."""
        return space_of(self.value)

    def __reduce__(self) -> Any:
        return Constant, (self.value,)

    def __repr__(self) -> str:
        return f"const({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash(("const", key(self.value)))


def fault(name: str, inputs: Sequence[Any], error: Exception, expected: str = "", line: Any = None) -> Exception | None:
    """The clear form of an error that NumPy raised in a primitive; ``None`` for one that is clear already."""
    asked = isinstance(error, AttributeError) and any(type(x) in _PYTHON for x in inputs)  # an attribute of a number
    if not asked and not isinstance(error, (ValueError, TypeError, IndexError)):
        return None
    if isinstance(error, np.linalg.LinAlgError) and "dimension" not in str(error):
        return None  # a singular matrix is told by NumPy's own error
    kind = DTypeError if isinstance(error, TypeError) else ShapeError
    found = " and ".join(repr(x) if isinstance(x, Space) else describe(x) for x in inputs) or "no arrays"
    place = f" (in {line})" if line else ""
    found += f" in: {line.text}" if getattr(line, "text", "") else ""
    what = "dtypes" if kind is DTypeError else "shapes"
    return kind(
        f"{name} does not take arguments of these {what}{place}", found=found,
        expected=expected or f"what numpy takes: {error}",
        remedy="give arrays: np.array(x)" if asked else "give integers of NumPy, np.int64(n): Python's count as real numbers"
        if kind is DTypeError and any(type(x) is float for x in inputs) else f"change the argument, or the options of {name}",
    )  # fmt: skip


_PYTHON = frozenset({int, float, complex, bool})


def same(a: Any, b: Any) -> bool:
    """Whether two constants or options are the same: of one type, and arrays and numbers by their bits.

    >>> same(0.0, -0.0), same(1, 1.0), same(float("nan"), float("nan"))
    (False, False, True)
    """
    return a is b or key(a) == key(b)


def key(a: Any) -> Any:
    """A hashable stand-in for a constant or options, equal for those that are ``same`` and no others."""
    kind = type(a)
    if kind is int or kind is str:
        return kind, a
    if kind is float:
        return kind, struct.pack("d", a)
    if isinstance(a, (np.ndarray, np.generic)) and a.dtype != object:
        return kind, a.shape, a.dtype.str, a.tobytes()
    if kind is complex:
        return kind, key(a.real), key(a.imag)
    if isinstance(a, (tuple, list)):
        return kind, tuple([key(x) for x in a])
    if isinstance(a, dict):
        return kind, tuple([(k, key(v)) for k, v in sorted(a.items())])
    if kind is slice:
        return kind, key((a.start, a.stop, a.step))
    try:
        hash(a)
    except TypeError:
        return kind, id(a)
    return kind, a
