"""Contractions: what is rewritten, what is left alone, and sums of exponentials at infinite points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import grad, logsumexp, softmax, value_and_grad
from essence_ad.compiler.compiled import compile
from essence_ad.compiler.simplify import simplify
from essence_ad.spaces import R, Space, space_of
from essence_ad.tracing.program import trace


def boxes(f: Any, space: Space) -> list[str]:
    return [op.name for op, _, _ in simplify(trace(f, space).diagram).boxes]


def test_points_minus_means_are_never_made() -> None:
    f = lambda a: np.einsum("kij,nkj->nki", np.sin(a[:4, None] * a[:4, :, None]), a[:, None, :] - a[:4])  # noqa: E731
    d = simplify(trace(f, R[100, 5]).diagram)
    largest = max(space.dim for space in d.spaces(R[100, 5]) if space is not None)
    assert largest == 100 * 4 * 5 and sum(op.name == "matmul" for op, _, _ in d.boxes) == 2
    products = [op.name for op, _, _ in d.boxes if op.name in ("matmul", "einsum")]
    assert products == ["matmul", "matmul"]
    x = np.random.default_rng(0).normal(size=(100, 5))
    assert np.allclose(compile(f, x)(x), f(x))


def test_a_difference_as_small_as_its_parts_is_made() -> None:
    found = boxes(lambda x: np.einsum("ij,kj->ik", x - np.sin(x), x), R[4, 5])
    assert found.count("matmul") == 1


@pytest.mark.parametrize("subscripts", ["ii,ij->ij", "...j,kj->...k", "ij,jk"])
def test_other_contractions_stay_as_they_are(subscripts: str) -> None:
    f = lambda x: np.einsum(subscripts, x, np.sin(x))  # noqa: E731
    assert "einsum" in boxes(f, R[3, 3]) or subscripts == "ij,jk"
    x = np.random.default_rng(0).normal(size=(3, 3))
    assert np.allclose(compile(f, x)(x), f(x))


def test_outer_products_with_what_is_not_finite() -> None:
    f = lambda x: np.sin(x)[:, None] * x  # noqa: E731
    x = np.array([0.0, np.inf, -1.0, np.nan, -0.0])
    assert boxes(f, R[5]).count("matmul") == 1
    with np.errstate(all="ignore"):
        assert np.array_equal(compile(f, R[5])(x), f(x), equal_nan=True)
    assert "matmul" not in boxes(lambda x: x[:, :1] * x, R[3, 3])
    assert "matmul" not in boxes(lambda x: x[:, None, None] * x, R[3])


INF = np.inf
POINTS = [
    [0.0, 1.0, 2.0], [1000.0, 999.0, 0.0], [-1000.0, -1001.0, -2000.0], [-INF, 0.0, 1.0], [-INF, -INF, -INF], [INF, 0.0, 1.0],
    [INF, INF, 1.0], [INF, -INF, 0.0], [np.nan, 0.0, 1.0], [1e308, -1e308, 0.0], [-1.7e308, -1.7e308, -1.7e308],
]  # fmt: skip


@pytest.mark.parametrize("x", POINTS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_exponentials_are_those_of_the_kernels(x: list[float], dtype: Any) -> None:
    with np.errstate(all="ignore"):
        point = np.array([x, [0.5, -1.0, 2.0]]).astype(dtype)
        for f in (logsumexp, softmax):
            for axis in (0, 1, -1, None):
                call = lambda v, f=f, axis=axis: f(v, axis=axis)  # noqa: E731
                expected, found = call(point), compile(call, space_of(point))(point)
                near = 1e-13 if dtype is np.float64 else 1e-6
                assert np.allclose(found, expected, rtol=near, atol=0, equal_nan=True)
                assert np.shape(found) == np.shape(expected) and np.asarray(found).dtype == np.asarray(expected).dtype
        slope = compile(grad(lambda v: np.sum(logsumexp(v, axis=1))), space_of(point))(point)
        assert np.allclose(slope, softmax(point, axis=1), rtol=1e-6, atol=0, equal_nan=True)


def test_value_and_slope_share_the_exponentials() -> None:
    assert boxes(value_and_grad(lambda x: logsumexp(x)), R[5]).count("exp") == 1


def test_an_empty_sum_is_left_to_numpy() -> None:
    assert boxes(lambda x: logsumexp(x, axis=1), R[2, 0]) == ["logsumexp"]
