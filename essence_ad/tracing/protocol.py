"""Array-like values that answer NumPy: operators, ufuncs, functions and methods all become calls of primitives.

A subclass says what a call of a primitive means for it (``bind``): recording it, counting it.
"""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np

from essence_ad.errors import ShapeError
from essence_ad.kernel import astype
from essence_ad.primitives.primitive import Primitive
from essence_ad.tracing import calls, source
from essence_ad.tracing.source import in_place, unsupported


def _binary(ufunc: Any) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    def operator(self: Any, other: Any) -> Any:
        return calls.elementwise(ufunc, (self, other)) if calls.operand(other) else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return calls.elementwise(ufunc, (other, self)) if calls.operand(other) else NotImplemented

    return operator, reflected


def _unary(ufunc: Any) -> Callable[[Any], Any]:
    return lambda self: calls.elementwise(ufunc, (self,))


def _method(function: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__doc__ = f"As ``numpy.{function.__name__}``."
    return method


class Depth(threading.local):
    """How many traces and batches of this thread are open, one inside the other."""

    level = 0
    claiming: Any = None  #: the trace that records what is done to arrays of those outside of it, too


depth = Depth()


class Level:
    """A trace or a batch while it is open, in a ``with``: one level deeper than those around it, so that it binds first."""

    __slots__ = ("level", "open")

    def __init__(self) -> None:
        self.level, self.open = 0, False

    def __enter__(self) -> Self:
        depth.level += 1
        self.level, self.open = depth.level, True
        return self

    def __exit__(self, *error: object) -> None:
        depth.level -= 1
        self.open = False


class Overloaded:
    """A value that NumPy's functions, its methods and Python's operators accept in the place of an array.

    Subclasses give ``shape``, ``dtype`` and ``bind``. Where several kinds meet, the one of the highest ``level`` binds.
    """

    __slots__ = ()

    level: int = 0
    abstract: bool = True  #: whether the value is not known
    free: bool = False  #: whether the shape is not known
    shape: Any
    dtype: Any

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """What a call of a primitive on these inputs gives."""
        raise NotImplementedError

    def other(self, function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """What a call of a function gives that no primitive stands for: an error, unless a subclass knows better."""
        raise unsupported(function)

    def known(self, use: str, remedy: str = source.NUMBERS, *, steers: bool = False) -> Any:
        """The value itself, where Python needs it (``if``, ``float``, an index); an error where there is none yet.

        ``steers`` says that the value decides what is done, and does not itself become part of a result.
        """
        raise NotImplementedError

    # ------------------------------------------------------------------ NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__" and not options:
            return calls.elementwise(ufunc, inputs)
        return calls.ufunc_call(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return calls.function_call(function, args, options)

    def __essence_call__(self, function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        return calls.function_call(function, args, options)

    def __array__(self, *args: Any, **options: Any) -> Any:
        return np.asarray(self.known("made a NumPy array", calls.array_remedy(self)), *args)

    # ------------------------------------------------------------------ Python's operators

    __add__, __radd__ = _binary(np.add)
    __sub__, __rsub__ = _binary(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide)
    __mod__, __rmod__ = _binary(np.remainder)
    __matmul__, __rmatmul__ = _binary(np.matmul)
    __and__, __rand__ = _binary(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor)
    __lt__, __gt__ = _binary(np.less)[0], _binary(np.greater)[0]
    __le__, __ge__ = _binary(np.less_equal)[0], _binary(np.greater_equal)[0]
    __eq__, __ne__ = _binary(np.equal)[0], _binary(np.not_equal)[0]
    __neg__, __abs__, __invert__ = _unary(np.negative), _unary(np.absolute), _unary(np.invert)
    __hash__ = object.__hash__
    _power, __rpow__ = _binary(np.power)

    def __pow__(self, exponent: Any) -> Any:
        return calls.power(self, exponent) if type(exponent) in (int, float) else self._power(exponent)

    def __pos__(self) -> Any:
        return self

    __divmod__, __rdivmod__ = _binary(np.divmod)

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    # ------------------------------------------------------------------ Python asking for the value

    def __bool__(self) -> bool:
        return bool(self.known("asked whether it is true", source.CHOICES, steers=True))

    def __float__(self) -> float:
        return float(self.known("turned into a float"))

    def __format__(self, form: str) -> str:
        return format(self.known("formatted", steers=True), form) if form else str(self)

    def __int__(self) -> int:
        return int(self.known("turned into an int", steers=True))

    def __complex__(self) -> complex:
        return complex(self.known("turned into a complex number"))

    def __index__(self) -> int:
        value = self.known("used as an index or a count", source.COUNTS, steers=True)
        whole = isinstance(value, (float, np.floating)) and float(value).is_integer()  # a Python int counts as a real
        return int(value) if whole else operator.index(value)

    def item(self, *args: Any) -> Any:
        """The Python number, where the value is known."""
        return self.known("turned into a Python number").item(*args)

    def tolist(self) -> Any:
        """Nested lists, where the value is known."""
        return self.known("turned into a list").tolist()

    # ------------------------------------------------------------------ the array as a container

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The memory that the array takes."""
        return int(self.size * self.dtype.itemsize)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(source.found("len() of an array without axes"))
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return value in self.known("searched with 'in'", source.CHOICES, steers=True)

    def __getitem__(self, key: Any) -> Any:
        return calls.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise in_place("x[...] = ...", source.UPDATES)

    # ------------------------------------------------------------------ the methods of arrays

    sum, prod, mean, var, std = map(_method, (np.sum, np.prod, np.mean, np.var, np.std))
    max, min, argmax, argmin, ptp = map(_method, (np.max, np.min, np.argmax, np.argmin, np.ptp))
    any, all, cumsum, cumprod = map(_method, (np.any, np.all, np.cumsum, np.cumprod))
    dot, trace, diagonal, swapaxes = map(_method, (np.dot, np.trace, np.diagonal, np.swapaxes))
    squeeze, repeat, take, round = map(_method, (np.squeeze, np.repeat, np.take, np.round))
    argsort, argpartition, searchsorted = map(_method, (np.argsort, np.argpartition, np.searchsorted))
    nonzero, choose = map(_method, (np.nonzero, np.choose))

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """As ``numpy.compress``."""
        return np.compress(condition, self, axis=axis)

    def clip(self, min: Any = None, max: Any = None) -> Any:
        """As ``numpy.clip``."""
        return np.clip(self, min, max)

    def conj(self) -> Any:
        """As ``numpy.conj``."""
        return np.conj(self)

    conjugate = conj

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """As ``numpy.reshape``."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)  # type: ignore[call-overload]

    def ravel(self, order: str = "C") -> Any:
        """All elements along one axis."""
        return self.reshape(-1, order=order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.transpose``."""
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    @property
    def T(self) -> Any:
        """The transposed array."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:
        """The array with its last two axes exchanged."""
        if self.ndim < 2:
            raise ShapeError(
                "mT exchanges the last two axes", found=source.found(f"shape {self.shape}"), expected="two axes or more",
                remedy="use T, or reshape first",
            )  # fmt: skip
        return np.swapaxes(self, -1, -2)

    @property
    def real(self) -> Any:
        """The real part."""
        return np.real(self) if self.dtype.kind == "c" else self

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return np.imag(self)

    @property
    def flat(self) -> Any:
        """The elements one by one."""
        return iter(self.ravel())

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """The array with its numbers converted."""
        return self if self.dtype == np.dtype(dtype) else astype(self, dtype=np.dtype(dtype))

    def copy(self, order: str = "C") -> Any:
        """The value itself, which nobody can change."""
        return self

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def sort(self, *args: Any, **options: Any) -> Any:
        """An error: sorting in place changes the array; ``np.sort(x)`` does not."""
        raise in_place("x.sort()", "write x = np.sort(x)")

    def partition(self, *args: Any, **options: Any) -> Any:
        """An error: it changes the array; ``np.partition(x, kth)`` does not."""
        raise in_place("x.partition()", "write x = np.partition(x, kth)")

    def resize(self, *args: Any, **options: Any) -> Any:
        """An error: it changes the array; ``np.resize(x, shape)`` does not."""
        raise in_place("x.resize()", "write x = np.resize(x, shape)")

    def put(self, *args: Any, **options: Any) -> Any:
        """An error: it changes the array."""
        raise in_place("x.put()")

    def fill(self, *args: Any) -> Any:
        """An error: filling changes the array."""
        raise in_place("x.fill()", "write x = np.full_like(x, value)")
