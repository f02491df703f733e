"""Eigenvalues, singular values and their vectors, and the polar factor, for stacks of matrices too.

Conventions. ``eigh`` takes the symmetric (Hermitian) part of its argument; ``eig`` is always complex. Eigenvectors are
moved apart by the inverse of the gap between their values: where two values are equal, or not further apart than
rounding, their vectors are any basis, and that term is 0, so that what depends on the values alone is right there and
nothing is NaN. Vectors keep the phases that LAPACK gives them in ``eig`` (length 1, the largest component real); in
``eigh`` and ``svd`` phases do not move (those of ``svd`` move ``u``). The null vectors of a full ``svd`` follow the
others and do not turn among themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import each
from essence_ad.diagram import Op
from essence_ad.kernel import adjoint_of, kernel, polar, turned
from essence_ad.operation import LinearOp, linear_op
from essence_ad.primitives.primitive import Partials, Primitive, on
from essence_ad.spaces import Array, space_of

# ---------------------------------------------------------------------------------------------- gaps


def _rounding(values: Any) -> float:
    """The relative size of the rounding errors of values that a decomposition finds."""
    return float(4 * np.shape(values)[-1] * np.finfo(np.result_type(values)).eps)


def _inverse(x: Any, size: Any, rounding: float) -> Any:
    """``1 / x``, and 0 where ``x`` is rounding error beside the size of the numbers that it came from."""
    none = np.abs(x) <= size * rounding
    return np.where(none, 0, np.divide(1, np.where(none, 1, x)))


def _gaps(values: Any) -> Any:
    """``1 / (values[j] - values[i])``; 0 where the two are equal."""
    gap = values[..., None, :] - values[..., :, None]
    if not np.shape(values)[-1]:
        return gap
    size = np.max(np.abs(values), axis=-1, keepdims=True)
    return _inverse(gap, size[..., None], _rounding(values))


def _inverses(values: Any) -> Any:
    """``1 / values``; 0 for those that are rounding errors beside the largest."""
    if not np.shape(values)[-1]:
        return values
    return _inverse(values, np.max(np.abs(values), axis=-1, keepdims=True), _rounding(values))


def _diagonal(values: Any) -> Any:
    """Diagonal matrices."""
    return values[..., None] * np.eye(np.shape(values)[-1], dtype=_real(np.result_type(values)))


def _on_diagonal(matrix: Any) -> Any:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _real(dtype: Any) -> Any:
    return np.zeros(0, dtype).real.dtype


def _complex(dtype: Any) -> Any:
    return np.result_type(dtype if dtype.kind in "fc" else np.float64, np.complex64)


def _floating(space: Array) -> Any:
    return space.dtype if space.dtype.kind in "fc" else np.dtype(np.float64)


def _square(space: Array) -> Array:
    if len(space.shape) < 2 or space.shape[-1] != space.shape[-2]:
        raise ValueError("the last two dimensions must be square")
    return space


def _joint(name: str, push: Any, pull: Any, x: Any, outputs: Sequence[Any]) -> Op:
    return LinearOp(name, push, pull, (space_of(x),), tuple([space_of(y) for y in outputs]))


# ---------------------------------------------------------------------------------------------- eigenvalues


@kernel
def eigh(a: Any) -> Any:
    """The eigenvalues, in ascending order, and eigenvectors of the symmetric (Hermitian) part of matrices.

    >>> eigh(np.array([[2.0, 0.0], [0.0, 1.0]]))[0]
    array([1., 2.])
    """
    a = np.asarray(a)
    return tuple(np.linalg.eigh((a + adjoint_of(a)) / 2))


def _eigh_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (a,) = inputs
    values, vectors = output
    gaps = _gaps(values)

    def push(v: Any) -> Any:
        turn = adjoint_of(vectors) @ ((v + adjoint_of(v)) / 2) @ vectors
        return np.real(_on_diagonal(turn)), vectors @ (gaps * turn)

    def pull(w: Any, v: Any) -> Any:
        middle = _diagonal(w) + gaps * (turned(vectors) @ v)
        back = np.conjugate(vectors) @ middle @ turned(vectors)
        return (back + adjoint_of(back)) / 2

    return _joint("eigh", push, pull, a, output)


def _eigh_shape(a: Array) -> tuple[Array, Array]:
    shape, dtype = _square(a).shape, _floating(a)
    return Array(shape[:-1], _real(dtype)), Array(shape, dtype)


@kernel
def eig(a: Any) -> Any:
    """The eigenvalues and eigenvectors of square matrices, always complex: what NumPy gives where they are not real.

    >>> eig(np.array([[2.0, 0.0], [0.0, 1.0]]))[0]
    array([2.+0.j, 1.+0.j])
    """
    values, vectors = np.linalg.eig(a)
    dtype = _complex(np.asarray(a).dtype)
    return values.astype(dtype), vectors.astype(dtype)


def _eig_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (a,) = inputs
    values, vectors = output
    gaps, inverse = _gaps(values), np.linalg.inv(vectors)
    across = turned(inverse)
    n = np.shape(a)[-1]
    first = np.argmax(np.abs(vectors), axis=-2) if n else np.zeros(np.shape(values), int)
    largest = np.equal(first[..., None, :], np.arange(n)[:, None])
    phase = np.where(largest, np.divide(1, np.where(largest, vectors, 1)), 0)

    def push(v: Any) -> Any:
        turn = inverse @ v @ vectors
        moved = vectors @ (gaps * turn)
        longer = np.real(np.sum(np.conjugate(vectors) * moved, axis=-2, keepdims=True))
        ahead = np.imag(np.sum(phase * moved, axis=-2, keepdims=True))
        return _on_diagonal(turn), moved - vectors * (longer + 1j * ahead)

    def pull(w: Any, v: Any) -> Any:
        along = np.sum(v * vectors, axis=-2, keepdims=True)
        free = v - np.conjugate(vectors) * np.real(along) - phase * (1j * np.imag(along))
        return across @ (_diagonal(w) + gaps * (turned(vectors) @ free)) @ turned(vectors)

    source = space_of(a)
    assert isinstance(source, Array)

    def pulled(w: Any, v: Any) -> Any:
        back = pull(w, v)
        return back if source.dtype.kind == "c" else np.real(back)

    return _joint("eig", push, pulled, a, output)


def _eig_shape(a: Array) -> tuple[Array, Array]:
    shape, dtype = _square(a).shape, _complex(a.dtype)
    return Array(shape[:-1], dtype), Array(shape, dtype)


# ---------------------------------------------------------------------------------------------- singular values


@kernel
def svd(a: Any, *, full_matrices: bool = True) -> Any:
    """``np.linalg.svd``: left vectors, singular values in descending order, and conjugated right vectors.

    >>> svd(np.array([[0.0, 2.0]]), full_matrices=False)[1]
    array([2.])
    """
    return tuple(np.linalg.svd(a, full_matrices=full_matrices))


def _svd_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, full_matrices: bool) -> Any:
    (a,) = inputs
    left, s, right = output
    k = np.shape(s)[-1]
    u, u_null, v, v_null = left[..., :, :k], left[..., :, k:], right[..., :k, :], right[..., k:, :]
    push, pull = _thin(u, s, v)

    def push_all(x: Any) -> Any:
        du, ds, dv = push(x)
        if full_matrices:
            du = np.concatenate([du, -(u @ adjoint_of(du) @ u_null)], axis=-1)
            dv = np.concatenate([dv, -(v_null @ adjoint_of(dv) @ v)], axis=-2)
        return du, ds, dv

    def pull_all(du: Any, ds: Any, dv: Any) -> Any:
        if full_matrices:
            du, du_null, dv, dv_null = du[..., :, :k], du[..., :, k:], dv[..., :k, :], dv[..., k:, :]
            du = du - np.conjugate(u_null) @ adjoint_of(du_null) @ np.conjugate(u)
            dv = dv - np.conjugate(v) @ adjoint_of(dv_null) @ np.conjugate(v_null)
        return pull(du, ds, dv)

    return _joint("svd", push_all, pull_all, a, output)


def _thin(u: Any, s: Any, v: Any) -> tuple[Any, Any]:
    """The derivative of ``u @ diag(s) @ v`` into its factors, and its adjoint."""
    inverse, row, column = _inverses(s), s[..., None, :], s[..., :, None]
    gaps = _gaps(s) * _inverse_sums(s)  # 1 / (s_j^2 - s_i^2)
    ut, vt, uc, vc, uh, vh = turned(u), turned(v), np.conjugate(u), np.conjugate(v), adjoint_of(u), adjoint_of(v)
    real = np.result_type(u).kind != "c"

    def push(x: Any) -> Any:
        xv, ux = x @ vh, uh @ x
        turn = ux @ vh
        back = adjoint_of(turn)
        du = u @ (gaps * (turn * row + column * back)) + (xv - u @ turn) * inverse[..., None, :]
        dv = inverse[..., :, None] * (ux - turn @ v) - (gaps * (column * turn + back * row)) @ v
        if not real:
            du = du + u * (1j * np.imag(_on_diagonal(turn)) * inverse)[..., None, :]
        return du, np.real(_on_diagonal(turn)), dv

    def pull(du: Any, ds: Any, dv: Any) -> Any:
        m, n = ut @ du, dv @ vt
        left, right = gaps * m, gaps * n
        middle = _diagonal(ds) + (left + adjoint_of(left)) * row - column * (right + adjoint_of(right))
        if not real:
            middle = middle + _diagonal(1j * np.imag(_on_diagonal(m)) * inverse)
        free_u = (du - uc @ m) * inverse[..., None, :]
        free_v = inverse[..., :, None] * (dv - n @ vc)
        return uc @ (middle @ vc + free_v) + free_u @ vc

    return push, pull


def _inverse_sums(s: Any) -> Any:
    """``1 / (s[i] + s[j])``; 0 where both are 0."""
    total = s[..., None, :] + s[..., :, None]
    return _inverse(total, np.max(s, axis=-1, keepdims=True)[..., None], _rounding(s)) if np.shape(s)[-1] else total


def _svd_shape(a: Array, *, full_matrices: bool) -> tuple[Array, Array, Array]:
    if len(a.shape) < 2:
        raise ValueError("a matrix has two dimensions")
    *batch, m, n = a.shape
    k, dtype = min(m, n), _floating(a)
    rows, columns = (m, n) if full_matrices else (k, k)
    return Array((*batch, m, rows), dtype), Array((*batch, k), _real(dtype)), Array((*batch, columns, n), dtype)


def _polar_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (a,) = inputs
    u, s, v = svd(a, full_matrices=False)
    inverse, sums, uh, vh = _inverses(s), _inverse_sums(s), adjoint_of(u), adjoint_of(v)

    def push(x: Any) -> Any:
        xv, ux = x @ vh, uh @ x
        turn = ux @ vh
        inside = u @ (sums * (turn - adjoint_of(turn))) @ v
        return inside + ((xv - u @ turn) * inverse[..., None, :]) @ v + u @ (inverse[..., :, None] * (ux - turn @ v))

    return (linear_op("polar", push, lambda w: np.conjugate(push(np.conjugate(w))), a, output),)


def _polar_shape(a: Array) -> Array:
    if len(a.shape) < 2:
        raise ValueError("a matrix has two dimensions")
    return Array(a.shape, _floating(a))


# ---------------------------------------------------------------------------------------------- the primitives

MATRIX = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])
STACK = np.stack([MATRIX + 0.3 * MATRIX.T, MATRIX - 0.2 * MATRIX[::-1]])
TURNING = np.array([[0.3, 1.5, 0.2], [-1.1, 0.6, 0.4], [0.5, -0.7, 2.0]])  # with two eigenvalues that are not real
MATRICES = (on(MATRIX), on(STACK), on(np.array([[1.5]])), on(MATRIX[:2, :2]), on(np.zeros((0, 2, 2))))
SPREAD = np.stack([MATRIX, MATRIX @ MATRIX])  # no vector changes its sign near these
OBLONG = (on(MATRIX), on(SPREAD), on(STACK[:, :2]), on(STACK[:, :, :2]), on(np.array([[1.5]])), on(np.zeros((0, 3, 2))))
THIN = tuple([on(*e.inputs, full_matrices=False) for e in OBLONG])

eigh_primitive = Primitive(
    "eigh", eigh, Partials(_eigh_facts), outputs=2, shape=_eigh_shape, examples=MATRICES, batched=each
)  # complex vectors have free phases: its own test
eig_primitive = Primitive(
    "eig", eig, Partials(_eig_facts), outputs=2, shape=_eig_shape, complex=True, examples=(*MATRICES, on(TURNING)), batched=each,
)  # fmt: skip
svd_primitive = Primitive(
    "svd", svd, Partials(_svd_facts), options={"full_matrices": True}, outputs=3, shape=_svd_shape, examples=(*THIN, on(MATRIX)), batched=each,
)  # fmt: skip
polar_primitive = Primitive(
    "polar", polar, Partials(_polar_facts), shape=_polar_shape, complex=True, examples=OBLONG, batched=each
)
