"""``np.linalg`` and ``np.fft``, function by function: values, derivatives of both orders in both modes, and compiled.

The names are the rows of ``linalg`` and ``fft`` of a list of 278 calls of NumPy that the project kept of what autograd,
JAX and mygrad differentiate; every one that any of them does is here, and what is asked for beyond it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import essence_ad as ad
from essence_ad.errors import EssenceError, UnsupportedError
from tests.derivatives import check

RNG = np.random.default_rng(11)
A = np.array([[2.0, 0.5, -0.3], [0.4, 1.7, 0.6], [-0.2, 0.3, 1.2]])
B = np.array([[0.3, -0.7, 0.2], [0.1, 0.9, -0.4], [0.8, 0.2, 0.6]])
Z = A + 0.4j * B
TALL, WIDE = np.array([[2.0, 0.5], [0.4, -1.7], [-0.2, 0.3]]), np.array([[2.0, 0.5, 0.3], [0.4, -1.7, 0.9]])
STACK = np.stack([A, A @ A])
V, W = np.array([0.7, -1.1, 0.4]), np.array([1.2, 0.3, -0.8])
C4 = np.array([0.5 - 0.2j, 1.0 + 0.3j, -0.7 + 1.1j, 0.2j])
X24 = RNG.uniform(-1, 1, (2, 4))
Z34 = RNG.uniform(-1, 1, (3, 4)) + 1j * RNG.uniform(-1, 1, (3, 4))
T4 = RNG.uniform(-1, 1, (2, 3, 6))
HARD = RNG.uniform(-1, 1, (2, 2, 2, 2)) + 2 * np.eye(4).reshape(2, 2, 2, 2)


def spd(a: Any) -> Any:
    """A positive definite matrix near the one given."""
    return a @ np.conjugate(np.swapaxes(a, -1, -2)) + np.eye(a.shape[-1])


def projectors(a: Any, triangle: str = "L") -> Any:
    """What does not depend on the phases of eigenvectors."""
    values, vectors = np.linalg.eigh(a, UPLO=triangle)
    return values, vectors @ (np.exp(values)[..., None] * np.conjugate(np.swapaxes(vectors, -1, -2)))


def rebuilt(a: Any) -> Any:
    """The same for singular vectors."""
    u, s, v = np.linalg.svd(a, full_matrices=False)
    return s, u @ (np.sqrt(s)[..., None] * v)


def even(a: Any) -> Any:
    """The Hermitian part, which is what ``eigh`` is of: NumPy itself reads one triangle and does not look at the other."""
    return (a + np.conjugate(np.swapaxes(a, -1, -2))) / 2


def spectrum(a: Any) -> Any:
    """Eigenvalues and vectors, complex where NumPy gives real ones too."""
    values, vectors = np.linalg.eig(a)
    return values + 0j, vectors + 0j


linalg, fft = np.linalg, np.fft
Case = tuple[Callable[..., Any], tuple[Any, ...]]

ROWS: dict[str, list[Case]] = {
    "linalg.norm": [(linalg.norm, (V,)), (linalg.norm, (A,)), (lambda x: linalg.norm(x, axis=0, keepdims=True), (A,)), (linalg.norm, (V + 1j * W,))],
    "linalg.norm fro": [(lambda x: linalg.norm(x, "fro"), (A,)), (lambda x: linalg.norm(x, "fro", axis=(2, 0)), (STACK,))],
    "linalg.norm nuc": [(lambda x: linalg.norm(x, "nuc"), (x,)) for x in (A, TALL, WIDE, Z)] + [(lambda x: linalg.norm(x, "nuc", (1, 2), True), (STACK,))],
    "linalg.norm 2 mat": [(lambda x: linalg.norm(x, 2), (x,)) for x in (A, TALL, WIDE, Z)] + [(lambda x: linalg.norm(x, -2), (A,))],
    "linalg.norm inf": [(lambda x: linalg.norm(x, np.inf), (x,)) for x in (V, A, TALL)] + [(lambda x: linalg.norm(x, -np.inf), (A,))],
    "linalg.norm 1": [(lambda x: linalg.norm(x, 1), (x,)) for x in (V, A, WIDE)] + [(lambda x: linalg.norm(x, -1), (A,))],
    "linalg.vector_norm": [
        (linalg.vector_norm, (STACK,)), (lambda x: linalg.vector_norm(x, axis=(0, 2), keepdims=True, ord=3), (STACK,)),
        (lambda x: linalg.vector_norm(x, axis=-1, ord=2.5), (A,)), (lambda x: linalg.vector_norm(x, ord=-2), (V,)),
    ],
    "linalg.matrix_norm": [(linalg.matrix_norm, (STACK,)), (lambda x: linalg.matrix_norm(x, ord="nuc", keepdims=True), (STACK,))],
    "linalg.solve": [(linalg.solve, (A, V)), (linalg.solve, (STACK, B)), (linalg.solve, (Z, V)), (linalg.solve, (A.T[::-1], np.asfortranarray(B)))],
    "linalg.inv": [(linalg.inv, (A,)), (linalg.inv, (STACK,)), (linalg.inv, (Z,))],
    "linalg.pinv": [(linalg.pinv, (x,)) for x in (A, TALL, WIDE, STACK, Z[:, :2])] + [(lambda x: linalg.pinv(x, rtol=None), (TALL,))],
    "linalg.det": [(linalg.det, (x,)) for x in (A, STACK, Z)],
    "linalg.slogdet": [(lambda x: linalg.slogdet(x).logabsdet, (x,)) for x in (A, STACK, Z)],
    "linalg.cholesky": [(lambda x: linalg.cholesky(spd(x)), (x,)) for x in (A, STACK, Z)],
    "linalg.qr": [(linalg.qr, (x,)) for x in (A, TALL, WIDE, STACK, Z, Z[:, :2], Z[:2])] + [(lambda x: linalg.qr(x, mode="r"), (TALL,)), (lambda x: linalg.qr(x).Q, (A,))],
    "linalg.svd vals": [(lambda x: linalg.svd(x, compute_uv=False), (x,)) for x in (A, TALL, WIDE, STACK, Z)],
    "linalg.svd thin": [(lambda x: linalg.svd(x, full_matrices=False), (x,)) for x in (A, TALL, WIDE)] + [(rebuilt, (Z,)), (rebuilt, (STACK,))],
    "linalg.svd full": [(lambda x: linalg.svd(x), (A,)), (lambda x: linalg.svd(x).S, (TALL,))],
    "linalg.svdvals": [(linalg.svdvals, (x,)) for x in (TALL, STACK)],
    "linalg.eigh": [(lambda x: linalg.eigh(even(x))[0], (x,)) for x in (A, STACK)] + [(lambda x: projectors(spd(x)), (Z,))],
    "linalg.eigh vec": [(lambda x: linalg.eigh(spd(x)), (A,)), (lambda x: projectors(x, "U"), (A,)), (lambda x: linalg.eigh(x, "L").eigenvalues, (A,)), (lambda x: projectors(spd(x)), (STACK,))],
    "linalg.eigvalsh": [(lambda x: linalg.eigvalsh(even(x)), (A,)), (lambda x: linalg.eigvalsh(x, "L"), (A,)), (lambda x: linalg.eigvalsh(spd(x)), (Z,))],
    "linalg.eig": [(spectrum, (A + B,)), (spectrum, (B,)), (spectrum, (Z + 0.7j * B.T,)), (lambda x: linalg.eig(x).eigenvalues + 0j, (STACK,))],
    "linalg.eigvals": [(lambda x: linalg.eigvals(x) + 0j, (x,)) for x in (A, B, STACK, Z)],
    "linalg.lstsq": [(lambda a, b: linalg.lstsq(a, b)[0], (x, V[: len(x)])) for x in (A, TALL, WIDE)] + [(lambda a, b: linalg.lstsq(a, b)[:2], (TALL, B)), (lambda a, b: linalg.lstsq(a, b)[3], (Z, V))],
    "linalg.matrix_power": [(lambda x, n=n: linalg.matrix_power(x, n), (A,)) for n in (0, 1, 2, 5, -3)] + [(lambda x: linalg.matrix_power(x, 3), (STACK,)), (lambda x: linalg.matrix_power(x, 3), (Z,))],
    "linalg.multi_dot": [(lambda *x: linalg.multi_dot(x), (V, A, B, W)), (lambda *x: linalg.multi_dot(list(x)), (A, TALL, WIDE)), (lambda *x: linalg.multi_dot(x), (A, Z)), (lambda *x: linalg.multi_dot(x), (WIDE, A, B, TALL))],
    "linalg.cond": [(lambda x, p=p: linalg.cond(x, p), (A,)) for p in (None, 2, -2, "fro", 1, np.inf)] + [(linalg.cond, (STACK,)), (linalg.cond, (TALL,))],
    "linalg.tensorsolve": [(linalg.tensorsolve, (HARD, B[:2, :2])), (lambda a, b: linalg.tensorsolve(a, b, axes=(0, 2)), (HARD, B[:2, :2]))],
    "linalg.tensorinv": [(linalg.tensorinv, (HARD,)), (lambda x: linalg.tensorinv(x, ind=1), (RNG.uniform(-1, 1, (4, 2, 2)),))],
    "linalg.trace": [(linalg.trace, (STACK,)), (lambda x: linalg.trace(x, offset=1), (STACK,))],
    "linalg.diagonal": [(linalg.diagonal, (STACK,)), (lambda x: linalg.diagonal(x, offset=-1), (STACK,))],
    "linalg.outer": [(linalg.outer, (V, W[:2]))],
    "linalg.cross": [(linalg.cross, (V, W)), (lambda a, b: linalg.cross(a, b, axis=0), (A, B))],
    "linalg.vecdot": [(linalg.vecdot, (A, V)), (lambda a, b: linalg.vecdot(a, b, axis=0), (A, B)), (linalg.vecdot, (Z, A))],
    "linalg.matmul": [(linalg.matmul, (STACK, B))],
    "linalg.matrix_transpose": [(linalg.matrix_transpose, (STACK,))],
    "linalg.tensordot": [(lambda a, b: linalg.tensordot(a, b, axes=([0], [1])), (A, B))],
    "fft.fft": [(fft.fft, (V,)), (fft.fft, (C4,)), (lambda x: fft.fft(x, n=6, axis=0, norm="ortho"), (X24,)), (lambda x: fft.fft(x, 2), (Z34[:, ::-1],))],
    "fft.ifft": [(fft.ifft, (V,)), (fft.ifft, (C4,)), (lambda x: fft.ifft(x, 3, norm="forward"), (Z34,))],
    "fft.rfft": [(fft.rfft, (V,)), (fft.rfft, (X24,)), (lambda x: fft.rfft(x, n=5, axis=0, norm="ortho"), (X24,)), (lambda x: fft.rfft(x, 3), (X24,))],
    "fft.irfft": [(fft.irfft, (C4,)), (lambda x: fft.irfft(x, n=5), (C4,)), (lambda x: fft.irfft(x, 3, axis=0, norm="forward"), (Z34,)), (lambda x: fft.irfft(x, 9), (V,))],
    "fft.hfft": [(fft.hfft, (C4,)), (lambda x: fft.hfft(x, n=7, norm="ortho"), (C4,)), (fft.hfft, (V,))],
    "fft.ihfft": [(fft.ihfft, (V,)), (lambda x: fft.ihfft(x, n=4, axis=0, norm="forward"), (A,))],
    "fft.fft2": [(fft.fft2, (A,)), (lambda x: fft.fft2(x, s=(2, 5), norm="ortho"), (Z34,))],
    "fft.ifft2": [(fft.ifft2, (Z34,)), (lambda x: fft.ifft2(x, axes=(0, 2)), (STACK,))],
    "fft.rfft2": [(fft.rfft2, (X24,)), (lambda x: fft.rfft2(x, s=(3, 3)), (X24,))],
    "fft.irfft2": [(fft.irfft2, (Z34,)), (lambda x: fft.irfft2(x, s=(2, 5), norm="forward"), (Z34,))],
    "fft.fftn": [(fft.fftn, (STACK,)), (lambda x: fft.fftn(x, s=(2, 4), axes=(0, 1), norm="ortho"), (STACK,))],
    "fft.ifftn": [(fft.ifftn, (Z34,)), (lambda x: fft.ifftn(x, axes=(1,)), (Z34,))],
    "fft.rfftn": [(fft.rfftn, (STACK,)), (lambda x: fft.rfftn(x, axes=(2, 0)), (STACK,))],
    "fft.irfftn": [(fft.irfftn, (Z34,)), (lambda x: fft.irfftn(x, s=(3, 5), axes=(0, 1)), (Z34,))],
    "fft.fftshift": [(fft.fftshift, (V,)), (lambda x: fft.fftshift(x, axes=1), (X24,))],
    "fft.ifftshift": [(fft.ifftshift, (V,)), (lambda x: fft.ifftshift(x, axes=(0, 1)), (A,))],
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_every_function_has_its_derivatives(name: str) -> None:
    assert ROWS[name]
    for f, args in ROWS[name]:
        check(f, *args)


def test_every_row_of_the_list_is_here() -> None:
    with (Path(__file__).parent / "numpy_coverage.csv").open(encoding="utf-8", newline="") as lines:
        names = {row["function"] for row in csv.DictReader(lines)}
    listed = {name for name in names if name.startswith(("linalg.", "fft."))}
    assert len(listed) == 54 and listed == set(ROWS)


def test_every_function_of_the_two_modules_is_here() -> None:
    covered = {name.split()[0].split(".")[1] for name in ROWS}
    public = {n for n in np.linalg.__all__ if n[0].islower()} | set(np.fft.__all__)
    assert public - covered == {"matrix_rank", "fftfreq", "rfftfreq"}  # discrete; not functions of arrays


def test_results_have_the_names_that_numpy_gives_them() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        seen.extend([np.linalg.eigh(x), np.linalg.svd(x), np.linalg.qr(x), np.linalg.eig(x), np.linalg.slogdet(x)])
        return seen[0].eigenvalues

    ad.grad(lambda x: np.sum(f(x)))(A)
    assert [type(s) for s in seen] == [
        type(g(A)) for g in (linalg.eigh, linalg.svd, linalg.qr, linalg.eig, linalg.slogdet)
    ]


def test_the_rank_counts_and_does_not_move() -> None:
    f = ad.program(lambda x: np.linalg.matrix_rank(x) * np.sum(x))
    assert f(TALL) == 2 * np.sum(TALL) and f(np.outer(V, W)) == np.sum(np.outer(V, W))
    np.testing.assert_array_equal(ad.grad(f)(TALL), 2 * np.ones((3, 2)))
    rank = ad.program(lambda a, b: np.linalg.lstsq(a, b)[2])
    assert rank(TALL, V) == 2 and rank(np.outer(V, W), V) == 1


def test_the_best_order_of_a_chain_of_products_is_taken() -> None:
    thin, flat = RNG.uniform(-1, 1, (50, 2)), RNG.uniform(-1, 1, (2, 50))
    counted = ad.count(lambda a, b, c: np.linalg.multi_dot([a, b, c]), flat, thin, flat)
    assert counted["dot"] == 2
    np.testing.assert_allclose(counted.value, flat @ thin @ flat)


def test_equal_eigenvalues_have_finite_derivatives() -> None:
    eye = np.eye(3)
    squares = lambda x: np.sum(np.linalg.eigvalsh(x) ** 2)  # noqa: E731
    np.testing.assert_allclose(ad.grad(squares)(eye), 2 * eye, atol=1e-14)
    q = np.linalg.qr(A)[0]
    near = q @ np.diag([1.0, 1.0, 2.0]) @ q.T  # the two differ by rounding
    np.testing.assert_allclose(ad.grad(squares)(near), 2 * near, atol=1e-13)
    assert np.all(np.abs(ad.hessian(lambda x: np.sum(projectors(x)[1]))(near)) < 1e3)
    assert np.all(np.isfinite(ad.hessian(lambda x: np.sum(rebuilt(x)[1]))(eye)))
    assert np.all(np.isfinite(ad.hessian(lambda x: np.sum(np.linalg.norm(x, "nuc")))(np.zeros((2, 3)))))


def test_the_sum_of_singular_values_bends_as_it_should_where_they_are_equal() -> None:
    direction = B - B.T
    # the singular values of 1 + h K, with K antisymmetric, are sqrt(1 - h^2 k^2) for its eigenvalues k
    k = np.linalg.eigvals(direction)
    _, bent = ad.jvp(lambda h: ad.jvp(lambda t: np.linalg.norm(np.eye(3) + t * direction, "nuc"), h, 1.0)[1], 0.0, 1.0)
    assert np.isclose(bent, np.sum(np.abs(k) ** 2))


def test_least_squares_of_a_matrix_of_low_rank_follow_changes_of_the_same_rank() -> None:
    def solved(u: Any, v: Any, b: Any) -> Any:
        return np.linalg.lstsq(np.outer(u, v), b, rcond=1e-10)[0], np.linalg.pinv(np.outer(u, v), rcond=1e-10)

    check(solved, V, W[:2], np.array([0.3, 0.1, -0.5]))


def test_what_has_no_derivative_says_so_with_the_line() -> None:
    with pytest.raises(UnsupportedError, match="complete") as error:
        ad.grad(lambda x: np.sum(np.linalg.qr(x, mode="complete")[0]))(TALL)
    assert re.search(r"test_linear_algebra\.py:\d+", str(error.value))
    with pytest.raises(EssenceError):
        ad.grad(lambda x: np.sum(np.fft.fft(x, out=np.zeros(3))))(V)


def test_complex_matrices_in_single_precision() -> None:
    z = Z.astype(np.complex64)
    for f in (np.linalg.eigvals, np.linalg.svdvals, np.linalg.pinv, lambda x: np.linalg.norm(x, "nuc"), np.fft.fft2):
        _, back = ad.vjp(f, z)
        y = f(z)
        assert back(np.ones_like(y)).dtype == np.complex64


AWKWARD: dict[str, Any] = {
    "an empty stack": np.zeros((0, 3, 3)),
    "no rows": np.zeros((0, 0)),
    "one element": np.array([[1.5]]),
    "Fortran order": np.asfortranarray(A),
    "negative strides": A[::-1, ::-1].copy()[::-1, ::-1],
    "strides": np.repeat(A, 2, axis=0)[::2],
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "eigh": lambda x: linalg.eigh(even(x))[0], "eigvals": lambda x: linalg.eigvals(x) + 0j, "svd": lambda x: linalg.svd(x)[1], "qr": linalg.qr,
    "pinv": linalg.pinv, "inv": linalg.inv, "det": linalg.det, "cholesky": lambda x: linalg.cholesky(spd(x)), "slogdet": lambda x: linalg.slogdet(x)[1],
    "power": lambda x: linalg.matrix_power(x, 3), "norm": lambda x: linalg.norm(x, axis=(-2, -1)), "trace": linalg.trace,
    "vectors": lambda x: linalg.vector_norm(x, axis=-1),
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_matrices(name: str) -> None:
    for f in FUNCTIONS.values():
        check(f, AWKWARD[name])


def test_norms_and_transforms_of_awkward_matrices() -> None:
    for name in ("one element", "Fortran order", "negative strides", "strides"):
        for f in (
            fft.fft2,
            fft.rfft,
            fft.irfft2,
            linalg.cond,
            lambda x: linalg.norm(x, "nuc"),
            lambda x: linalg.norm(x, 2),
        ):
            if not (name == "one element" and f is fft.irfft2):  # of no points
                check(f, AWKWARD[name])


def test_integers_beside_traced_arrays() -> None:
    whole, x = np.array([[2, 1], [1, 3]]), np.array([1.0, 2.0])
    for f in (
        lambda x: linalg.solve(whole, x), lambda x: linalg.inv(whole) @ x, lambda x: linalg.lstsq(whole, x)[0], lambda x: linalg.multi_dot([whole, whole, x]),
        lambda x: linalg.matrix_power(whole * x, np.int64(2)), lambda x: fft.fft(x, n=np.int64(3)), lambda x: fft.rfft(np.array([1, 2]) * x), lambda x: linalg.norm(x, 2.0),
    ):  # fmt: skip
        check(f, x)


def test_single_precision_stays_single() -> None:
    for f in [*FUNCTIONS.values(), fft.fft2, fft.rfft, linalg.cond]:
        x = A.astype(np.float32)
        y, back = ad.vjp(lambda x, f=f: f(x)[0] if f is linalg.qr else f(x), x)
        expected = f(x)[0] if f is linalg.qr else f(x)
        assert np.result_type(y) == np.result_type(expected)
        assert back(np.ones_like(y)).dtype == np.float32
