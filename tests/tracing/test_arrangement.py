"""Arrays made of traced values: never objects, never detached, and errors that say what to write."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import R, grad, program
from essence_ad.errors import EssenceError, ShapeError, TracingError
from essence_ad.tracing.program import trace


def by_line(f: Any) -> str | None:
    """The line of a function, or its name."""
    code = getattr(f, "__code__", None)
    return f"line-{code.co_firstlineno}" if code is not None else getattr(f, "__name__", None)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.array([x[0], x[1]]),
        lambda x: np.array([x, x]),
        lambda x: np.array([[x[0], 1.0], [2.0, 3.0]]),
        lambda x: np.array([x[0], x[1]], dtype=object),
        lambda x: np.array(x),
        lambda x: np.asarray(x),
        lambda x: np.asarray([x[0], 1.0]),
        lambda x: np.asanyarray(x),
        lambda x: np.ascontiguousarray(x),
        lambda x: np.full(3, x[0]),
        lambda x: np.full_like(np.zeros(3), x[0]),
        lambda x: np.vectorize(lambda v: v * v)(x),
        lambda x: np.vectorize(lambda v: v * v, otypes=[float])(x),
        lambda x: np.fromiter(x, float),
        lambda x: np.ma.array(x),
        lambda x: float(x[0]),
    ],
    ids=by_line,
)
def test_what_numpy_would_make_itself_is_an_error_with_the_line(f: Any) -> None:
    for call in (lambda: trace(f, R[3]), lambda: grad(lambda x: np.sum(f(x)))(np.ones(3))):
        with pytest.raises(TracingError) as caught:
            call()
        assert "test_arrangement.py:" in str(caught.value) and "np." in caught.value.remedy


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.copyto(np.zeros(3), x),
        lambda x: np.put(x, [0], 1.0),
        lambda x: np.putmask(x, x > 0, 1.0),
        lambda x: np.place(x, np.ones(3, bool), [1.0]),
        lambda x: np.fill_diagonal(np.outer(x, x), 0.0),
        lambda x: np.put_along_axis(x, np.array([0]), 1.0, 0),
        lambda x: np.add.at(x, 0, 1.0),
        lambda x: np.add(x, 1.0, out=x),
        lambda x: x.sort(),
        lambda x: x.partition(1),
        lambda x: x.fill(0.0),
        lambda x: x.put([0], 1.0),
        lambda x: x.resize(4),
        lambda x: x.__setitem__(0, 1.0),
        lambda x: np.zeros(3).__setitem__(0, x[0]),
    ],
    ids=by_line,
)
def test_writing_into_arrays_is_an_error_with_the_line(f: Any) -> None:
    with pytest.raises(TracingError) as caught:
        trace(f, R[3])
    assert "test_arrangement.py:" in str(caught.value)


def test_remedies_fit_what_was_tried() -> None:
    for f, word in (
        (lambda x: np.array([x[0], x[1]]), "np.array([a, b], like=x)"),
        (lambda x: np.vectorize(lambda v: v)(x), "essence_ad.vmap"),
        (lambda x: np.take(np.arange(9.0), np.argsort(x)), "np.take_along_axis"),
    ):
        with pytest.raises(TracingError) as caught:
            trace(f, R[3])
        assert word in caught.value.remedy
    np.testing.assert_array_equal(
        trace(lambda x: np.take_along_axis(np.arange(9.0), np.argsort(x), axis=0), R[3])(np.array([2.0, 0.0, 1.0])),
        [1, 2, 0],
    )


def test_arrays_of_other_shapes_are_not_made_objects() -> None:
    with pytest.raises(ShapeError, match=r"test_arrangement.py.*concatenate|equal shapes"):
        trace(lambda x: np.array([x, x[:1]], like=x), R[3])


def test_shapes_that_do_not_fit_are_errors() -> None:
    for f in (
        lambda x: np.dsplit(x, 3),
        lambda x: np.vsplit(x, 3),
        lambda x: np.rot90(x[None], axes=(0, 0)),
        lambda x: np.resize(x, (-1, 3)),
        lambda x: np.meshgrid(x, x, indexing="yx"),
        lambda x: np.apply_along_axis(np.sum, 0, np.reshape(x, (3, 1))[:, :0]),
        lambda x: np.block([x, (x, x)]),
        lambda x: np.hstack([x, x[None]]),
        lambda x: np.delete(x, 7),
        lambda x: np.insert(x, 9, 1.0),
    ):
        with pytest.raises((ValueError, TypeError, IndexError, EssenceError)):
            trace(f, R[3])


def agree(f: Any, *x: Any) -> None:
    """Recorded and run, a function gives what NumPy gives, or an error where NumPy gives one."""
    try:
        expected = f(*x)
    except (ValueError, IndexError, TypeError):
        with pytest.raises((ValueError, IndexError, TypeError)):
            program(f)(*x)
        return
    found = program(f)(*x)
    many = isinstance(expected, (tuple, list))
    assert not many or len(found) == len(expected)
    for a, b in zip(found, expected, strict=True) if many else [(found, expected)]:
        assert np.shape(a) == np.shape(b)
        np.testing.assert_array_equal(a, b)


PLACES = st.one_of(
    st.integers(-5, 5), st.lists(st.integers(-3, 3), min_size=1, max_size=4),
    st.builds(slice, st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3), st.sampled_from([None, 1, 2, -1])),
)  # fmt: skip


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), PLACES, st.integers(-3, 3) | st.none(), st.data()
)
def test_arrangements_of_any_shape_are_those_of_numpy(shape: Any, places: Any, axis: Any, data: Any) -> None:
    x = np.random.default_rng(3).uniform(-1, 1, shape)
    k = data.draw(st.integers(-3, 3))
    for f in (
        lambda x: np.delete(x, places, axis=axis),
        lambda x: np.insert(x, places, 7.5, axis=axis),
        lambda x: np.rollaxis(x, k),
        lambda x: np.rot90(x, k),
        lambda x: np.resize(x, (abs(k), 3)),
        lambda x: np.diagflat(x, k),
        lambda x: np.hsplit(x, [abs(k)]),
        lambda x: np.dstack([x, x]),
        lambda x: np.column_stack([x, x]),
        lambda x: np.append(x, x[:1], axis=0),
        lambda x: np.block([x, x]),
        lambda x: np.meshgrid(x[(0,) * (x.ndim - 1)], np.arange(3.0), sparse=k > 0, indexing="ij" if k > 1 else "xy"),
    ):
        agree(f, x)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(-2, 2) | st.lists(st.integers(-2, 2), min_size=1, max_size=3))
def test_inserted_arrays_are_put_where_numpy_puts_them(n: int, count: int, places: Any) -> None:
    x, v = np.arange(2.0 * n).reshape(2, n), 100 + np.arange(float(count))
    for axis, values in itertools.product((0, 1, None), (v, v[:, None], v[None, :])):
        agree(lambda x, v, axis=axis: np.insert(x, places, v, axis=axis), x, values)
