"""Slopes by differences alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad.calculus.differences import Slope, slope


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-2, 2))
def test_exact_where_the_curve_takes_complex_numbers(a: float, b: float, c: float) -> None:
    found = slope(lambda t: np.array([np.sin(a + b * t) * np.exp(c * t)]))
    exact = b * np.cos(a) + c * np.sin(a)
    assert found.value[0] == pytest.approx(exact, rel=1e-13, abs=1e-14)
    assert found.error[0] < 1e-12


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_close_where_it_does_not(a: float, b: float) -> None:
    found = slope(lambda t: np.array([np.sin(a + b * t)]), complex_step=False)
    assert abs(found.value[0] - b * np.cos(a)) < 1e-9
    assert found.error[0] < 1e-7


def test_functions_that_refuse_complex_numbers() -> None:
    def curve(t: Any) -> Any:
        if isinstance(t, complex):
            raise TypeError("real numbers only")
        return np.array([t**3 + 2 * t])

    assert slope(curve).value[0] == pytest.approx(2.0, abs=1e-10)


def test_a_complex_step_that_lies_is_not_believed() -> None:
    """abs and real parts take complex numbers, but not as analytic functions."""
    found = slope(lambda t: np.array([abs(3 + t), np.real(5 * t)]))
    assert found.value == pytest.approx([1.0, 5.0], abs=1e-9)


def test_kinks_have_two_slopes() -> None:
    found = slope(lambda t: np.array([abs(t), max(t, 0.0), 2 * t]), complex_step=False)
    assert found.low == pytest.approx([-1, 0, 2], abs=1e-6)
    assert found.high == pytest.approx([1, 1, 2], abs=1e-6)


@pytest.mark.parametrize(
    "curve", [lambda t: np.array([float(t > 0)]), lambda t: np.array([np.sqrt(t)])], ids=["jump", "edge"]
)
def test_nothing_is_known_at_jumps_and_edges(curve: Any) -> None:
    found = slope(curve, complex_step=False)
    assert not np.isfinite(found.error[0])


def test_large_numbers() -> None:
    found = slope(lambda t: np.array([(1e8 + t) ** 2]), 1e8, complex_step=False)
    assert found.value[0] == pytest.approx(2e8, rel=1e-9)


def test_no_warnings_escape() -> None:
    slope(lambda t: np.array([np.log(np.real(t))]), complex_step=False)


def test_weighted_sums() -> None:
    found = Slope(np.array([1.0, -1.0, np.nan]), np.array([2.0, 1.0, np.nan]), np.array([0.1, 0.2, np.inf]))
    total = found.dot(np.array([3.0, -2.0, 0.0]))
    assert (total.low, total.high) == (1.0, 8.0)
    assert total.error == pytest.approx(0.7)


@pytest.mark.parametrize("frequency", [1004.1, 4019.0, 8115.3])
def test_wide_steps_that_agree_by_chance_are_not_believed(frequency: float) -> None:
    """These sines repeat themselves at the widest steps."""
    found = slope(lambda t: np.array([np.sin(frequency * t + 1)]), complex_step=False)
    exact = frequency * np.cos(1)
    assert abs(found.value[0] - exact) <= 1e-6 * abs(exact) + 10 * found.error[0]
    assert found.error[0] < 1e-3 * frequency
