"""Statistics: conventions at points where several derivatives could be meant, dtypes, and errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import R, grad, jvp, linearize, program
from essence_ad.errors import UnsupportedError
from essence_ad.tracing.program import trace

X = np.array([0.3, np.nan, -1.2, 0.8])
SMALL = np.array([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]], np.float32)


@pytest.mark.parametrize("f", [np.nansum, np.nanmean, np.nanvar, np.nanstd, np.nanprod, np.nanmax, np.nanmedian])
def test_what_is_left_out_has_no_slope(f: Any) -> None:
    slope = grad(f)(X)
    assert slope[1] == 0 and np.all(np.isfinite(slope)) and np.any(slope)


def test_without_any_number_the_result_is_nan_and_the_slope_is_finite_or_nan() -> None:
    empty = np.full(3, np.nan)
    for f in (np.nanmax, np.nanmedian):
        y, df = linearize(f, empty)
        assert np.isnan(y) and not np.any(df.matrix())
    y, _ = jvp(np.nanmean, empty, np.ones(3))
    assert np.isnan(y)


def test_equal_numbers_have_a_deviation_of_slope_zero() -> None:
    assert not np.any(grad(np.nanstd)(np.array([2.0, np.nan, 2.0])))


def test_a_median_of_an_even_number_is_shared_by_two() -> None:
    np.testing.assert_array_equal(grad(np.median)(np.array([4.0, 1.0, 2.0, 3.0])), [0, 0, 0.5, 0.5])
    np.testing.assert_array_equal(grad(np.median)(np.array([1.0, np.inf, 2.0])), [0, 0, 1])


def test_a_nan_makes_the_quantile_nan_as_numpy_says() -> None:
    for f in (np.median, lambda x: np.quantile(x, 0.2)):
        assert np.isnan(trace(f, R[4])(X))


SINGLE = [
    np.median, np.nanmedian, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nansum, np.average, np.ptp, np.cov,
     lambda x: np.quantile(x, 0.3), lambda x: np.quantile(x, np.array([0.3])), lambda x: np.percentile(x, 30, axis=1),
     lambda x: np.nanquantile(x, 0.3), lambda x: np.average(x, weights=[1, 2, 3], axis=1),
]  # fmt: skip


def test_single_precision_is_that_of_numpy() -> None:
    for f in SINGLE:
        y = program(f)(SMALL)
        assert np.result_type(y) == np.result_type(f(SMALL))
        np.testing.assert_allclose(y, f(SMALL), rtol=2e-6)
        _, df = linearize(f, SMALL)
        assert df.T(np.ones_like(y)).dtype == np.float32


def test_integers_are_counted_as_numpy_does() -> None:
    n = np.array([[1, 2, 5], [3, 3, 7]])
    for f in (np.median, np.nanmean, np.nanvar, np.nansum, np.cov, np.ptp, lambda x: np.quantile(x, 0.3), np.nanmax):
        y = program(f)(n)
        assert np.result_type(y) == np.result_type(f(n))
        np.testing.assert_allclose(y, f(n), rtol=1e-14)


def test_empty_rows_have_no_quantile() -> None:
    assert np.isnan(program(lambda x: np.quantile(x, 0.5))(np.zeros(0)))


def test_what_is_not_written_is_refused() -> None:
    for f, word in (
        (lambda x: np.quantile(x + 1j, 0.5), "complex"),
        (lambda x: np.quantile(X, x[0], method="hazen"), "hazen"),
        (lambda x: np.median(x, out=np.zeros(())), "median"),
    ):
        with pytest.raises((UnsupportedError, TypeError), match=word):
            trace(f, R[3])
    for bad in (lambda x: np.quantile(x, 1.5), lambda x: np.average(x, weights=np.ones(2), axis=0)):
        with pytest.raises(ValueError, match=r"range|shape"):
            trace(bad, R[3])
    with pytest.raises(TypeError, match="[Aa]xis"):
        trace(lambda x: np.average(x, weights=np.ones(2)), R[2, 3])


SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "hazen", "weibull", "median_unbiased", "inverted_cdf")


@given(SHAPES, st.data())
def test_quantiles_of_any_shape_are_those_of_numpy(shape: tuple[int, ...], data: Any) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.uniform(-1, 1, shape)
    axes = [None, *range(-len(shape), len(shape)), tuple(range(len(shape)))]
    options = {"axis": data.draw(st.sampled_from(axes)), "keepdims": data.draw(st.booleans())}
    method = data.draw(st.sampled_from(METHODS))
    q = data.draw(st.sampled_from([0, 1, 0.25, [0.1, 0.9], [[0.0], [0.6]]]))
    holed = np.where(rng.uniform(size=shape) < 0.3, np.nan, x)
    for name, value in (("quantile", x), ("nanquantile", holed), ("quantile", holed)):
        f = lambda x, name=name: getattr(np, name)(x, q, method=method, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = f(value)
        found = program(f)(value)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@given(SHAPES, st.data())
def test_reductions_without_nan_are_those_of_numpy(shape: tuple[int, ...], data: Any) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = np.where(rng.uniform(size=shape) < 0.3, np.nan, rng.uniform(-1, 1, shape))
    axis = data.draw(st.sampled_from([None, *range(-len(shape), len(shape)), tuple(range(len(shape)))]))
    name = data.draw(
        st.sampled_from(["nansum", "nanmean", "nanvar", "nanstd", "nanprod", "nanmax", "nanmin", "nanmedian"])
    )
    f = lambda x: getattr(np, name)(x, axis=axis, keepdims=shape[0] > 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, found = f(x), program(f)(x)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
