"""Choices of NumPy written with functions that have primitives: by conditions, by places, by order, into bins.

Where the shape of a result depends on values (``unique``, ``extract`` of a traced condition), the values are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.kernel import is_overloaded
from essence_ad.primitives.arithmetic import exponent, fraction, mantissa
from essence_ad.primitives.comparison import clip
from essence_ad.primitives.indexing import Slot, scatter
from essence_ad.primitives.ordering import searchsorted
from essence_ad.tracing.source import in_place, unsupported
from essence_ad.tracing.statistics import array


def _values(function: Any, value: Any) -> Any:
    """The values of an argument that tell a shape: known ones, or those that a traced one may have at a point."""
    if not is_overloaded(value):
        return np.asarray(value)
    return value.known(
        f"given to np.{function.__name__}, the shape of whose result depends on its values",
        "keep the shape and mark what is left out: np.where(mask, x, 0); or give the condition as an array that is known",
        steers=True,
    )


# ---------------------------------------------------------------------------------------------- by conditions


def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError("list of cases must be same length as list of conditions, and not empty")
    kinds = [c.dtype if hasattr(c, "dtype") else c for c in [*choicelist, default]]
    dtype, found = np.result_type(*kinds), default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        if array(condition).dtype.kind != "b":
            raise TypeError("the conditions of np.select must be arrays of booleans")
        found = np.where(condition, choice, found)
    return found if found.dtype == dtype else found.astype(dtype)


def _choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    if out is not None:
        raise in_place("choose(..., out=...)", "leave out= away")
    a, n = array(a), len(choices)
    if mode == "wrap":
        a = np.remainder(a, n)
    elif mode == "clip":
        a = np.minimum(np.maximum(a, 0), n - 1)
    elif is_overloaded(a):
        return _chosen(a, choices)
    elif not np.all((a >= 0) & (a < n)):
        raise ValueError("invalid entry in choice array")
    found = choices[n - 1]
    for i in range(n - 2, -1, -1):
        found = np.where(np.equal(a, i), choices[i], found)
    shape = np.broadcast_shapes(a.shape, *[np.shape(c) for c in choices])
    return found if np.shape(found) == shape else np.broadcast_to(found, shape)


def _chosen(a: Any, choices: Any) -> Any:
    """The choices at traced places; one that there is not is an error when the program runs."""
    a, *parts = np.broadcast_arrays(a, *choices)
    place = np.where(a < 0, len(parts), a)
    return np.take_along_axis(np.stack(parts), np.expand_dims(place, 0), axis=0)[0]


def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **options: Any) -> Any:
    x = array(x)
    several = len(condlist) if isinstance(condlist, (list, tuple)) else np.ndim(condlist)
    alone = not several or (x.ndim and np.ndim(condlist[0]) == 0)
    conditions = [condlist] if alone else list(condlist)
    pieces = list(funclist)
    if len(pieces) not in (len(conditions), len(conditions) + 1):
        raise ValueError("piecewise takes one function for each condition, and perhaps one more")

    def value(piece: Any) -> Any:
        return piece(x, *args, **options) if callable(piece) else piece

    found = value(pieces.pop()) if len(pieces) > len(conditions) else np.zeros(x.shape, x.dtype)
    for condition, piece in zip(conditions, pieces, strict=True):  # of several that hold, NumPy takes the last
        found = np.where(condition, value(piece), found)
    found = array(found)
    return found if found.dtype == x.dtype else found.astype(x.dtype)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    if out is not None:
        raise in_place("clip(..., out=...)", "leave out= away")
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None and high is not None:
        return clip(a, low, high)
    return np.minimum(a, high) if high is not None else np.maximum(a, low) if low is not None else a


def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if x.dtype.kind == "c":
        real, imag = (_nan_to_num(part, copy, nan, posinf, neginf) for part in (np.real(x), np.imag(x)))
        return real + 1j * imag
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(np.equal(x, np.inf), limits.max if posinf is None else posinf, x)
    return np.where(np.equal(x, -np.inf), limits.min if neginf is None else neginf, x)


def _real_if_close(a: Any, tol: float = 100) -> Any:
    if a.dtype.kind != "c":
        return a
    limit = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    small = np.all(np.abs(np.imag(_values(np.real_if_close, a))) < limit)
    return np.real(a) if small else a


def _isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    both = np.logical_and(np.isfinite(a), np.isfinite(b))
    limit = atol + rtol * np.abs(np.where(both, b, 0))
    near = np.logical_and(both, np.abs(np.where(both, a, 0) - np.where(both, b, 0)) <= limit)
    found = np.logical_or(near, np.equal(a, b))
    return np.logical_or(found, np.logical_and(np.isnan(a), np.isnan(b))) if equal_nan else found


# ---------------------------------------------------------------------------------------------- by places


def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    places = np.flatnonzero(_values(np.compress, condition))
    return np.take(a, places, axis=axis)


def _extract(condition: Any, arr: Any) -> Any:
    return np.take(np.ravel(arr), np.flatnonzero(_values(np.extract, condition)))


def _trim_zeros(filt: Any, trim: str = "fb") -> Any:
    places = np.flatnonzero(_values(np.trim_zeros, filt))
    if not places.size:
        return filt[:0]
    start = places[0] if "f" in trim.lower() else 0
    return filt[int(start) : int(places[-1]) + 1 if "b" in trim.lower() else None]


def _unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None
) -> Any:
    if axis is not None:
        raise unsupported(np.unique, "axis=")
    _, index, inverse, counts = np.unique(
        _values(np.unique, ar), return_index=True, return_inverse=True, return_counts=True
    )
    found = np.take(np.ravel(ar), index)
    more = [v for v, asked in ((index, return_index), (inverse, return_inverse), (counts, return_counts)) if asked]
    return (found, *more) if more else found


def _nonzero(a: Any) -> Any:
    return np.nonzero(_values(np.nonzero, a))


# ---------------------------------------------------------------------------------------------- by order


def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    return searchsorted(array(a) if sorter is None else np.take(a, sorter), array(v), side=side)


def _digitize(x: Any, bins: Any, right: bool = False) -> Any:
    bins = np.asarray(bins)
    if np.all(bins[1:] >= bins[:-1]):
        return searchsorted(bins, x, side="left" if right else "right")
    if not np.all(bins[1:] <= bins[:-1]):
        raise ValueError("bins must be monotonically increasing or decreasing")
    return bins.shape[0] - searchsorted(bins[::-1], x, side="right" if right else "left")


def _sort_complex(a: Any) -> Any:
    found = np.sort(a)
    if found.dtype.kind == "c":
        return found
    return found.astype(np.complex64 if found.dtype.char in "bhBH" else np.complex128)


# ---------------------------------------------------------------------------------------------- into bins


def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = _values(np.bincount, x)
    if weights is None or not x.size or np.any(x < 0):
        return np.bincount(x, minlength=minlength)
    n = max(int(x.max(initial=-1)) + 1, minlength)
    return scatter(array(weights).astype(np.float64), x, key=(Slot(0),), shape=(n,))


def _histogram(a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    if is_overloaded(bins):
        raise unsupported(np.histogram, "traced bins")
    if np.ndim(bins) == 1 and not isinstance(bins, str):
        edges = np.asarray(bins)
    elif range is not None and isinstance(bins, (int, np.integer)):
        edges = np.histogram_bin_edges([], bins, range)
    else:
        edges = np.histogram_bin_edges(_values(np.histogram, a), bins, range)
    a = np.ravel(array(a))
    weights = np.ones(a.shape, np.intp) if weights is None else np.ravel(array(weights))
    n = edges.shape[0] - 1
    place = np.where(np.equal(a, edges[-1]), n - 1, searchsorted(edges, a, side="right") - 1)
    inside = np.logical_and(place >= 0, place < n)
    kept = np.where(inside, weights, 0)
    found = scatter(kept, np.where(inside, place, 0), key=(Slot(0),), shape=(n,))
    if density:
        return found / np.diff(edges) / np.sum(found), edges
    return found, edges


def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
        np.select: _select,
        np.choose: _choose,
        np.piecewise: _piecewise,
        np.clip: _clip,
        np.nan_to_num: _nan_to_num,
        np.real_if_close: _real_if_close,
        np.isclose: _isclose,
        np.isposinf: lambda x: np.equal(x, np.inf),
        np.isneginf: lambda x: np.equal(x, -np.inf),
        np.allclose: lambda a, b, rtol=1e-5, atol=1e-8, equal_nan=False: np.all(_isclose(a, b, rtol, atol, equal_nan)),
        np.compress: _compress,
        np.extract: _extract,
        np.trim_zeros: _trim_zeros,
        np.unique: _unique,
        np.nonzero: _nonzero,
        np.flatnonzero: lambda a: np.flatnonzero(_values(np.flatnonzero, a)),
        np.argwhere: lambda a: np.argwhere(_values(np.argwhere, a)),
        np.searchsorted: _searchsorted,
        np.digitize: _digitize,
        np.sort_complex: _sort_complex,
        np.bincount: _bincount,
        np.histogram: _histogram,
        np.modf: lambda x: (fraction(x), np.trunc(x)),
        np.frexp: lambda x: (mantissa(x), exponent(x)),
        np.divmod: lambda x1, x2: (np.floor_divide(x1, x2), np.remainder(x1, x2)),
    }
