"""Functions of ``np.linalg`` and ``np.fft`` that are others in disguise, or one after another of those that are primitives."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.errors import UnsupportedError
from essence_ad.primitives import catalogue
from essence_ad.tracing import source
from essence_ad.tracing.source import unsupported


def _call(name: str, *arrays: Any, **options: Any) -> Any:
    return catalogue()[name].function(*arrays, **options)


@functools.cache
def _container(function: Any) -> Any:
    """How NumPy names the parts of a result."""
    return type(function(np.eye(1)))


def _named(function: Any, parts: Sequence[Any]) -> Any:
    return _container(function)(*parts)


# ---------------------------------------------------------------------------------------------- factors


def _hermitian(a: Any, triangle: Any) -> Any:
    """The matrix that one of its triangles tells; without a word for it, the matrix itself."""
    if triangle is None:
        return a
    ones = np.ones(a.shape[-2:], np.zeros(0, a.dtype).real.dtype if a.dtype.kind in "fc" else np.float64)
    kept = a * (np.tril(ones) if str(triangle).upper() == "L" else np.triu(ones))
    return kept + np.conjugate(np.swapaxes(kept, -1, -2)) * (1 - np.eye(a.shape[-1], dtype=ones.dtype))


def _eigh(a: Any, UPLO: Any = None) -> Any:
    return _named(np.linalg.eigh, _call("eigh", _hermitian(a, UPLO)))


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not compute_uv:
        return _call("svd", a, full_matrices=False)[1]
    return _named(np.linalg.svd, _call("svd", a, full_matrices=bool(full_matrices)))


def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode == "raw" or (mode == "complete" and a.shape[-2] > a.shape[-1]):
        raise UnsupportedError(
            f"qr states no derivative for mode={mode!r} of a tall matrix", found=source.found(f"qr(..., mode={mode!r})"),
            expected="mode='reduced' or 'r': the other columns of a complete q may be any that complete it",
            remedy="take the reduced factors",
        )  # fmt: skip
    q, r = _call("qr", a)
    return r if mode == "r" else _named(np.linalg.qr, (q, r))


# ---------------------------------------------------------------------------------------------- solving


def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    if rtol is not np._NoValue and rtol is not None:
        rcond = rtol
    elif rtol is None:  # what the array API says
        rcond = max(a.shape[-2:]) * float(np.finfo(a.dtype if a.dtype.kind in "fc" else np.float64).eps)
    return _call("pinv", a, rcond=rcond)


def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """As NumPy's, but that the squared residuals are told for a tall matrix of low rank too."""
    x = _call("least_squares", a, b, rcond=rcond)
    m, n = np.shape(a)
    values = _call("svd", a, full_matrices=False)[1]
    rest = np.reshape(b, (m, -1)) - np.matmul(a, np.reshape(x, (n, -1)))
    squares = np.sum(np.real(rest * np.conjugate(rest)), axis=0)
    return x, squares if m > n else squares[:0], _rank(values, max(m, n), rcond), values


def _rank(values: Any, size: int, relative: Any, absolute: Any = None) -> Any:
    """How many singular values are not 0."""
    if absolute is None:
        relative = float(np.finfo(values.dtype).eps) * size if relative is None else relative
        absolute = relative * values[..., :1]
    return np.sum(values > absolute, axis=-1)


def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    values = _call("svd", A, full_matrices=False)[1]
    return _rank(values, max(np.shape(A)[-2:]), rtol, None if tol is None else np.asarray(tol)[..., None])


def _matrix_power(a: Any, n: int) -> Any:
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    result = None
    while n:
        if n & 1:
            result = a if result is None else np.matmul(result, a)
        n >>= 1
        if n:
            a = np.matmul(a, a)
    return result


def _multi_dot(arrays: Sequence[Any], *, out: Any = None) -> Any:
    if out is not None:
        raise unsupported(np.linalg.multi_dot, "out=")
    if len(arrays) < 2:
        raise ValueError("multi_dot takes two arrays or more")
    first, last = np.ndim(arrays[0]) == 1, np.ndim(arrays[-1]) == 1
    parts = list(arrays)
    if first:
        parts[0] = np.reshape(parts[0], (1, -1))
    if last:
        parts[-1] = np.reshape(parts[-1], (-1, 1))
    product = _cheapest(parts, _splits([np.shape(parts[0])[0], *[np.shape(p)[1] for p in parts]]), 0, len(parts) - 1)
    shape = np.shape(product)[1 if first else 0 : 1 if last else 2]
    return np.reshape(product, shape) if first or last else product


def _splits(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where each stretch of a chain of matrices is best cut into two factors."""
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            found = [(cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i, j], cut[i, j] = min(found)
    return cut


def _cheapest(parts: list[Any], cut: dict[tuple[int, int], int], i: int, j: int) -> Any:
    """The product of a stretch, its halves first; the stack stands for recursion."""
    done: dict[tuple[int, int], Any] = {(k, k): part for k, part in enumerate(parts)}
    stack = [(i, j)]
    while stack:
        a, b = stack[-1]
        if (a, b) in done:
            stack.pop()
            continue
        left, right = (a, cut[a, b]), (cut[a, b] + 1, b)
        open_ = [half for half in (left, right) if half not in done]
        if open_:
            stack.extend(open_)
        else:
            done[a, b] = np.dot(done[left], done[right])
    return done[i, j]


def _cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = _call("svd", x, full_matrices=False)[1]
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, ord=p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), ord=p, axis=(-2, -1))


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        moved = [axes] if isinstance(axes, int) else list(axes)
        rest = [i for i in range(np.ndim(a)) if i not in moved]
        a = np.transpose(a, rest + moved)
    shape = np.shape(a)[np.ndim(b) :]
    matrix = np.reshape(a, (-1, math.prod(shape)))
    return np.reshape(np.linalg.solve(matrix, np.ravel(b)), shape)


def _tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    shape = np.shape(a)
    matrix = np.reshape(a, (math.prod(shape[:ind]), -1))
    return np.reshape(np.linalg.inv(matrix), shape[ind:] + shape[:ind])


# ---------------------------------------------------------------------------------------------- norms


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    shape = np.shape(x)
    if isinstance(axis, int):
        return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
    axes = tuple(range(len(shape))) if axis is None else normalize_axis_tuple(axis, len(shape))
    rest = [i for i in range(len(shape)) if i not in axes]
    line = np.reshape(np.transpose(x, [*rest, *axes]), (*[shape[i] for i in rest], math.prod(shape[i] for i in axes)))
    norm = np.linalg.norm(line, ord=ord, axis=-1)
    return np.reshape(norm, [1 if i in axes else n for i, n in enumerate(shape)]) if keepdims else norm


def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)


# ---------------------------------------------------------------------------------------------- products


def _cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        raise ValueError(f"both vectors must be of length 3, not {np.shape(x1)[axis]} and {np.shape(x2)[axis]}")
    a, b = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.stack(parts, axis=axis)


def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return np.sum(np.conjugate(x1) * x2, axis=axis) if axis == -1 else np.sum(
        np.conjugate(np.moveaxis(x1, axis, -1)) * np.moveaxis(x2, axis, -1), axis=-1
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- transforms


def _plan(a: Any, s: Any, axes: Any) -> tuple[list[Any], list[int]]:
    """The lengths and the axes of a transform over several axes; -1 and ``None`` leave a length as it is."""
    if axes is None:
        axes = range(np.ndim(a)) if s is None else range(-len(s), 0)
    axes = list(axes)
    lengths = [None] * len(axes) if s is None else [None if n in (None, -1) else n for n in s]
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return lengths, axes


def _each(function: Any) -> Callable[..., Any]:
    """A transform over several axes, the last first."""

    def transform(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
        _no_out(out)
        lengths, places = _plan(a, s, axes)
        for n, axis in zip(reversed(lengths), reversed(places), strict=True):
            a = function(a, n=n, axis=axis, norm=norm)
        return a

    return transform


def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    _no_out(out)
    lengths, places = _plan(a, s, axes)
    a = np.fft.rfft(a, n=lengths[-1], axis=places[-1], norm=norm)
    for n, axis in zip(reversed(lengths[:-1]), reversed(places[:-1]), strict=True):
        a = np.fft.fft(a, n=n, axis=axis, norm=norm)
    return a


def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None, out: Any = None) -> Any:
    _no_out(out)
    lengths, places = _plan(a, s, axes)
    for n, axis in zip(lengths[:-1], places[:-1], strict=True):
        a = np.fft.ifft(a, n=n, axis=axis, norm=norm)
    return np.fft.irfft(a, n=lengths[-1], axis=places[-1], norm=norm)


def _no_out(out: Any) -> None:
    if out is not None:
        raise source.in_place("fft(..., out=...)", "leave out= away")


def _two(function: Any) -> Callable[..., Any]:
    def transform(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None, out: Any = None) -> Any:
        return function(a, s=s, axes=axes, norm=norm, out=out)

    return transform


def _shift(sign: int) -> Callable[..., Any]:
    def shift(x: Any, axes: Any = None) -> Any:
        shape = np.shape(x)
        places = tuple(range(len(shape))) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
        return np.roll(x, [sign * (shape[i] // 2) for i in places], axis=places)

    return shift


# ---------------------------------------------------------------------------------------------- the table


@functools.cache
def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    linalg, fft = np.linalg, np.fft
    fftn, ifftn = _each(np.fft.fft), _each(np.fft.ifft)
    return {
        linalg.eigh: _eigh,
        linalg.eigvalsh: lambda a, UPLO=None: _call("eigh", _hermitian(a, UPLO))[0],
        linalg.eig: lambda a: _named(np.linalg.eig, _call("eig", a)),
        linalg.eigvals: lambda a: _call("eig", a)[0],
        linalg.svd: _svd,
        linalg.svdvals: lambda x, /: _call("svd", x, full_matrices=False)[1],
        linalg.qr: _qr,
        linalg.pinv: _pinv,
        linalg.lstsq: _lstsq,
        linalg.matrix_power: _matrix_power,
        linalg.multi_dot: _multi_dot,
        linalg.cond: _cond,
        linalg.tensorsolve: _tensorsolve,
        linalg.tensorinv: _tensorinv,
        linalg.vector_norm: _vector_norm,
        linalg.matrix_norm: _matrix_norm,
        linalg.cross: _cross,
        linalg.vecdot: _vecdot,
        linalg.matrix_rank: _matrix_rank,
        linalg.trace: lambda x, /, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype),
        linalg.diagonal: lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1),
        fft.fftn: fftn,
        fft.ifftn: ifftn,
        fft.fft2: _two(fftn),
        fft.ifft2: _two(ifftn),
        fft.rfftn: _rfftn,
        fft.irfftn: _irfftn,
        fft.rfft2: _two(_rfftn),
        fft.irfft2: _two(_irfftn),
        fft.fftshift: _shift(1),
        fft.ifftshift: _shift(-1),
    }
