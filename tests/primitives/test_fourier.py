"""Discrete Fourier transforms: their matrices, written out, and what they do not take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, C, D, Dual, R
from essence_ad.errors import ShapeError
from essence_ad.primitives.fourier import resized


def matrix(n: int) -> Any:
    """The transform of n points."""
    k = np.arange(n)
    return np.exp(-2j * np.pi * np.outer(k, k) / n)


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_pulling_back_is_the_transposed_matrix(n: int) -> None:
    rng = np.random.default_rng(n)
    f, half = matrix(n), n // 2 + 1
    z, v = (rng.uniform(-1, 1, n) + 1j * rng.uniform(-1, 1, n) for _ in range(2))
    y, back = D(Dual(Additive))(essence_ad.fft)(z)
    np.testing.assert_allclose(y, f @ z, atol=1e-13)
    np.testing.assert_allclose(back(v), f.T @ v, atol=1e-13)
    _, back = D(Dual(Additive))(essence_ad.rfft)(z.real)
    np.testing.assert_allclose(back(v[:half]), np.real(f[:half].T @ v[:half]), atol=1e-13)


@pytest.mark.parametrize("n", [2, 5, 6])
def test_each_real_transform_and_its_inverse_pull_back_to_inverses(n: int) -> None:
    rng = np.random.default_rng(n)
    x, v = rng.uniform(-1, 1, n), rng.uniform(-1, 1, n)
    for there, back in (("rfft", "irfft"), ("ihfft", "hfft")):
        both = getattr(essence_ad, there) >> getattr(essence_ad, back)(n=n)
        y, pull = D(Dual(Additive))(both)(x)
        np.testing.assert_allclose(y, x, atol=1e-13)
        np.testing.assert_allclose(pull(v), v, atol=1e-13)


def test_arguments_are_cut_or_continued_with_zeros() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert resized(x, 3, 1) is x
    np.testing.assert_array_equal(resized(x, 2, 1), x[:, :2])
    np.testing.assert_array_equal(resized(x, 3, 0), [*x, [0, 0, 0]])


def test_what_a_transform_does_not_take_is_refused_with_its_name() -> None:
    for f, space in [
        (essence_ad.rfft, C[3]),
        (essence_ad.fft(n=0), R[3]),
        (essence_ad.fft(axis=1), R[3]),
        (essence_ad.irfft, C[1]),
    ]:
        with pytest.raises(Exception) as error:
            f.at(space)
        assert "fft" in str(error.value) and not isinstance(error.value, AssertionError)
    with pytest.raises(ShapeError, match="fft"):
        essence_ad.fft(n=0)(np.ones(3))
