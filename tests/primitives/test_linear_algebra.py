"""Linear algebra: identities that derivatives of solutions, determinants and factors obey, and matrices at the edge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.errors import ShapeError, UnsupportedError
from essence_ad.primitives.linear_algebra import cholesky, cofactor
from essence_ad.tracing.program import trace

RNG = np.random.default_rng(3)
A = RNG.standard_normal((3, 3)) + 3 * np.eye(3)
SPD = A @ A.T


def gradient(f: Any, x: Any) -> Any:
    y, df = D(Dual(Additive))(f)(x)
    return df(np.ones(np.shape(y))[()])


def test_solving() -> None:
    b, v = RNG.standard_normal(3), RNG.standard_normal(3)
    x, df = D(Dual(Additive))(essence_ad.solve)((A, b))
    back_a, back_b = df(v)
    np.testing.assert_allclose(back_b, np.linalg.solve(A.T, v))
    np.testing.assert_allclose(back_a, -np.outer(np.linalg.solve(A.T, v), x))


def test_the_inverse_and_the_solution_agree() -> None:
    b, da = RNG.standard_normal((3, 2)), RNG.standard_normal((3, 3))
    f = trace(lambda a: np.linalg.inv(a) @ b, R[3, 3])
    g = trace(lambda a: np.linalg.solve(a, b), R[3, 3])
    np.testing.assert_allclose(D(Additive)(f)(A)[1](da), D(Additive)(g)(A)[1](da))


def test_the_determinant_of_singular_matrices_has_a_gradient() -> None:
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    minors = np.array(
        [[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(3)] for i in range(3)]
    )
    np.testing.assert_allclose(gradient(essence_ad.det, a), minors, atol=1e-12)
    np.testing.assert_array_equal(gradient(essence_ad.det, np.zeros((3, 3))), np.zeros((3, 3)))
    np.testing.assert_allclose(cofactor(np.array([[0.0]])), [[1.0]])
    np.testing.assert_allclose(cofactor(A), np.linalg.inv(A).T * np.linalg.det(A))
    z = A + 1j * RNG.standard_normal((3, 3))
    np.testing.assert_allclose(cofactor(z), np.linalg.inv(z).T * np.linalg.det(z))


def test_the_logarithm_of_the_determinant() -> None:
    f = trace(lambda a: np.linalg.slogdet(a)[1], R[3, 3])
    np.testing.assert_allclose(gradient(f, A), np.linalg.inv(A).T)
    (sign, size), df = D(Additive)(essence_ad.slogdet)(-A)
    assert (
        sign == -np.sign(np.linalg.det(A)) and df(A)[0] == 0.0 and math.isclose(df(-A)[1], 3.0)
    )  # homogeneous of degree 3
    big = 1e200 * np.eye(3)
    np.testing.assert_allclose(gradient(f, big), 1e-200 * np.eye(3))  # its determinant overflows


def test_the_cholesky_factor_follows_the_symmetric_part() -> None:
    da = RNG.standard_normal((3, 3))
    y, df = D(Additive)(essence_ad.cholesky)(SPD)
    np.testing.assert_array_equal(y, np.linalg.cholesky(SPD))
    moved = df(da)
    np.testing.assert_allclose(moved @ y.T + y @ moved.T, (da + da.T) / 2, atol=1e-12)
    assert np.array_equal(moved, np.tril(moved)) and np.allclose(df(da - da.T), 0)
    back = df.T(RNG.standard_normal((3, 3)))
    np.testing.assert_allclose(back, back.T, atol=1e-12)
    lower = SPD.copy()
    lower[0, 2] += 0.5
    np.testing.assert_allclose(cholesky(lower), np.linalg.cholesky((lower + lower.T) / 2))


def test_the_cholesky_factor_of_a_hermitian_matrix() -> None:
    z = A + 1j * RNG.standard_normal((3, 3))
    h, dh = z @ z.conj().T, RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3))
    y, df = D(Additive)(essence_ad.cholesky)(h)
    moved = df(dh)
    np.testing.assert_allclose(moved @ y.conj().T + y @ moved.conj().T, (dh + dh.conj().T) / 2, atol=1e-12)


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


def test_norms_of_matrices_by_singular_values_state_nothing() -> None:
    with pytest.raises(UnsupportedError, match="nuc"):
        gradient(essence_ad.norm(ord="nuc"), A)
    assert math.isclose(essence_ad.norm(ord=2)(A), np.linalg.norm(A, 2))


def test_singular_matrices_are_told_by_numpys_own_error() -> None:
    for f, x in [
        (essence_ad.inv, np.zeros((2, 2))),
        (essence_ad.solve, (np.zeros((2, 2)), np.ones(2))),
        (essence_ad.cholesky, -np.eye(2)),
    ]:
        with pytest.raises(np.linalg.LinAlgError):
            f(x)


REFUSED = [
    ("inv", R[2, 3]),
    ("det", R[3]),
    ("slogdet", R[2, 3]),
    ("cholesky", R[2, 3]),
    ("solve", R[2, 3] * R[2]),
    ("solve", R[2, 2] * R[3]),
]


@pytest.mark.parametrize(("name", "space"), REFUSED)
def test_shapes_that_do_not_fit_are_refused_before_and_while_running(name: str, space: Any) -> None:
    f = getattr(essence_ad, name)
    x = np.zeros(space.shape) if not hasattr(space, "parts") else tuple([np.zeros(s.shape) for s in space.parts])
    for attempt in (lambda: f.at(space), lambda: f(x)):
        with pytest.raises(ShapeError, match=name):
            attempt()


def test_stacks_of_matrices_beside_one_right_hand_side() -> None:
    stack = np.stack([A, 2 * A])
    y, df = D(Dual(Additive))(essence_ad.solve)((stack, np.ones(3)))
    back_a, back_b = df(np.ones((2, 3)))
    assert back_a.shape == (2, 3, 3) and back_b.shape == (3,)
    np.testing.assert_allclose(back_b, 1.5 * np.linalg.solve(A.T, np.ones(3)))
