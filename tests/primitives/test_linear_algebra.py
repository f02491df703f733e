"""Linear algebra: identities that derivatives of solutions, determinants and factors obey, and matrices at the edge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.errors import ShapeError
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


def test_the_factors_of_qr_stay_factors() -> None:
    (q, r), df = D(Additive)(essence_ad.qr)(A[:, :2])
    da = RNG.standard_normal((3, 2))
    dq, dr = df(da)
    np.testing.assert_allclose(dq @ r + q @ dr, da, atol=1e-13)
    np.testing.assert_allclose(dq.T @ q + q.T @ dq, np.zeros((2, 2)), atol=1e-13)
    assert np.allclose(dr, np.triu(dr))


def test_a_pseudoinverse_moves_as_its_four_equations_say() -> None:
    a, da = np.outer(A[0], A[1]), np.outer(A[0], A[2])  # of rank one, and so is a + h da
    p, df = D(Additive)(essence_ad.pinv(rcond=1e-10))(a)
    dp = df(da)
    np.testing.assert_allclose(da @ p @ a + a @ dp @ a + a @ p @ da, da, atol=1e-12)
    np.testing.assert_allclose(dp @ a @ p + p @ da @ p + p @ a @ dp, dp, atol=1e-12)
    for product in (da @ p + a @ dp, dp @ a + p @ da):
        np.testing.assert_allclose(product, product.T, atol=1e-12)


def test_least_squares_of_full_rank_obey_the_normal_equations() -> None:
    a, b = A[:, :2], RNG.standard_normal(3)
    _, df = D(Dual(Additive))(essence_ad.least_squares)((a, b))
    _, df_normal = D(Dual(Additive))(trace(lambda a, b: np.linalg.solve(a.T @ a, a.T @ b), R[3, 2] * R[3]))((a, b))
    v = np.array([0.3, -1.2])
    for found, expected in zip(df(v), df_normal(v), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_determinant_of_singular_matrices_bends_as_its_minors_say(rank: int) -> None:
    left, right = RNG.standard_normal((3, rank)), RNG.standard_normal((rank, 3))
    for a in (left @ right, left @ right + 1j * left @ right[:, ::-1]):
        expected = np.zeros((3, 3, 3, 3), a.dtype)
        for i, j in np.ndindex(3, 3):
            for k, l in np.ndindex(3, 3):
                if i != k and j != l:  # the element that is in neither row and neither column, with its sign
                    m, n = 3 - i - k, 3 - j - l
                    order = np.linalg.det(np.eye(3)[[i, k, m]]) * np.linalg.det(np.eye(3)[[j, l, n]])
                    expected[i, j, k, l] = order * a[m, n]
        push = D(Additive)(essence_ad.cofactor)(a)[1]
        v = RNG.standard_normal((3, 3)).astype(a.dtype)
        np.testing.assert_allclose(push(v), np.einsum("ijkl,kl", expected, v), atol=1e-8)
        np.testing.assert_allclose(push.T(v), np.einsum("ijkl,kl", expected, v), atol=1e-8)
        if np.isrealobj(a):
            np.testing.assert_allclose(essence_ad.hessian(essence_ad.det)(a), expected, atol=1e-8)


def test_the_third_derivative_of_a_determinant_is_not_made_up() -> None:
    third = essence_ad.jacobian(essence_ad.hessian(lambda a: np.linalg.det(a)))
    np.testing.assert_allclose(third(np.eye(2)), np.zeros((2,) * 6), atol=1e-12)
    signs = np.einsum("ikm,jln->ijklmn", LEVI, LEVI)
    np.testing.assert_allclose(third(A), signs, atol=1e-10)
    assert np.all(np.isnan(third(np.zeros((3, 3)))) | (third(np.zeros((3, 3))) == signs))


LEVI = np.array([[[np.linalg.det(np.eye(3)[[i, j, k]]) for k in range(3)] for j in range(3)] for i in range(3)])
