"""Derivatives of the user's own: as linear maps, jvps and vjps, for foreign code, checked against each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import (
    LinearMap,
    R,
    check_derivatives,
    compile,
    custom,
    fork,
    grad,
    hessian,
    identity,
    jacobian,
    jvp,
    linearize,
    program,
    scale,
    scan,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)
from essence_ad.errors import (
    DerivativeError,
    NotDifferentiableError,
    NotLinearError,
    OptionError,
    ShapeError,
    StructureError,
    TracingError,
)
from essence_ad.tracing.program import trace


def sine_times() -> Any:
    @custom
    def f(x, y):
        return math.sin(x) * y  # leaves NumPy

    return f


def with_vjp() -> Any:
    f = sine_times()
    f.vjp(lambda value, x, y: lambda w: (w * y * np.cos(x), w * np.sin(x)))
    return f


def with_jvp() -> Any:
    f = sine_times()
    f.jvp(lambda value, x, y: lambda dx, dy: y * np.cos(x) * dx + np.sin(x) * dy)
    return f


def with_maps() -> Any:
    f = sine_times()
    f.derivative(lambda value, x, y: (y * np.cos(x), np.sin(x)))
    return f


def with_both() -> Any:
    f = with_jvp()
    f.vjp(lambda value, x, y: lambda w: (w * y * np.cos(x), w * np.sin(x)))
    return f


@custom(out=lambda space: space)
def foreign(x):
    return np.array([math.exp(float(v)) for v in x])


@foreign.vjp
def _(value, x):
    assert type(x) is np.ndarray
    return lambda w: np.array([float(a) * float(b) for a, b in zip(value, w, strict=True)])


def squares(x: Any) -> Any:
    return np.sum(foreign(2 * x) ** 2)


X = np.array([0.1, 0.2, 0.3])


# ---------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize("make", [with_vjp, with_jvp, with_maps, with_both])
def test_any_rule_gives_both_modes_and_every_order(make: Callable[[], Any]) -> None:
    f = make()
    assert f(1.0, 2.0) == math.sin(1.0) * 2
    assert grad(f, argnums=(0, 1))(1.0, 2.0) == pytest.approx((2 * math.cos(1), math.sin(1)))
    assert jvp(f, (1.0, 2.0), (1.0, 10.0))[1] == pytest.approx(2 * math.cos(1) + 10 * math.sin(1))
    assert grad(grad(f))(1.0, 2.0) == pytest.approx(-2 * math.sin(1))
    check_derivatives(f, 1.0, 2.0, order=3)
    inside = lambda x: f(x * x, x[::-1][0] if np.ndim(x) else 3 * x)  # noqa: E731
    check_derivatives(inside, 0.7)
    for g in (inside, grad(inside), grad(grad(inside))):
        assert compile(g, R)(0.7) == pytest.approx(float(g(0.7)))


def test_the_rule_is_used_and_not_the_function() -> None:
    @custom
    def f(x):
        return x * x

    f.derivative(lambda y, x: 100.0)
    assert grad(f)(3.0) == 100.0 and jvp(f, 3.0, 2.0)[1] == 200.0
    assert [op.name for op, _, _ in trace(lambda x: f(x), R).diagram.boxes] == ["custom_f"]
    assert grad(lambda x: f(x=x))(3.0) == 100.0, "by keyword too"
    f.derivative(lambda y, x: 7.0)
    assert grad(f)(3.0) == 7.0, "a new rule is used from then on"


def test_linear_maps_of_every_kind() -> None:
    @custom
    def f(x):
        return (3 * x, x)

    for rule in (lambda y, x: fork(scale(3.0), identity), lambda y, x: linearize(lambda v: (3 * v, v), x)[1]):
        f.derivative(rule)
        check_derivatives(f, np.ones(2))
        check_derivatives(lambda x: f(x * x)[0], 2.0)
    assert isinstance(linearize(f, 1.0)[1], LinearMap)

    @custom
    def g(x, y):
        return x * y

    g.derivative(lambda value, x, y: (y, None))
    assert grad(g, argnums=(0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_structures() -> None:
    @custom
    def f(x):
        return {"a": np.sin(x["p"]), "b": (x["p"] * x["q"],)}

    point = {"p": np.array([1.0, 2.0]), "q": 3.0}
    f.jvp(lambda v, x: lambda dx: {"a": np.cos(x["p"]) * dx["p"], "b": (dx["p"] * x["q"] + x["p"] * dx["q"],)})
    check_derivatives(f, point)
    f.vjp(lambda v, x: lambda w: {"q": np.sum(w["b"][0] * x["p"]), "p": np.cos(x["p"]) * w["a"] + w["b"][0] * x["q"]})
    check_derivatives(f, point)
    assert set(vjp(f, point)[1]({"a": np.ones(2), "b": (np.ones(2),)})) == {"p", "q"}


def test_the_two_modes_are_compared_with_each_other() -> None:
    f = sine_times()
    f.jvp(lambda value, x, y: lambda dx, dy: y * np.cos(x) * dx + np.sin(x) * dy)
    f.vjp(lambda value, x, y: lambda w: (2 * w * y * np.cos(x), w * np.sin(x)))
    with pytest.raises(DerivativeError, match="reverse"):
        check_derivatives(f, 1.0, 2.0, order=1)
    check_derivatives(f, 1.0, 2.0, order=1, modes=["forward"])
    g = sine_times()
    g.derivative(lambda value, x, y: (y * np.sin(x), np.sin(x)))
    with pytest.raises(DerivativeError, match="forward"):
        check_derivatives(g, 1.0, 2.0, order=1)


def test_in_loops_and_batches() -> None:
    f = with_vjp()
    check_derivatives(lambda c: scan(lambda c, x: (f(c, x), c), c, np.ones(3)), 0.5)
    xs = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(vmap(f)(xs, xs), np.sin(xs) * xs)
    np.testing.assert_allclose(vmap(grad(f))(xs, xs), np.cos(xs) * xs)


# ---------------------------------------------------------------------------------------------- foreign code


def test_foreign_rules_are_called_with_arrays() -> None:
    expected = 4 * np.exp(4 * X)
    np.testing.assert_allclose(grad(squares)(X), expected)
    np.testing.assert_allclose(compile(grad(squares), R[3])(X), expected)
    np.testing.assert_allclose(jacobian(foreign, mode="reverse")(X), np.diag(np.exp(X)))
    both = value_and_grad(squares)
    for _ in range(3):
        np.testing.assert_allclose(both(X)[1], expected)
    check_derivatives(squares, X, order=1, modes=["reverse"])


def test_what_foreign_rules_cannot_do_is_told() -> None:
    for ask in (lambda: jvp(foreign, X, X), lambda: jacobian(foreign, mode="forward")(X)):
        with pytest.raises(NotDifferentiableError, match="has no jvp") as caught:
            ask()
        assert "test_custom.py:" in str(caught.value) and ".jvp" in str(caught.value)
    with pytest.raises(NotDifferentiableError, match="cannot be recorded, so it has no derivative") as caught:
        hessian(squares)(X)
    assert "test_custom.py:" in str(caught.value) and "NumPy" in str(caught.value)


def test_both_foreign_rules_serve_both_modes() -> None:
    @custom(out=R)
    def f(x):
        return math.exp(float(x))

    f.vjp(lambda y, x: lambda w: float(w) * float(y))
    f.jvp(lambda y, x: lambda v: float(v) * float(y))
    check_derivatives(f, 0.3, order=1)
    check_derivatives(lambda x: f(np.sum(x)), X, order=1)
    assert jacobian(lambda x: f(np.sum(x)), mode="forward")(X) == pytest.approx(math.exp(X.sum()))


def test_the_space_of_the_value() -> None:
    seen: list[Any] = []

    @custom
    def f(x):
        seen.append(type(x))
        return np.asarray([float(x), 1.0])

    f.vjp(lambda y, x: lambda w: w[0])
    assert trace(lambda x: f(x), R).diagram.cod_space == R[2], "found by running it"
    assert np.float64 in seen
    assert grad(lambda x: f(x)[0])(2.0) == 1.0

    @custom
    def refusing(x):
        raise ZeroDivisionError

    with pytest.raises(TracingError, match="out=") as caught:
        trace(lambda x: refusing(x), R)
    assert "test_custom.py:" in str(caught.value)

    @custom(out=R[3])
    def lying(x):
        return np.ones(2) * x

    lying.derivative(lambda y, x: 1.0)
    with pytest.raises(ShapeError, match="another space than it said") as caught:
        program(lambda x: lying(x))(1.0)
    assert "test_custom.py:" in str(caught.value)
    with pytest.raises(OptionError, match="a space, or a function"):
        trace(lambda x: custom(np.sin, out=lambda s: 3)(x), R)


# ---------------------------------------------------------------------------------------------- mistakes


def _wrong(kind: str, rule: Any) -> Callable[[], Any]:
    def run() -> Any:
        @custom
        def f(x, y):
            return np.sum(x) * y

        getattr(f, kind)(rule)
        return grad(f)(np.ones(3), 2.0) if kind != "jvp" else jvp(f, (np.ones(3), 2.0), (np.ones(3), 1.0))

    return run


@pytest.mark.parametrize(
    ("run", "kind", "text"),
    [
        (_wrong("vjp", lambda v, x, y: lambda w: (np.ones(5), 1.0)), ShapeError, "shape (5,)"),
        (_wrong("vjp", lambda v, x, y: lambda w: w), StructureError, "a covector for each argument"),
        (_wrong("vjp", lambda v, x, y: (1.0, 2.0)), OptionError, "a linear function"),
        (_wrong("jvp", lambda v, x, y: lambda dx, dy: np.ones(2)), ShapeError, "shape (2,)"),
        (_wrong("derivative", lambda v, x, y: 3.0), StructureError, "a linear map for each argument"),
        (_wrong("derivative", lambda v, x, y: (lambda dx: dx, None)), OptionError, "a linear map"),
    ],
)
def test_rules_that_do_not_fit_name_their_line(run: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        run()
    assert text in str(caught.value) and "test_custom.py:" in str(caught.value)


def test_other_mistakes() -> None:
    with pytest.raises(OptionError, match="takes a function"):
        custom(3)
    f = custom(lambda x: x * x)
    with pytest.raises(OptionError, match="vjp takes a rule"):
        f.vjp(3)
    with pytest.raises(NotDifferentiableError, match="has no rule"):
        grad(f)(1.0)
    f.derivative(lambda y, x: identity >> program(np.sin))
    with pytest.raises(NotLinearError):
        grad(f)(1.0)

    @custom
    def keyword(x, *, n=2):
        return x**n

    with pytest.raises(OptionError, match="by keyword only") as caught:
        grad(lambda x: keyword(x, n=3))(1.0)
    assert "test_custom.py:" in str(caught.value)

    def closing(a: Any) -> Any:
        g = custom(lambda x: x * a)
        g.derivative(lambda y, x: 1.0)
        return g(a)

    with pytest.raises(TracingError, match="from outside") as caught:
        grad(closing)(2.0)
    assert "as an argument" in str(caught.value) and "test_custom.py:" in str(caught.value)


# ---------------------------------------------------------------------------------------------- stop_gradient


def test_stop_gradient() -> None:
    assert stop_gradient({"a": (1.0, X)})["a"][1] is X
    f = lambda x: x * stop_gradient({"a": x * x})["a"]  # noqa: E731
    assert grad(f)(3.0) == 9.0 and jvp(f, 3.0, 1.0)[1] == 9.0 and grad(grad(f))(3.0) == 0.0
    assert compile(grad(f), R)(3.0) == 9.0 and grad(compile(f, R))(3.0) == 9.0
    assert grad(lambda x: np.sum(stop_gradient(x)))(X).tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_array_equal(vmap(grad(f))(X), X**2)
    own = compile(lambda x: (stop_gradient(x), x * 2), R[3])
    result = own(X)[0]
    result += 1
    assert X[0] == 0.1


@pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")
def test_stopped_values_may_be_taken_out() -> None:
    assert grad(lambda x: x * float(stop_gradient(x)))(3.0) == 3.0
    assert grad(lambda x: x * math.sin(stop_gradient(x)))(3.0) == math.sin(3.0)


def test_compiled_code_is_dropped_when_a_rule_changes() -> None:
    @custom
    def f(x):
        return x * x

    f.derivative(lambda y, x: 100.0)
    slope = value_and_grad(lambda x: f(x))
    assert [float(slope(3.0)[1]) for _ in range(3)] == [100.0] * 3 and slope.kept == 1
    f.derivative(lambda y, x: 7.0)
    assert [float(slope(3.0)[1]) for _ in range(3)] == [7.0] * 3
