"""Norms: their conventions at 0 and at ties, and the slopes of norms by singular values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual

A = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])


def gradient(f: Any, x: Any) -> Any:
    y, df = D(Dual(Additive))(f)(x)
    return df(np.ones(np.shape(y))[()])


# Row "norm of x at x = 0: 0" of the edge points that the project collected from other systems.
@pytest.mark.parametrize(
    ("options", "x", "expected"),
    [
        ({}, [0.0, 0.0], [0, 0]), ({}, [3.0, -4.0], [0.6, -0.8]), ({"ord": 1}, [2.0, 0.0, -1.0], [1, 0, -1]),
        ({"ord": math.inf}, [2.0, -2.0, 1.0], [0.5, -0.5, 0]), ({"ord": -math.inf}, [2.0, -2.0, 1.0], [0, 0, 1]), ({"ord": 3}, [0.0, 0.0], [0, 0]),
        ({"axis": 1}, [[0.0, 0.0], [0.0, 2.0]], [[0, 0], [0, 1]]), ({"ord": "fro"}, [[0.0, 3.0], [4.0, 0.0]], [[0, 0.6], [0.8, 0]]),
    ],
)  # fmt: skip
def test_norms(options: dict[str, Any], x: Any, expected: Any) -> None:
    f = essence_ad.norm(**options) if options else essence_ad.norm
    np.testing.assert_allclose(gradient(f, np.array(x)), expected, atol=1e-15)


def test_norms_of_complex_vectors() -> None:
    z = np.array([3j, 4.0, 0j])
    np.testing.assert_allclose(gradient(essence_ad.norm, z), np.conj(z) / 5)
    np.testing.assert_allclose(gradient(essence_ad.norm(ord=1), z), [-1j, 1, 0])


def test_norms_by_singular_values() -> None:
    u, _, v = np.linalg.svd(A)
    np.testing.assert_allclose(gradient(essence_ad.norm(ord="nuc"), A), u @ v)
    np.testing.assert_allclose(gradient(essence_ad.norm(ord=2), A), np.outer(u[:, 0], v[0]))
    np.testing.assert_allclose(gradient(essence_ad.norm(ord=-2), A), np.outer(u[:, -1], v[-1]))
    np.testing.assert_allclose(gradient(essence_ad.norm(ord=2), np.eye(2)), np.eye(2) / 2)  # a tie is shared


def test_norms_by_lines() -> None:
    x = np.array([[1.0, -2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(gradient(essence_ad.norm(ord=1), x), [[0, -1], [0, 1]])
    np.testing.assert_array_equal(gradient(essence_ad.norm(ord=-1), x), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(gradient(essence_ad.norm(ord=np.inf), x), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(gradient(essence_ad.norm(ord=1), x.T @ x * 0), np.zeros((2, 2)))


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_the_norm_of_the_zero_matrix_has_slope_zero(ord: Any) -> None:
    f = essence_ad.norm(ord=ord)
    np.testing.assert_array_equal(gradient(f, np.zeros((2, 3))), np.zeros((2, 3)))
    np.testing.assert_array_equal(essence_ad.hessian(f)(np.zeros((2, 3))), np.zeros((2, 3, 2, 3)))


@pytest.mark.parametrize("ord", [None, 0, 0.5, 1, 3, -1, -2, math.inf, -math.inf])
def test_zeros_in_a_vector_leave_its_norms_finite(ord: Any) -> None:
    for x in (np.zeros(3), np.array([0.0, 2.0, 0.0])):
        with np.errstate(divide="ignore"):  # NumPy's own, for negative orders
            assert np.all(np.isfinite(gradient(essence_ad.norm(ord=ord), x)))
            assert np.all(np.isfinite(essence_ad.hessian(essence_ad.norm(ord=ord))(x)))
