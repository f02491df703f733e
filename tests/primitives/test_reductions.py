"""Reductions at ties, zeros, infinities and empty axes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.errors import ShapeError
from essence_ad.primitives.reductions import axes_of, count, keep, logsumexp, recurrence, softmax
from essence_ad.tracing.program import trace

INF, NAN = math.inf, math.nan


def gradient(name: str, x: Any, **options: Any) -> Any:
    f = getattr(essence_ad, name)
    y, df = D(Dual(Additive))(f(**options) if options else f)(np.asarray(x))
    return df(np.ones(np.shape(y))[()]).tolist()


# Rows "max of a tie", "prod([0,2,3])", "std of a constant" and "logsumexp([-inf,-inf])" of the edge points that the
# project collected from other systems, and their neighbours.
CONVENTIONS = [
    ("max", [1.0, 3.0, 3.0], [0, 0.5, 0.5]), ("min", [1.0, 1.0, 1.0, 3.0], [1 / 3, 1 / 3, 1 / 3, 0]), ("max", [INF, INF], [0.5, 0.5]),
    ("max", [NAN, 1.0], [NAN, NAN]), ("max", [-0.0, 0.0], [0.5, 0.5]), ("max", 2.0, 1.0),
    ("prod", [0.0, 2.0, 3.0], [6, 0, 0]), ("prod", [0.0, 2.0, 0.0], [0, 0, 0]), ("prod", [2.0], [1]), ("prod", [], []), ("prod", 3.0, 1.0),
    ("prod", [1e-200, 1e-200, 1e300], [1e100, 1e100, 0]), ("prod", [INF, 2.0], [2, INF]),
    ("std", [2.0, 2.0, 2.0], [0, 0, 0]), ("var", [2.0, 2.0], [0, 0]), ("std", [1.0, 3.0], [-0.5, 0.5]),
    ("logsumexp", [-INF, -INF], [0.5, 0.5]), ("logsumexp", [INF, 0.0], [1, 0]), ("logsumexp", [-INF, 0.0], [0, 1]),
    ("logsumexp", [1000.0, 1000.0], [0.5, 0.5]), ("logsumexp", [-1000.0, 0.0], [0, 1]), ("logsumexp", 3.0, 1.0),
    ("cumprod", [0.0, 2.0, 3.0], [9, 0, 0]), ("cumprod", [2.0, 0.0, 3.0], [1, 8, 0]), ("sum", [], []), ("mean", [2.0, 4.0], [0.5, 0.5]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "expected"), CONVENTIONS)
def test_slopes_by_convention(name: str, x: Any, expected: Any) -> None:
    np.testing.assert_allclose(gradient(name, x), expected, rtol=1e-14)


def test_ties_are_shared_within_each_axis() -> None:
    x = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert gradient("max", x, axis=1) == [[0.5, 0.5], [0.0, 1.0]]
    assert gradient("max", x, axis=(0, 1), keepdims=True) == [[1 / 3, 1 / 3], [0.0, 1 / 3]]
    assert gradient("amin", x, axis=-1) == [[0.5, 0.5], [1.0, 0.0]]


def test_the_logarithm_of_a_sum_of_exponentials_is_stable() -> None:
    x = np.array([[1000.0, 1001.0], [-1000.0, -1001.0]])
    small = np.log(np.sum(np.exp(x - x.max(axis=1, keepdims=True)), axis=1)) + x.max(axis=1)
    np.testing.assert_allclose(logsumexp(x, axis=1), small)
    assert (
        logsumexp(np.array([-INF, -INF])) == -INF
        and logsumexp(np.array([INF, 1.0])) == INF
        and np.isnan(logsumexp(np.array([NAN, 1.0])))
    )
    assert (
        logsumexp(np.zeros(0)) == -INF
        and logsumexp(np.ones(2, np.float32)).dtype == np.float32
        and logsumexp(2.5) == 2.5
    )
    assert logsumexp(x, axis=0, keepdims=True).shape == (1, 2)


def test_softmax() -> None:
    np.testing.assert_allclose(softmax(np.array([1000.0, 1000.0 + math.log(3)])), [0.25, 0.75], rtol=1e-12)
    np.testing.assert_array_equal(softmax(np.array([INF, 1.0, INF])), [0.5, 0.0, 0.5])
    assert (
        np.isnan(softmax(np.array([NAN, 1.0]))).all()
        and softmax(np.ones((2, 2), np.float32), axis=0).dtype == np.float32
    )


def test_zeros_in_products_to_second_order() -> None:
    f = trace(lambda x: D(Dual(Additive))(essence_ad.prod)(x)[1](1.0), R[3])
    hessian = D(Additive)(f)(np.array([0.0, 2.0, 3.0]))[1].matrix()
    np.testing.assert_allclose(hessian, [[0, 3, 2], [3, 0, 0], [2, 0, 0]], atol=1e-15)
    g = trace(lambda x: D(Dual(Additive))(essence_ad.cumprod)(x)[1](np.array([0.0, 0.0, 1.0])), R[3])
    np.testing.assert_allclose(D(Additive)(g)(np.array([0.0, 2.0, 3.0]))[1].matrix(), hessian, atol=1e-15)


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=9), st.integers(0, 2**32 - 1))
def test_a_recurrence_is_what_a_loop_says(a: list[float], seed: int) -> None:
    b = np.random.default_rng(seed).standard_normal(len(a))
    h, expected = 0.0, []
    for x, y in zip(a, b, strict=True):
        h = x * h + y
        expected.append(h)
    np.testing.assert_allclose(recurrence(np.array(a), b), expected, rtol=1e-12, atol=1e-12)


@given(st.lists(st.sampled_from([0.0, 1.0, -2.0, 0.5]), min_size=1, max_size=6))
def test_cumulative_products_with_zeros(x: list[float]) -> None:
    point, n = np.array(x), len(x)
    y, df = D(Additive)(essence_ad.cumprod)(point)
    expected = [[np.prod(np.delete(point[: i + 1], k)) if k <= i else 0.0 for k in range(n)] for i in range(n)]
    np.testing.assert_allclose(df.matrix(), expected, atol=1e-14)
    np.testing.assert_allclose(gradient("prod", point), expected[-1], atol=1e-14)


def test_axes() -> None:
    assert axes_of(None, 2) == (0, 1) and axes_of(-1, 2) == (1,) and axes_of((0, -1), 3) == (0, 2)
    assert keep(np.ones(2), (2, 3), 1, False).shape == (2, 1) and count((2, 3, 4), (0, -1)) == 8
    for name in ("sum", "max", "prod", "logsumexp", "mean"):
        with pytest.raises(ShapeError, match=name):
            getattr(essence_ad, name)(axis=2)(np.ones((2, 3)))
        with pytest.raises(ShapeError, match=name):
            getattr(essence_ad, name)(axis=2).at(R[2, 3])


def test_nothing_to_reduce() -> None:
    assert (
        essence_ad.sum(np.zeros(0)) == 0.0
        and essence_ad.prod(
            np.zeros((0, 2)),
        ).item()
        == 1.0
    )
    with pytest.raises(ShapeError, match="max"):
        essence_ad.max(np.zeros(0))
    with pytest.warns(RuntimeWarning):
        assert np.isnan(essence_ad.mean(np.zeros(0)))


def test_sums_know_their_transpose_at_a_space() -> None:
    assert essence_ad.sum(axis=0).at(R[2, 3]).T(np.arange(3.0)).tolist() == [[0, 1, 2], [0, 1, 2]]
    assert essence_ad.mean.at(R[4]).T(1.0).tolist() == [0.25] * 4 and essence_ad.cumsum.at(R[3]).T(
        np.ones(3)
    ).tolist() == [3, 2, 1]


def test_long_running_products_take_few_passes() -> None:
    n = 4096
    y, df = D(Dual(Additive))(essence_ad.cumprod)(np.full(n, 0.999))
    assert np.isfinite(df(np.ones(n))).all()


@pytest.mark.parametrize("name", ["var", "std"])
def test_spread_of_complex_numbers(name: str) -> None:
    z = np.array([1 + 1j, 2 - 1j, 0.5j])
    y, df = D(Additive)(getattr(essence_ad, name))(z)
    assert y == getattr(np, name)(z) and not np.iscomplexobj(y)
    step = 1e-6 * np.array([1j, 0, 1.0])
    found = (getattr(np, name)(z + step) - getattr(np, name)(z - step)) / 2e-6
    assert math.isclose(df(step / 1e-6), found, rel_tol=1e-8)


def test_exact_numbers_in_arrays_are_added_up() -> None:
    halves = np.array([Fraction(1, 2), Fraction(3, 2)], dtype=object)
    found = essence_ad.value_and_grad(lambda x: np.sum(x * x))(halves)
    assert found[0] == Fraction(5, 2) and list(found[1]) == [1, 3] and found[1].dtype == object
