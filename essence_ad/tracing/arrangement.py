"""Arrangements of NumPy written with functions that have primitives: joining, cutting, turning, inserting, and new arrays.

``np.array``, ``np.asarray`` and ``np.full`` reach traced values with ``like=``, NumPy's way to ask for another kind of array.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from essence_ad.errors import ShapeError
from essence_ad.kernel import is_overloaded
from essence_ad.tracing.source import found, in_place
from essence_ad.tracing.statistics import array

# ---------------------------------------------------------------------------------------------- joining


def _hstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = "same_kind") -> Any:
    parts = [np.atleast_1d(array(a)) for a in tup]
    return _cast(np.concatenate(parts, axis=0 if parts[0].ndim == 1 else 1), dtype)


def _vstack(tup: Sequence[Any], *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return _cast(np.concatenate([np.atleast_2d(array(a)) for a in tup], axis=0), dtype)


def _dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_3d(array(a)) for a in tup], axis=2)


def _column_stack(tup: Sequence[Any]) -> Any:
    parts = [array(a) for a in tup]
    return np.concatenate([a if a.ndim > 1 else np.reshape(a, (-1, 1)) for a in parts], axis=1)


def _cast(a: Any, dtype: Any) -> Any:
    return a if dtype is None else a.astype(dtype)


def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.concatenate((np.ravel(array(arr)), np.ravel(array(values))))
    return np.concatenate((arr, values), axis=axis)


def _block(arrays: Any) -> Any:
    depth = _depth(arrays)
    ndim = max(depth, max([np.ndim(a) for a in _leaves(arrays)], default=0))
    return _joined(arrays, depth, ndim)


def _depth(blocks: Any) -> int:
    return 1 + max([_depth(b) for b in blocks], default=0) if isinstance(blocks, list) else 0


def _leaves(blocks: Any) -> list[Any]:
    return [leaf for b in blocks for leaf in _leaves(b)] if isinstance(blocks, list) else [blocks]


def _joined(blocks: Any, depth: int, ndim: int) -> Any:
    if isinstance(blocks, list):
        return np.concatenate([_joined(b, depth - 1, ndim) for b in blocks], axis=ndim - depth)
    if isinstance(blocks, tuple):
        raise TypeError("np.block takes lists of arrays, and no tuples")
    blocks = array(blocks)
    return np.reshape(blocks, (1,) * (ndim - blocks.ndim) + blocks.shape)


# ---------------------------------------------------------------------------------------------- cutting and turning


def _split_along(axis: int, least: int) -> Callable[..., Any]:
    def split(ary: Any, indices_or_sections: Any) -> Any:
        if ary.ndim < least:
            raise ValueError(f"this splitting only works on arrays of {least} or more dimensions")
        return np.split(ary, indices_or_sections, axis=0 if ary.ndim == 1 else axis)

    return split


def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    x = np.moveaxis(x, axis, 0)
    return tuple([x[i] for i in range(x.shape[0])])


def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis = normalize_axis_index(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    first, second = (normalize_axis_index(axis, m.ndim) for axis in axes)
    if first == second:
        raise ValueError("Axes must be different.")
    k %= 4
    if k == 0:
        return m
    if k == 2:
        return np.flip(m, axis=(first, second))
    return np.swapaxes(np.flip(m, second), first, second) if k == 1 else np.flip(np.swapaxes(m, first, second), second)


def _resize(a: Any, new_shape: Any) -> Any:
    shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    line = np.ravel(a)
    size = math.prod(shape)
    if min(shape, default=0) < 0:
        raise ValueError("all elements of `new_shape` must be non-negative")
    if not line.shape[0] or not size:
        return np.zeros(shape, a.dtype)
    return np.reshape(np.take(line, np.arange(size) % line.shape[0]), shape)


def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    arr, axis = (np.ravel(arr), 0) if axis is None else (arr, axis)
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis=axis)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    arr, values = array(arr), array(values)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    n = arr.shape[axis]
    places = np.arange(*obj.indices(n)) if isinstance(obj, slice) else np.asarray(obj)
    places = np.flatnonzero(places) if places.dtype.kind == "b" else places
    values = np.reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
    if places.size == 1:
        values = np.moveaxis(values, 0, axis) if places.ndim == 0 else values
        places, count = places.reshape(()), values.shape[axis]
    else:
        places = places.astype(np.intp)
        count = places.shape[0]
    while values.ndim > arr.ndim and values.shape[0] == 1:
        values = values[0]
    added = np.broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :])).astype(arr.dtype)
    where = int(places) if places.ndim == 0 else places
    order = np.insert(np.arange(n), where, np.arange(n, n + count))
    return np.take(np.concatenate([arr, added], axis=axis), order, axis=axis)


def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n = len(xi)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    grids = tuple([np.reshape(array(x), (1,) * order[i] + (-1,) + (1,) * (n - 1 - order[i])) for i, x in enumerate(xi)])
    return grids if sparse else tuple(np.broadcast_arrays(*grids))


def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    return tuple([np.broadcast_to(a, shape) for a in args])


def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in (axes,) if isinstance(axes, int) else axes:
        found = func(a, axis)
        a = found if found.ndim == a.ndim else np.expand_dims(found, axis)
    return a


def _sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:  # fmt: skip
    sizes = tuple(window_shape) if isinstance(window_shape, (tuple, list)) else (window_shape,)
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    if len(sizes) != len(axes):
        raise ValueError("Must provide matching length window_shape and axis")
    ndim = x.ndim
    for size, i in zip(sizes, axes, strict=True):
        place = normalize_axis_index(i, ndim)
        if not 0 <= size <= x.shape[place]:
            raise ValueError("window shape cannot be larger than input array shape")
        x = np.take(x, np.arange(x.shape[place] - size + 1)[:, None] + np.arange(size), axis=place)
        x = np.moveaxis(x, place + 1, -1)
    return x


def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **options: Any) -> Any:
    axis = normalize_axis_index(axis, arr.ndim)
    last = np.moveaxis(arr, axis, -1)
    around = last.shape[:-1]
    if not math.prod(around):
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    parts = [array(func1d(last[place], *args, **options)) for place in np.ndindex(*around)]
    inner = parts[0].shape
    whole = np.reshape(np.stack(parts), (*around, *inner))
    first = range(len(around), len(around) + len(inner))
    return np.transpose(whole, (*range(axis), *first, *range(axis, len(around))))


# ---------------------------------------------------------------------------------------------- padding

_STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": np.max,
    "minimum": np.min,
    "mean": np.mean,
    "median": np.median,
}


def pads(mode: Any = "constant", constant_values: Any = 0, **options: Any) -> bool:
    """Whether ``np.pad`` with these options is not the primitive."""
    return mode in (*_STATISTICS, "linear_ramp") or (
        mode == "constant" and any(map(is_overloaded, _within(constant_values)))
    )


def padded(
    array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0, end_values: Any = 0, stat_length: Any = None
) -> Any:  # fmt: skip
    """``np.pad`` with what the elements next to the ends tell, or with traced numbers, one axis after another."""
    x = array
    for axis, (before, after) in enumerate(_pairs(pad_width, x.ndim)):
        lengths = _pairs(stat_length, x.ndim)[axis]
        ends = _pairs(constant_values if mode == "constant" else end_values, x.ndim)[axis]
        parts = [
            _pad_part(x, axis, width, mode, ends[side], lengths[side], side)
            for side, width in enumerate((before, after))
        ]
        x = np.concatenate([parts[0], x, parts[1]], axis=axis)
    return x


def _pad_part(x: Any, axis: int, width: int, mode: str, end: Any, length: Any, side: int) -> Any:
    n = x.shape[axis]
    place = (slice(None),) * axis
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    if mode == "constant":
        return np.broadcast_to(_cast(gathered(end), x.dtype), shape)
    if mode == "linear_ramp":
        edge = x[(*place, n - 1 if side else 0)]
        ramp = _cast(np.linspace(end, edge, width, endpoint=False, axis=axis), x.dtype)
        return np.flip(ramp, axis=axis) if side else ramp
    count = n if length is None else min(int(length), n)
    found = _STATISTICS[mode](x[(*place, slice(n - count, n) if side else slice(count))], axis=axis, keepdims=True)
    return np.broadcast_to(_cast(np.round(found) if x.dtype.kind in "iu" else found, x.dtype), shape)


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """What an option of ``np.pad`` says of the two ends of each axis."""
    if isinstance(value, dict):
        rows: list[Any] = [(0, 0)] * ndim
        for axis, width in value.items():
            rows[axis] = width if isinstance(width, tuple) else (width, width)
        return rows
    if not isinstance(value, (tuple, list, np.ndarray)):
        return [(value, value)] * ndim
    rows = list(value)
    if not isinstance(rows[0], (tuple, list, np.ndarray)):
        return [(rows[0], rows[-1])] * ndim
    pairs = [(row[0], row[-1]) for row in rows]
    return pairs * ndim if len(pairs) == 1 else pairs


# ---------------------------------------------------------------------------------------------- new arrays


def _array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False, ndmin: int = 0,
    ndmax: int = 0,
) -> Any:  # fmt: skip
    made = _cast(gathered(object), dtype)
    return np.reshape(made, (1,) * (ndmin - made.ndim) + made.shape) if made.ndim < ndmin else made


def _asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None) -> Any:
    return _cast(gathered(a), dtype)


def gathered(value: Any) -> Any:
    """An array of nested lists of numbers and traced values, which ``np.array`` would ask for their values."""
    if not any(map(is_overloaded, _within(value))):
        return array(value)
    if is_overloaded(value):
        return value
    parts = [gathered(v) for v in value]
    if len({part.shape for part in parts}) > 1:
        raise ShapeError(
            "np.array takes lists of arrays of one shape", found=found(" and ".join(str(p.shape) for p in parts)),
            expected="equal shapes", remedy="join arrays of other shapes with np.concatenate or np.hstack",
        )  # fmt: skip
    return np.stack(parts)


def _within(value: Any) -> list[Any]:
    return [leaf for v in value for leaf in _within(v)] if isinstance(value, (list, tuple)) else [value]


def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return np.broadcast_to(_cast(array(fill_value), dtype), shape)


def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    shape = np.shape(a) if shape is None else shape
    dtype = np.result_type(a) if dtype is None else np.dtype(dtype)
    if not is_overloaded(fill_value):
        return np.full(shape, fill_value, dtype)
    return np.broadcast_to(fill_value.astype(dtype), shape)


def _like(value: float) -> Callable[..., Any]:
    def fill(
        a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None
    ) -> Any:
        return np.full(a.shape if shape is None else shape, value, a.dtype if dtype is None else dtype)

    return fill


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def made(*args: Any, **options: Any) -> Any:  # with a signature, which NumPy 2.0 does not tell
        return function(*args, **options)

    return made


def _writing(function: Any, remedy: str) -> Callable[..., Any]:
    def refuse(*args: Any, **options: Any) -> Any:
        raise in_place(f"{function.__name__}(...)", remedy)

    return refuse


_INSTEAD = "np.where(mask, new, x), or np.concatenate of the parts: they make new arrays"
_WRITING = {
    np.copyto: "use what would be copied itself, or np.where(mask, new, old); np.full_like(x, y) needs a traced x",
    np.put: _INSTEAD, np.place: _INSTEAD, np.putmask: _INSTEAD, np.put_along_axis: _INSTEAD,
    np.fill_diagonal: "np.where(np.eye(n, dtype=bool), new, x)",
}  # fmt: skip


def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
        np.hstack: _hstack,
        np.vstack: _vstack,
        np.dstack: _dstack,
        np.column_stack: _column_stack,
        np.append: _append,
        np.block: _block,
        np.hsplit: _split_along(1, 1),
        np.vsplit: _split_along(0, 2),
        np.dsplit: _split_along(2, 3),
        **({np.unstack: _unstack} if hasattr(np, "unstack") else {}),  # since NumPy 2.1
        np.rollaxis: _rollaxis,
        np.rot90: _rot90,
        np.fliplr: lambda m: np.flip(m, axis=1),
        np.flipud: lambda m: np.flip(m, axis=0),
        np.resize: _resize,
        np.delete: _delete,
        np.insert: _insert,
        np.diagflat: lambda v, k=0: np.diag(np.ravel(v), k=k),
        np.meshgrid: _meshgrid,
        np.broadcast_arrays: _broadcast_arrays,
        np.apply_along_axis: _apply_along_axis,
        np.apply_over_axes: _apply_over_axes,
        np.lib.stride_tricks.sliding_window_view: _sliding_window_view,
        np.array: _array,
        np.asarray: _asarray,
        np.asanyarray: _asarray,
        np.ascontiguousarray: lambda a, dtype=None: np.atleast_1d(_asarray(a, dtype)),
        np.full: _full,
        np.full_like: _full_like,
        np.zeros_like: _like(0),
        np.ones_like: _like(1),
        np.empty_like: _like(0),
        **{
            function: _plain(function)
            for function in (np.zeros, np.ones, np.empty, np.eye, np.identity, np.arange, np.tri)
        },
        **{function: _writing(function, remedy) for function, remedy in _WRITING.items()},
    }
