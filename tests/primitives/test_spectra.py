"""Eigenvalues and singular values: what their derivatives obey, complex matrices, and equal values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual
from essence_ad.errors import ShapeError
from essence_ad.primitives.spectra import eig, eigh, svd

RNG = np.random.default_rng(5)
A = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])
Z = A + 1j * RNG.uniform(-1, 1, (3, 3))
DZ = RNG.uniform(-1, 1, (3, 3)) + 1j * RNG.uniform(-1, 1, (3, 3))


def adjoint(a: Any) -> Any:
    return np.conjugate(np.swapaxes(a, -1, -2))


@pytest.mark.parametrize("a", [A, Z, np.stack([A, A @ A])])
def test_eigenvectors_stay_eigenvectors(a: Any) -> None:
    da = DZ if np.iscomplexobj(a) else RNG.uniform(-1, 1, a.shape)
    h, dh = (a + adjoint(a)) / 2, (da + adjoint(da)) / 2
    (w, v), df = D(Additive)(essence_ad.eigh)(a)
    dw, dv = df(da)
    np.testing.assert_allclose(dh @ v + h @ dv, dv * w[..., None, :] + v * dw[..., None, :], atol=1e-12)
    np.testing.assert_allclose(adjoint(dv) @ v + adjoint(v) @ dv, np.zeros(a.shape), atol=1e-12)
    (w, v), df = D(Additive)(essence_ad.eig)(a)
    dw, dv = df(da)
    np.testing.assert_allclose(da @ v + a @ dv, dv * w[..., None, :] + v * dw[..., None, :], atol=1e-12)


@pytest.mark.parametrize("a", [A[:2], A[:, :2], Z[:2], Z[:, :2], Z])
@pytest.mark.parametrize("full", [False, True])
def test_singular_vectors_stay_singular_vectors(a: Any, full: bool) -> None:
    da = DZ[: a.shape[0], : a.shape[1]] if np.iscomplexobj(a) else RNG.uniform(-1, 1, a.shape)
    (u, s, v), df = D(Additive)(essence_ad.svd(full_matrices=full))(a)
    du, ds, dv = df(da)
    middle, moved = (np.zeros((u.shape[1], v.shape[0])) for _ in range(2))
    np.fill_diagonal(middle, s)
    np.fill_diagonal(moved, ds)
    np.testing.assert_allclose(du @ middle @ v + u @ moved @ v + u @ middle @ dv, da, atol=1e-12)
    for q, dq in ((u, du), (adjoint(v), adjoint(dv))):
        np.testing.assert_allclose(adjoint(dq) @ q + adjoint(q) @ dq, np.zeros((q.shape[1],) * 2), atol=1e-12)
    w = [
        np.asarray(
            RNG.uniform(-1, 1, part.shape) + (1j * RNG.uniform(-1, 1, part.shape) if np.iscomplexobj(part) else 0)
        )
        for part in (u, s, v)
    ]
    pushed = sum(np.sum(x * y) for x, y in zip(w, (du, ds, dv), strict=True))
    back = df.T(tuple(w))
    assert np.isclose(np.real(pushed), np.real(np.sum(back * da)))


def test_complex_eigenvectors_are_pulled_back_by_the_adjoint() -> None:
    for f in (essence_ad.eigh, essence_ad.eig):
        (w, v), df = D(Additive)(f)(Z)
        dw, dv = df(DZ)
        a, b = RNG.uniform(-1, 1, 3), RNG.uniform(-1, 1, (3, 3)) + 1j * RNG.uniform(-1, 1, (3, 3))
        back = df.T((a.astype(w.dtype), b.astype(v.dtype)))
        assert np.isclose(np.real(np.sum(a * dw) + np.sum(b * dv)), np.real(np.sum(back * DZ)))


def test_vectors_of_equal_values_do_not_turn() -> None:
    eye, da = np.eye(3), RNG.uniform(-1, 1, (3, 3))
    for f, outs in ((essence_ad.eigh, 2), (essence_ad.eig, 2), (essence_ad.svd, 3)):
        y, df = D(Additive)(f)(eye)
        moved = df(da)
        assert len(moved) == outs and all(np.all(np.isfinite(part)) for part in moved)
        v = tuple([np.ones_like(part) for part in y])
        assert np.all(np.isfinite(D(Dual(Additive))(f)(eye)[1](v)))
    zero = D(Additive)(essence_ad.svd)(np.zeros((2, 3)))[1](RNG.uniform(-1, 1, (2, 3)))
    assert all(np.all(np.isfinite(part)) for part in zero)


def test_values_are_those_of_numpy() -> None:
    np.testing.assert_array_equal(eigh(A + A.T)[0], np.linalg.eigh(A + A.T)[0])
    np.testing.assert_array_equal(eig(A)[0], np.linalg.eig(A)[0])
    np.testing.assert_array_equal(svd(A)[2], np.linalg.svd(A)[2])


def test_a_symmetric_derivative_has_no_part_that_is_not() -> None:
    back = D(Dual(Additive))(essence_ad.eigh)(A + A.T)[1]((np.array([1.0, 0.5, -2.0]), A))
    np.testing.assert_allclose(back, back.T, atol=1e-13)


def test_matrices_that_are_not_square_have_no_eigenvalues() -> None:
    for f in (essence_ad.eigh, essence_ad.eig):
        with pytest.raises(ShapeError, match="eig"):
            f.at(essence_ad.R[2, 3])
    for f in (essence_ad.svd, essence_ad.polar):
        with pytest.raises(ShapeError):
            f.at(essence_ad.R[3])
