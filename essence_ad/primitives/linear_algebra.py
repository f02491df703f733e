"""Linear algebra: solving, inverses, determinants, the Cholesky and QR factors, least squares, for stacks of matrices too.

Shape rules are given: a stack of ones is singular. Conventions: ``cholesky`` takes the symmetric (Hermitian) part of its
argument, so that its derivative is defined in every direction; ``qr`` needs columns that are independent; ``pinv`` and
``least_squares`` are differentiated where the rank stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import deepened, each, shape_of
from essence_ad.diagram import Chain, Op
from essence_ad.kernel import adjoint_of, kernel, turned
from essence_ad.operation import LinearOp, Scale, embed, example, is_discrete, linear_op, sum_to
from essence_ad.primitives.primitive import Partials, Primitive, on
from essence_ad.spaces import Array, space_of

SINGULAR = (
    1e-6  #: the ratio of singular values from which on a matrix is not inverted for the derivative of its cofactors
)


def _square(space: Array) -> Array:
    if len(space.shape) < 2 or space.shape[-1] != space.shape[-2]:
        raise ValueError("the last two dimensions must be square")
    return space


def _endomap(name: str, function: Any, adjoint: Any, space: Any) -> Op:
    return LinearOp(name, function, adjoint, (space,), (space,))


def _floating(dtype: Any) -> Any:
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


# ---------------------------------------------------------------------------------------------- solving


def _solve_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    a, b = inputs
    vector, space = len(np.shape(b)) == 1, space_of(output)
    across = turned(a)

    def solving(matrix: Any, v: Any) -> Any:
        return np.linalg.solve(matrix, np.expand_dims(v, axis=-1))[..., 0] if vector else np.linalg.solve(matrix, v)

    solve = _endomap("solve", lambda v: solving(a, v), lambda v: solving(across, v), space)

    def times_minus_output(v: Any) -> Any:
        return -np.matmul(v, np.expand_dims(output, axis=-1))[..., 0] if vector else -np.matmul(v, output)

    def times_minus_output_adjoint(v: Any) -> Any:
        if vector:
            return sum_to(-np.expand_dims(v, axis=-1) * np.expand_dims(output, axis=-2), np.shape(a))
        return sum_to(-np.matmul(v, turned(output)), np.shape(a))

    first = linear_op("matmul", times_minus_output, times_minus_output_adjoint, a, output)
    return None if is_discrete(a) else Chain(first, solve), None if is_discrete(b) else embed(b, output, solve)


def _solve_shape(a: Array, b: Array) -> Array:
    _square(a)
    vector = len(b.shape) == 1
    rows = b.shape[0] if vector else b.shape[-2] if b.shape else -1
    if rows != a.shape[-1]:
        raise ValueError(f"a matrix with {a.shape[-1]} rows and a right-hand side with {rows}")
    batch = np.broadcast_shapes(a.shape[:-2], () if vector else b.shape[:-2])
    return Array((*batch, rows, *(() if vector else b.shape[-1:])), _floating(np.result_type(a.dtype, b.dtype)))


def _solve_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """One factorisation where the matrix is the same for all."""
    a, b = inputs
    ranks = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
    if ranks[1] == 1:
        if not lifted[0] and ranks[0] == 2:
            return turned(np.linalg.solve(a, turned(b)))
        return _solve_batched(function, n, lifted, (a, np.expand_dims(b, axis=-1)), options)[..., 0]
    if not lifted[0] and ranks == [2, 2]:
        rows, columns = shape_of(b)[1:]
        right = np.reshape(np.transpose(b, (1, 0, 2)), (rows, n * columns))
        return np.transpose(np.reshape(np.linalg.solve(a, right), (rows, n, columns)), (1, 0, 2))
    rank = max(ranks)
    a, b = [deepened(x, rank) if has else x for has, x in zip(lifted, inputs, strict=True)]
    return np.linalg.solve(a, b)


def _inv_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    across = turned(output)
    return (linear_op("inv", lambda v: -(output @ v @ output), lambda v: -(across @ v @ across), inputs[0], output),)


# ---------------------------------------------------------------------------------------------- determinants


@kernel
def cofactor(a: Any) -> Any:
    """The matrix of cofactors, which is the slope of ``det``, right for singular matrices too.

    >>> cofactor(np.array([[1.0, 2.0], [2.0, 4.0]])).round(12)
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    u, s, vh = np.linalg.svd(np.asarray(a))
    n = s.shape[-1]
    grid = np.where(np.eye(n, dtype=bool), 1, s[..., None, :])
    others = np.prod(grid, axis=-1)  # the product of all singular values but one
    phase = np.conjugate(np.linalg.det(u) * np.linalg.det(vh))
    return np.conjugate((np.asarray(phase)[..., None, None] * u * others[..., None, :]) @ vh).astype(u.dtype)


def _det_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (a,) = inputs
    return (Chain(Scale(cofactor(a)), _total(a, output)),)


def _total(a: Any, y: Any) -> Op:
    """The sum of the elements of each matrix."""
    shape = np.shape(a)
    return linear_op(
        "sum",
        lambda v: np.sum(v, axis=(-2, -1)),
        lambda v: np.broadcast_to(np.expand_dims(v, axis=(-2, -1)), shape),
        a,
        y,
    )


def _cofactor_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    """Through the inverse; of a matrix that is nearly singular, through its singular values, of which two may be left out."""
    (a,) = inputs
    n = np.shape(a)[-1]
    u, s, vh = np.linalg.svd(a)
    singular = (s[..., -1:] <= SINGULAR * s[..., :1])[..., None] if n else False
    det = np.where(singular, 1, np.expand_dims(np.linalg.det(a), axis=(-2, -1)))
    sign = np.expand_dims(np.linalg.det(u) * np.linalg.det(vh), axis=(-2, -1))
    left, right, others = np.conjugate(u), np.conjugate(vh), _all_but_two(s)

    def push(v: Any) -> Any:
        along = np.sum(output * v, axis=(-2, -1), keepdims=True)
        by_inverse = (output * along - output @ turned(v) @ output) / det
        seen = turned(left) @ v @ turned(right)
        line = others @ np.diagonal(seen, axis1=-2, axis2=-1)[..., None]
        middle = line * np.eye(n, dtype=s.dtype) - others * turned(seen)
        return np.where(singular, _once(sign * (left @ middle @ right)), by_inverse)

    return (linear_op("cofactor", push, push, a, output),)


def _all_but_two(s: Any) -> Any:
    """For each pair of different numbers the product of all the others."""
    none = np.equal(s, 0)
    some, zeros = np.where(none, 1, s), np.where(none, 1, 0)
    left_out = zeros[..., :, None] + zeros[..., None, :]
    product = np.prod(some, axis=-1, keepdims=True)[..., None] / (some[..., :, None] * some[..., None, :])
    different = 1 - np.eye(np.shape(s)[-1], dtype=np.result_type(s))
    return np.where(np.equal(np.sum(zeros, axis=-1, keepdims=True)[..., None], left_out), product, 0) * different


def _once(x: Any) -> Any:
    """The value itself, with a derivative that is NaN: that of singular vectors would leave out those of equal values."""
    return x + 0 * np.sqrt(0 * x)


def _slogdet_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (a,) = inputs
    sign, size = output
    space, slope = space_of(a), turned(np.linalg.inv(a))
    assert isinstance(space, Array)
    complex_ = space.dtype.kind == "c"

    def push(v: Any) -> Any:
        along = np.sum(slope * v, axis=(-2, -1))
        return (1j * sign * np.imag(along), np.real(along)) if complex_ else (sign * 0, along)

    def pull(v: Any, w: Any) -> Any:
        back = w - 1j * np.real(1j * sign * v) if complex_ else w
        return slope * np.expand_dims(back, axis=(-2, -1))

    return LinearOp("slogdet", push, pull, (space,), (space_of(sign), space_of(size)))


def _slogdet_shape(space: Array) -> tuple[Array, Array]:
    batch, dtype = _square(space).shape[:-2], _floating(space.dtype)
    return Array(batch, dtype), Array(batch, np.zeros(0, dtype).real.dtype)


# ---------------------------------------------------------------------------------------------- Cholesky


@kernel
def cholesky(a: Any) -> Any:
    """The lower triangular factor of the symmetric (Hermitian) part of positive definite matrices.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    a = np.asarray(a)
    return np.linalg.cholesky((a + adjoint_of(a)) / 2)


def _cholesky_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    """``L phi(L^-1 S L^-H)``, where ``S`` is the symmetric part and ``phi`` takes the lower half, half the diagonal."""
    (a,) = inputs
    n = np.shape(a)[-1]
    half = np.tril(np.ones((n, n))) - np.eye(n) / 2
    half = half.astype(np.zeros(0, np.result_type(output)).real.dtype)
    inverse = np.linalg.inv(output)
    right, across, right_across = adjoint_of(inverse), turned(inverse), np.conjugate(inverse)

    def push(v: Any) -> Any:
        return output @ (half * (inverse @ ((v + adjoint_of(v)) / 2) @ right))

    def pull(v: Any) -> Any:
        back = across @ (half * (turned(output) @ v)) @ right_across
        return (back + adjoint_of(back)) / 2

    return (linear_op("cholesky", push, pull, a, output),)


# ---------------------------------------------------------------------------------------------- orthogonal factors


@kernel
def qr(a: Any) -> Any:
    """The factors of ``a = q @ r``: orthonormal columns, and an upper triangle with a real diagonal.

    >>> qr(np.array([[3.0], [4.0]]))[1].round(12)
    array([[-5.]])
    """
    return tuple(np.linalg.qr(a))


def _qr_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    """How the basis turns is read below the diagonal of ``q^H dA r^-1``, for the triangle stays one."""
    (a,) = inputs
    q, r = output
    k = np.shape(q)[-1]
    square = r[..., :, :k]
    rest, inverse = r[..., :, k:], np.linalg.inv(square)
    below = np.tril(np.ones((k, k)), -1).astype(np.zeros(0, np.result_type(q)).real.dtype)
    middle = np.eye(k, dtype=below.dtype)
    qh, qc, qt = adjoint_of(q), np.conjugate(q), turned(q)

    def push(v: Any) -> Any:
        moved = v[..., :, :k] @ inverse
        seen = qh @ moved
        turn = below * seen - adjoint_of(below * seen) + middle * 1j * np.imag(seen) if _is_complex(q) else (
            below * seen - turned(below * seen)
        )  # fmt: skip
        dq = q @ (turn - seen) + moved
        return dq, np.concatenate([(seen - turn) @ square, qh @ v[..., :, k:] - turn @ rest], axis=-1)

    def pull(dq: Any, dr: Any) -> Any:
        own = qt @ dq - dr[..., :, :k] @ turned(square)
        free = own - dr[..., :, k:] @ turned(rest)
        turn = below * (free - adjoint_of(free))
        if _is_complex(q):
            turn = turn + middle * 1j * np.imag(free)
        back = (dq + qc @ (turn - own)) @ turned(inverse)
        return np.concatenate([back, qc @ dr[..., :, k:]], axis=-1)

    return LinearOp("qr", push, pull, (space_of(a),), (space_of(q), space_of(r)))


def _is_complex(a: Any) -> bool:
    return bool(np.result_type(a).kind == "c")


def _qr_shape(a: Array) -> tuple[Array, Array]:
    *batch, m, n = _matrix(a).shape
    dtype = _floating(a.dtype)
    return Array((*batch, m, min(m, n)), dtype), Array((*batch, min(m, n), n), dtype)


def _matrix(space: Array) -> Array:
    if len(space.shape) < 2:
        raise ValueError("a matrix has two dimensions")
    return space


# ---------------------------------------------------------------------------------------------- least squares


@kernel
def pinv(a: Any, *, rcond: float | None = None) -> Any:
    """``np.linalg.pinv``: singular values up to ``rcond`` times the largest count as 0.

    >>> pinv(np.array([[2.0], [0.0]]))
    array([[0.5, 0. ]])
    """
    return np.linalg.pinv(a, rcond) if np.size(a) else turned(np.conjugate(a))


def _pinv_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, rcond: float | None) -> Any:
    """Where the rank stays what it is; elsewhere a pseudoinverse jumps."""
    (a,) = inputs
    p = output
    right, left, outer, inner = _complements(a, p)

    def push(v: Any) -> Any:
        back = adjoint_of(v)
        return outer @ back @ right + left @ back @ inner - p @ v @ p

    def pull(w: Any) -> Any:
        across, back = turned(p), adjoint_of(w)
        moved = np.conjugate(right) @ back @ np.conjugate(outer) + np.conjugate(inner) @ back @ np.conjugate(left)
        return moved - across @ w @ across

    return (linear_op("pinv", push, pull, a, output),)


def _complements(a: Any, p: Any) -> tuple[Any, Any, Any, Any]:
    """What a matrix and its pseudoinverse ``p`` leave over on both sides, and the two products of ``p`` with itself."""
    m, n = np.shape(a)[-2:]
    across = adjoint_of(p)
    return np.eye(m, dtype=p.dtype) - a @ p, np.eye(n, dtype=p.dtype) - p @ a, p @ across, across @ p


def _pinv_shape(a: Array, *, rcond: float | None) -> Array:
    *batch, m, n = _matrix(a).shape
    return Array((*batch, n, m), _floating(a.dtype))


@kernel
def least_squares(a: Any, b: Any, *, rcond: float | None = None) -> Any:
    """The shortest ``x`` that brings ``a @ x`` nearest to ``b``: the first part of what ``np.linalg.lstsq`` gives.

    >>> least_squares(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))
    array([2.])
    """
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


def _least_squares_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, rcond: float | None) -> Any:
    a, b = inputs
    n, vector = np.shape(a)[1], len(np.shape(b)) == 1
    p = pinv(a, rcond=_limit(a, b, rcond))
    x = output[:, None] if vector else output
    left, outer, rest = np.eye(n, dtype=p.dtype) - p @ a, p @ adjoint_of(p), (b[:, None] if vector else b) - a @ x
    weights = adjoint_of(p) @ x

    def push(v: Any) -> Any:
        back = adjoint_of(v)
        found = outer @ back @ rest + left @ back @ weights - p @ v @ x
        return found[:, 0] if vector else found

    def pull(w: Any) -> Any:
        w = w[:, None] if vector else w
        back = rest @ turned(w) @ outer + weights @ turned(w) @ left
        return np.conjugate(back) - turned(p) @ w @ turned(x)

    first = None if is_discrete(a) else linear_op("lstsq", push, pull, a, output)
    solve = LinearOp("lstsq", lambda v: p @ v, lambda w: turned(p) @ w, (_like(b, output),), (space_of(output),))
    return first, None if is_discrete(b) else embed(b, example(_like(b, output)), solve)


def _like(b: Any, output: Any) -> Array:
    return Array(np.shape(b), np.result_type(output))


def _least_squares_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """Of one matrix the right-hand sides stand side by side; matrices of their own are inverted by one call."""
    a, b = inputs
    if lifted[0]:
        limit = _limit(a, b, options["rcond"])
        columns = np.expand_dims(b, axis=-1) if len(shape_of(b)) - lifted[1] == 1 else b
        x = np.matmul(pinv(a, rcond=limit), columns)
        return x if columns is b else x[..., 0]
    side = np.moveaxis(b, 0, -1)
    x = least_squares(a, np.reshape(side, (shape_of(side)[0], -1)), **options)
    return np.moveaxis(np.reshape(x, (-1, *shape_of(side)[1:])), -1, 0)


def _limit(a: Any, b: Any, rcond: float | None) -> float:
    """Up to which part of the largest a singular value counts as 0, as ``lstsq`` says."""
    kind = np.result_type(a, b, np.float32)
    return float(np.finfo(kind).eps) * max(shape_of(a)[-2:]) if rcond is None else rcond


def _least_squares_shape(a: Array, b: Array, *, rcond: float | None) -> Array:
    m, n = _matrix(a).shape
    if not b.shape or b.shape[0] != m:
        raise ValueError(f"a matrix with {m} rows and a right-hand side with {b.shape[0] if b.shape else 'none'}")
    return Array((n, *b.shape[1:]), _floating(np.result_type(a.dtype, b.dtype)))


# ---------------------------------------------------------------------------------------------- the primitives

MATRIX = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])
STACK = np.stack([MATRIX + 0.3 * MATRIX.T, MATRIX - 0.2 * MATRIX[::-1]])
DEFINITE = MATRIX @ MATRIX.T + np.eye(3)
DEFINITES = STACK @ STACK.transpose(0, 2, 1) + np.eye(3)
MATRICES = (on(MATRIX), on(STACK), on(np.array([[1.5]])), on(MATRIX[:2, :2]), on(np.zeros((0, 2, 2))))

solve = Primitive(
    "solve", np.linalg.solve, Partials(_solve_facts), 2, linear_in=(1,), shape=_solve_shape, complex=True, batched=_solve_batched,
    examples=(
        on(MATRIX, (3,)), on(MATRIX, (3, 2)), on(STACK, (3,)), on(STACK, (3, 2)), on(STACK[:, None], (4, 3, 2)), on(MATRIX, (2, 3, 1)),
    ),
)  # fmt: skip
inv = Primitive(
    "inv",
    np.linalg.inv,
    Partials(_inv_facts),
    shape=lambda a: Array(_square(a).shape, _floating(a.dtype)),
    complex=True,
    examples=MATRICES,
    batched=each,
)
det = Primitive(
    "det", np.linalg.det, Partials(_det_facts), shape=lambda a: Array(_square(a).shape[:-2], _floating(a.dtype)), complex=True, examples=MATRICES,
    batched=each,
)  # fmt: skip
cofactor_primitive = Primitive(
    "cofactor", cofactor, Partials(_cofactor_facts), shape=lambda a: Array(_square(a).shape, _floating(a.dtype)), complex=True, examples=MATRICES,
    batched=each,
)  # fmt: skip
slogdet = Primitive(
    "slogdet",
    np.linalg.slogdet,
    Partials(_slogdet_facts),
    outputs=2,
    shape=_slogdet_shape,
    complex=True,
    examples=MATRICES,
    batched=each,
)
cholesky_primitive = Primitive(
    "cholesky", cholesky, Partials(_cholesky_facts), shape=lambda a: Array(_square(a).shape, _floating(a.dtype)), numpy=(np.linalg.cholesky,),
    complex=True, examples=(on(DEFINITE), on(DEFINITES), on(np.array([[2.5]])), on(np.zeros((0, 2, 2)))), batched=each,
)  # fmt: skip
OBLONG = (on(MATRIX), on(STACK), on(STACK[:, :2]), on(STACK[:, :, :2]), on(np.array([[1.5]])), on(np.zeros((0, 3, 2))))
LOW_RANK = np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.3, 0.6, 0.15], [1.0, 2.0, 0.5]])

qr_primitive = Primitive(
    "qr", qr, Partials(_qr_facts), outputs=2, shape=_qr_shape, complex=True, examples=OBLONG, batched=each,
)  # fmt: skip
pinv_primitive = Primitive(
    "pinv", pinv, Partials(_pinv_facts), options={"rcond": None}, shape=_pinv_shape, complex=True, examples=(*OBLONG, on(MATRIX, rcond=1e-6)), batched=each,
)  # fmt: skip
least_squares_primitive = Primitive(
    "least_squares", least_squares, Partials(_least_squares_facts), 2, {"rcond": None}, shape=_least_squares_shape, complex=True,
    batched=_least_squares_batched,
    examples=(on(STACK[0], (3,)), on(STACK[0][:2], (2, 4)), on(STACK[0][:, :2], (3, 2)), on(STACK[0][:, :1], (3,), rcond=1e-10)),
)  # fmt: skip
