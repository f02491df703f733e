"""SciPy takes the functions that our operators make, and finds the right answers with fewer calls."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy_optimize
from scipy import optimize

from essence_ad import grad, hessian, hvp, jacobian, value_and_grad

BOUNDS = {
    "no derivative": 1e-3, "jac": 1e-6, "jac=True": 1e-6, "hess": 1e-5, "hessp": 1e-9, "hessp krylov": 1e-5, "no jac": 1e-6,
    "least squares": 1e-12, "root": 1e-12, "constraint": 1e-9, "newton": 1e-12,
}  # fmt: skip


def test_every_problem_has_a_bound() -> None:
    assert list(scipy_optimize.PROBLEMS) == list(BOUNDS)


@pytest.mark.parametrize("name", BOUNDS)
def test_scipy_finds_the_answer(name: str) -> None:
    assert scipy_optimize.PROBLEMS[name]().error <= BOUNDS[name]


def test_a_gradient_saves_calls() -> None:
    calls = {name: scipy_optimize.PROBLEMS[name]().calls for name in ("no derivative", "jac", "hess")}
    assert 5 * calls["jac"] < calls["no derivative"] and calls["hess"] < calls["jac"]


X = np.linspace(-1.0, 1.5, 10)


@pytest.mark.parametrize("times", range(3))
def test_what_scipy_gets_are_plain_numbers_and_arrays_with_the_right_values(times: int) -> None:
    f = scipy_optimize.rosenbrock
    value, slope = value_and_grad(f)(X)
    assert isinstance(value, float) and float(f(X)) == pytest.approx(value)
    for found, expected in (
        (slope, optimize.rosen_der(X)), (grad(f)(X), optimize.rosen_der(X)), (hessian(f)(X), optimize.rosen_hess(X)),
        (hvp(f, X, X[::-1]), optimize.rosen_hess_prod(X, X[::-1])), (jacobian(lambda x: x[:2] ** 2)(X)[:, 0], [2 * X[0], 0.0]),
    ):  # fmt: skip
        assert type(found) is np.ndarray and found.dtype == np.float64 and found.flags.writeable
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "trust-constr"])
def test_methods_with_a_gradient(method: str) -> None:
    f = scipy_optimize.rosenbrock
    for derivatives in ({"fun": f, "jac": grad(f)}, {"fun": value_and_grad(f), "jac": True}):
        options = {"maxiter": 2000} if method != "TNC" else {"maxfun": 2000}
        result = optimize.minimize(x0=np.zeros(3), method=method, options=options, **derivatives)
        assert np.max(np.abs(result.x - 1.0)) < 1e-2


@pytest.mark.parametrize("method", ["Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"])
def test_methods_with_second_derivatives(method: str) -> None:
    f = scipy_optimize.rosenbrock
    ways: list[dict[str, Any]] = [{"hess": hessian(f)}]
    if method not in ("dogleg", "trust-exact"):
        ways.append({"hessp": functools.partial(hvp, f)})
    for way in ways:
        result = optimize.minimize(f, np.full(3, 1.05), jac=grad(f), method=method, **way)
        assert np.max(np.abs(result.x - 1.0)) < 1e-3


def test_more_arguments_are_passed_on_and_held() -> None:
    def f(x: Any, a: Any, scale: float) -> Any:
        return np.sum((x - a) ** 2) * scale

    a = np.arange(3.0)
    result = optimize.minimize(f, np.zeros(3), args=(a, 2.0), jac=grad(f), hess=hessian(f), method="trust-exact")
    np.testing.assert_allclose(result.x, a, atol=1e-9)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares(method: str) -> None:
    t = scipy_optimize.TIMES
    data = scipy_optimize.decay(scipy_optimize.TRUE, t)
    jac = jacobian(scipy_optimize.residuals)
    result = optimize.least_squares(scipy_optimize.residuals, np.ones(3), jac, args=(t, data), method=method)
    np.testing.assert_allclose(result.x, scipy_optimize.TRUE, rtol=1e-6)


def test_least_squares_with_arguments_by_keyword() -> None:
    t = scipy_optimize.TIMES
    given = {"t": t, "y": scipy_optimize.decay(scipy_optimize.TRUE, t)}
    result = optimize.least_squares(
        scipy_optimize.residuals, np.ones(3), jacobian(scipy_optimize.residuals), kwargs=given
    )
    np.testing.assert_allclose(result.x, scipy_optimize.TRUE, rtol=1e-6)


@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_systems_of_equations(method: str) -> None:
    f = scipy_optimize.circle_and_curve
    result = optimize.root(f, np.ones(2), jac=jacobian(f), method=method)
    assert result.success and np.max(np.abs(f(result.x))) < 1e-9


def test_the_script_prints_every_problem() -> None:
    script = Path(scipy_optimize.__file__)
    said = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert len(said.splitlines()) == 1 + len(BOUNDS) and "minimize trust-exact, jac=, hess=" in said
