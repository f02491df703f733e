"""Numerical analysis of NumPy written with functions that have primitives: differences, integrals, interpolation, polynomials.

``interp`` has at a knot the slope of the piece after it. Polynomials are taken to have the degree that their shape tells:
NumPy cuts off zeros at the beginning, which depends on values.
"""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from essence_ad.kernel import is_overloaded
from essence_ad.primitives.ordering import searchsorted
from essence_ad.primitives.polynomials import convolve, roots, window
from essence_ad.tracing.source import unsupported
from essence_ad.tracing.statistics import array, picked

_LETTERS = string.ascii_letters

# ---------------------------------------------------------------------------------------------- differences and sums


def _cut(a: Any, axis: int, start: int | None, stop: int | None, step: int | None = None) -> Any:
    return a[(*(slice(None),) * normalize_axis_index(axis, a.ndim), slice(start, stop, step))]


def _one(a: Any, axis: int, i: int) -> Any:
    return _cut(a, axis, i, i + 1 or None)


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue) -> Any:
    a = array(a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if n == 0:
        return a
    ends = [_edge(a, axis, prepend), a, _edge(a, axis, append)]
    parts = [part for part in ends if part is not None]
    a = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    difference = np.not_equal if a.dtype.kind == "b" else np.subtract
    for _ in range(n):
        a = difference(_cut(a, axis, 1, None), _cut(a, axis, None, -1))
    return a


def _edge(a: Any, axis: int, value: Any) -> Any:
    if value is np._NoValue:
        return None
    value = array(value)
    if value.ndim:
        return value
    place = normalize_axis_index(axis, a.ndim)
    return np.broadcast_to(value, tuple([1 if i == place else n for i, n in enumerate(a.shape)]))


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    line = np.ravel(array(ary))
    parts = [line[1:] - line[:-1]]
    if to_begin is not None:
        parts.insert(0, np.ravel(array(to_begin)).astype(line.dtype))
    if to_end is not None:
        parts.append(np.ravel(array(to_end)).astype(line.dtype))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = array(y)
    if x is None:
        width = dx
    else:
        x = array(x)
        width = _diff(x, axis=axis if x.ndim > 1 else -1)
        if x.ndim == 1:
            width = np.reshape(width, (-1,) + (1,) * (y.ndim - 1 - normalize_axis_index(axis, y.ndim)))
    return np.sum(width * (_cut(y, axis, 1, None) + _cut(y, axis, None, -1)) / 2.0, axis=axis)


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = array(f)
    axes = tuple(range(f.ndim)) if axis is None else normalize_axis_tuple(axis, f.ndim)
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 and np.ndim(varargs[0]) and len(axes) > 1):
        raise TypeError("invalid number of arguments")
    given = [1.0] * len(axes) if not varargs else [*varargs] * (len(axes) if len(varargs) == 1 else 1)
    f = f.astype(np.float64) if f.dtype.kind not in "fc" else f
    found = [_slopes(f, spacing, i, edge_order) for spacing, i in zip(given, axes, strict=True)]
    return found[0] if len(axes) == 1 else tuple(found)


def _slopes(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError("an axis is too short for a numerical gradient: edge_order + 1 elements are required")
    if np.ndim(spacing) == 0:
        return _even_slopes(f, spacing, axis, edge_order)
    spacing = array(spacing)
    if spacing.shape != (n,):
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    return _uneven_slopes(f, _diff(spacing), axis, edge_order)


def _even_slopes(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    at = functools.partial(_one, f, axis)
    inside = (_cut(f, axis, 2, None) - _cut(f, axis, None, -2)) / (2.0 * h)
    if edge_order == 1:
        ends = (at(1) - at(0)) / h, (at(-1) - at(-2)) / h
    else:
        ends = (2.0 * at(1) - 1.5 * at(0) - 0.5 * at(2)) / h, (1.5 * at(-1) - 2.0 * at(-2) + 0.5 * at(-3)) / h
    return np.concatenate([ends[0], inside, ends[1]], axis=axis)


def _uneven_slopes(f: Any, d: Any, axis: int, edge_order: int) -> Any:
    at = functools.partial(_one, f, axis)
    wide = (-1,) + (1,) * (f.ndim - 1 - axis)
    left, right = np.reshape(d[:-1], wide), np.reshape(d[1:], wide)
    both = left + right
    inside = (
        _cut(f, axis, None, -2) * (-right / (left * both))
        + _cut(f, axis, 1, -1) * ((right - left) / (left * right))
        + _cut(f, axis, 2, None) * (left / (right * both))
    )
    if edge_order == 1:
        ends = (at(1) - at(0)) / d[0], (at(-1) - at(-2)) / d[-1]
    else:
        a, b = d[0], d[1]
        c, e = d[-2], d[-1]
        ends = (
            at(0) * (-(2.0 * a + b) / (a * (a + b))) + at(1) * ((a + b) / (a * b)) - at(2) * (a / (b * (a + b))),
            at(-3) * (e / (c * (c + e))) - at(-2) * ((e + c) / (c * e)) + at(-1) * ((2.0 * e + c) / (e * (c + e))),
        )
    return np.concatenate([ends[0], inside, ends[1]], axis=axis)


def _unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    p = array(p)
    p = p.astype(np.float64) if p.dtype.kind not in "fc" else p
    d = _diff(p, axis=axis)
    half = period / 2
    turned = np.remainder(d + half, period) - half
    turned = np.where(np.logical_and(np.equal(turned, -half), d > 0), half, turned)
    jump = np.where(np.abs(d) < (half if discont is None else discont), 0, turned - d)
    return np.concatenate([_cut(p, axis, None, 1), _cut(p, axis, 1, None) + np.cumsum(jump, axis=axis)], axis=axis)


# ---------------------------------------------------------------------------------------------- interpolation


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    x, xp, fp = array(x).astype(np.float64), array(xp).astype(np.float64), array(fp)
    fp = fp.astype(np.complex128 if fp.dtype.kind == "c" else np.float64)
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.shape[0]:
        raise ValueError("fp and xp are not of the same length, or empty, or not of one axis")
    if period is not None:
        period = np.abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        xp, fp = picked(xp, order), picked(fp, order)
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    n = xp.shape[0]
    if n == 1:
        found: Any = np.broadcast_to(fp[0], x.shape)
    else:
        after = np.minimum(np.maximum(searchsorted(xp, x, side="right"), 1), n - 1)
        x0, y0 = picked(xp, after - 1), picked(fp, after - 1)
        found = y0 + (picked(fp, after) - y0) / (picked(xp, after) - x0) * (x - x0)
    if period is None:
        found = np.where(x < xp[0], fp[0] if left is None else left, found)
        found = np.where(x > xp[-1], fp[-1] if right is None else right, found)
    return found


# ---------------------------------------------------------------------------------------------- rows of numbers


def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0,
    *, device: Any = None,
) -> Any:  # fmt: skip
    ends = [end if isinstance(end, (int, float, complex)) else array(end) for end in (start, stop)]
    kind = np.result_type(*[getattr(end, "dtype", end) for end in ends], 0.0)  # Python's numbers take part as they are
    parts = num - 1 if endpoint else num
    start, stop = np.broadcast_arrays(*[array(end).astype(kind) for end in ends])
    share = np.reshape(np.arange(num) / max(parts, 1), (-1,) + (1,) * start.ndim).astype(np.finfo(kind).dtype)
    found = start * (1 - share) + stop * share
    if dtype is not None:
        found = (np.floor(found) if np.dtype(dtype).kind in "iu" else found).astype(dtype)
    found = np.moveaxis(found, 0, axis) if axis else found
    return (found, (stop - start) / parts if parts else np.nan) if retstep else found


def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    if np.ndim(base):
        raise unsupported(np.logspace, "several bases")
    found = np.power(base, _linspace(start, stop, num, endpoint, axis=axis))
    return found if dtype is None else found.astype(dtype)


def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop = (array(end).astype(np.result_type(np.result_type(end), np.float64)) for end in (start, stop))
    ratio = np.log(stop / start)
    found = start * np.exp(_linspace(np.zeros_like(ratio), ratio, num, endpoint))
    found = np.moveaxis(found, 0, axis) if axis else found
    return found if dtype is None else found.astype(dtype)


# ---------------------------------------------------------------------------------------------- polynomials


def _polyval(p: Any, x: Any) -> Any:
    x = array(x)
    p = array(p)
    if not p.shape[0]:
        return np.zeros_like(x)
    found = np.broadcast_to(p[0], x.shape) * 1
    for i in range(1, p.shape[0]):
        found = found * x + p[i]
    return found


def _plus(sign: Callable[..., Any]) -> Callable[..., Any]:
    def polyadd(a1: Any, a2: Any) -> Any:
        a, b = np.atleast_1d(array(a1)), np.atleast_1d(array(a2))
        n = max(a.shape[0], b.shape[0])
        return sign(*[p if p.shape[0] == n else np.pad(p, (n - p.shape[0], 0)) for p in (a, b)])

    return polyadd


def _polyder(p: Any, m: int = 1) -> Any:
    p = array(p)
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p = array(p)
    ends = np.zeros(m) if k is None else np.broadcast_to(np.atleast_1d(array(k)), (m,))
    for i in range(m):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), ends[i : i + 1]])
    return p


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = array(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    x = x.astype(np.promote_types(x.dtype, int))
    count = x.shape[0] if N is None else N
    powers = [np.ones_like(x)][:count]
    while len(powers) < count:
        powers.append(powers[-1] * x)
    if not powers:
        return np.zeros((x.shape[0], 0), x.dtype)
    return np.stack(powers if increasing else powers[::-1], axis=1)


def _poly(seq_of_zeros: Any) -> Any:
    zeros = array(seq_of_zeros)
    zeros = np.linalg.eigvals(zeros) if zeros.ndim == 2 else np.reshape(zeros, (-1,))
    found = np.ones(1, zeros.dtype)
    for i in range(zeros.shape[0]):
        found = convolve(found, np.concatenate([np.ones(1, zeros.dtype), -zeros[i : i + 1]]))
    return found


def _polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    if full or cov:
        raise unsupported(np.polyfit, "full= or cov=")
    x, y = array(x) + 0.0, array(y) + 0.0
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    left = _vander(x, deg + 1)
    if w is not None:
        w = array(w) + 0.0
        left, y = left * np.reshape(w, (-1, 1)), y * np.reshape(w, (-1,) + (1,) * (y.ndim - 1))
    size = np.sqrt(np.sum(np.real(left * np.conjugate(left)), axis=0))
    left = left / size
    if is_overloaded(left):
        found = np.linalg.lstsq(left, y, rcond)[0]
    else:
        found = np.matmul(np.linalg.pinv(left, rcond), y)
    return found / np.reshape(size, (-1,) + (1,) * (y.ndim - 1))


def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    return convolve(_line(a), _line(v), mode=mode)


def _line(a: Any) -> Any:
    a = array(a)
    return a if a.ndim else np.reshape(a, (1,))


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = _line(a), _line(v)
    full = convolve(a, np.flip(np.conjugate(v) if v.dtype.kind == "c" else v), mode="full")
    n, m = a.shape[0], v.shape[0]
    start, end = window(n, m, mode)
    if mode == "same" and n < m:  # NumPy exchanges the two and turns the result round
        start, end = n + m - 1 - end, n + m - 1 - start
    return full[start:end]


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(array(a), axisa, -1), np.moveaxis(array(b), axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError("incompatible dimensions for cross product (dimension must be 2 or 3)")
    a0, a1, b0, b1 = a[..., 0], a[..., 1], b[..., 0], b[..., 1]
    last = a0 * b1 - a1 * b0
    if a.shape[-1] == b.shape[-1] == 2:
        return last
    a2: Any = a[..., 2] if a.shape[-1] == 3 else 0.0
    b2: Any = b[..., 2] if b.shape[-1] == 3 else 0.0
    first, second = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2
    return np.stack(np.broadcast_arrays(first, second, last), axis=axisc)


# ---------------------------------------------------------------------------------------------- products of vectors


def einsum_of_lists(*operands: Any, **options: Any) -> Any:
    """``np.einsum`` with a list of numbers after each array in the place of letters, and perhaps one for the result."""
    arrays, lists = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    spelt = ["".join(["..." if i is Ellipsis else _LETTERS[i] for i in axes]) for axes in lists]
    last = operands[-1] if len(operands) % 2 else None
    end = "" if last is None else "->" + "".join(["..." if i is Ellipsis else _LETTERS[i] for i in last])
    return np.einsum(",".join(spelt) + end, *arrays, **options)


def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    x1, x2 = array(x1), array(x2)
    if axis != -1:
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return np.einsum("...i,...i->...", np.conjugate(x1) if x1.dtype.kind == "c" else x1, x2)


def _matvec(x1: Any, x2: Any) -> Any:
    return np.matmul(x1, np.expand_dims(array(x2), -1))[..., 0]


def _vecmat(x1: Any, x2: Any) -> Any:
    x1 = array(x1)
    return np.matmul(np.expand_dims(np.conjugate(x1) if x1.dtype.kind == "c" else x1, -2), x2)[..., 0, :]


def _piled(names: Sequence[tuple[str, Callable[..., Any]]]) -> dict[Any, Callable[..., Any]]:
    return {getattr(np, name): function for name, function in names if hasattr(np, name)}


def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    return {
        np.diff: _diff,
        np.ediff1d: _ediff1d,
        np.trapezoid: _trapezoid,
        np.gradient: _gradient,
        np.unwrap: _unwrap,
        np.interp: _interp,
        np.linspace: _linspace,
        np.logspace: _logspace,
        np.geomspace: _geomspace,
        np.polyval: _polyval,
        np.polyadd: _plus(np.add),
        np.polysub: _plus(np.subtract),
        np.polymul: _convolve,
        np.convolve: _convolve,
        np.polyder: _polyder,
        np.polyint: _polyint,
        np.polyfit: _polyfit,
        np.vander: _vander,
        np.roots: roots,
        np.poly: _poly,
        np.correlate: _correlate,
        np.cross: _cross,
        np.vecdot: _vecdot,
        **_piled([("matvec", _matvec), ("vecmat", _vecmat)]),  # since NumPy 2.2
    }
