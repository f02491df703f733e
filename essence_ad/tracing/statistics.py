"""Statistics of NumPy written with functions that have primitives: means, quantiles, covariances, and those without NaN.

Quantiles are weighted sums of sorted elements, so their derivative follows that of ``sort``: of equal elements, the first
one moves the quantile. What ``nan*`` functions leave out does not move their results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.kernel import is_overloaded
from essence_ad.primitives.indexing import Slot, gather
from essence_ad.tracing.source import unsupported


def array(value: Any) -> Any:
    """A value as an array, traced ones as they are."""
    return value if is_overloaded(value) else np.asarray(value)


def picked(a: Any, places: Any, axis: int = 0) -> Any:
    """``np.take``, which NumPy gives to us only if the array is traced, and not if the places alone are."""
    return gather(a, places, key=(*(slice(None),) * axis, Slot(0)))


# ---------------------------------------------------------------------------------------------- without NaN


def _filled(a: Any, value: float) -> Any:
    a = array(a)
    return np.where(np.isnan(a), value, a) if a.dtype.kind in "fc" else a


def _counted(a: Any, axis: Any, keepdims: bool) -> Any:
    """How many numbers there are, as real numbers of the precision of the array."""
    if a.dtype.kind not in "fc":
        return np.sum(np.ones(a.shape), axis=axis, keepdims=keepdims)
    return np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims).astype(np.finfo(a.dtype).dtype)


def _filling(function: Callable[..., Any], value: float) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
        return function(_filled(a, value), axis=axis, dtype=dtype, keepdims=keepdims)

    return reduce


def _running(function: Callable[..., Any], value: float) -> Callable[..., Any]:
    return lambda a, axis=None, dtype=None: function(_filled(a, value), axis=axis, dtype=dtype)


def _extreme(function: Callable[..., Any], value: float) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        a = array(a)
        found = function(_filled(a, value), axis=axis, keepdims=keepdims)
        if a.dtype.kind not in "fc":
            return found
        return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found)

    return reduce


def _nanmean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    a = array(a) if dtype is None else array(a).astype(dtype)
    return np.divide(np.sum(_filled(a, 0), axis=axis, keepdims=keepdims), _counted(a, axis, keepdims))


def _nanvar(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    a = array(a) if dtype is None else array(a).astype(dtype)
    off = a - _nanmean(a, axis=axis, keepdims=True)
    off = off if a.dtype.kind not in "fc" else np.where(np.isnan(a), 0, off)
    squares = np.real(off * np.conjugate(off)) if a.dtype.kind == "c" else off * off
    rest = _counted(a, axis, keepdims) - ddof
    total = np.sum(squares, axis=axis, keepdims=keepdims)
    return np.divide(total, np.where(rest > 0, rest, np.nan))


def _nanstd(a: Any, axis: Any = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    var = _nanvar(a, axis, dtype, ddof=ddof, keepdims=keepdims)
    flat = np.equal(var, 0)  # the slope of ``std`` is 0 where all are equal
    return np.where(flat, 0, np.sqrt(np.where(flat, 1, var)))


# ---------------------------------------------------------------------------------------------- of a part

#: what leaves a reduction as it is, and how another number enters it
NEUTRAL: dict[Any, tuple[Any, Any]] = {
    np.sum: (0, np.add), np.prod: (1, np.multiply), np.any: (False, np.logical_or), np.all: (True, np.logical_and),
    np.max: (None, np.maximum), np.min: (None, np.minimum), np.mean: (0, None),
}  # fmt: skip


def narrowed(function: Any) -> Callable[..., Any]:
    """A reduction with ``where=`` and ``initial=``."""
    neutral, combine = NEUTRAL[function]

    def reduce(a: Any, *args: Any, initial: Any = np._NoValue, where: Any = True, **options: Any) -> Any:
        a = array(a)
        if initial is not np._NoValue and combine is None:
            raise TypeError(f"{function.__name__}() got an unexpected keyword argument 'initial'")
        if where is not True:
            if neutral is None and initial is np._NoValue:
                raise ValueError(
                    f"reduction operation {function.__name__!r} has no identity, so to use a where mask one has to specify 'initial'"
                )
            a = np.where(where, a, initial if neutral is None else neutral).astype(a.dtype)
        found = function(a, *args, **options)
        if combine is None and where is not True:
            kept = np.broadcast_to(where, a.shape)
            return found * (function(np.ones(a.shape), *args, **options) / function(kept * 1.0, *args, **options))
        return found if initial is np._NoValue else combine(found, initial)

    return reduce


# ---------------------------------------------------------------------------------------------- quantiles


def _lines(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The array with the axes in question as its first one, and its shape with ones in their places."""
    axes = tuple(range(a.ndim)) if axis is None else normalize_axis_tuple(axis, a.ndim)
    rest = [i for i in range(a.ndim) if i not in axes]
    size = math.prod([a.shape[i] for i in axes])
    line = np.reshape(np.transpose(a, (*axes, *rest)), (size, *[a.shape[i] for i in rest]))
    return line, tuple([1 if i in axes else n for i, n in enumerate(a.shape)])


def _positions(n: int, q: Any, method: str) -> Any:
    """Where quantiles stand in a sorted row of ``n``, counted from 0: NumPy's own answer for the row 0, 1, 2, ..."""
    if not is_overloaded(q):
        return np.quantile(np.arange(float(n)), q, method=method)  # type: ignore[call-overload]
    if method != "linear":
        raise unsupported(np.quantile, f"traced quantiles and method={method!r}")
    return np.where(np.logical_and(q >= 0, q <= 1), q * (n - 1), n)  # no place, and so an error, for others


def _quantile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", *, keepdims: bool = False
) -> Any:
    return _sorted_quantile(np.quantile, a, q, axis, method, keepdims, False)


def _nanquantile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", *, keepdims: bool = False
) -> Any:
    return _sorted_quantile(np.nanquantile, a, q, axis, method, keepdims, True)


def _sorted_quantile(f: Any, a: Any, q: Any, axis: Any, method: str, keepdims: bool, holes: bool) -> Any:
    a = array(a)
    if a.dtype.kind == "c":
        raise unsupported(f, "complex numbers")
    if a.dtype.kind not in "f":
        a = a.astype(np.float64)
    q = a.dtype.type(q) if isinstance(q, (int, float)) else array(q)
    a = a.astype(np.result_type(a.dtype, q.dtype))
    return _weighted(a, q, axis, method, keepdims, holes)


def _weighted(a: Any, q: Any, axis: Any, method: str, keepdims: bool, holes: bool) -> Any:
    """The weighted sum of the two sorted elements next to each quantile."""
    line, kept = _lines(a, axis)
    n, rest = line.shape[0], line.shape[1:]
    target = (*q.shape, *(kept if keepdims else rest))
    if n == 0:
        return np.full(target, np.nan, a.dtype)
    rows = np.sort(line, axis=0)
    flat = np.reshape(q, (-1,))
    known = not holes and not is_overloaded(q)
    place = _positions(n, flat, method) if not holes else _among(line, flat, method, n)
    if holes:
        shape = (flat.shape[0], *rest)
    else:
        shape = (flat.shape[0], *(1,) * len(rest))
    place = np.reshape(place, shape)
    low, high = np.floor(place), np.ceil(place)
    part = np.subtract(place, low).astype(np.finfo(a.dtype).dtype)
    below = _taken(rows, low, holes)
    if known and not np.any(part):
        found = below
    else:
        found = below * (1 - part) + _taken(rows, high, holes) * part
    bad = np.all(np.isnan(line), axis=0) if holes else np.isnan(rows[-1])
    return np.reshape(np.where(bad, np.nan, found), target)


def _taken(rows: Any, place: Any, by_line: bool) -> Any:
    index = place.astype(np.intp)
    if by_line:
        return np.take_along_axis(rows, index, axis=0)
    line = np.reshape(index, (-1,))
    return picked(rows, line) if is_overloaded(line) else np.take(rows, line, axis=0)


def _among(line: Any, q: Any, method: str, n: int) -> Any:
    """Where quantiles stand among the numbers of each line, which has ``n`` elements with its holes."""
    counts = np.sum(np.logical_not(np.isnan(line)), axis=0)
    if is_overloaded(q):
        return _positions(np.maximum(counts, 1), np.reshape(q, (-1,) + (1,) * (line.ndim - 1)), method)
    table = np.stack([_positions(max(m, 1), q, method) for m in range(n + 1)], axis=1)
    return picked(table, counts, 1)


def _percent(quantile: Callable[..., Any]) -> Callable[..., Any]:
    def percentile(a: Any, q: Any, axis: Any = None, *args: Any, **options: Any) -> Any:
        share = q / 100 if is_overloaded(q) or isinstance(q, (int, float)) else np.divide(q, 100)
        return quantile(a, share, axis, *args, **options)

    return percentile


def _middle(holes: bool) -> Callable[..., Any]:
    def median(a: Any, axis: Any = None, *, overwrite_input: bool = False, keepdims: bool = False) -> Any:
        a = array(a)
        a = a.astype(np.float64) if a.dtype.kind not in "fc" else a
        return _weighted(a, np.float64(0.5), axis, "linear", keepdims, holes)

    return median


# ---------------------------------------------------------------------------------------------- sums and products


def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    a = array(a)
    if weights is None:
        found = np.mean(a, axis=axis, keepdims=keepdims)
        total = np.full(found.shape, a.size / max(found.size, 1), found.dtype)[()]
        return (found, total) if returned else found
    weights = array(weights)
    if weights.shape != a.shape:
        weights = _along(a, axis, weights)
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    found = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (found, np.broadcast_to(total, found.shape)) if returned else found


def _along(a: Any, axis: Any, weights: Any) -> Any:
    """Weights for some axes, arranged to broadcast against the array."""
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, a.ndim)
    if weights.shape != tuple([a.shape[i] for i in axes]):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    weights = np.transpose(weights, tuple(sorted(range(len(axes)), key=lambda i: axes[i])))
    return np.reshape(weights, tuple([n if i in axes else 1 for i, n in enumerate(a.shape)]))


def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _cumulative(function: Callable[..., Any], first: int) -> Callable[..., Any]:
    def cumulative(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
        x = np.atleast_1d(array(x))
        if x.ndim > 1 and axis is None:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0 if axis is None else axis
        found = function(x, axis=axis, dtype=dtype)
        if not include_initial:
            return found
        shape = [1 if i == axis % x.ndim else n for i, n in enumerate(x.shape)]
        return np.concatenate([np.full(shape, first, found.dtype), found], axis=axis)

    return cumulative


def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    x = _observed(m, rowvar)
    if y is not None:
        x = np.concatenate([x, _observed(y, rowvar)], axis=0)
    if dtype is not None or x.dtype.kind not in "fc":
        x = x.astype(np.float64 if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            weights = array(given) if weights is None else weights * array(given)
    if weights is None:
        free: Any = x.shape[1] - ddof
        mean = np.mean(x, axis=1, keepdims=True)
    else:
        total = np.sum(weights)
        mean = np.sum(x * weights, axis=1, keepdims=True) / total
        free = total - ddof if aweights is None else total - ddof * np.sum(weights * array(aweights)) / total
    x = x - mean
    turned = np.transpose(x if weights is None else x * weights)
    return np.squeeze(np.matmul(x, np.conjugate(turned) if turned.dtype.kind == "c" else turned) * np.divide(1, free))


def _observed(m: Any, rowvar: bool) -> Any:
    m = np.atleast_2d(array(m))
    return np.transpose(m) if not rowvar and m.shape[0] != 1 else m


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = _cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    size = np.sqrt(np.real(np.diag(c)))
    c = c / np.reshape(size, (-1, 1)) / size
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)


def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
        np.nansum: _filling(np.sum, 0),
        np.nanprod: _filling(np.prod, 1),
        np.nancumsum: _running(np.cumsum, 0),
        np.nancumprod: _running(np.cumprod, 1),
        np.nanmax: _extreme(np.max, -np.inf),
        np.nanmin: _extreme(np.min, np.inf),
        np.nanmean: _nanmean,
        np.nanvar: _nanvar,
        np.nanstd: _nanstd,
        np.quantile: _quantile,
        np.nanquantile: _nanquantile,
        np.percentile: _percent(_quantile),
        np.nanpercentile: _percent(_nanquantile),
        np.median: _middle(False),
        np.nanmedian: _middle(True),
        np.average: _average,
        np.ptp: _ptp,
        np.cov: _cov,
        np.corrcoef: _corrcoef,
        **{
            getattr(np, name): _cumulative(function, first)  # since NumPy 2.1
            for name, function, first in (("cumulative_sum", np.cumsum, 0), ("cumulative_prod", np.cumprod, 1))
            if hasattr(np, name)
        },
    }
