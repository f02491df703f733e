"""Plain functions: what NumPy says, on every kind of argument; and a category of intervals, made in a few lines."""

from __future__ import annotations

import dataclasses
import itertools
import math
import numbers
import warnings
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Functions,
    R,
    add,
    compose,
    const,
    cos,
    count,
    cross,
    dup,
    exl,
    exp,
    fork,
    identity,
    inl,
    it,
    jam,
    join,
    log,
    mul,
    proj,
    scale,
    sin,
    subtract,
    sum,
    zero,
)
from essence_ad.categories.functions import Function, FunctionCategory, Meaning
from essence_ad.diagram import Op
from essence_ad.errors import DTypeError, EssenceError, NotAdditiveError, ShapeError, StructureError
from tests.strategies import points, typed_programs

sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
cos_sin_prod = mul >> fork(cos, sin)

# ---------------------------------------------------------------------------------------------- values

ARRAYS = {
    "number": (0.5, -1.5),
    "vector": (np.array([0.5, 2.0, -1.0]), np.array([1.0, -3.0, 0.25])),
    "matrix": (np.arange(6.0).reshape(2, 3), np.ones((2, 3))),
    "broadcast": (np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])),
    "empty": (np.zeros((0, 2)), np.zeros((0, 2))),
    "float32": (np.array([0.5, 2.0], dtype=np.float32), np.array([1.0, -3.0], dtype=np.float32)),
    "complex": (np.array([0.5 + 1j, 2.0]), np.array([1.0, -3j])),
    "one number": (np.array([1.0, 2.0]), 3.0),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_values_are_those_of_numpy(name: str) -> None:
    a, b = ARRAYS[name]
    y = Functions(cos_sin_prod)((a, b))
    for found, expected in zip(y, (np.cos(a * b), np.sin(a * b)), strict=True):
        assert np.array_equal(found, expected) and np.asarray(found).dtype == np.asarray(expected).dtype
    if name != "broadcast":
        assert np.array_equal(Functions(mag_sqr)((a, b)), a * a + b * b)
    assert np.array_equal(Functions(mag_sqr)(a, b), Functions(mag_sqr)((a, b)))


@given(typed_programs, st.data())
def test_the_functor_keeps_composition_and_products(typed: Any, data: Any) -> None:
    source, target, f = typed
    x = data.draw(points(source))
    y = Functions(f)(x)
    assert np.array_equal(target.to_vector(Functions(f >> fork(identity, identity))(x)[1]), target.to_vector(y))
    both = Functions.compose(Functions(f), Functions.exl())
    assert np.array_equal(target.to_vector(both((x, 1.0))), target.to_vector(y))


def test_exact_numbers() -> None:
    x = Fraction(2, 3)
    assert Functions(fork(sqr, scale(Fraction(1, 2))) >> add)(x) == Fraction(7, 9)
    assert Functions(sqr)(10**10) == (dup >> mul)(10**10) == 1e20
    with pytest.raises(DTypeError, match="sin"):
        Functions(sin)(x)


@dataclasses.dataclass
class Body:
    mass: float
    place: tuple[float, float]


@attrs.frozen
class Parts:
    left: Any
    right: Any


def test_structured_arguments() -> None:
    assert Functions(mul)({"a": 3.0, "b": 4.0}) == 12.0
    assert Functions(mul)([3.0, 4.0]) == 12.0
    assert Functions(mul)(Parts(3.0, 4.0)) == 12.0
    f = Functions(cross(identity, add) >> mul)
    assert f(Body(2.0, (3.0, 4.0))) == 14.0
    assert f((2.0, [3.0, 4.0])) == f({"m": 2.0, "p": {"x": 3.0, "y": 4.0}}) == 14.0
    assert Functions(proj(1))({"a": 3.0, "b": (1.0, 2.0)}) == (1.0, 2.0)
    assert Functions(it)({"a": 3.0}) == () and Functions(const(2.5))(()) == 2.5


def test_at_a_space_the_argument_is_checked() -> None:
    f = Functions(scale(2.0).at(R[2]))
    assert f(np.array([1, 2])).tolist() == [2.0, 4.0]
    with pytest.raises(ShapeError, match=r"R\[2\]"):
        f(np.ones(3))
    with pytest.raises(StructureError):
        f((1.0, 2.0))
    with pytest.raises(DTypeError):
        f(np.ones(2) * 1j)


def test_each_box_runs_once_and_dead_ones_never() -> None:
    f = fork(exp, exp >> sin) >> exl
    assert count(Functions(f), 0.5).calls == {"exp": 1}
    g: Any = Functions(sqr)
    for _ in range(9):
        g = Functions.compose(Functions(sqr), g)
    assert count(g, 1.0).calls == {"multiply": 10}


def test_not_a_number_and_infinity_as_numpy_has_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(Functions(sin)(np.nan)) and Functions(exp)(np.inf) == np.inf and Functions(exp)(-np.inf) == 0.0
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert Functions(log)(0.0) == -np.inf


def test_inputs_are_not_changed() -> None:
    a, b = np.array([0.5, 2.0]), np.array([1.0, -3.0])
    kept = a.copy(), b.copy()
    for f in (mag_sqr, cos_sin_prod, subtract, dup >> exl):
        Functions(f)((a, b))
        assert np.array_equal(a, kept[0]) and np.array_equal(b, kept[1])


# ---------------------------------------------------------------------------------------------- wrong calls


@pytest.mark.parametrize(
    "f", [jam, zero, inl, join(identity, scale(2.0)), cross(sin, jam), sin >> inl >> exl >> inl, fork(zero, sin) >> add]
)
def test_functions_cannot_be_added(f: Any) -> None:
    with pytest.raises(NotAdditiveError, match="Additive") as caught:
        Functions(f)
    assert "the primitive add" in str(caught.value)


def test_what_is_discarded_may_be_zero() -> None:
    assert Functions(sin >> inl >> exl)(0.5) == np.sin(0.5)


@pytest.mark.parametrize(
    ("f", "x", "error"),
    [
        (mul, (np.ones(2), np.ones(3)), ShapeError),
        (mul, 1.0, StructureError),
        (cross(mul, identity), ((1.0, 2.0, 3.0), (1.0, 2.0)), StructureError),
        (sin, (1.0, 2.0), StructureError),
        (sin, np.array(["a"]), DTypeError),
        (sin, "a", StructureError),
        (sin, {1, 2}, StructureError),
        (proj(2), (1.0, 2.0), StructureError),
        (proj(0), np.ones(2), StructureError),
        (proj(0) >> proj(0), ((1.0, 2.0), 3.0), None),
        (proj(1) >> proj(0), ((1.0, 2.0), 3.0), StructureError),
        (sum(axis=1), np.ones(3), ShapeError),
    ],
)
def test_arguments_that_do_not_fit(f: Any, x: Any, error: type[EssenceError] | None) -> None:
    if error is None:
        assert Functions(f)(x) == 1.0
        return
    with pytest.raises(error) as caught:
        Functions(f)(x)
    assert all(word in str(caught.value) for word in ("found:", "expected:", "to do:"))


# ---------------------------------------------------------------------------------------------- as values


def test_functions_show_what_they_are() -> None:
    assert repr(Functions(sin >> cos)) == "<function sin >> cos>"
    assert repr(Functions(compose(*[sin] * 60))) == "<function of 60 boxes>"
    assert repr(Functions) == "Functions" and isinstance(Functions(sin), Function)
    assert Functions(mul).apply(3.0, 4.0) == 12.0
    assert Functions.observe(Functions(mul), R * R, R, (3.0, 4.0)) == 12.0


# ---------------------------------------------------------------------------------------------- a category of one's own


class Interval(numbers.Number):
    """The numbers between two; a ``Number``, so that it is a leaf, not a product."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __contains__(self, x: Any) -> bool:
        slack = 1e-12 * (1 + abs(self.low) + abs(self.high))
        return bool(self.low - slack <= x <= self.high + slack)

    def __repr__(self) -> str:
        return f"[{self.low}, {self.high}]"

    __hash__ = None  # type: ignore[assignment]


def wave(x: Interval, top: float, f: Any) -> Interval:
    """The range of a function that has period 2π, its largest value 1 at ``top`` and its smallest -1 at ``top + π``."""

    def meets(at: float) -> bool:
        return math.floor((x.high - at) / math.tau) > math.ceil((x.low - at) / math.tau) - 1

    ends = [f(x.low), f(x.high)]
    return Interval(-1.0 if meets(top + math.pi) else min(ends), 1.0 if meets(top) else max(ends))


def times(x: Interval, y: Interval) -> Interval:
    corners = [a * b for a, b in itertools.product((x.low, x.high), (y.low, y.high))]
    return Interval(min(corners), max(corners))


class IntervalCategory(FunctionCategory):
    """Functions on intervals."""

    name = "Intervals"
    meanings = {
        "add": lambda x, y: Interval(x.low + y.low, x.high + y.high),
        "multiply": times,
        "sin": lambda x: wave(x, math.pi / 2, math.sin),
        "cos": lambda x: wave(x, 0.0, math.cos),
    }

    def box(self, op: Op) -> Any:
        return self.meanings[op.name]


Intervals = IntervalCategory()
between = st.tuples(st.floats(-4, 4), st.floats(0, 4), st.floats(0, 1))  # an end, a width, and a place in it


@given(between, between)
@pytest.mark.parametrize("f", [mag_sqr, cos_sin_prod, mul >> fork(sin, cos) >> fork(mul, add)], ids=repr)
def test_the_same_programs_on_intervals(f: Any, one: Any, two: Any) -> None:
    """The value at every point of an interval lies in the interval's image."""
    box = tuple([Interval(low, low + width) for low, width, _ in (one, two)])
    point = tuple([low + width * t for low, width, t in (one, two)])
    image, value = Intervals(f)(box), Functions(f)(point)
    pairs = zip(image, value, strict=True) if isinstance(image, tuple) else [(image, value)]
    for interval, y in pairs:
        assert y in interval
    here = Intervals(f)(tuple([Interval(p, p) for p in point]))
    ends = [(i.low, i.high) for i in (here if isinstance(here, tuple) else (here,))]
    assert np.allclose(ends, np.repeat(np.reshape(value, (-1, 1)), 2, axis=1), atol=1e-12)


def test_intervals_by_hand() -> None:
    square = Intervals(mag_sqr)((Interval(1.0, 2.0), Interval(-1.0, 3.0)))
    assert (square.low, square.high) == (1.0 - 3.0, 4.0 + 9.0)
    c, s = Intervals(cos_sin_prod)((Interval(0.0, 1.0), Interval(0.0, 4.0)))
    assert (c.low, c.high) == (-1.0, 1.0) and (s.low, s.high) == (math.sin(4.0), 1.0)


def test_the_vocabulary_and_the_wrong_calls_come_with_it() -> None:
    k = Intervals
    f = k.compose(k.primitive(mul.form), k.dup())
    found = f(Interval(-1.0, 2.0))
    assert (found.low, found.high) == (-2.0, 4.0)
    assert repr(k) == "Intervals" and repr(k(sin)) == "<function sin>"
    assert all(isinstance(op, Meaning) for op, _, _ in k(cos_sin_prod).diagram.boxes)
    with pytest.raises(NotAdditiveError):
        k.jam()
    with pytest.raises(NotAdditiveError):
        k(jam)
