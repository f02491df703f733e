"""``grad`` and ``value_and_grad``: closed forms, structures, nesting, bad input."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import errors
from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.calculus.jacobian import jacobian
from essence_ad.calculus.linearization import jvp, linearize, vjp
from essence_ad.tracing.program import program

# ---------------------------------------------------------------------------------------------- closed forms

CLOSED: dict[str, tuple[Any, Callable[[float], float]]] = {
    "sin": (np.sin, math.cos),
    "exp(x²)": (lambda x: np.exp(x * x), lambda x: 2 * x * math.exp(x * x)),
    "x³ sin": (lambda x: x**3 * np.sin(x), lambda x: 3 * x**2 * math.sin(x) + x**3 * math.cos(x)),
    "1/(1+x²)": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "log(1+x²)": (lambda x: np.log(1 + x * x), lambda x: 2 * x / (1 + x * x)),
    "2^(x-1)": (lambda x: 2 ** (x - 1), lambda x: math.log(2) * 2 ** (x - 1)),
    "-x": (lambda x: -x, lambda x: -1.0),
    "x": (lambda x: x, lambda x: 1.0),
    "5": (lambda x: 5.0, lambda x: 0.0),
    "morphism": (essence_ad.dup >> essence_ad.mul >> essence_ad.cos, lambda x: -2 * x * math.sin(x * x)),
    "program": (program(lambda x: np.cos(x) * x), lambda x: math.cos(x) - x * math.sin(x)),
}


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("x", [-1.3, 0.4, 2.0])
def test_closed_forms(name: str, x: float) -> None:
    f, derivative = CLOSED[name]
    value, slope = value_and_grad(f)(x)
    assert value == pytest.approx(float(f(x)), rel=1e-15)
    assert slope == pytest.approx(derivative(x), rel=1e-13)
    assert grad(f)(x) == slope


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(-2, 2))
def test_polynomials_to_the_third_order(coefficients: list[float], x: float) -> None:
    def horner(t: Any) -> Any:
        y = 0.0
        for c in reversed(coefficients):
            y = y * t + c
        return y + 0 * t

    p: Any = np.polynomial.Polynomial(coefficients)
    f: Any = horner
    for _ in range(3):
        f, p = grad(f), p.deriv()
        assert f(x) == pytest.approx(p(x), rel=1e-12, abs=1e-11)


STEPS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda t: -np.sin(t)),
    "square": (lambda t: t * t, lambda t: 2 * t),
    "damp": (lambda t: t / (1 + t * t), lambda t: (1 - t * t) / (1 + t * t) ** 2),
    "bell": (lambda t: np.exp(-t * t), lambda t: -2 * t * np.exp(-t * t)),
    "shift": (lambda t: t + 0.5, lambda t: 1.0),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=8), st.floats(-1.5, 1.5))
def test_compositions_obey_the_chain_rule(names: list[str], x: float) -> None:
    def f(t: Any) -> Any:
        for name in names:
            t = STEPS[name][0](t)
        return t

    at, slope = x, 1.0
    for name in names:
        at, slope = STEPS[name][0](at), slope * STEPS[name][1](at)
    assert grad(f)(x) == pytest.approx(slope, rel=1e-12, abs=1e-14)


# ---------------------------------------------------------------------------------------------- structures


class Pair(NamedTuple):
    """A named tuple."""

    a: Any
    b: Any


@dataclasses.dataclass
class Data:
    """A dataclass."""

    a: Any
    b: Any


@attrs.frozen
class Record:
    """An attrs class."""

    a: Any
    _b: Any


CONTAINERS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]] = {
    "tuple": (lambda a, b: (a, b), lambda p: p[0] * p[0] * np.sum(p[1])),
    "list": (lambda a, b: [a, b], lambda p: p[0] * p[0] * np.sum(p[1])),
    "dict": (lambda a, b: {"a": a, "b": b}, lambda p: p["a"] * p["a"] * np.sum(p["b"])),
    "named tuple": (Pair, lambda p: p.a * p.a * np.sum(p.b)),
    "dataclass": (Data, lambda p: p.a * p.a * np.sum(p.b)),
    "attrs": (lambda a, b: Record(a=a, b=b), lambda p: p.a * p.a * np.sum(p._b)),
    "nested": (
        lambda a, b: {"x": [a, (Data(b, ()),)], "y": None},
        lambda p: p["x"][0] ** 2 * np.sum(p["x"][1][0].a),
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_gradient_has_the_structure_of_the_argument(name: str) -> None:
    build, f = CONTAINERS[name]
    x = build(3.0, np.array([1.0, 2.0]))
    value, gradient = value_and_grad(f)(x)
    assert value == 27.0
    expected = build(18.0, np.array([9.0, 9.0]))
    assert type(gradient) is type(expected)
    np.testing.assert_equal(_plain(gradient), _plain(expected))


def _plain(value: Any) -> Any:
    """A value with every container as a tuple."""
    if dataclasses.is_dataclass(value) or attrs.has(type(value)):
        value = tuple(getattr(value, name) for name in type(value).__annotations__)
    if isinstance(value, dict):
        value = tuple(value.items())
    return tuple(map(_plain, value)) if isinstance(value, (tuple, list)) else value


def mixed(x: Any, y: Any, z: Any = 2.0) -> Any:
    """A function of three arguments, one of which has a default."""
    return x * y * y + np.sin(z)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 25.0),
        (1, 30.0),
        (2, math.cos(1.0)),
        (-1, math.cos(1.0)),
        ((0,), (25.0,)),
        ((1, 0), (30.0, 25.0)),
        ((0, -2), (25.0, 30.0)),
    ],
)
def test_argnums(argnums: Any, expected: Any) -> None:
    assert grad(mixed, argnums=argnums)(3.0, 5.0, 1.0) == pytest.approx(expected, rel=1e-15)


def test_arguments_with_a_structure_and_argnums() -> None:
    def f(p: Any, q: Any) -> Any:
        return p["w"] * q[0] + q[1]

    assert grad(f, argnums=(1, 0))({"w": 2.0}, (3.0, 4.0)) == ((2.0, 1.0), {"w": 3.0})


def test_several_arguments_as_one_tuple() -> None:
    assert grad(essence_ad.mul)((3.0, 4.0)) == (4.0, 3.0)
    assert grad(essence_ad.mul, argnums=(0, 1))(3.0, 4.0) == (4.0, 3.0)
    assert grad(essence_ad.mul, argnums=1)(3.0, 4.0) == 3.0


def test_held_arguments_may_be_anything() -> None:
    def f(x: Any, n: int, how: str, table: Any, *, shift: float = 0.0) -> Any:
        y = x
        for _ in range(n):
            y = y * x
        return (np.sin(y) if how == "sine" else y) + table["a"][0] * x + shift

    assert grad(f)(2.0, 2, "power", {"a": [np.arange(3)[1]]}) == 13.0
    assert grad(f)(2.0, 2, "power", {"a": [1.0]}, shift=4.0) == 13.0
    assert value_and_grad(f)(2.0, 2, "power", {"a": [1]}, shift=4.0)[0] == 14.0


def test_has_aux() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return x * x, {"double": 2 * x, "flag": x > 0, "count": 3, "array": np.arange(2)}

    gradient, more = grad(f, has_aux=True)(3.0)
    assert gradient == 6.0
    assert more["double"] == 6.0
    assert more["flag"]
    assert more["count"] == 3
    assert more["array"].tolist() == [0, 1]
    (value, _), again = value_and_grad(f, has_aux=True)(3.0)
    assert (value, again) == (9.0, 6.0)
    assert len(calls) == 2


def test_more_results_cost_nothing_in_the_gradient() -> None:
    """What stands beside the value has an infinite slope: a structural zero, not the number 0, meets it."""
    gradient, more = grad(lambda x: (x * x, (x - 2.0) ** 0.5), has_aux=True)(2.0)
    assert (gradient, more) == (4.0, 0.0)


def test_unused_arguments_have_zero_gradients() -> None:
    x = {"used": 2.0, "not": np.ones((2, 2)), "single": np.ones(3, np.float32)}
    gradient = grad(lambda p: p["used"] ** 2)(x)
    assert gradient["used"] == 4.0
    assert gradient["not"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gradient["single"].dtype == np.float32


# ---------------------------------------------------------------------------------------------- numbers


def test_python_integers_count_as_reals() -> None:
    assert grad(lambda x: x * x)(3) == 6.0
    assert type(grad(lambda x: x)(3)) is float
    assert grad(lambda p: p[0] * p[1])([2, 5]) == [5.0, 2.0]


def test_exact_numbers_stay_exact() -> None:
    """3x² + 2x + 1 at 1/4 (from the documentation of Zygote, where the answer is 7//2)."""
    slope = grad(lambda x: 3 * x * x + 2 * x + 1)(Fraction(1, 4))
    assert (type(slope), slope) == (Fraction, Fraction(7, 2))


def test_single_precision_stays() -> None:
    x = np.linspace(0.1, 1, 4, dtype=np.float32)
    assert grad(lambda t: np.sum(np.sin(t) * t))(x).dtype == np.float32
    assert grad(lambda t: t * t)(np.float32(3)).dtype == np.float32


def test_holomorphic_functions() -> None:
    z = 0.3 - 0.7j
    assert grad(lambda t: t * t * t)(z) == pytest.approx(3 * z * z, rel=1e-15)
    assert grad(np.exp)(z) == pytest.approx(np.exp(z), rel=1e-15)
    assert grad(grad(np.sin))(z) == pytest.approx(-np.sin(z), rel=1e-15)


def test_real_values_of_complex_arguments_follow_jax() -> None:
    """jax.grad(lambda z: jnp.real(z * jnp.conj(z)))(3 + 4j) is 6 - 8j: df/dx - i df/dy."""
    z = 3.0 + 4.0j
    assert grad(lambda t: np.real(t * np.conj(t)))(z) == 6 - 8j
    assert grad(lambda t: np.real(t) * np.imag(t))(z) == 4 - 3j


def test_a_complex_value_of_a_real_argument_has_no_gradient() -> None:
    with pytest.raises(errors.DTypeError, match="since some argument is real"):
        grad(lambda x: np.exp(1j * x))(0.3)


def test_nan_and_infinity_pass_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(grad(lambda x: x * x)(math.nan))
        assert grad(lambda x: x * x)(math.inf) == math.inf
        assert grad(np.exp)(-math.inf) == 0.0
        assert grad(lambda x: x**0.5)(0.0) == math.inf
        assert math.isnan(grad(lambda x: (x * x) ** 0.5)(0.0))  # 0 times infinity, where the function itself is 0


@pytest.mark.parametrize("order", [1, 2, 3])
def test_infinite_slopes_are_values_at_every_order(order: int) -> None:
    """Where NumPy itself warns of nothing: the square root of 0. A derivative never warns, its numbers tell."""
    f: Any = lambda x: x**0.5 + np.log(1 + x)
    for _ in range(order):
        f = grad(f)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f(0.0) == (-1) ** (order - 1) * math.inf
        assert grad(np.log)(0.0) == math.inf


def test_inputs_are_not_changed_and_results_may_be() -> None:
    x = np.arange(4.0)
    x.flags.writeable = False
    gradient = grad(np.sum)(x)
    gradient *= 2.0
    assert gradient.tolist() == [2.0] * 4
    y = np.arange(3.0)
    before = y.copy()
    value, slope = value_and_grad(lambda t: np.sum(t * t))(y)
    slope += 1.0
    assert y.tolist() == before.tolist()


# ---------------------------------------------------------------------------------------------- nesting


def by_jvp(f: Any) -> Any:
    return lambda x: jvp(f, x, 1.0)[1]


def by_vjp(f: Any) -> Any:
    return lambda x: vjp(f, x)[1](1.0)


def by_linear_map(f: Any) -> Any:
    return lambda x: linearize(f, x)[1](1.0)


def by_transpose(f: Any) -> Any:
    return lambda x: linearize(f, x)[1].T(1.0)


def by_columns(f: Any) -> Any:
    return jacobian(f, mode="forward")


def by_rows(f: Any) -> Any:
    return jacobian(f, mode="reverse")


DERIVATIVES = [grad, by_jvp, by_vjp, by_linear_map, by_transpose, by_columns, by_rows]
pairs = pytest.mark.parametrize("inner", DERIVATIVES)


@pytest.mark.parametrize("outer", DERIVATIVES)
@pairs
def test_no_perturbation_confusion(outer: Any, inner: Any) -> None:
    """Siskind and Pearlmutter (2005), and issue 24 of compiling-to-categories/concat ("should be 2")."""
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(1.0) == 2.0
    assert outer(lambda x: x * inner(lambda y: x * y * y)(x))(3.0) == pytest.approx(6 * 3.0**2)
    assert outer(lambda x: inner(lambda y: x)(2.0) + x)(1.0) == 1.0
    assert outer(lambda x: inner(lambda y: x * inner(lambda z: x * y * z)(y))(x))(2.0) == pytest.approx(4.0)


@pytest.mark.parametrize("outer", DERIVATIVES)
@pairs
def test_the_amazing_bug(outer: Any, inner: Any) -> None:
    """Manzyuk, Pearlmutter, Radul, Rush, Siskind (2019): the shift operator's derivative, applied to itself."""

    def shifted(d: Any, h: Any) -> Any:
        return lambda y: d(lambda u: h(y + u))(0.0)

    assert shifted(outer, shifted(inner, np.exp))(1.0) == pytest.approx(math.e, rel=1e-14)
    assert shifted(outer, shifted(inner, np.sin))(0.5) == pytest.approx(-math.sin(0.5), rel=1e-14)


@pytest.mark.parametrize("outer", DERIVATIVES)
@pairs
def test_nesting_gives_higher_orders(outer: Any, inner: Any) -> None:
    """The values of the ``nesting`` cases of oracles/categorical_compiler.json (concat issue 24, closed forms)."""
    assert outer(inner(lambda x: x**3 * np.sin(x)))(0.9) == pytest.approx(6.6799444406654045, rel=1e-12)
    assert outer(inner(outer(lambda x: np.exp(x * x))))(0.4) == pytest.approx(6.233689746708496, rel=1e-12)


def test_high_orders() -> None:
    f: Any = np.sin
    for _ in range(6):
        f = grad(f)
    assert f(0.7) == pytest.approx(-math.sin(0.7), rel=1e-12)


def test_gradients_in_loops_and_closures() -> None:
    """Gradient descent inside a function that is differentiated: d/da of the place that it reaches."""

    def reached(a: Any) -> Any:
        x = 0.0 * a
        for _ in range(3):
            x = x - 0.25 * grad(lambda t: (t - a) * (t - a))(x)
        return x

    assert grad(reached)(5.0) == pytest.approx(1 - 0.5**3)


def test_morphisms_and_functions_mix() -> None:
    f = essence_ad.sin >> essence_ad.exp
    assert grad(lambda x: x * grad(f)(x))(0.3) == pytest.approx(
        grad(lambda x: x * np.cos(x) * np.exp(np.sin(x)))(0.3), rel=1e-14
    )
    assert grad(program(grad(f)))(0.3) == pytest.approx(grad(grad(lambda x: np.exp(np.sin(x))))(0.3), rel=1e-14)


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("x", [np.arange(3), np.int64(3), True, np.array([True]), np.bool_(True)], ids="abcde")
def test_integers_and_booleans_are_refused(x: Any) -> None:
    with pytest.raises(errors.DTypeError, match="a Python int counts as a real") as caught:
        grad(np.sum)(x)
    assert str(np.asarray(x).dtype) in str(caught.value)


def test_the_place_of_the_integers_is_told() -> None:
    with pytest.raises(errors.DTypeError, match=r"argument\['b'\]\[1\]"):
        grad(lambda p: p["a"])({"a": 1.0, "b": [2.0, np.arange(2)]})


def test_integer_values_are_refused() -> None:
    with pytest.raises(errors.DTypeError, match="dtype bool"):
        grad(lambda x: x > 0)(1.0)


@pytest.mark.parametrize("f", [lambda x: x, lambda x: (x[0], x[1]), lambda x: [np.sum(x)], lambda x: None], ids="abcd")
def test_values_that_are_not_one_number_are_refused(f: Any) -> None:
    with pytest.raises(errors.NotScalarError) as caught:
        grad(f)(np.ones(2))
    assert caught.value.found is not None
    assert "one number" in str(caught.value)


@pytest.mark.parametrize("f", [lambda x: "text", lambda x: object(), lambda x: np.array(["a"])], ids="abc")
def test_values_that_are_no_numbers_are_refused(f: Any) -> None:
    with pytest.raises((errors.StructureError, errors.DTypeError, errors.TracingError)):
        grad(f)(1.0)


@pytest.mark.parametrize("x", ["text", object(), [1.0, "text"]], ids="abc")
def test_arguments_that_are_no_numbers_are_refused(x: Any) -> None:
    with pytest.raises(errors.StructureError):
        grad(lambda t: 1.0)(x)


@pytest.mark.parametrize("argnums", [2, -3, (0, 5), (0, 0), (), 1.0, True, "nothing", None])
def test_argnums_out_of_range(argnums: Any) -> None:
    with pytest.raises(errors.OptionError, match="argnums"):
        grad(lambda x, y: x * y, argnums=argnums)(1.0, 2.0)


def test_no_arguments() -> None:
    with pytest.raises(errors.OptionError, match="at least one argument"):
        grad(lambda: 1.0)()


@pytest.mark.parametrize("f", [3.0, None, "sin", [np.sin]])
def test_what_cannot_be_called_is_refused_at_once(f: Any) -> None:
    with pytest.raises(errors.NotAProgramError, match="a morphism or a function"):
        grad(f)


@pytest.mark.parametrize("f", [lambda x: x, lambda x: (x,), lambda x: (x, x, x)], ids="abc")
def test_has_aux_needs_a_pair(f: Any) -> None:
    with pytest.raises(errors.NotScalarError, match="has_aux"):
        grad(f, has_aux=True)(1.0)


def test_the_functions_name_is_kept() -> None:
    assert grad(mixed).__name__ == "mixed"


def test_a_gradient_is_compiled_and_recorded_as_the_gradient() -> None:
    assert essence_ad.compile(grad(np.sin), essence_ad.R)(0.0) == 1.0
    assert program(grad(np.sin))(0.0) == 1.0 and program(grad(np.sin), essence_ad.R)(0.0) == 1.0
    assert essence_ad.compile(value_and_grad(np.sin), essence_ad.R)(0.0) == (0.0, 1.0)
