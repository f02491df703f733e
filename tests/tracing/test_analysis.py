"""Interpolation, differences and polynomials: conventions at knots, and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import R, grad, jvp, program
from essence_ad.errors import UnsupportedError
from essence_ad.tracing.program import trace

KNOTS, HEIGHTS = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 1.0])


def test_at_a_knot_the_slope_is_that_of_the_piece_after_it() -> None:
    slope = grad(lambda x: np.interp(x, KNOTS, HEIGHTS))
    assert [float(slope(x)) for x in (-1.0, 0.0, 1.0, 2.0, 3.0, 4.0)] == [0, 2, -0.5, -0.5, -0.5, 0]


def test_interpolation_through_knots_that_move() -> None:
    # x between a and b: f = x / (b - a) - a / (b - a)
    found = grad(lambda xp: np.interp(0.5, xp, [0.0, 1.0]))(np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, [-0.5, -0.5])


def test_interpolation_of_what_is_no_number() -> None:
    assert np.isnan(program(lambda x: np.interp(x, KNOTS, HEIGHTS))(np.nan))
    with pytest.raises(ValueError, match="length"):
        trace(lambda x: np.interp(x, KNOTS, HEIGHTS[:2]), R)


def test_unwrapping_moves_as_the_angles_do() -> None:
    x = np.array([0.1, 3.0, 6.5, 9.0, 0.2])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.unwrap(x) * np.arange(5)))(x), np.arange(5.0))


def test_a_line_through_points_by_least_squares() -> None:
    x = np.array([0.0, 1.0, 2.0])
    _, dy = jvp(lambda y: np.polyfit(x, y, 1), np.array([1.0, 0.0, 2.0]), np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(dy, [-0.5, 5 / 6], atol=1e-12)


def test_what_is_not_written_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="several bases"):
        trace(lambda x: np.logspace(x, 2, base=[2, 3]), R)
    for f, word in (
        (lambda x: np.gradient(x[:1]), "too short"),
        (lambda x: np.gradient(x, edge_order=3), "edge_order"),
        (lambda x: np.gradient(x, [1.0, 2.0]), "match"),
        (lambda x: np.diff(x, n=-1), "negative"),
        (lambda x: np.vander(x[None]), "one-dimensional"),
        (lambda x: np.cross(x[:1], x), "dimension"),
    ):
        with pytest.raises(ValueError, match=word):
            trace(f, R[3])
    with pytest.raises(TypeError, match="number of arguments"):
        trace(lambda x: np.gradient(x, 1.0, 2.0), R[3])


def test_single_precision_stays_single() -> None:
    x = np.array([0.5, 1.5, 2.5], np.float32)
    for f in (
        np.diff,
        np.gradient,
        np.trapezoid,
        np.unwrap,
        lambda x: np.polyval(x, x),
        lambda x: np.linspace(x, 2, 4),
    ):
        assert np.result_type(program(f)(x)) == np.result_type(f(x)) == np.float32


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["full", "same", "valid"]))
def test_products_of_any_lengths_are_those_of_numpy(n: int, m: int, mode: str) -> None:
    rng = np.random.default_rng(n + 10 * m)
    a, v = rng.uniform(-1, 1, n) + 1j * rng.uniform(-1, 1, n), rng.uniform(-1, 1, m) + 1j * rng.uniform(-1, 1, m)
    for f in (lambda a, v: np.convolve(a, v, mode), lambda a, v: np.correlate(a, v, mode)):
        np.testing.assert_allclose(program(f)(a, v), f(a, v), atol=1e-14)


@given(st.integers(1, 5), st.lists(st.floats(-3, 3), max_size=6), st.none() | st.floats(0.5, 3))
def test_interpolation_is_that_of_numpy(n: int, x: list[float], period: float | None) -> None:
    rng = np.random.default_rng(n)
    knots, heights = np.sort(rng.uniform(-2, 2, n)), rng.uniform(-1, 1, n)
    f = lambda x, fp: np.interp(x, knots, fp, period=period)
    np.testing.assert_allclose(program(f)(np.array(x), heights), f(np.array(x), heights), rtol=1e-9, atol=1e-9)


@given(st.lists(st.integers(2, 4), min_size=1, max_size=3).map(tuple), st.integers(-3, 3), st.data())
def test_differences_of_any_shape_are_those_of_numpy(shape: tuple[int, ...], axis: int, data: st.DataObject) -> None:
    x = np.random.default_rng(1).uniform(-5, 5, shape)
    order = data.draw(st.sampled_from([1, 2]))
    for f in (
        lambda x: np.diff(x, order, axis, prepend=0.5),
        lambda x: np.gradient(x, axis=axis, edge_order=order),
        lambda x: np.trapezoid(x, dx=0.3, axis=axis),
        lambda x: np.unwrap(x, axis=axis, period=3.0),
        lambda x: np.trapezoid(x, np.arange(float(x.shape[axis])) ** 2, axis=axis),
        lambda x: np.gradient(x, np.arange(float(x.shape[axis])) ** 1.5, axis=axis, edge_order=order),
    ):
        try:
            expected = f(x)
        except (ValueError, IndexError):
            with pytest.raises((ValueError, IndexError)):
                program(f)(x)
            continue
        np.testing.assert_allclose(program(f)(x), expected, atol=1e-12)
