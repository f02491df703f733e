"""``compile``: the source runs, agrees with the program, and is a program again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, compose, cos, dup, mul, program, reverse, sin
from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.compiler.compiled import compile
from essence_ad.errors import OptionError, ShapeError, StructureError
from essence_ad.spaces import space_of


def chain(x: Any) -> Any:
    for _ in range(20):
        x = x * np.sin(x) + 0.1
    return x


def test_a_compiled_program_is_a_program() -> None:
    f = compile(dup >> mul >> cos, R)
    assert f(2.0) == pytest.approx(np.cos(4.0))
    assert (f >> sin)(2.0) == pytest.approx(np.sin(np.cos(4.0)))
    assert grad(f)(1.5) == pytest.approx(-np.sin(2.25) * 3.0)
    assert compile(grad(f), R)(1.5) == pytest.approx(-np.sin(2.25) * 3.0)
    assert grad(grad(f))(1.5) == pytest.approx(-np.cos(2.25) * 9.0 - 2 * np.sin(2.25))


@pytest.mark.parametrize("x", [0.3, -1.7, 12.0])
def test_value_and_gradient_agree_with_the_program(x: float) -> None:
    value, slope = compile(value_and_grad(chain), R)(x)
    y, df = value_and_grad(chain)(x)
    assert value == pytest.approx(y, rel=1e-12) and slope == pytest.approx(df, rel=1e-9)


def test_structured_arguments_and_results() -> None:
    p = {"w": np.array([0.1, 0.2, 0.3]), "b": 2.0}
    f = compile(value_and_grad(lambda p: np.sum(np.sin(p["w"]) * p["b"])), p)
    value, slope = f(p)
    assert np.allclose(slope["w"], np.cos(p["w"]) * 2.0) and slope["b"] == pytest.approx(np.sum(np.sin(p["w"])))
    assert value == pytest.approx(2.0 * np.sum(np.sin(p["w"])))
    assert space_of(slope) == space_of(p)


def test_nan_and_infinity_as_numpy_gives_them() -> None:
    f = compile(lambda x: np.log(x) + np.exp(x), R)
    for x in (0.0, -1.0, 800.0, np.inf, np.nan):
        with np.errstate(all="ignore"):
            assert np.array_equal(f(x), np.log(x) + np.exp(x), equal_nan=True)
    g = compile(lambda x: 1.0 / x, R)
    with np.errstate(all="ignore"):
        assert g(0.0) == np.inf and g(-0.0) == -np.inf


def test_arguments_are_not_changed_and_results_are_their_own() -> None:
    x = np.array([1.0, 2.0, 3.0])
    f = compile(lambda x: np.exp(np.sin(x) * 2.0) + 1.0, R[3])
    first = f(x)
    second = f(2 * x)
    assert np.array_equal(x, [1.0, 2.0, 3.0]) and not np.array_equal(first, second)
    assert np.allclose(first, np.exp(np.sin(x) * 2.0) + 1.0)
    same = compile(lambda x: x, R[3])
    assert np.array_equal(same(x), x)


def test_wrong_calls() -> None:
    f = compile(lambda x: np.sin(x), R[3])
    with pytest.raises(ShapeError):
        f(np.ones(2))
    with pytest.raises(StructureError):
        f((np.ones(3), 1.0))
    with pytest.raises(OptionError):
        f(np.ones(3), axis=0)
    with pytest.raises(OptionError):
        compile(sin, R, backend="paper")
    with pytest.raises(OptionError):
        compile(sin)
    assert f(np.ones(3, np.float32)).dtype == np.float64  # narrower numbers are converted


def test_a_long_chain_compiles_and_is_the_same() -> None:
    f = compose(*[sin, cos] * 2000)
    assert compile(f, R)(0.5) == pytest.approx(f(0.5), rel=1e-12)
    assert compile(value_and_grad(f), R)(0.5)[1] == pytest.approx(reverse(f)(0.5)[1](1.0), rel=1e-9)


def test_arguments_with_defaults_may_be_given() -> None:
    def f(x: Any, s: Any = 2.0) -> Any:
        return s * np.sin(x)

    for g in (f, program(f)):
        assert compile(g, R)(1.0) == pytest.approx(2 * np.sin(1.0))
        assert compile(g, R, R)(1.0, 3.0) == pytest.approx(3 * np.sin(1.0))
