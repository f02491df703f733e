"""Functions of NumPy that are others in disguise: told by shapes alone, or written with functions that have primitives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.primitives.comparison import clip
from essence_ad.tracing import linear_algebra
from essence_ad.tracing.source import in_place, unsupported


def is_overloaded(value: Any) -> bool:
    """Whether a value answers NumPy by itself."""
    return getattr(type(value), "__essence_call__", None) is not None


# ---------------------------------------------------------------------------------------------- shapes and dtypes


def _size(a: Any, axis: Any = None) -> int:
    axes = range(len(a.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return int(np.prod([a.shape[i] for i in axes], dtype=int))


def _result_type(*values: Any) -> Any:
    return np.result_type(*[v.dtype if is_overloaded(v) else v for v in values])


def _like(value: float) -> Callable[..., Any]:
    def fill(
        a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None
    ) -> Any:
        return np.full(a.shape if shape is None else shape, value, a.dtype if dtype is None else dtype)

    return fill


def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    shape = np.shape(a) if shape is None else shape
    dtype = np.result_type(a) if dtype is None else np.dtype(dtype)
    if not is_overloaded(fill_value):
        return np.full(shape, fill_value, dtype)
    return np.broadcast_to(fill_value.astype(dtype), shape)


def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    if equal_nan:
        raise unsupported(np.array_equal, "equal_nan=")
    return np.all(np.equal(a1, a2)) if np.shape(a1) == np.shape(a2) else np.False_


def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    return tuple([np.broadcast_to(a, shape) for a in args])


# ---------------------------------------------------------------------------------------------- numbers


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    if out is not None:
        raise in_place("clip(..., out=...)", "leave out= away")
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None and high is not None:
        return clip(a, low, high)
    return np.minimum(a, high) if high is not None else np.maximum(a, low) if low is not None else a


def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(a):
        raise unsupported(np.average, "weights of another shape")
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / np.sum(weights, axis=axis, keepdims=keepdims)


def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    before: list[Any] = [slice(None)] * a.ndim
    after = list(before)
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    for _ in range(n):
        a = a[tuple(after)] - a[tuple(before)]
    return a


# ---------------------------------------------------------------------------------------------- arrangement


def _hstack(tup: Sequence[Any]) -> Any:
    parts = [np.atleast_1d(a) for a in tup]
    return np.concatenate(parts, axis=0 if parts[0].ndim == 1 else 1)


def _vstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_2d(a) for a in tup], axis=0)


def _column_stack(tup: Sequence[Any]) -> Any:
    return np.concatenate([a if np.ndim(a) > 1 else np.reshape(a, (-1, 1)) for a in tup], axis=1)


def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    return np.concatenate((np.ravel(arr), np.ravel(values)) if axis is None else (arr, values), axis=axis or 0)


@functools.cache
def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
        **linear_algebra.table(),
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: _size,
        np.iscomplexobj: lambda x: x.dtype.kind == "c",
        np.isrealobj: lambda x: x.dtype.kind != "c",
        np.result_type: _result_type,
        np.zeros_like: _like(0),
        np.ones_like: _like(1),
        np.empty_like: _like(0),
        np.full_like: _full_like,
        np.copy: lambda a, order="K", subok=False: a,
        np.astype: lambda x, dtype, /, *, copy=True: x.astype(dtype),
        np.array_equal: _array_equal,
        np.broadcast_arrays: _broadcast_arrays,
        np.divmod: lambda x1, x2: (np.floor_divide(x1, x2), np.remainder(x1, x2)),
        np.clip: _clip,
        np.average: _average,
        np.ptp: _ptp,
        np.diff: _diff,
        np.fliplr: lambda m: np.flip(m, axis=1),
        np.flipud: lambda m: np.flip(m, axis=0),
        np.hstack: _hstack,
        np.vstack: _vstack,
        np.column_stack: _column_stack,
        np.append: _append,
    }
