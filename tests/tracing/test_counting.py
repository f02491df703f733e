"""Operation counts: each primitive by the catalogue's name, in values and in derivatives of every category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, Begin, Cont, D, Dual, R, add, cos, dup, exl, exr, identity, mul, scale, sin
from essence_ad.primitives import catalogue
from essence_ad.tracing.counting import Counted, Counts, Tally, count
from essence_ad.tracing.program import program, trace

CATEGORIES = [Additive, Dual(Additive), Begin(Additive), Cont(Additive, R)]
sqr = dup >> mul
mag_sqr = (exl >> sqr & exr >> sqr) >> add


def test_values_are_counted_by_name() -> None:
    counts = count(mag_sqr, (3.0, 4.0))
    assert counts == Counts({"multiply": 2, "add": 1}, 3)
    assert (counts.total, counts.value, counts["cos"], "cos" in counts, len(counts)) == (3, 25.0, 0, False, 2)
    assert sorted(counts) == ["add", "multiply"]


def test_names_are_those_of_the_catalogue() -> None:
    def f(x, y):
        return -x + 2.0 * y - np.exp(x) / y

    counts = count(f, 1.0, np.ones(3))
    assert dict(counts) == {"negative": 1, "multiply": 1, "add": 1, "subtract": 1, "exp": 1, "divide": 1}
    assert set(counts) <= set(catalogue())


def test_scaling_is_multiplication() -> None:
    assert dict(count(scale(3.0), 2.0)) == {"multiply": 1}
    assert dict(count(trace(lambda x: 3.0 * x - -x, R), 2.0)) == {"multiply": 1, "negative": 1, "subtract": 1}


def test_elements_are_those_worked_on() -> None:
    x = np.ones(10)
    assert count(lambda x: x + x, x).elements == 10
    assert count(lambda x: np.sum(x), x).elements == 10, "what is read"
    assert count(lambda x: x[3], x).elements == 1, "only what is read"
    assert count(lambda x: x[2:5], x).elements == 3
    assert count(lambda x: np.ones((4, 10)) * x, x).elements == 40, "what is written"


@pytest.mark.parametrize("k", CATEGORIES, ids=repr)
def test_the_primal_is_evaluated_once_in_every_category(k: Any) -> None:
    f = trace(lambda x: np.sin(np.exp(x) * x), R)
    counts = count(lambda x: D(k)(f)(x), 0.5)
    assert (counts["exp"], counts["sin"], counts["cos"], counts["multiply"]) == (1, 1, 1, 1)


@pytest.mark.parametrize("k", CATEGORIES, ids=repr)
@pytest.mark.parametrize("n", [1, 3, 10, 100, 1000])
def test_nested_squares_cost_linearly(k: Any, n: int) -> None:
    f = sqr
    for _ in range(n - 1):
        f = f >> sqr
    counts = count(lambda x, v: D(k)(f)(x)[1](v), 1.0, 1.0)
    scalings_and_additions = counts["multiply"] - n + counts["add"]  # without the n products of the primal
    assert n <= scalings_and_additions <= 5 * n
    assert set(counts) == {"multiply", "add"}


def test_reading_an_array_n_times_costs_n_elements_on_the_way_back() -> None:
    def f(x):
        s = 0.0
        for i in range(len(x) - 1):
            s = s + x[i] * x[i + 1]
        return s

    elements = []
    for n in (50, 100, 200):
        x, p = np.linspace(0.0, 1.0, n), trace(f, R[n])
        elements.append(count(lambda x, v, p=p: D(Dual(Additive))(p)(x)[1](v), x, 1.0).elements)
    assert elements[2] - elements[1] == 2 * (elements[1] - elements[0]), "linear in the length"


def test_python_asks_a_counted_value_for_itself() -> None:
    def f(x):
        for _ in range(x.shape[0]):
            if x[0] > 0:
                x = x - float(x[1])
        return x[int(x[0] * 0)], [int(x[1])][0], x.tolist(), np.asarray(x)

    value = count(f, np.array([1.0, 2.0])).value
    assert value[:3] == (-1.0, 0, [-1.0, 0.0])


def test_functions_without_a_primitive_are_counted_by_their_name() -> None:
    counts = count(lambda x: np.fft.fft(x), np.ones(4))
    assert dict(counts) == {"fft": 1}
    np.testing.assert_array_equal(counts.value, [4, 0, 0, 0])


def test_structures_are_counted_inside() -> None:
    counts = count(program(lambda p: {"y": p["a"] * p["b"][0]}), {"a": 2.0, "b": [3]})
    assert (dict(counts), counts.value) == ({"multiply": 1}, {"y": 6.0})


def test_closures_over_counted_values_are_counted() -> None:
    counts = count(lambda x: trace(lambda y: x * y + y, R)(3.0), 2.0)
    assert (dict(counts), counts.value) == ({"multiply": 1, "add": 1}, 9.0)


def test_nothing_costs_nothing() -> None:
    assert count(identity, 2.0).total == count(dup >> exl, 2.0).total == 0
    assert count(lambda: 1).value == 1


def test_derivatives_of_derivatives_are_counted() -> None:
    f = trace(lambda x: D(Dual(Additive))(sin >> cos)(x)[1](1.0), R)
    counts = count(lambda x, v: D(Dual(Additive))(f)(x)[1](v), 0.5, 1.0)
    assert counts["sin"] >= 2 and counts["cos"] >= 2 and counts.total < 60


def test_the_repr_is_sorted() -> None:
    assert repr(Counts({"sin": 1, "add": 2})) == "Counts(add=2, sin=1)"
    assert repr(Counted(2.0, Tally())) == "<counted 2.0>"
    assert Counted(2, Tally()).dtype == np.float64
