"""Values as Python writes them, names that do not collide, and what a text means."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from essence_ad.compiler.text import Names, Text, home, identifier, literal, numpy_name, option, quoted, same_numbers
from essence_ad.kernel import ratio
from essence_ad.primitives.indexing import Slot

numbers = st.one_of(st.floats(), st.complex_numbers(), st.integers(-9, 9), st.booleans())
dtypes = st.sampled_from(["f8", "f4", "c16", "c8", "i8", "i4", "u1", "?"])
small = dtypes.flatmap(lambda d: arrays.arrays(d, arrays.array_shapes(min_dims=0, max_dims=3, max_side=3)))


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    parts = [(np.real(a), np.real(b)), (np.imag(a), np.imag(b))]
    return all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in parts)


@given(numbers)
def test_numbers_are_read_back_with_their_type(value: Any) -> None:
    found = eval(str(literal(value)), {"np": np})
    assert type(found) is type(value) and same_bits(found, value)


@given(small)
def test_arrays_are_read_back_to_the_bit_or_not_written(value: Any) -> None:
    text = literal(value)
    assert text is not None or value.size > 12
    if text is not None:
        found = eval(text, {"np": np})
        assert same_bits(found, value)
        if value.dtype.kind == "f":
            assert np.array_equal(np.signbit(found), np.signbit(value))


@pytest.mark.parametrize(
    "value",
    [
        None,
        ...,
        "ij,j",
        slice(None, 2),
        (),
        (1,),
        [0, 2],
        (slice(1, None, -1), None, [True]),
        np.dtype("f4"),
        np.dtype("i8"),
    ],
)
def test_options_are_read_back(value: Any) -> None:
    assert eval(str(literal(value)), {"np": np}) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 3)), "np.zeros((2, 3))"), (np.ones(40, "f4"), "np.ones((40,), np.float32)"), (np.eye(9), "np.eye(9)"),
        (np.full((5, 5), 2.5), "np.full((5, 5), 2.5)"), (np.array([1, -2]), "np.array([1, -2])"),
        (np.array([1.0, np.nan]), "np.array([1.0, np.nan])"), (-np.inf, "-np.inf"), (np.float32(2.0), "np.float32(2.0)"),
        (np.zeros((0, 3)), "np.zeros((0, 3))"),
    ],
)  # fmt: skip
def test_arrays_that_say_one_thing_are_short(value: Any, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("value", [np.arange(13.0), object(), np.array([object()]), (1, object()), {1: 2}])
def test_what_cannot_be_written_is_not(value: Any) -> None:
    assert literal(value) is None


def test_minus_zero_is_no_zero() -> None:
    assert literal(np.array([-0.0, -0.0])) == "np.full((2,), -0.0)"
    assert not same_numbers(np.array([0.0, -0.0]))


def test_each_object_has_one_name_and_no_name_two_objects() -> None:
    names, a, b = Names({"A"}), np.arange(20.0), np.arange(20.0)
    assert [names.object(a, "A"), names.object(b, "A"), names.object(a, "B")] == ["A2", "A3", "A2"]
    assert names.given == {"A2": a, "A3": b}
    assert names.comments()[0] == "# A2: an array of shape (20,) and dtype float64"
    assert names.fresh("x1") == "x1" and names.fresh("x1") == "x1_2"


def test_options_may_hold_arrays_and_places_of_indices() -> None:
    names, rows = Names(), np.arange(20)
    text = option(names, (Slot(0), [rows], slice(None)), "key")
    assert text == "(Slot(number=0), [key], slice(None, None, None))"
    assert eval(text, {"Slot": Slot, **names.given})[1][0] is rows


def test_names_are_those_that_python_allows() -> None:
    assert [identifier(n) for n in ("sumᵀ", "a b", "<lambda>", "3d", "class")] == ["sum_T", "a_b", "f", "f", "class_"]
    assert [quoted(k) for k in ("w", 'a"b', 3)] == ['"w"', "'a\"b'", "3"]


def test_functions_are_found_by_the_name_that_numpy_shows() -> None:
    found = [
        numpy_name(f) for f in (np.abs, np.max, np.linalg.norm, np.conj, np.concatenate, ratio, functools.partial(abs))
    ]
    assert found == ["np.absolute", "np.max", "np.linalg.norm", "np.conjugate", "np.concatenate", None, None]
    assert home(ratio) == ("essence_ad.kernel", "ratio") and home(lambda x: x) is None


def test_a_text_shows_itself_and_runs() -> None:
    text = Text("a + b", lambda text, names: eval(text, names), {"a": 1, "b": 2})
    assert str(text) == repr(text) == "a + b" and text.run() == 3
    assert "__builtins__" not in text.names
