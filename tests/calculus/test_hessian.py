"""``hessian`` and ``hvp``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import errors
from essence_ad.calculus.gradient import grad
from essence_ad.calculus.hessian import hessian, hvp
from essence_ad.tracing.program import program


def test_of_one_number() -> None:
    assert hessian(np.sin)(0.4) == pytest.approx(-math.sin(0.4), rel=1e-15)
    assert hessian(essence_ad.sin)(0.4) == pytest.approx(-math.sin(0.4), rel=1e-15)
    assert hvp(np.sin, 0.4, 3.0) == pytest.approx(-3 * math.sin(0.4), rel=1e-15)


@given(st.integers(1, 4), st.integers(0, 1000))
def test_quadratic_forms(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, x, v = rng.standard_normal((n, n)), rng.standard_normal(n), rng.standard_normal(n)

    def f(t: Any) -> Any:
        return np.sum(np.sum(a * t, axis=1) * t)

    np.testing.assert_allclose(hessian(f)(x), a + a.T, atol=1e-13)
    np.testing.assert_allclose(hvp(f, x, v), (a + a.T) @ v, atol=1e-13)


def rosenbrock(x: Any, y: Any) -> Any:
    """The curved valley: Hessian ((1200 x² - 400 y + 2, -400 x), (-400 x, 200))."""
    return 100 * (y - x * x) ** 2 + (1 - x) ** 2


@pytest.mark.parametrize("f", [rosenbrock, program(rosenbrock)], ids=["function", "program"])
def test_several_arguments(f: Any) -> None:
    assert hessian(f, argnums=(0, 1))(2.0, 3.0) == ((3602.0, -800.0), (-800.0, 200.0))
    assert hessian(f)(2.0, 3.0) == 3602.0
    assert hessian(f, argnums=1)(2.0, 3.0) == 200.0
    assert hvp(f, (2.0, 3.0), (1.0, 0.0)) == (3602.0, -800.0)


def test_one_argument_that_is_a_tuple() -> None:
    def f(p: Any) -> Any:
        return rosenbrock(p[0], p[1])

    assert hessian(f)((2.0, 3.0)) == ((3602.0, -800.0), (-800.0, 200.0))
    assert hvp(f, (2.0, 3.0), (0.0, 1.0)) == (-800.0, 200.0)


def test_structured_arguments_give_symmetric_blocks() -> None:
    a = np.arange(6.0).reshape(2, 3)

    def f(p: Any) -> Any:
        return np.sum(np.sin(p["u"]) * np.sum(a * p["v"][0], axis=1)) * p["v"][1]

    rng = np.random.default_rng(0)
    x = {"u": rng.standard_normal(2), "v": [rng.standard_normal(3), 0.7]}
    h = hessian(f)(x)
    assert h["u"]["u"].shape == (2, 2)
    assert h["u"]["v"][0].shape == (2, 3)
    assert h["v"][0]["u"].shape == (3, 2)
    assert h["v"][1]["u"].shape == (2,)
    np.testing.assert_allclose(h["u"]["v"][0], h["v"][0]["u"].T, rtol=1e-14)
    np.testing.assert_allclose(h["u"]["v"][1], h["v"][1]["u"], rtol=1e-14)
    np.testing.assert_allclose(h["u"]["v"][0], np.cos(x["u"])[:, None] * a * 0.7, rtol=1e-14)
    np.testing.assert_allclose(h["v"][0]["v"][0], np.zeros((3, 3)))
    v = {"u": np.array([1.0, 0.0]), "v": [np.zeros(3), 0.0]}
    image = hvp(f, x, v)
    np.testing.assert_allclose(image["v"][0], h["v"][0]["u"][:, 0], rtol=1e-14)


def test_of_a_vector_function() -> None:
    """As JAX: the shape of the value first, then twice that of the argument."""
    h = hessian(lambda x: x * x * x)(np.array([1.0, 2.0]))
    assert h.shape == (2, 2, 2)
    assert [h[0, 0, 0], h[1, 1, 1]] == [6.0, 12.0]
    assert np.sum(np.abs(h)) == 18.0


def test_of_functions_with_gradients_inside() -> None:
    def f(x: Any) -> Any:
        return np.sum(grad(lambda t: np.sum(np.sin(t) * x))(x) ** 2)  # sum of (x cos x)²

    x = np.array([0.3, 1.1])
    exact = 2 * (np.cos(x) - x * np.sin(x)) ** 2 + 2 * x * np.cos(x) * (-2 * np.sin(x) - x * np.cos(x))
    np.testing.assert_allclose(hessian(f)(x), np.diag(exact), atol=1e-13)


def test_complex() -> None:
    z = np.array([0.3 + 0.1j, 1.0 - 1.0j])
    np.testing.assert_allclose(hessian(lambda t: np.sum(t**3))(z), np.diag(6 * z), rtol=1e-14)


def test_bad_input() -> None:
    with pytest.raises(errors.NotScalarError):
        hvp(lambda x: x, np.ones(2), np.ones(2))
    with pytest.raises(errors.ShapeError):
        hvp(np.sum, np.ones(2), np.ones(3))
    with pytest.raises(errors.DTypeError):
        hessian(np.sum)(np.arange(2))
    with pytest.raises(errors.NotAProgramError):
        hessian(2.0)
