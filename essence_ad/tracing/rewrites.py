"""Functions of NumPy that are others in disguise: written here with shapes, or with functions that have primitives.

A function that gets a primitive of its own is no longer looked up here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.tracing.source import in_place, unsupported


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
    if not hasattr(type(fill_value), "__essence_call__"):
        return np.full(shape, fill_value, dtype)
    return np.broadcast_to(fill_value.astype(dtype), shape)


def _size(a: Any, axis: Any = None) -> int:
    axes = range(len(a.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return int(np.prod([a.shape[i] for i in axes], dtype=int))


def _result_type(*values: Any) -> Any:
    return np.result_type(*[v.dtype if hasattr(type(v), "__essence_call__") else v for v in values])


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(a.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return np.transpose(a, tuple(axes))


def _var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    if out is not None:
        raise in_place("var(..., out=...)", "leave out= away")
    count = np.size(a) if axis is None else _size(a, axis)
    off = (
        np.abs(a - np.mean(a, axis=axis, keepdims=True))
        if a.dtype.kind == "c"
        else a - np.mean(a, axis=axis, keepdims=True)
    )
    return np.sum(off * off, axis=axis, keepdims=keepdims) / (count - ddof)


def _std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    return np.sqrt(_var(a, axis, dtype, out, ddof, keepdims))


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows = np.arange(max(0, min(a.shape[-2] + min(offset, 0), a.shape[-1] - max(offset, 0))))
    return a[..., rows - min(offset, 0), rows + max(offset, 0)]


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    if out is not None:
        raise in_place("clip(..., out=...)", "leave out= away")
    low, high = a_min if min is None else min, a_max if max is None else max
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _where(condition: Any, *parts: Any) -> Any:
    raise unsupported(np.where, "one argument")


def _array_equal(a: Any, b: Any, equal_nan: bool = False) -> Any:
    return np.shape(a) == np.shape(b) and np.all(np.equal(a, b))


def _atleast_1d(a: Any) -> Any:
    return np.reshape(a, (1,)) if np.ndim(a) == 0 else a


def _atleast_2d(a: Any) -> Any:
    return np.reshape(a, (1,) * (2 - np.ndim(a)) + np.shape(a)) if np.ndim(a) < 2 else a


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    before: list[Any] = [slice(None)] * a.ndim
    after = list(before)
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    for _ in range(n):
        a = a[tuple(after)] - a[tuple(before)]
    return a


@functools.cache
def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
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
        np.real: lambda val: val.real,
        np.ravel: lambda a, order="C": a.ravel(order),
        np.swapaxes: _swapaxes,
        np.var: _var,
        np.std: _std,
        np.trace: _trace,
        np.diagonal: _diagonal,
        np.clip: _clip,
        np.square: lambda x: x * x,
        np.reciprocal: lambda x: 1 / x,
        np.positive: lambda x: x,
        np.array_equal: _array_equal,
        np.where: _where,
        np.atleast_1d: _atleast_1d,
        np.atleast_2d: _atleast_2d,
        np.hstack: lambda tup: np.concatenate([_atleast_1d(a) for a in tup], axis=0 if np.ndim(tup[0]) < 2 else 1),
        np.vstack: lambda tup: np.concatenate([_atleast_2d(a) for a in tup], axis=0),
        np.diff: _diff,
    }
