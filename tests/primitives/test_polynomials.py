"""Products and roots of polynomials against closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from essence_ad import jvp, linearize
from essence_ad.errors import ShapeError
from essence_ad.primitives.polynomials import convolve, roots, window


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_the_window_is_what_numpy_keeps(mode: str) -> None:
    for n, m in itertools.product(range(1, 6), repeat=2):
        a, v = np.arange(1.0, n + 1), np.arange(2.0, m + 2) ** 2
        start, end = window(n, m, mode)
        np.testing.assert_allclose(np.convolve(a, v)[start:end], np.convolve(a, v, mode), atol=1e-12)


def test_roots_of_a_square_move_as_the_formula_says() -> None:
    p = np.array([1.0, -3.0, 2.0])  # (x - 1) (x - 2)
    y, dy = jvp(roots, p, np.array([0.0, 0.0, 1.0]))
    order = np.argsort(y.real)
    np.testing.assert_allclose(y[order], [1, 2], atol=1e-12)
    np.testing.assert_allclose(dy[order], [1, -1], atol=1e-12)  # -1 / (2 x - 3)


def test_roots_at_zero_are_there_too() -> None:
    y, df = linearize(roots, np.array([1.0, -2.0, 0.0]))
    np.testing.assert_allclose(np.sort(y.real), [0, 2], atol=1e-12)
    assert np.all(np.isfinite(df.matrix()))


def test_a_polynomial_of_lower_degree_is_refused() -> None:
    for p in (np.array([0.0, 1.0, 2.0]), np.ones((2, 2)), np.zeros(0)):
        with pytest.raises(ShapeError, match="known degree"):
            roots(p)


def test_convolutions_of_nothing_are_refused() -> None:
    with pytest.raises(Exception, match="convolve"):
        jvp(lambda a: convolve(a, np.zeros(0)), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="mode"):
        window(2, 3, "half")
