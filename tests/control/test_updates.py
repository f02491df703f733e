"""``update``: what NumPy writes as ``x[index] = value``, as a changed copy with derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from essence_ad import R, check_derivatives, compile, grad, jacobian, scan, update, vmap
from essence_ad.errors import DTypeError, OptionError, ShapeError, TracingError
from essence_ad.tracing.program import trace

X = np.arange(1.0, 7.0).reshape(2, 3)
KEYS: list[Any] = [
    1, (0, 1), (slice(None), -1), (..., 2), slice(0, 0), None, [1, 0, 1], (np.array([0, 1]), [2, 2]), X > 2,
    (slice(None, None, -1), [True, False, True]),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_as_numpy_does(key: Any) -> None:
    value = np.asarray(X[key] * 10.0)
    changed, added = X.copy(), X.copy()
    changed[key] = value
    np.add.at(added, key, value)
    for run in (lambda f: f, lambda f: compile(f, R[2, 3])):
        np.testing.assert_array_equal(run(lambda x: update(x, key, value))(X), changed)
        np.testing.assert_array_equal(run(lambda x: update(x, key, value, op="add"))(X), added)
    np.testing.assert_array_equal(X, np.arange(1.0, 7.0).reshape(2, 3))
    check_derivatives(lambda x, v: update(x, key, v), X, value)
    check_derivatives(lambda x, v: update(x, key, v, op="add") ** 2, X, value)


@given(arrays.arrays(np.intp, st.integers(0, 5), elements=st.integers(-3, 2)))
def test_the_last_value_set_counts(places: Any) -> None:
    values = np.arange(1.0, len(places) + 1)
    expected = np.zeros(3)
    expected[places] = values
    np.testing.assert_array_equal(update(np.zeros(3), places, values), expected)
    weights = np.array([1.0, 10.0, 100.0])
    by_value = grad(lambda v: np.sum(weights * update(np.zeros(3), places, v)))(values)
    last = {int(p) % 3: i for i, p in enumerate(places)}
    assert by_value.tolist() == [weights[p % 3] if last[int(p) % 3] == i else 0.0 for i, p in enumerate(places)]


def test_traced_indices() -> None:
    running = lambda x: scan(lambda c, i: (update(c, i, np.sum(c) * c[i]), None), x, np.arange(3))[0]  # noqa: E731
    expected = X[0].copy()
    for i in range(3):
        expected[i] = expected.sum() * expected[i]
    np.testing.assert_allclose(running(X[0]), expected)
    np.testing.assert_allclose(compile(running, R[3])(X[0]), expected)
    check_derivatives(running, X[0] / 5)
    twice = lambda x, i: update(x, (0, i), x[1, i] * 2)  # noqa: E731
    np.testing.assert_array_equal(jacobian(twice)(X, np.array([0, 2]))[0, 0], [[0, 0, 0], [2, 0, 0]])
    rows = np.stack([X[0], X[1]])
    np.testing.assert_allclose(vmap(running)(rows), [running(r) for r in rows])


def test_values_broadcast_and_take_the_dtype() -> None:
    assert update(np.zeros((2, 3)), 0, 1).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert update(np.zeros(3, np.float32), 0, 1.5).dtype == np.float32
    assert update(np.zeros(3, int), 1, 2).dtype == int and update(3.0, (), 4.0) == 4.0
    assert update(np.zeros(2, complex), 0, 1.0).tolist() == [1, 0]
    assert update(np.zeros(3), [0, 1], [5.0, 6.0]).tolist() == [5, 6, 0]
    assert update(np.zeros(3), 1, X[0, 0], op="add").tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("f", "kind", "text"),
    [
        (lambda x: update(np.zeros(3, int), 1, x[0]), DTypeError, "float64 into int64"),
        (lambda x: update(x, 9, 1.0), ShapeError, "index (9,)"),
        (lambda x: update(x, [0, 1], np.ones(3)), ShapeError, "shape (3,)"),
        (lambda x: update(x, 0, 1.0, op="multiply"), OptionError, "op='multiply'"),
        (lambda x: update((x, x), 0, 1.0), ShapeError, "a tuple of 2"),
    ],
)
def test_mistakes_name_the_line(f: Callable[[Any], Any], kind: type[Exception], text: str) -> None:
    for run in (lambda: f(X[0]), lambda: trace(f, R[3])):
        with pytest.raises(kind) as caught:
            run()
        assert text in str(caught.value) and "test_updates.py:" in str(caught.value)


def _assigned(x):
    x[0] = 1.0
    return x


def _into_an_array(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y


def _out(x):
    return np.multiply(x, 2.0, out=x)


def _in_place(x):
    y = np.zeros(3)
    y += x
    return y


def _sorted(x):
    x.sort()
    return x


@pytest.mark.parametrize("f", [_assigned, _into_an_array, _out, _in_place, _sorted])
def test_mutation_is_refused_with_the_line_and_a_remedy(f: Callable[[Any], Any]) -> None:
    for run in (lambda: trace(f, R[3]), lambda: grad(lambda x: np.sum(f(x)))(X[0])):
        with pytest.raises(TracingError) as caught:
            run()
        text = str(caught.value)
        assert "test_updates.py:" in text
        assert any(remedy in text.split("to do:")[1] for remedy in ("update(", "a = a + x", "np.sort(x)", "out="))
