"""Sparse matrices: the columns of a linear program, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, D
from essence_ad.errors import NotLinearError, TracingError
from essence_ad.linear_map import LinearMap, arrays, propagate
from essence_ad.primitives.primitive import Example, Primitive
from essence_ad.spaces import Array, R, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace
from essence_ad.tracing.sparse import Sparse
from essence_ad.tracing.sweeps import images
from tests.primitives.test_primitives import CASES, Point


def loop(f: LinearMap) -> list[list[Any]]:
    """The blocks of a linear map, by the images of its unit vectors, one after another."""
    source, target = f.named()
    columns = iter([leaves(image) for image in f.images()])
    blocks = []
    for part in arrays(source):
        own = [next(columns) for _ in range(part.dim)]
        blocks.append(
            [
                np.reshape(np.stack([c[i] for c in own], axis=-1), end.shape + part.shape)
                if own
                else np.zeros(end.shape + part.shape)
                for i, end in enumerate(arrays(target))
            ]
        )
    return blocks


@pytest.mark.parametrize("dtype", [np.float64, np.complex128, np.float32], ids=["real", "complex", "single"])
@pytest.mark.parametrize(("p", "e"), CASES)
def test_every_primitive_of_the_catalogue_as_its_columns(p: Primitive, e: Example, dtype: Any) -> None:
    """In both directions, at every example of the catalogue."""
    if dtype is np.complex128 and not p.complex:
        return
    point = Point(p, e, dtype)
    if not point.moving:
        return
    y, df = D(Additive)(point.f)(point.x)
    source, target = df.named()
    if any(a.discrete for a in arrays(target)):
        return
    for f, turned in ((df, False), (df.T, True)):
        start, end = f.named()
        try:
            expected = loop(f)
        except NotLinearError:
            with pytest.raises(NotLinearError):
                images(f, start, end, turned=turned)
            continue
        found = images(f, start, end, turned=turned)
        for row, other, part in zip(found, expected, arrays(start), strict=True):
            for block, exact, to in zip(row, other, arrays(end), strict=True):
                rank = len(to.shape)
                exact = np.transpose(exact, [*range(rank, exact.ndim), *range(rank)]) if turned else exact
                assert np.shape(block) == np.shape(exact)
                assert np.result_type(block) == np.result_type(exact) or not part.dim
                tolerance = 1e-5 if dtype is np.float32 else 1e-12
                np.testing.assert_allclose(block, exact, rtol=tolerance, atol=tolerance)


def derivative(function: Any, x: Any) -> tuple[Sparse, Any]:
    """What the derivative of a function makes of all unit vectors, and the same from single vectors."""
    y, df = D(Additive)(trace(function, space_of(x)))(x)
    found = propagate(df.diagram, Sparse.identity(space_of(x)))
    assert isinstance(found, Sparse)
    return found, df.matrix()


rng = np.random.default_rng(0)
A, W = rng.normal(size=(40, 40)), rng.normal(size=(30, 40))
WHERE = rng.integers(40, size=70)
MASK = rng.uniform(size=40) > 0.5

#: functions of 40 numbers, each with the most numbers that its Jacobian may need
STRUCTURED = {
    "elementwise": (lambda x: np.sin(x) * x + np.exp(x), 40),
    "differences": (lambda x: (x[1:] - x[:-1]) ** 2, 2 * 39),
    "a band": (lambda x: x[2:] * x[1:-1] + x[:-2] / x[1:-1], 3 * 38),
    "a wider band, by parts": (lambda x: np.concatenate([x[:1], x[1:-1] * x[2:], x[-1:]]), 80),
    "gather": (lambda x: np.sin(x[WHERE]) * x[WHERE[::-1]], 140),
    "gather and scatter": (lambda x: np.sin(x[WHERE])[::3][:12] * 2, 12),
    "reversed": (lambda x: np.roll(x[::-1], 3) * x, 80),
    "matrices": (lambda x: np.reshape(x, (5, 8)).T * 2.0, 40),
    "where": (lambda x: np.where(MASK, np.sin(x), 3.0 * x), 40),
    "broadcasting": (lambda x: np.reshape(x, (5, 8)) - np.mean(np.reshape(x, (5, 8)), axis=1, keepdims=True), 40 * 9),
    "sums of parts": (lambda x: np.sum(np.reshape(x * x, (5, 8)), axis=0), 40),
    "a row": (lambda x: np.sum(x * x)[None], 40),
    "padding": (lambda x: np.pad(x * x, 2), 40),
    "a choice": (lambda x: np.take(x, [3, 3, 5]) * 2.0, 3),
    "matmul of a part": (lambda x: A[:, :2] @ np.sin(x[:2]), 80),
    "stencil": (lambda x: x + 0.1 * (np.roll(x, 1) - 2 * x + np.roll(x, -1)), 120),
}


@pytest.mark.parametrize("name", STRUCTURED)
def test_only_numbers_that_may_differ_from_zero_are_kept(name: str) -> None:
    function, most = STRUCTURED[name]
    found, expected = derivative(function, rng.uniform(0.5, 2.0, 40))
    assert found.count <= most
    np.testing.assert_allclose(np.reshape(found.matrix(), expected.shape), expected, rtol=1e-12, atol=1e-14)
    rows = np.reshape(found.matrix(turned=True), expected.T.shape)
    np.testing.assert_array_equal(rows.T, np.reshape(found.matrix(), expected.shape))


def test_a_matrix_times_the_unit_vectors_is_that_matrix() -> None:
    found = W @ Sparse.identity(R[40])
    assert np.shares_memory(found.matrix(), W)
    np.testing.assert_array_equal(found.matrix(), W)
    np.testing.assert_array_equal((Sparse.identity(R[30]) @ W).matrix(), W.T)


DENSE = [
        lambda x: np.tanh(W @ np.sin(x)), lambda x: W.T @ np.exp(W @ x), lambda x: np.einsum("ij,j,j->i", W, x, x),
        lambda x: np.tensordot(np.reshape(x, (4, 10)), W[:, :10], axes=((1,), (1,))), lambda x: np.outer(x, x) @ A,
        lambda x: np.cumsum(x * x), lambda x: np.linalg.solve(A, x * x), lambda x: np.dot(np.reshape(x, (8, 5)), A[:5]),
        lambda x: np.inner(np.reshape(x, (8, 5)), A[:6, :5]), lambda x: np.trace(np.reshape(x, (8, 5)))[None],
]  # fmt: skip


@pytest.mark.parametrize("function", DENSE, ids=range(len(DENSE)))
def test_products_and_what_has_no_pattern(function: Any) -> None:
    found, expected = derivative(function, rng.uniform(0.5, 2.0, 40))
    np.testing.assert_allclose(np.reshape(found.matrix(), expected.shape), expected, rtol=1e-9, atol=1e-12)


def test_many_patterns_become_one() -> None:
    def shifted(x: Any) -> Any:
        for i in range(1, 12):
            x = x + np.concatenate([np.sin(x[i:]), x[:i]])
        return x

    found, expected = derivative(shifted, rng.uniform(size=200))
    assert len(found.terms) <= 8
    np.testing.assert_allclose(np.reshape(found.matrix(), expected.shape), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_dtypes_stay(dtype: Any) -> None:
    x = np.arange(1, 9).astype(dtype)
    y = np.multiply(x, Sparse.identity(Array((8,), x.dtype)))
    assert y.dtype == y.matrix().dtype == dtype
    assert (2.0 * y).dtype == dtype
    assert (-y + y / x).matrix().dtype == dtype


def test_empty_arrays() -> None:
    empty = Sparse.identity(R[0])
    assert empty.matrix().shape == (0, 0)
    assert np.sum(np.reshape(empty, (0, 3)), axis=0).matrix().shape == (3, 0)
    assert Sparse.identity(R[3])[:0].matrix().shape == (0, 3)


def test_what_needs_a_value_says_that_these_are_many() -> None:
    x = Sparse.identity(R[9])
    assert repr(x) == "<9 columns of R[9], 9 numbers>"
    with pytest.raises(TracingError, match="columns of a matrix"):
        float(x)
    with pytest.raises(TracingError, match="jvp"):
        if x[0] > 0:
            raise AssertionError


def test_a_matrix_after_a_diagonal_one_is_rescaled() -> None:
    """No product is summed, and no place is numbered: the columns times the diagonal."""
    d = rng.uniform(1.0, 2.0, 40)
    found = W @ (d * Sparse.identity(R[40]))
    assert found.dense is not None and found.terms == ()
    np.testing.assert_array_equal(found.matrix(), W * d)
    np.testing.assert_array_equal((W @ -Sparse.identity(R[40])).matrix(), -W)
    x = np.reshape(Sparse.identity(R[40]), (5, 8))
    third = rng.normal(size=(8, 3, 5))
    np.testing.assert_allclose(
        np.tensordot(third, x, axes=((2, 0), (0, 1))).matrix(), np.reshape(np.transpose(third, (1, 2, 0)), (3, 40))
    )
