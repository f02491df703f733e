"""Arrays made of traced values: never objects, never detached, and errors that say what to write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, grad
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
