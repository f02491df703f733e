"""Static arguments: one program for each of their values, and errors that say what a value must be."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from essence_ad import R, cos, grad, hessian, jacobian, jvp, program, sin
from essence_ad.errors import OptionError, TracingError
from essence_ad.morphism import Morphism
from essence_ad.tracing.static import REMEMBERED, Static


def repeat(x: Any, n: int, mode: str = "sin") -> Any:
    for _ in range(n):
        x = getattr(np, mode)(x)
    return x


def polynomial(x: Any, coefficients: tuple[float, ...] = (1.0, 2.0), *, degree: Any = 1) -> Any:
    total = 0.0
    for c in coefficients[: degree + 1]:
        total = total * x + c
    return total


static_repeat = program(repeat, static=("n", "mode"))


@pytest.mark.parametrize(
    "f",
    [
        program(repeat, static=("n", "mode")), program(repeat, static=(1, 2)), program(repeat, static=[1, -1]),
        program(repeat, static_argnums=(1, 2)), program(repeat, static_argnames=("n", "mode")),
        program(repeat, static_argnums=1, static_argnames="mode"), program(static=("n", "mode"))(repeat),
    ],
    ids=range(7),
)  # fmt: skip
def test_static_arguments_are_named_or_counted(f: Any) -> None:
    for _ in range(2):
        assert f(0.5, 2) == np.sin(np.sin(0.5)) and f(0.5, n=1, mode="cos") == f(0.5, 1, "cos") == np.cos(0.5)
        assert f(x=0.5, n=0) == 0.5
    assert f.static == ("n", "mode") and f.__name__ == "repeat" and isinstance(f, Static)


def test_the_function_is_run_once_for_each_value_and_space() -> None:
    calls = []

    @program(static="n")
    def f(x: Any, n: Any) -> Any:
        calls.append(n)
        return x * n

    for n in (1, 2, 2, 1):
        for x in (1.0, np.ones(2)):
            np.testing.assert_array_equal(f(x, n), np.multiply(x, n))
    assert calls == [1, 1, 2, 2]


def test_values_that_are_equal_and_of_other_types_are_others() -> None:
    seen = []
    f = program(lambda x, n: seen.append(n) or x, static="n")
    for n in (1, 1.0, True, (1,), (1.0,), "1", None):
        f(2.0, n)
    assert list(map(repr, seen)) == ["1", "1.0", "True", "(1,)", "(1.0,)", "'1'", "None"]


def test_a_program_for_given_values_composes_and_goes_to_categories() -> None:
    twice = static_repeat.given(n=2)
    assert isinstance(twice, Morphism) and str(twice.at(R[2])) == "sin >> sin"
    assert (twice >> cos)(0.5) == np.cos(np.sin(np.sin(0.5)))
    assert twice is static_repeat.given(n=2) and twice == pickle.loads(pickle.dumps(twice))
    assert str(static_repeat.given(mode="cos", n=1).at(R)) == "cos"


def test_defaults_and_arguments_by_keyword_only() -> None:
    f = program(polynomial, static=("coefficients", "degree"))
    assert f(3.0) == 5.0 and f(3.0, (1.0, 2.0, 4.0), degree=2) == 19.0 and f(3.0, degree=0) == 1.0
    assert program(polynomial, static="degree")(3.0, (1.0, 2.0), degree=1) == 5.0


def test_derivatives_of_programs_with_static_arguments() -> None:
    for _ in range(3):
        assert grad(static_repeat)(0.5, 2) == pytest.approx(np.cos(np.sin(0.5)) * np.cos(0.5))
        assert grad(static_repeat)(0.5, 1, "cos") == pytest.approx(-np.sin(0.5))
        assert grad(static_repeat)(0.5, n=1, mode="exp") == pytest.approx(np.exp(0.5))
        assert hessian(static_repeat)(0.5, 1) == pytest.approx(-np.sin(0.5))
        assert jacobian(static_repeat)(np.ones(2), 1).shape == (2, 2)
    assert jvp(static_repeat.given(n=1), 0.5, 2.0)[1] == pytest.approx(2 * np.cos(0.5))


def test_memory_is_bounded_and_shared_by_threads() -> None:
    f = program(lambda x, n: x + n, static="n")
    errors: list[Any] = []

    def work(start: int) -> None:
        for n in range(start, start + 2 * REMEMBERED):
            if f(1.0, n) != 1.0 + n:
                errors.append(n)

    threads = [threading.Thread(target=work, args=(s,)) for s in (0, 7, 31)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors and len(f._kept) == REMEMBERED


def test_values_that_cannot_be_hashed_are_told_with_the_line() -> None:
    with pytest.raises(OptionError) as caught:
        program(polynomial, static="coefficients")(3.0, [1.0, 2.0])
    message = str(caught.value)
    assert "the static argument coefficients of polynomial cannot be hashed" in message
    assert (
        "a list of 2 at test_static.py" in message and '(polynomial, static="coefficients")(3.0, [1.0, 2.0])' in message
    )
    assert "give a tuple in the place of a list or an array, or take coefficients out of static" in message
    with pytest.raises(OptionError, match="an array of shape"):
        program(polynomial, static="coefficients")(3.0, np.ones(2))


def test_traced_values_are_not_static() -> None:
    f = program(lambda x, n: static_repeat(x, n))
    with pytest.raises(TracingError) as caught:
        f(1.0, 2)
    message = str(caught.value)
    assert "the static argument n of repeat is a traced array" in message
    assert "at test_static.py" in message and "static_repeat(x, n)" in message


@pytest.mark.parametrize("place", ["m", 3, -4, 1.0])
def test_arguments_that_are_not_there_are_told(place: Any) -> None:
    with pytest.raises(OptionError, match=r"repeat has no such argument(.|\n)*'x', 'n', 'mode'"):
        program(repeat, static=place)


def test_wrong_uses_are_told() -> None:
    with pytest.raises(OptionError, match="name the space later"):
        program(repeat, R, static="n")
    with pytest.raises(OptionError, match="program takes a Python function"):
        program(sin, static="n")
    with pytest.raises(OptionError, match="does not take these arguments"):
        static_repeat(1.0)
    with pytest.raises(OptionError, match="x is not a static argument of repeat"):
        static_repeat.given(x=1.0)


def test_they_are_pickled_and_shown() -> None:
    assert repr(static_repeat) == "program(repeat, static=('n', 'mode'))"
    assert pickle.loads(pickle.dumps(static_repeat))(0.5, 1) == np.sin(0.5)
    assert copy.deepcopy(static_repeat)(0.5, 1) == np.sin(0.5)
