"""Plain Python that values steer: the derivative at a point is that of the branch taken; and arrays changed by ``+=``."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import R, compile, grad, hessian, hvp, jacobian, jvp, linearize, program, value_and_grad, vjp
from essence_ad.errors import TracingError, ValueDependenceWarning
from essence_ad.tracing.program import trace


def cases(parameters: str, *values: Any) -> Any:
    """A parametrised test whose cases are numbered."""
    return pytest.mark.parametrize(parameters, values, ids=map(str, range(len(values))))


steered = pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")


def newton(a: Any) -> Any:
    x = a
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
    return x


def early(x: Any) -> Any:
    total = 0.0
    for v in x:
        if v > 0:
            total = total + v**3
        else:
            return total
    return -total


def product(x: Any) -> Any:
    return x if x < 1 else x * product(x - 1)


def breaking(x: Any) -> Any:
    y = x
    for n in range(100):  # noqa: B007
        if y > 10:
            break
        y = y * x
    return y * n


@steered
def test_loops_branches_breaks_and_recursion_follow_the_values() -> None:
    assert grad(newton)(2.0) == pytest.approx(0.5 / math.sqrt(2), rel=1e-12)
    assert grad(product)(3.5) == pytest.approx(3.5 * 2.5 * 1.5 * 0.5 * (1 / 3.5 + 1 / 2.5 + 1 / 1.5 + 1 / 0.5))
    assert grad(breaking)(2.0) == pytest.approx(3 * 4 * 2.0**3)
    np.testing.assert_allclose(grad(early)(np.array([1.0, 2.0, -1.0, 3.0])), [3.0, 12.0, 0.0, 0.0])
    np.testing.assert_allclose(grad(early)(np.array([1.0, 2.0])), [-3.0, -12.0])
    assert grad(lambda x: x * int(x))(2.5) == 2.0
    assert grad(lambda x: sum(x * k for k in range(int(x))))(4.5) == 6.0


@steered
def test_every_operator_follows_the_values_at_every_order() -> None:
    x = np.array([1.0, 2.0, -1.0])
    assert grad(grad(newton))(2.0) == pytest.approx(-0.25 * 2**-1.5, rel=1e-10)
    assert grad(grad(grad(newton)))(2.0) == pytest.approx(0.375 * 2**-2.5, rel=1e-8)
    np.testing.assert_allclose(jacobian(grad(early))(x), np.diag([6.0, 12.0, 0.0]))
    np.testing.assert_allclose(hessian(early)(x), np.diag([6.0, 12.0, 0.0]))
    np.testing.assert_allclose(hvp(early, x, np.ones(3)), [6.0, 12.0, 0.0])
    assert jvp(newton, 2.0, 1.0)[1] == pytest.approx(0.5 / math.sqrt(2))
    assert vjp(newton, 2.0)[1](1.0) == pytest.approx(0.5 / math.sqrt(2))
    assert linearize(newton, 2.0)[1](1.0) == pytest.approx(0.5 / math.sqrt(2))
    value, slope = value_and_grad(lambda p: p["a"] if p["b"] > 0 else p["b"])({"a": 2.0, "b": -1.0})
    assert (value, slope) == (-1.0, {"a": 0.0, "b": 1.0})


@steered
def test_a_value_may_be_one_of_an_outer_recording() -> None:
    mixed = grad(lambda x: grad(lambda y: y * y * x if x > 1 else y)(3.0))
    assert (mixed(2.0), mixed(0.5)) == (6.0, 0.0)
    inner = grad(lambda x: grad(lambda y: y * y * x if y * x > 1 else y)(3.0))
    assert (inner(2.0), inner(0.1)) == (6.0, 0.0)


@steered
def test_a_steered_function_is_followed_anew_at_every_call() -> None:
    f = grad(lambda x: x**3 if x > 0 else -x)
    assert [float(f(x)) for x in (1.0, -1.0, 1.0, -1.0, 2.0)] == [3.0, -1.0, 3.0, -1.0, 12.0]


def test_one_warning_for_each_function_names_it_and_the_line() -> None:
    def relu(x):
        return x if x > 0 else 0.0 * x

    with pytest.warns(ValueDependenceWarning) as caught:
        for x in (1.0, -1.0, 2.0):
            grad(relu)(x)
    assert len(caught) == 1
    assert "relu is steered" in str(caught[0].message)
    assert "test_steering.py:" in str(caught[0].message) and "return x if x > 0" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_no_warning_without_steering() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda x: x * x)(3.0) == 6.0


@cases("once", lambda f: program(f)(2.0), lambda f: program(f, R), lambda f: compile(f, R), lambda f: trace(f, R))
def test_a_program_that_is_recorded_once_refuses(once: Callable[[Any], Any]) -> None:
    with pytest.raises(TracingError) as caught:
        once(newton)
    text = str(caught.value)
    assert "test_steering.py:" in text and "while abs(x * x - a)" in text
    assert all(name in text for name in ("cond", "while_", "scan", "fold", "grad"))


@cases(
    "f, text",
    (lambda x: math.sin(x), "math.sin(x)"),
    (lambda x: x * float(x * x), "float(x * x)"),
    (lambda x: x.item() ** 2, "x.item()"),
    (lambda x: np.asarray(x) * 2, "np.asarray(x)"),
    (lambda x: complex(x).real, "complex(x)"),
)
def test_a_derivative_is_never_lost_by_taking_the_value_out(f: Callable[[Any], Any], text: str) -> None:
    for operator in (grad(f), grad(grad(f)), lambda x: jvp(f, x, 1.0)):
        with pytest.raises(TracingError, match="would be lost") as caught:
            operator(1.5)
        assert text in str(caught.value) and "test_steering.py:" in str(caught.value)
        assert "stop_gradient" in str(caught.value)


def test_a_value_of_an_outer_recording_does_not_get_lost_inside() -> None:
    def f(x):
        return grad(lambda y: y * float(x))(1.0)

    with pytest.raises(TracingError, match="would be lost"):
        grad(f)(2.0)

    def scaled(x):
        return grad(lambda y: y * float((y > 0) * x))(1.0)

    with pytest.raises(TracingError, match="would be lost"):
        grad(scaled)(2.0)


@steered
def test_what_does_not_move_may_be_taken_out() -> None:
    assert grad(lambda x: x * float(np.floor(x)))(2.5) == 2.0
    assert grad(lambda x: x * float(x > 1))(2.5) == 1.0
    assert grad(lambda x: x[np.asarray(x > 0)].sum())(np.array([1.0, -1.0])).tolist() == [1.0, 0.0]
    assert grad(lambda x: x[int(np.argmax(x))])(np.array([1.0, 4.0])).tolist() == [0.0, 1.0]


@steered
def test_long_loops_run_each_box_once_to_follow_the_values() -> None:
    def f(x):
        n = 0
        while n < 2000 and x < 1e9:
            x, n = x * 1.0001, n + 1
        return x

    assert grad(f)(1.0) == pytest.approx(1.0001**2000)


# ---------------------------------------------------------------------------------------------- += on shared memory


def _view(x):
    y = 2 * x
    part = y[1:]
    part += 1
    return y.sum()


def _alias(x):
    y = 2 * x
    other = y
    y *= 3
    return other + y


def _base(x):
    y = 2 * x
    part = y.reshape(3, 1).T
    y -= 1
    return part + y


def _returned(x):
    y = 2 * x
    part = y[0:2]
    part /= 2
    return y


@cases("f", _view, _alias, _base, _returned)
def test_changing_shared_memory_is_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(TracingError) as caught:
        trace(f, R[3])
    text = str(caught.value)
    assert "changed in place under another name" in text and "after the change at test_steering.py:" in text
    assert "update(x, index, a)" in text


def test_changing_what_nobody_else_reads_is_rebinding() -> None:
    def f(x):
        total = 0.0
        for v in x:
            total += v * v
        y = 2 * x
        y += total
        copied = y[[0, 1, 2]]
        copied *= 2
        y **= 2
        return y + copied

    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(trace(f, R[3])(x), f(x))


@steered
def test_counts_are_whole() -> None:
    def power(p):
        y = 1.0
        for _ in range(p["n"]):
            y = y * p["x"]
        return y

    assert grad(power)({"x": 2.0, "n": 3}) == {"x": 12.0, "n": 0.0}
    with pytest.raises(TypeError, match="integer"):
        grad(power)({"x": 2.0, "n": 2.5})
