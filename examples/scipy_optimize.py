"""SciPy's optimisers and solvers with derivatives from this library, given to them as they are.

    python examples/scipy_optimize.py            every problem, with and without derivatives

``grad``, ``value_and_grad``, ``jacobian`` and ``hessian`` make functions that SciPy takes for ``jac=``, ``hess=`` and
``fprime=``; a Hessian's product with a vector is ``functools.partial(hvp, f)`` for ``hessp=``. Needs SciPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from scipy import optimize

from essence_ad import grad, hessian, hvp, jacobian, value_and_grad

# ---------------------------------------------------------------------------------------------- functions


def rosenbrock(x: Any) -> Any:
    """The valley of Rosenbrock, in any number of dimensions: its least value 0 is at ones."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


TIMES = np.linspace(0.0, 3.0, 31)
TRUE = np.array([2.5, 1.3, 0.5])


def decay(p: Any, t: Any) -> Any:
    """An exponential decay to a constant."""
    return p[0] * np.exp(-p[1] * t) + p[2]


def residuals(p: Any, t: Any, y: Any) -> Any:
    """What the decay misses of data."""
    return decay(p, t) - y


def circle_and_curve(x: Any) -> Any:
    """Two equations: a circle of radius 2, and the graph of the exponential function."""
    return np.stack([x[0] ** 2 + x[1] ** 2 - 4.0, np.exp(x[0]) - x[1]])


def area(x: Any) -> Any:
    """Minus the area of a rectangle, to be made small."""
    return -x[0] * x[1]


def length(x: Any) -> Any:
    """What is left of a fence of length 8, which must not be negative."""
    return 8.0 - 2.0 * x[0] - 2.0 * x[1]


def cubic(x: Any, a: Any) -> Any:
    """A number less the cube of another."""
    return x**3 - a


# ---------------------------------------------------------------------------------------------- problems

START = np.full(10, -1.2)


@attrs.frozen
class Found:
    """An answer, with how often SciPy called the function."""

    name: str
    answer: Any
    expected: Any
    calls: int

    @property
    def error(self) -> float:
        """How far the answer is from the true one."""
        return float(np.max(np.abs(np.asarray(self.answer) - self.expected)))


def valley(method: str, **derivatives: Any) -> Found:
    """The valley of Rosenbrock in 10 dimensions."""
    function = derivatives.pop("fun", rosenbrock)
    result = optimize.minimize(function, START, method=method, options={"maxiter": 5000}, **derivatives)
    given = ", ".join(f"{k}=" for k in derivatives) or "differences"
    return Found(f"minimize {method}, {given}", result.x, np.ones(10), result.nfev)


def fit(**derivatives: Any) -> Found:
    """The decay, fitted to data that it made."""
    data = TIMES, decay(TRUE, TIMES)
    result = optimize.least_squares(residuals, np.ones(3), args=data, xtol=1e-15, ftol=1e-15, gtol=1e-15, **derivatives)
    given = ", ".join(f"{k}=" for k in derivatives) or "differences"
    return Found(f"least_squares, {given}", result.x, TRUE, result.nfev)


def crossing(**derivatives: Any) -> Found:
    """Where the circle and the curve meet."""
    result = optimize.root(circle_and_curve, np.array([1.0, 1.0]), tol=1e-14, **derivatives)
    x = optimize.bisect(lambda x: x * x + np.exp(2 * x) - 4, 0.0, 1.0, xtol=1e-15)
    given = ", ".join(f"{k}=" for k in derivatives) or "differences"
    return Found(f"root, {given}", result.x, np.array([x, np.exp(x)]), result.nfev)


def rectangle() -> Found:
    """The largest rectangle with a fence of length 8, which is a square."""
    fence = {"type": "ineq", "fun": length, "jac": grad(length)}
    result = optimize.minimize(area, np.array([1.0, 2.0]), jac=grad(area), constraints=[fence], method="SLSQP")
    return Found("minimize SLSQP, jac= and of a constraint", result.x, np.array([2.0, 2.0]), result.nfev)


def cube_root() -> Found:
    """The cube root of 5, by Halley's method."""
    first = grad(cubic)
    answer, report = optimize.newton(cubic, 2.0, first, args=(5.0,), fprime2=grad(first), full_output=True, tol=1e-15)
    return Found("newton, fprime= and fprime2=", answer, 5.0 ** (1 / 3), report.function_calls)


PROBLEMS: dict[str, Callable[[], Found]] = {
    "no derivative": functools.partial(valley, "BFGS"),
    "jac": functools.partial(valley, "BFGS", jac=grad(rosenbrock)),
    "jac=True": functools.partial(valley, "L-BFGS-B", fun=value_and_grad(rosenbrock), jac=True, tol=1e-14),
    "hess": functools.partial(valley, "trust-exact", jac=grad(rosenbrock), hess=hessian(rosenbrock)),
    "hessp": functools.partial(
        valley, "Newton-CG", jac=grad(rosenbrock), hessp=functools.partial(hvp, rosenbrock), tol=1e-10
    ),
    "hessp krylov": functools.partial(
        valley, "trust-krylov", jac=grad(rosenbrock), hessp=functools.partial(hvp, rosenbrock)
    ),
    "no jac": fit,
    "least squares": functools.partial(fit, jac=jacobian(residuals)),
    "root": functools.partial(crossing, jac=jacobian(circle_and_curve)),
    "constraint": rectangle,
    "newton": cube_root,
}


def main() -> None:
    """Print every problem."""
    print(f"{'':42}{'calls':>7}{'error':>10}")
    for problem in PROBLEMS.values():
        found = problem()
        print(f"{found.name:42}{found.calls:>7}{found.error:>10.1e}")


if __name__ == "__main__":
    main()
