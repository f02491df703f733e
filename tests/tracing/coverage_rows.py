"""Calls of NumPy, one for each row of ``numpy_coverage.csv``, and more of each family at awkward arguments.

``numpy_coverage.csv`` was measured on 2026-11-20 for this project (autograd 1.9.1, JAX 0.10.2, mygrad 2.5.0): for each
call, whether a system gives its derivative rightly in reverse and in forward mode.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TABLE = Path(__file__).with_name("numpy_coverage.csv")


def table() -> list[dict[str, str]]:
    """The rows of the file."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def differentiated() -> list[str]:
    """The calls that some system differentiates."""
    return [row["function"] for row in table() if "ok" in list(row.values())[1:]]


class Row(NamedTuple):
    """A call at a point: ``f(*x)``, and at ``x`` moved a little into the complex plane if ``complex``."""

    f: Callable[..., Any]
    x: tuple[Any, ...]
    complex: bool = False


def at(f: Callable[..., Any], *x: Any) -> Row:
    """A call for real numbers."""
    return Row(f, x)


def both(f: Callable[..., Any], *x: Any) -> Row:
    """A call for real and complex numbers."""
    return Row(f, x, True)


def named(name: str, **options: Any) -> Callable[..., Any]:
    """A function of NumPy by its name, with options."""
    return lambda *x: getattr(np, name)(*x, **options)


_GRID = np.random.default_rng(20261123)


def points(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Numbers between two limits, no two of them close, and none close to a whole or half number."""
    size = int(np.prod(shape))
    places = (_GRID.permutation(size) + _GRID.uniform(0.35, 0.65, size)) / size
    near = np.round(2 * (low + (high - low) * places)) / 2
    value = low + (high - low) * places
    value = np.where(np.abs(value - near) < 0.04, near + 0.06, value)
    return value.reshape(shape)


X, M, T = points(5), points(3, 4), points(2, 3, 4)
S, V, W = points(3, 3), points(4), points(4, low=0.3)
POSITIVE, INSIDE, ABOVE = points(5, low=0.3), points(5, low=-0.9, high=0.9), points(5, low=1.2, high=3.0)
NUMBER = np.float64(0.7)
HOLES = np.array([[0.3, np.nan, -1.2, 0.8], [np.nan, 1.7, 0.45, -0.65], [-0.35, 1.1, np.nan, 2.2]])
MASK = np.array([True, False, True, True, False])
KNOTS, HEIGHTS = np.array([-1.5, -0.4, 0.3, 1.6]), np.array([0.5, -1.2, 0.9, 2.1])
COUNTS = np.array([0, 2, 1, 2, 0])
ONES = np.ones(3)


def _holed(f: Callable[..., Any]) -> Row:
    """A reduction that leaves out what is not a number, of values that move and holes that do not."""
    return at(lambda x: f(np.where(np.isnan(HOLES), np.nan, x)), M)


def _unary(names: str, point: Any, complex: bool = True) -> dict[str, Row]:
    return {name: Row(named(name), (point,), complex) for name in names.split()}


def _binary(names: str, complex: bool, *x: Any) -> dict[str, Row]:
    return {name: Row(lambda a, b, name=name: named(name)(a, b), x, complex) for name in names.split()}


ELEMENTWISE: dict[str, Row] = {
    **_unary("abs absolute negative positive exp exp2 expm1 square sin cos sinh cosh tanh", X),
    **_unary("tan", INSIDE), **_unary("log log2 log10 log1p sqrt reciprocal", POSITIVE),
    **_unary("arcsin arccos arctan arcsinh arctanh asin acos atan asinh atanh", INSIDE), **_unary("arccosh acosh", ABOVE),
    **_unary("fabs cbrt deg2rad rad2deg degrees radians i0", X, False), **_unary("sinc", X),
    **_unary("nan_to_num real imag conj conjugate real_if_close", X, True), "angle": at(lambda x: np.angle(x * (1 + 1j)) * x, X),
    **_binary("add subtract multiply divide true_divide power pow float_power", True, POSITIVE, ABOVE),
    **_binary("maximum minimum fmax fmin logaddexp logaddexp2 arctan2 atan2 hypot copysign", False, X, points(5)),
    **_binary("mod remainder fmod", False, np.array([1.3, 1.7, -1.2]), np.array([0.52, 0.53, 0.5])),
    "ldexp": at(lambda x: np.ldexp(x, COUNTS), X),
    "divmod": at(lambda x, y: np.divmod(x, y)[1] * x + np.divmod(x, y)[0], np.array([1.3, 1.7, -1.2]), np.array([0.52, 0.53, 0.5])),
    "modf": at(lambda x: np.modf(x)[0] * x + np.modf(x)[1], X), "frexp": at(lambda x: np.frexp(x)[0] * x + np.frexp(x)[1], np.array([0.3, -0.7, 1.4, 3.1, -0.15])),
}  # fmt: skip
ELEMENTWISE |= {name: at(lambda x, name=name: getattr(np, name)(x) + x * x, X) for name in ("real_if_close", "imag")}

REDUCTIONS: dict[str, Row] = {
    **{name: both(named(name, axis=1), M) for name in ("sum", "mean", "var", "std", "prod", "cumsum", "cumprod")},
    **{name: at(named(name, axis=0), M) for name in ("max", "min", "amax", "amin", "ptp", "median")},
    **{
        name: _holed(named(name, axis=1))
        for name in ("nansum", "nanmean", "nanvar", "nanstd", "nanprod", "nanmax", "nanmin", "nancumsum", "nancumprod", "nanmedian")
    },
    "cumulative_sum": both(lambda x: np.cumulative_sum(x, axis=1, include_initial=True), M),
    "cumulative_prod": both(lambda x: np.cumulative_prod(x, axis=0), M),
    "average": both(lambda x: np.average(x, axis=1), M),
    "average weights": at(lambda x, w: np.average(x, axis=1, weights=w), M, W),
    "percentile": at(lambda x: np.percentile(x, [30.0, 75.0], axis=1), M),
    "quantile": at(lambda x: np.quantile(x, 0.3, axis=0), M),
    "nanpercentile": _holed(lambda x: np.nanpercentile(x, [30.0, 80.0], axis=1)),
    "nanquantile": _holed(lambda x: np.nanquantile(x, 0.3, axis=0)),
    "cov": both(lambda x: np.cov(x), M), "corrcoef": both(lambda x: np.corrcoef(x), M),
}  # fmt: skip

CONTRACTIONS: dict[str, Row] = {
    "dot": both(lambda a, b: np.dot(a, b), M, V), "vdot": both(lambda a, b: np.vdot(a, b), V, W), "inner": both(lambda a, b: np.inner(a, b), M, V), "outer": both(np.outer, V, X),
    "matmul": both(np.matmul, S, M), "tensordot": both(lambda a, b: np.tensordot(a, b, axes=([1], [0])), S, M),
    "einsum": both(lambda a, b: np.einsum("ij,jk->ik", a, b), S, M), "kron": both(np.kron, V, X), "cross": both(np.cross, S, S[::-1]),
    "trace": both(np.trace, S), "vecdot": both(np.vecdot, M, V),
    "matvec": both(lambda a, b: np.matvec(a, b), M, V), "vecmat": both(lambda a, b: np.vecmat(a, b), points(3), M),
    "convolve": both(np.convolve, X, V), "correlate": both(lambda a, b: np.correlate(a, b, "full"), X, V),
}  # fmt: skip

CALCULUS: dict[str, Row] = {
    "interp x": at(lambda x: np.interp(x, KNOTS, HEIGHTS), X), "interp fp": at(lambda fp: np.interp(X, KNOTS, fp), HEIGHTS),
    "trapezoid": both(lambda y: np.trapezoid(y, KNOTS, axis=1), M), "diff": both(lambda x: np.diff(x, n=2), M),
    "ediff1d": both(lambda x: np.ediff1d(x, 1.0, [2.0, 3.0]), M), "gradient": both(lambda x: np.gradient(x), M),
    "unwrap": at(lambda x: np.unwrap(5 * x), X),
    "polyval": both(lambda p: np.polyval(p, X), V), "polyval x": both(lambda x: np.polyval(KNOTS, x), X),
    "polyfit": at(lambda y: np.polyfit(X, y, 2), points(5)), "polyadd": both(np.polyadd, V, X), "polymul": both(np.polymul, V, X),
    "polyder": both(lambda p: np.polyder(p, 2), X), "polyint": both(lambda p: np.polyint(p, 2, [1.0, 2.0]), V),
    "roots": both(lambda p: np.sort(np.roots(p) + 0j), np.array([1.1, 0.3, -2.0, 0.7, 0.4])), "vander": both(lambda x: np.vander(x, 4), X),
}  # fmt: skip

CHOICES: dict[str, Row] = {
    "where": both(lambda x: np.where(MASK, x, 2 * x), X),
    "select": at(lambda x: np.select([x > 1, x > 0], [x * x, np.sin(x)], 3.0), X),
    "choose": both(lambda x: np.choose(COUNTS, [x, x * x, np.sin(x)]), X),
    "piecewise": at(lambda x: np.piecewise(x, [x < 0, x > 1], [lambda v: v * v, np.sin, 2.0]), X),
    "clip": at(lambda x: np.clip(x, -1.0, 1.0), X),
}  # fmt: skip

SHAPES: dict[str, Row] = {
    "reshape": both(lambda x: np.reshape(x, (4, 3)), M), "ravel": both(np.ravel, M), "transpose": both(np.transpose, M),
    "permute_dims": both(lambda x: np.permute_dims(x, (2, 0, 1)), T), "matrix_transpose": both(np.matrix_transpose, T),
    "swapaxes": both(lambda x: np.swapaxes(x, 0, 2), T), "moveaxis": both(lambda x: np.moveaxis(x, 0, -1), T),
    "rollaxis": both(lambda x: np.rollaxis(x, 2), T), "expand_dims": both(lambda x: np.expand_dims(x, 1), M),
    "squeeze": both(lambda x: np.squeeze(x[None]), M), "broadcast_to": both(lambda x: np.broadcast_to(x, (2, 3, 4)), M),
    "broadcast_arrays": both(lambda x, y: np.broadcast_arrays(x, y), M, V),
    "atleast_1d": both(np.atleast_1d, NUMBER), "atleast_2d": both(np.atleast_2d, V), "atleast_3d": both(np.atleast_3d, V),
    "concatenate": both(lambda x, y: np.concatenate([x, y]), X, V), "concat": both(lambda x, y: np.concat([x, y]), X, V),
    "stack": both(lambda x, y: np.stack([x, y], axis=1), V, W), "vstack": both(lambda x, y: np.vstack([x, y]), M, V),
    "hstack": both(lambda x, y: np.hstack([x, y]), X, V), "dstack": both(lambda x, y: np.dstack([x, y]), V, W),
    "column_stack": both(lambda x, y: np.column_stack([x, y]), V, W), "block": both(lambda x, y: np.block([[x, x[:, :1]], [y, 2.0]]), M, V),
    "append": both(lambda x, y: np.append(x, y), X, V), "insert": both(lambda x, y: np.insert(x, 2, y, axis=0), M, V),
    "delete": both(lambda x: np.delete(x, [0, 2], axis=1), M),
    "array([x,y])": both(lambda x: np.array([x[0], [1.0, 2.0], x[1]], like=x), points(3, 2)), "asarray": both(lambda x: np.asarray(x, like=x) * x, X),
    "copy": both(np.copy, X), "astype": both(lambda x: np.astype(x, np.complex128), X),
    "full": both(lambda x: np.full((2, 3), x, like=x), points(3)), "full_like": both(lambda x: np.full_like(x, x[0, 0]), M),
    "linspace": both(lambda x, y: np.linspace(x, y, 5), NUMBER, NUMBER + 1), "logspace": both(lambda x, y: np.logspace(x, y, 4), NUMBER, NUMBER + 1),
    "geomspace": both(lambda x, y: np.geomspace(x, y, 4), NUMBER, NUMBER + 1), "meshgrid": both(lambda x, y: np.meshgrid(x, y), X, V),
    "split": both(lambda x: np.split(x, 2, axis=1), M), "array_split": both(lambda x: np.array_split(x, 3), X),
    "hsplit": both(lambda x: np.hsplit(x, 2), M), "vsplit": both(lambda x: np.vsplit(x, 3), M), "dsplit": both(lambda x: np.dsplit(x, 2), T),
    "unstack": both(lambda x: np.unstack(x, axis=1), M), "tile": both(lambda x: np.tile(x, (2, 1)), M),
    "repeat": both(lambda x: np.repeat(x, 2, axis=0), M), "flip": both(np.flip, M), "fliplr": both(np.fliplr, M), "flipud": both(np.flipud, M),
    "roll": both(lambda x: np.roll(x, 2, axis=1), M), "rot90": both(lambda x: np.rot90(x, 3), M),
    "pad constant": both(lambda x: np.pad(x, 1), M), "resize": both(lambda x: np.resize(x, (3, 5)), M),
    **{f"pad {mode}": both(lambda x, mode=mode: np.pad(x, ((1, 2), (0, 1)), mode=mode), M) for mode in ("edge", "reflect", "wrap")},
    "diag": both(np.diag, V), "diag extract": both(lambda x: np.diag(x, 1), M), "diagonal": both(lambda x: np.diagonal(x, 1, 0, 2), T),
    "diagflat": both(lambda x: np.diagflat(x, 1), S), "tril": both(np.tril, M), "triu": both(np.triu, M),
}  # fmt: skip

ORDER: dict[str, Row] = {
    "sort": both(np.sort, X), "sort nd": both(lambda x: np.sort(x, axis=0), M), "partition": both(lambda x: np.partition(x, 2), X),
    "sort_complex": both(np.sort_complex, X), "take": both(lambda x: np.take(x, [0, 2, 2], axis=1), M),
    "take_along_axis": both(lambda x: np.take_along_axis(x, np.array([[0], [2], [1]]), axis=1), M),
    "compress": both(lambda x: np.compress(MASK[:3], x, axis=0), M), "extract": both(lambda x: np.extract(MASK, x), X),
    "getitem int": both(lambda x: x[1], M), "getitem slice": both(lambda x: x[1:, :2], M), "getitem neg-step": both(lambda x: x[::-1, ::-2], M),
    "getitem array": both(lambda x: x[[0, 0, 2]], M), "getitem mask": both(lambda x: x[MASK], X),
    "getitem None/...": both(lambda x: x[..., None, :], M),
    "apply_along_axis": both(lambda x: np.apply_along_axis(lambda row: row * row[0], 1, x), M),
    "histogram weights": at(lambda w: np.histogram(X, 3, weights=w)[0], points(5)),
    "bincount weights": at(lambda w: np.bincount(COUNTS, w, 4), X),
    "add.reduce": both(lambda x: np.add.reduce(x), M), "multiply.outer": both(lambda x, y: np.multiply.outer(x, y), X, M),
}  # fmt: skip

TALL, REGULAR = points(4, 3), np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])


def _symmetric(x: Any) -> Any:
    return x + np.swapaxes(np.conj(x), -1, -2)


def _powers(u: Any, s: Any, v: Any) -> Any:
    """What factors say whose vectors are told only up to a factor of size one."""
    return (u * s**2) @ v


LINEAR_ALGEBRA: dict[str, Row] = {
    "norm": both(np.linalg.norm, X), "norm fro": both(lambda x: np.linalg.norm(x, "fro"), M), "norm nuc": at(lambda x: np.linalg.norm(x, "nuc"), M),
    "norm 2 mat": at(lambda x: np.linalg.norm(x, 2), M), "norm inf": both(lambda x: np.linalg.norm(x, np.inf), X), "norm 1": both(lambda x: np.linalg.norm(x, 1), X),
    "vector_norm": both(lambda x: np.linalg.vector_norm(x, axis=1, ord=3), M), "matrix_norm": both(lambda x: np.linalg.matrix_norm(x), T),
    "solve": both(lambda a, b: np.linalg.solve(a, b), REGULAR, points(3, 2)), "inv": both(np.linalg.inv, REGULAR), "pinv": both(lambda x: np.linalg.pinv(x), TALL),
    "det": both(np.linalg.det, REGULAR), "slogdet": at(lambda x: np.linalg.slogdet(x)[1], REGULAR), "cholesky": both(lambda x: np.linalg.cholesky(x @ np.conj(x.T)), REGULAR),
    "qr": at(lambda x: [*np.linalg.qr(x)], TALL), "svd vals": both(lambda x: np.linalg.svd(x, compute_uv=False), M),
    "svd thin": both(lambda x: _powers(*np.linalg.svd(x, full_matrices=False)), M), "svdvals": both(lambda x: np.linalg.svdvals(x), M),
    "eigh": both(lambda x: np.linalg.eigh(_symmetric(x))[0], S), "eigvalsh": both(lambda x: np.linalg.eigvalsh(_symmetric(x)), S),
    "eigh vec": both(lambda x: np.abs(np.linalg.eigh(_symmetric(x))[1]), S),
    "eig": at(lambda x: (lambda w, v: np.real((v * np.exp(w)) @ np.linalg.inv(v)))(*np.linalg.eig(x)), REGULAR),
    "eigvals": both(lambda x: np.sort(np.linalg.eigvals(x) + 0j), REGULAR), "lstsq": at(lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], TALL, V),
    "matrix_power": both(lambda x: np.linalg.matrix_power(x, 3), S), "multi_dot": both(lambda a, b: np.linalg.multi_dot([a, b, b.T]), S, M),
    "cond": at(lambda x: np.linalg.cond(x), REGULAR), "tensorsolve": both(lambda a, b: np.linalg.tensorsolve(a, b), REGULAR, points(3)),
    "tensorinv": both(lambda a: np.linalg.tensorinv(a, ind=1), REGULAR), "trace": both(lambda x: np.linalg.trace(x), T), "diagonal": both(lambda x: np.linalg.diagonal(x), T),
    "outer": both(lambda x, y: np.linalg.outer(x, y), X, V), "cross": both(lambda x, y: np.linalg.cross(x, y), S, S[::-1]), "vecdot": both(lambda x, y: np.linalg.vecdot(x, y), M, V),
    "matmul": both(lambda x, y: np.linalg.matmul(x, y), S, M), "matrix_transpose": both(lambda x: np.linalg.matrix_transpose(x), T),
}  # fmt: skip
TRANSFORMS: dict[str, Row] = {
    **{name: both(lambda x, name=name: getattr(np.fft, name)(x), M) for name in ("fft", "ifft", "hfft", "irfft", "fft2", "ifft2", "irfft2", "fftn", "ifftn", "irfftn", "fftshift", "ifftshift")},
    **{name: at(lambda x, name=name: getattr(np.fft, name)(x), M) for name in ("rfft", "ihfft", "rfft2", "rfftn")},
}  # fmt: skip

#: what this version of NumPy does not have yet
MISSING = {
    name for name in ("cumulative_sum", "cumulative_prod", "unstack", "matvec", "vecmat") if not hasattr(np, name)
}
ROWS: dict[str, Row] = {
    **ELEMENTWISE, **REDUCTIONS, **CONTRACTIONS, **CALCULUS, **CHOICES, **SHAPES, **ORDER,
    **{f"linalg.{name}": row for name, row in LINEAR_ALGEBRA.items()}, **{f"fft.{name}": row for name, row in TRANSFORMS.items()},
}  # fmt: skip
ROWS = {name: row for name, row in ROWS.items() if name not in MISSING}

# ---------------------------------------------------------------------------------------------- at a point only

#: calls whose results have shapes that values decide, which derivatives at a point follow
STEERED: dict[str, Row] = {
    "trim_zeros": at(lambda x: np.trim_zeros(x * (x > 0.5) * (x < 1.8)), np.sort(X)), "unique": at(lambda x: np.unique(x, return_inverse=True)[0], X),
    "extract": at(lambda x: np.extract(x > 0, x * x), X), "compress": at(lambda x: np.compress(x[:, 0] > 0, x, axis=0), M), "mask": at(lambda x: x[x > 0] * x[0], X),
    "nonzero": at(lambda x: x[np.nonzero(x > 0)] ** 2, M), "where": at(lambda x: x[np.where(x > 0)] ** 2, X), "histogram": at(lambda x, w: np.histogram(x, 3, weights=w)[0], X, points(5)),
    "bincount": at(lambda x, w: np.bincount((x + 3).astype(int), w), X, points(5)), "real_if_close": at(lambda x: np.real_if_close(x + 0j), X),
    "repeat": at(lambda x: np.repeat(x, 1 + (x > 0).sum()), X),
}  # fmt: skip

# ---------------------------------------------------------------------------------------------- awkward arguments

EMPTY, LINE, CELL, ZERO_D = np.zeros((0, 3)), points(1, 4), points(1, 1), np.array(0.3)
EVEN = points(6)
FLIPS = np.array([[0.3, -0.2, 1.7], [0.9, 2.2, -1.1]])
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear",
    "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def _each(f: Callable[..., Any], *arguments: Any) -> list[Row]:
    """One call at several arrays."""
    return [both(f, a) for a in arguments]


AWKWARD: dict[str, list[Row]] = {
    "nansum": [*_each(np.nansum, ZERO_D, EMPTY, CELL), at(lambda x: np.nansum(x, axis=(0, 1), keepdims=True), M), at(lambda x: np.nansum(COUNTS) * x, X)],
    "nanmean": [*_each(np.nanmean, ZERO_D, CELL), _holed(np.nanmean), _holed(lambda x: np.nanmean(x, axis=0, keepdims=True))],
    "nanvar": [*_each(np.nanvar, M), _holed(lambda x: np.nanvar(x, ddof=1)), _holed(lambda x: np.nanvar(x, axis=0, keepdims=True))],
    "nanstd": [*_each(np.nanstd, M), _holed(lambda x: np.nanstd(x, ddof=1)), _holed(lambda x: np.nanstd(x, axis=1, keepdims=True))],
    "nanprod": [*_each(np.nanprod, ZERO_D, EMPTY, CELL), _holed(np.nanprod)],
    "nanmax": [at(np.nanmax, ZERO_D), at(np.nanmax, CELL), _holed(np.nanmax), _holed(lambda x: np.nanmin(x, axis=0, keepdims=True))],
    "nancumsum": [*_each(np.nancumsum, EMPTY, ZERO_D, M), *_each(lambda x: np.nancumprod(x, axis=0), EMPTY, M)],
    "median": [*_each(np.median, EVEN, ZERO_D, CELL), at(lambda x: np.median(x, axis=(0, 2), keepdims=True), T), at(np.median, np.array([1, 2, 4]) * NUMBER)],
    "nanmedian": [_holed(np.nanmedian), _holed(lambda x: np.nanmedian(x, axis=0, keepdims=True)), at(np.nanmedian, EVEN), at(np.nanmedian, ZERO_D)],
    "quantile": [
        *[at(lambda x, method=method: np.quantile(x, [0.1, 0.5, 0.77], axis=1, method=method), M) for method in METHODS],
        at(lambda x: np.quantile(x, [[0.0, 1.0]]), M), at(lambda x: np.quantile(x, 0.4, axis=(0, 1), keepdims=True), T),
        at(lambda q: np.quantile(M + 0 * q, q), np.float64(0.37)), at(np.quantile, X, np.array([0.2, 0.6])), at(lambda x: np.quantile(x, 1), X), at(lambda q: np.quantile(M, q, axis=1), np.array([0.37, 0.2])), at(lambda q: np.nanquantile(HOLES, q, axis=1), NUMBER),
        at(lambda x: np.percentile(x, 50), X), at(lambda x: np.percentile(x, 40.0, axis=-1, keepdims=True), LINE),
    ],
    "nanquantile": [
        *[_holed(lambda x, method=method: np.nanquantile(x, [0.1, 0.77], axis=1, method=method)) for method in METHODS],
        _holed(lambda x: np.nanquantile(x, 0.4)), _holed(lambda x: np.nanpercentile(x, 40, axis=(0, 1), keepdims=True)),
    ],
    "ptp": [at(lambda x: np.ptp(x, axis=(0, 1), keepdims=True), T), at(np.ptp, M)],
    "cumulative_sum": [*_each(lambda x: np.cumulative_sum(x), X, np.zeros(0)), *_each(lambda x: np.cumulative_prod(x, include_initial=True), X, np.zeros(0))],
    "average": [
        both(lambda x, w: np.average(x, weights=w), M, M + 5), both(lambda x, w: np.average(x, axis=(1, 2), weights=w.T), T, points(4, 3, low=0.3)),
        both(lambda x: np.average(x, axis=0, weights=[1, 2, 3], keepdims=True), M), at(lambda x: np.average(x, axis=0, returned=True)[0] * x, M),
        at(lambda w: np.average([1, 2, 5], weights=w, returned=True), points(3, low=0.3)),
    ],
    "cov": [
        *_each(np.cov, X, LINE), both(lambda x, y: np.cov(x, y), X, X[::-1] ** 2), both(lambda x: np.cov(x, rowvar=False, bias=True), M),
        both(lambda x: np.cov(x, ddof=0, fweights=[1, 2, 3, 1]), M), both(lambda x: np.cov(x, aweights=[0.5, 2, 3, 1]), M),
        both(lambda x: np.cov(x, fweights=[1, 2, 3, 1], aweights=[0.5, 2, 3, 1]), M),
    ],
    "corrcoef": [at(lambda x, y: np.corrcoef(x, y), X, X[::-1] ** 2), at(lambda x: np.corrcoef(x, rowvar=False), points(5, 3))],
    "cross": [
        both(np.cross, points(4, 3), points(3)), both(lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), points(3, 4), points(4, 3)),
        both(lambda a: np.cross(a, [1, 2, 3]), points(1, 3)), both(lambda a, b: np.cross(a, b, axis=0), points(3, 2), points(3, 2)),
    ],
    "vecdot": [both(lambda a, b: np.vecdot(a, b, axis=0), M, points(3, 4)), both(np.vecdot, T, V), both(np.vecdot, EMPTY, EMPTY + 1)],
    "matvec": [both(lambda a, b: np.matvec(a, b), T, V), both(lambda a, b: np.vecmat(a, b), points(2, 3), T)],
    "convolve": [
        *[both(lambda a, b, mode=mode: np.convolve(a, b, mode), a, b) for mode in ("full", "same", "valid") for a, b in ((X, V), (W, X), (X, points(2)))],
        *[both(lambda a, b, mode=mode: np.correlate(a, b, mode), a, b) for mode in ("full", "same", "valid") for a, b in ((X, V), (W, X), (points(2), X))],
        both(lambda a: np.convolve(a, [1, 2]), X), both(lambda a: np.convolve(a, 2.0), NUMBER * np.ones(1)),
    ],
    "interp": [
        at(lambda x: np.interp(x, KNOTS, HEIGHTS, left=-1.0, right=7.0), 2 * X), at(lambda x: np.interp(x, KNOTS, HEIGHTS, period=2.3), 3 * X),
        at(lambda x, xp, fp: np.interp(x, xp, fp), np.array([-1.9, 0.05, -0.9, 1.1, 1.9]), KNOTS, HEIGHTS), at(lambda x: np.interp(x, [0.5], [2.0]) * x, X),
        at(lambda x: np.interp(x, [0, 1, 2], [1, 5, 2]), ZERO_D), at(lambda fp: np.interp(X, KNOTS, fp * (1 + 2j)), HEIGHTS),
        at(lambda x: np.interp(x, KNOTS, HEIGHTS), np.zeros((0, 2))), at(lambda fp: np.interp(0.2, KNOTS, fp), HEIGHTS),
        at(lambda x, fp: np.interp(x, KNOTS, fp, period=3), M, HEIGHTS),
    ],
    "trapezoid": [
        *_each(np.trapezoid, X, M), both(lambda y: np.trapezoid(y, dx=0.5, axis=0), M), both(lambda y, x: np.trapezoid(y, x, axis=0), M, points(3, 4)),
        both(lambda x: np.trapezoid([1, 2, 3], x), points(3)), both(lambda y, x: np.trapezoid(y, x, axis=1), T, points(3)),
    ],
    "diff": [
        both(lambda x: np.diff(x, axis=0, prepend=0.0), M), both(lambda x, y: np.diff(x, append=y), M, points(3, 2)), both(lambda x: np.diff(x, n=0), M),
        *_each(np.diff, CELL, EMPTY), both(lambda x: np.diff([1, 4, 9], prepend=x, append=x), NUMBER), *_each(np.ediff1d, CELL, X),
    ],
    "gradient": [
        *[both(lambda x, e=e: np.gradient(x, axis=0, edge_order=e), M) for e in (1, 2)], both(lambda x: np.gradient(x, 0.5, 2, axis=(0, 1)), M),
        *[both(lambda x, e=e: np.gradient(x, [0.0, 1.5, 2.0, 4.0], axis=1, edge_order=e), M) for e in (1, 2)], both(lambda x: np.gradient(x, 2), X),
        *[at(lambda x, h, e=e: np.gradient(x, h, edge_order=e), X, np.sort(points(5))) for e in (1, 2)], at(lambda x, h: np.gradient(x, h), X, NUMBER),
    ],
    "unwrap": [at(lambda x: np.unwrap(9 * x, axis=0, period=4), M), at(lambda x: np.unwrap(9 * x, discont=4.0), M), at(np.unwrap, LINE)],
    "polyval": [both(np.polyval, V, M), both(lambda p: np.polyval(p, 2), V), both(lambda x: np.polyval([1, 2, 3], x), M), both(np.polyval, points(1), X), both(lambda x: np.polyval([], x) + x, X)],
    "polyfit": [at(lambda y: np.polyfit(X, y, 1, w=[1, 2, 3, 4, 5]), points(5)), at(lambda y: np.polyfit(X, y, 2), points(5, 2)), at(lambda y: np.polyfit([0, 1, 2], y, 1), points(3))],
    "polyadd": [both(np.polysub, V, X), both(lambda p: np.polyadd(p, [1, 2, 3, 4, 5, 6]), X), both(lambda p: np.polymul(p, [1, 2]), V)],
    "polyder": [*_each(np.polyder, V), *_each(np.polyint, V), both(lambda p: np.polyint(p, 1, 3.0), V), both(lambda p: np.polyder(p, 0), V)],
    "poly": [both(lambda x: np.poly(x), V), at(lambda x: np.poly(np.append(x, 3)), V)],
    "roots": [both(lambda p: np.sort(np.roots(p) + 0j), np.array([1.5, -2.0])), at(lambda p: np.roots(p), np.array([1.0, 0.3, 2.0]))],
    "vander": [*_each(np.vander, X), both(lambda x: np.vander(x, 3, increasing=True), X), both(lambda x: np.vander(x, 1) * x[0], V)],
    "select": [
        at(lambda x: np.select([x > 1, x > 0], [x * x, 1]), X), at(lambda x: np.select([MASK, ~MASK], [x, COUNTS]), X),
        at(lambda x: np.select([np.array([True]), MASK], [x, 2 * x], x[0]), X),
    ],
    "choose": [
        both(lambda x, y: np.choose([[0, 1, 1, 0]], [x, y]), M, V), both(lambda x: np.choose([3, -1, 0, 1, 5], [x, 2 * x], mode="wrap"), X),
        both(lambda x: np.choose(np.array([3, -1, 0, 1, 5]), [x, 2 * x], mode="clip"), X), both(lambda x: np.choose(0, [x, 2.0]), NUMBER), at(lambda x: np.choose((x > 0) * 1, [x, x * x, 2.0]), X),
    ],
    "piecewise": [
        at(lambda x: np.piecewise(x, [x < 0], [lambda v: v * v]), X), at(lambda x: np.piecewise(x, [x < 0, x >= 1], [lambda v, c: v * c, lambda v, c: v + c], 3.0), X),
        at(lambda x: np.piecewise(x, x > 0, [lambda v: v * v, -1]), X), at(lambda x: np.piecewise(x, [x > 0, M > 1], [np.sin, np.cos, 2]), M), at(lambda x: np.piecewise(x, [x > 0], [np.log, np.exp]), X),
        at(lambda x: np.piecewise(x, [x > 0, x > 1], [lambda v: v * v, lambda v: v * 3]), X), at(lambda x: np.piecewise(x, x > 0, [np.exp, 0.5]), ZERO_D),
    ],
    "rollaxis": [both(lambda x, a=a, s=s: np.rollaxis(x, a, s), T) for a, s in ((0, 3), (1, 0), (2, -1), (-1, 1))],
    "joins": [
        both(lambda x, y: np.dstack([x, y]), M, M + 1), both(lambda x: np.dstack([x, 1.0]), NUMBER), both(lambda x: np.block([x, np.array([1, 2])]), X),
        both(lambda x, y: np.block([[[x, x]], [[y, y]]]), T, T + 1), both(lambda x: np.block(x), M), both(lambda x: np.block([[1.0, x], [x, 2.0]]), NUMBER),
        both(lambda x: np.vstack([x, [1, 2, 3, 4]]), V), both(lambda x: np.hstack([x, 1, [2.0, 3.0]]), NUMBER), both(lambda x: np.hstack([M, x]), LINE.T[:3]),
        both(lambda x: np.column_stack([x, [1, 2, 3], np.ones((3, 2))]), points(3)), both(lambda x: np.concatenate([x, EMPTY]), points(2, 3)),
        both(lambda x: np.append(x, [[1, 2, 3, 4]], axis=0), M), both(lambda x: np.append([1, 2], x), NUMBER), both(lambda x: np.concatenate([x, [1, 2]], axis=None), M),
        both(lambda x: np.stack([x, 1.0], axis=-1), NUMBER), both(lambda x: np.append(x, M, axis=-1), M),
    ],
    "insert": [
        both(lambda x, v: np.insert(x, 1, v), X, V), both(lambda x: np.insert(x, [1, 3], [7, 8]), X), both(lambda x, v: np.insert(x, [0, 2], v, axis=1), M, points(3, 2)),
        both(lambda x: np.insert(x, slice(0, 3), 1), X), both(lambda x: np.insert(x, -1, 5.0, axis=1), M), both(lambda x: np.insert(x, [1], [[1], [2], [3]], axis=1), M),
        at(lambda v: np.insert(np.arange(4.0), [1, 1, 3], v), points(3)), both(lambda x: np.insert(x, 1, np.ones((2, 3)), axis=1), M), both(lambda x: np.insert(x, [], []), X),
        at(lambda v: np.insert([1.0, 2.0], 1, v), NUMBER),
    ],
    "delete": [
        both(lambda x: np.delete(x, 2), M), both(lambda x: np.delete(x, slice(0, 4, 2), axis=1), M), both(lambda x: np.delete(x, -1, axis=0), M),
        both(lambda x: np.delete(x, MASK), X), both(lambda x: np.delete(x, []), X),
    ],
    "new arrays": [
        both(lambda x: np.array([[x[0], 1], [2.0, x[1]]], like=x), X), both(lambda x: np.array([x, x], ndmin=3, like=x), X), both(lambda x: np.asarray([x, [1, 2, 3, 4]], like=x), V),
        both(lambda x: np.zeros(5, like=x) + np.ones(5, like=x) * np.arange(5, like=x) * x, X), both(lambda x: np.full(3, x[0], like=x), X),
        both(lambda x: np.full_like(x, x[:1], shape=(2, 3)), X), both(lambda x: np.ones_like(x) * x, M), both(np.copy, ZERO_D),
    ],
    "linspace": [
        both(lambda x, y: np.linspace(x, y, 3, axis=1), V, W), both(lambda x, y: np.linspace(x, y, 4, endpoint=False), V, NUMBER), both(lambda x: np.linspace(0, x, 3, retstep=True), NUMBER),
        both(lambda x: np.linspace(x, 2, 1), NUMBER), both(lambda x: np.linspace(x, [1, 2], 0), NUMBER), both(lambda x: np.logspace(x, 2, 3, base=2, endpoint=False), NUMBER),
        at(lambda x, y: np.geomspace(x, y, 3, axis=-1), -W, -W[::-1]), both(lambda x: np.geomspace(x, 5, 3, endpoint=False), W), at(lambda b: np.logspace(0, 2, 3, base=b), NUMBER),
    ],
    "meshgrid": [
        both(lambda x, y: np.meshgrid(x, y, sparse=True), X, V), both(lambda x, y: np.meshgrid(x, y, indexing="ij"), X, V), both(lambda x: np.meshgrid(x), X),
        both(lambda x, y: np.meshgrid(x, [1, 2], y), X, V), both(lambda x: np.meshgrid(x, 2.0), NUMBER),
    ],
    "splits": [
        both(lambda x: np.hsplit(x, [1, 3]), X), both(lambda x: np.vsplit(x, [1]), T), both(lambda x: np.dsplit(x, [1, 1, 3]), T), both(lambda x: np.unstack(x), M),
        both(lambda x: np.array_split(x, 3, axis=1), M), both(lambda x: np.split(x, [2, 9]), X),
    ],
    "turns": [
        *[both(lambda x, k=k: np.rot90(x, k), M) for k in (0, 1, 2, -1)], both(lambda x: np.rot90(x, axes=(1, 2)), T), both(lambda x: np.fliplr(x), EMPTY),
        both(lambda x: np.flipud(x), X), both(lambda x: np.roll(x, (1, 2), (0, 1)), M), both(lambda x: np.moveaxis(x, [0, 1], [-1, -2]), T), both(lambda x: x.swapaxes(0, -1), T),
    ],
    "resize": [both(lambda x: np.resize(x, 7), X), both(lambda x: np.resize(x, (2, 2)), M), both(lambda x: np.resize(x, (0, 2)), M) , both(lambda x: np.resize(x, (2, 3)), ZERO_D)],
    "pad": [
        both(lambda x: np.pad(x, 2, mode="symmetric"), M), both(lambda x: np.pad(x, ((1, 0), (0, 2))), M), both(lambda x: np.pad(x, (3, 0), mode="wrap"), X),
        both(lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4))), M), both(lambda x: np.pad(x, 0), ZERO_D), both(lambda x: np.pad(x, 1), EMPTY),
    ],
    "pad by what is there": [
        *[both(lambda x, mode=mode: np.pad(x, ((1, 2), (0, 3)), mode=mode), M) for mode in ("mean", "linear_ramp")],
        *[at(lambda x, mode=mode: np.pad(x, 2, mode, stat_length=((2, 3), (1, 2))), M) for mode in ("maximum", "minimum", "median", "mean")],
        both(lambda x: np.pad(x, (2, 1), mode="linear_ramp", end_values=(5, -4)), X), at(lambda x, c: np.pad(x, 1, constant_values=c), M, NUMBER),
        at(lambda x: np.pad(x, (1, 2), constant_values=(x[0], 3.0)), X), at(lambda x: np.pad(x, 1, mode="maximum"), LINE),
    ],
    "lists of traced values": [
        both(lambda x: x * [x[0], 1.0, x[1], x[2], 2], X), both(lambda x: np.dot(x, [x[0], 1, 2, 3, x[1]]), X), both(lambda x: np.add([x[1], 2.0], x[:2]), X),
        both(lambda x: np.matmul([[x[0], 1.0, x[1], x[2]]], x[:4]), X), at(lambda x: np.where(x > 0, [x[0], 1, 2, 3, 4], (0, 1, 2, x[1], 3)), X),
    ],
    "windows": [
        both(lambda x: np.lib.stride_tricks.sliding_window_view(x, 3), X), both(lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), M),
        both(lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1), T), both(lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(-1, 0)), M),
        both(lambda x: np.apply_over_axes(np.sum, x, [0, 2]), T), both(lambda a, b: np.einsum(a, [0, 1], b, [1]), M, V), both(lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), S, M),
        both(lambda a: np.einsum(a, [..., 0], [0, ...]), T),
    ],
    "reductions of a part": [
        both(lambda x: np.sum(x, axis=1, where=M > 0, initial=2.0), M), both(lambda x: np.prod(x, where=M > 0), M), both(lambda x: np.mean(x, axis=0, where=T[0, :3] > -1.5, keepdims=True), M),
        at(lambda x: np.max(x, initial=0.5), X), at(lambda x: np.min(x, axis=1, where=M < 1, initial=9.0), M), at(lambda x: x.max(where=x < 1, initial=-9.0) * np.sum(x, where=x > 0), X),
        at(lambda x: np.any(x > 1, where=MASK) * x, X), at(lambda x: np.sum(x, initial=3), EMPTY),
    ],
    "diagonals": [
        *[both(lambda x, k=k: np.diagflat(x, k), V) for k in (-1, 0)], both(lambda x: np.diag(x, -1), M), both(lambda x: np.diagonal(x, axis1=-1, axis2=0), T), both(np.diagflat, ZERO_D),
        both(lambda x: np.tril(x, -1), T), both(np.triu, EMPTY),
    ],
    "sort": [
        both(lambda x: np.sort(x, axis=None), M), both(lambda x: np.sort(x, axis=1, kind="stable"), T), *_each(np.sort, EMPTY, LINE), both(lambda x: np.sort(x)[::-1], X),
        at(lambda x: np.partition(x, [1, 3], axis=0), points(5, 2)), at(lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1), M), at(lambda x: x[np.argsort(x)], X),
        at(lambda x: np.take(x, np.argpartition(x, 2)), X), at(lambda x: x[x.argsort()[::-1]] * x, X), at(lambda x: np.sort_complex(x + 1j * x**2), X),
        at(lambda x: np.searchsorted([-1, 0, 1], x) * x + np.digitize(x, [1, 0, -1]) * x + np.digitize(x, [-1, 0.5], right=True), X),
    ],
    "take": [
        both(lambda x: np.take(x, 1), M), both(lambda x: np.take(x, [[0, -1]], axis=1, mode="wrap"), M), both(lambda x: np.compress([False, True], x), M), both(lambda x: x.compress([0, 1, 1], axis=1), M),
        both(lambda x: np.extract(M > 0, x), M), both(lambda x: x.take([5, 7], mode="clip"), X), both(lambda x: np.take(x, np.zeros((0, 2), int)), X),
        both(lambda x: np.compress([False] * 5, x), X),
    ],
    "getitem": [
        both(lambda x, key=key: x[key], M)
        for key in (-1, (slice(None), -1), (1, 2), ..., (..., 1), (None, 0, ..., None), ([0, 2], [1, 1]), (slice(None), [0, 0]), M > 0, (slice(2, None, -1), [True, False, True, True]), (np.ix_([0, 2], [1, 3])), slice(5, 9), ())
    ],
    "apply_along_axis": [
        both(lambda x: np.apply_along_axis(np.sum, 0, x), M), both(lambda x: np.apply_along_axis(np.diag, 1, x), M), both(lambda x: np.apply_along_axis(lambda v: np.outer(v, v), 1, x), T),
        both(lambda x: np.apply_along_axis(lambda v, c, d=1: c * v[:2] * d, -1, x, 2, d=3), T),
    ],
    "histogram": [
        at(lambda w: np.histogram(X, [-1.0, 0.0, 0.7, 2.0], weights=w, density=True)[0], POSITIVE), at(lambda w: np.histogram(X, 2, (-1, 1), weights=w)[0], points(5)),
        at(lambda x, w: np.histogram(x, 2, (-1, 1), weights=w)[0], X, points(5)), at(lambda x: np.histogram(x, [-1, 0, 2])[0] * x[:2], X),
        at(lambda w: np.bincount(COUNTS, w), X), at(lambda w: np.bincount(COUNTS, weights=w, minlength=9), X), at(lambda w: np.bincount(np.zeros(0, int), w), np.zeros(0)),
    ],
    "ufunc methods": [
        both(lambda x: np.multiply.reduce(x, axis=1, keepdims=True), M), both(lambda x: np.add.reduce(x, axis=(0, 1)), M), at(lambda x: np.maximum.reduce(x, axis=None), M), both(lambda x: np.add.accumulate(x, axis=1), M),
        both(lambda x: np.multiply.accumulate(x), X), at(lambda x: np.maximum.accumulate(x), X), at(lambda x: np.logaddexp.reduce(x), X), at(lambda x: np.minimum.accumulate(x, axis=1), M),
        both(lambda x: np.subtract.reduce(x), M), at(lambda x: np.hypot.reduce(x, axis=1), M), both(lambda x: np.subtract.outer(x, [1, 2]), X), both(lambda x: np.power.outer([1.0, 2.0], x), X),
        at(lambda x: np.fmax.reduce(x, axis=1, keepdims=True), M), both(lambda x: np.divide.accumulate(x, axis=0), M),
    ],
    "parts": [
        at(lambda x: np.modf(x)[1] * x + np.modf(2 * x)[0], M), at(lambda x: np.divmod(x, 0.7)[1], M), at(lambda x: divmod(x, 2)[0] * x, M), at(lambda x: np.frexp(5 * x)[0], np.array([0.3, -0.7, 1.4])),
        both(lambda x: np.nan_to_num(np.where([True, False, True, False], x, np.nan)), V), both(lambda x: np.real_if_close(np.real(x)), M), at(lambda x: np.isclose(x, 1.0) * x, X),
    ],
}  # fmt: skip
_USES = {"cumulative_sum": {"cumulative_sum", "cumulative_prod"}, "matvec": {"matvec", "vecmat"}, "splits": {"unstack"}}
AWKWARD = {name: rows for name, rows in AWKWARD.items() if not _USES.get(name, set()) & MISSING}
