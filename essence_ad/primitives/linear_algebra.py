"""Linear algebra: solving, inverses, determinants, the Cholesky factor and norms, for stacks of matrices too.

Shape rules are given: a stack of ones is singular. Conventions: ``cholesky`` takes the symmetric (Hermitian) part of its
argument, so that its derivative is defined in every direction; the slope of a norm at 0 is 0; the largest elements share
the slope of ``norm(ord=inf)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import behind, deepened, each, lines, shape_of
from essence_ad.diagram import Chain, Op
from essence_ad.errors import UnsupportedError
from essence_ad.kernel import astype, kernel, ratio
from essence_ad.operation import LinearOp, Scale, embed, is_discrete, linear_op, sum_to
from essence_ad.primitives.primitive import Partials, Primitive, on
from essence_ad.spaces import Array, space_of


def turned(a: Any) -> Any:
    """Matrices with rows and columns exchanged."""
    return np.swapaxes(a, -1, -2)


def adjoint_of(a: Any) -> Any:
    """Matrices with rows and columns exchanged, and conjugated."""
    return np.conjugate(turned(a))


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
    """Through the inverse: at a singular matrix it is not finite."""
    (a,) = inputs
    det = np.expand_dims(np.linalg.det(a), axis=(-2, -1))

    def push(v: Any) -> Any:
        along = np.sum(output * v, axis=(-2, -1), keepdims=True)
        return (output * along - output @ turned(v) @ output) / det

    return (linear_op("cofactor", push, push, a, output),)


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


# ---------------------------------------------------------------------------------------------- norms


@kernel
def norm(x: Any, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.linalg.norm``, its options by keyword."""
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def _norm_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, ord: Any, axis: Any, keepdims: bool
) -> Any:
    (x,) = inputs
    shape = np.shape(x)
    summed = len(shape) if axis is None else len(axis) if isinstance(axis, tuple) else 1
    whole = output if keepdims else np.expand_dims(output, axis=_axes(axis, len(shape)))
    size = np.abs(x)
    if ord is None or ord == "fro" or (ord == 2 and summed == 1):
        weights = ratio(np.conjugate(x), whole)
    elif summed != 1:
        raise UnsupportedError(
            "this norm of matrices states no derivative", found=f"norm(ord={ord!r}) over two axes",
            expected="ord=None or 'fro', or a norm of vectors", remedy="name one axis, or write the norm with svd",
        )  # fmt: skip
    elif ord in (np.inf, -np.inf):
        ties = astype(np.equal(size, whole), dtype=np.result_type(output))
        weights = np.conjugate(np.sign(x)) * (ties / np.sum(ties, axis=_axes(axis, len(shape)), keepdims=True))
    elif ord == 1:
        weights = np.conjugate(np.sign(x))
    else:
        weights = np.conjugate(np.sign(x)) * np.power(ratio(size, whole), ord - 1)
    return (Chain(Scale(weights), embed(x, size), _summed(size, output, axis, keepdims)),)


def _norm_batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    (x,), axis = inputs, options["axis"]
    shape = shape_of(x)
    rank = len(shape) - 1
    if axis is None and rank not in (1, 2):
        if options["ord"] is not None:
            raise ValueError("Improper number of dimensions to norm.")
        y = norm(lines(x), ord=None, axis=1)
        return np.reshape(y, (n, *(1,) * rank)) if options["keepdims"] else y
    places = behind((0, 1)[:rank] if axis is None else axis, rank)
    if axis is None and rank == 1:
        (places,) = places
    return norm(x, ord=options["ord"], axis=places, keepdims=options["keepdims"])


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    return tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def _summed(x: Any, y: Any, axis: Any, keepdims: bool) -> Op:
    shape, axes = np.shape(x), _axes(axis, len(np.shape(x)))

    def spread(v: Any) -> Any:
        return np.broadcast_to(v if keepdims else np.expand_dims(v, axis=axes), shape)

    return linear_op("sum", lambda v: np.sum(v, axis=axes, keepdims=keepdims), spread, x, y)


def _norm_shape(space: Array, *, ord: Any, axis: Any, keepdims: bool) -> Array:
    one = norm(np.ones((1,) * len(space.shape), space.dtype), ord=ord, axis=axis, keepdims=keepdims)
    places = {i % len(space.shape) for i in _axes(axis, len(space.shape))}
    kept = [1 if i in places else n for i, n in enumerate(space.shape) if keepdims or i not in places]
    return Array(tuple(kept), one.dtype)


# ---------------------------------------------------------------------------------------------- the primitives

MATRIX = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])
STACK = np.stack([MATRIX + 0.3 * MATRIX.T, MATRIX - 0.2 * MATRIX[::-1]])
DEFINITE = MATRIX @ MATRIX.T + np.eye(3)
DEFINITES = STACK @ STACK.transpose(0, 2, 1) + np.eye(3)
MATRICES = (on(MATRIX), on(STACK), on(np.array([[1.5]])), on(MATRIX[:2, :2]), on(np.zeros((0, 2, 2))))

solve = Primitive(
    "solve", np.linalg.solve, Partials(_solve_facts), 2, shape=_solve_shape, complex=True, batched=_solve_batched,
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
norm_primitive = Primitive(
    "norm", norm, Partials(_norm_facts), options={"ord": None, "axis": None, "keepdims": False}, shape=_norm_shape,
    numpy=(np.linalg.norm,), complex=True, smooth=False, batched=_norm_batched,
    examples=(
        on((3,)), on((2, 3)), on((2, 3), axis=1), on((2, 3), axis=(0, 1), ord="fro", keepdims=True), on((2, 3), axis=0, ord=2, keepdims=True),
        on((3,), ord=1), on((2, 3), ord=np.inf, axis=-1), on((3,), ord=-np.inf), on((2, 3), ord=3, axis=0), on(()), on((2, 3, 2)),
    ),
)  # fmt: skip
