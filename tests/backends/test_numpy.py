"""The NumPy backend: readable source, memory that is written over safely, and the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R
from essence_ad.backends.numpy import write
from essence_ad.calculus.gradient import value_and_grad
from essence_ad.diagram import Diagram
from essence_ad.errors import UnsupportedError
from essence_ad.operation import Op
from essence_ad.spaces import Product, Space
from essence_ad.tracing.program import trace


def both(f: Any, space: Space, *args: Any) -> None:
    d = trace(f, space).diagram
    expected = f(*args)
    kept = [np.copy(a) for a in args]
    for fast in (True, False):
        found = write(d, fast=fast).function()(*args)
        assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)
        assert all(np.array_equal(a, k) for a, k in zip(args, kept, strict=True))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.where(x > 0.2, np.maximum(x, 1.0), np.arctan2(x, 2.0)),
        lambda x: np.exp(np.sin(x)) / (1.0 + x**2) - abs(x),
        lambda x: np.hypot(x, 3.0) * np.log1p(x * x) + np.sqrt(x * x),
        lambda x: np.sinc(x) + np.sign(x) * np.floor(x),
    ],
    ids=["branches", "powers", "roots", "steps"],
)
@pytest.mark.parametrize("x", [0.7, -1.3, np.array([0.5, -2.0, 0.1])], ids=str)
def test_numbers_and_arrays(f: Any, x: Any) -> None:
    both(f, R[np.shape(x)] if np.shape(x) else R, x)


def test_views_keep_the_memory_that_they_look_at() -> None:
    def f(x: Any) -> Any:
        a = np.sin(x)
        b = np.reshape(a, (3, 2))
        c = np.exp(a)  # must not be written over a, which b still looks at
        return np.sum(b, axis=0) @ np.array([1.0, 2.0]) + np.sum(c)

    both(f, R[2, 3], np.arange(6.0).reshape(2, 3))


def test_results_that_are_read_twice_are_not_written_over() -> None:
    def f(x: Any) -> Any:
        a = np.exp(x)
        b = np.negative(a)
        return a * b + a / (b - 1.0)

    both(f, R[4], np.linspace(-1, 1, 4))


def test_every_result_has_memory_of_its_own() -> None:
    x = np.arange(3.0)
    f = write(trace(lambda x: (x, x[::-1], np.ones(3), 2.0 * x, 2.0 * x), R[3]).diagram).function()
    results = f(x)
    for i, r in enumerate(results):
        r += 100.0 * (i + 1)
    assert np.array_equal(x, [0.0, 1.0, 2.0]) and np.array_equal(f(x)[2], np.ones(3))
    assert results[3][0] == 400.0 and results[4][0] == 500.0


def test_slices_are_written_as_slices() -> None:
    def f(x: Any) -> Any:
        return np.sum((x[1:] - x[:-1] ** 2) ** 2) + x[0] * x[-1] + np.sum(x[::-2] * x[::2]) + np.sum(x[[0, 0, 1]])

    d = trace(value_and_grad(f), R[5]).diagram
    x = np.linspace(-1.0, 1.0, 5)
    value, slope = write(d).function()(x)
    expected = value_and_grad(f)(x)
    assert value == pytest.approx(expected[0]) and np.allclose(slope, expected[1])
    assert "[1:]" in write(trace(lambda x: x[1:] * 2.0, R[5]).diagram).text


def test_a_chain_of_elementwise_results_uses_one_array() -> None:
    source = write(trace(lambda x: np.exp(np.sin(np.cos(x))) * 2.0, R[3]).diagram).text
    assert source.count("out=") == 3


def test_a_number_read_from_an_array_is_read_before_the_array_is_written_over() -> None:
    def f(x: Any) -> Any:
        y = np.tanh(x)
        return np.sum(y), np.cos(y * y)

    total, _ = write(trace(f, R[3]).diagram).function()(np.array([0.1, 0.2, 0.3]))
    assert np.isclose(total, np.tanh([0.1, 0.2, 0.3]).sum())


def test_constants_are_exact() -> None:
    def f(x: float) -> Any:
        return x * 0.1 + 1e-300 - -2.5

    found = write(trace(f, R).diagram).function()
    assert found(3.0) == f(3.0)


def test_what_the_target_lacks_is_named() -> None:
    class Strange(Op):
        name = "strange"

        def shape(self, *spaces: Space) -> Space:
            return spaces[0]

    with pytest.raises(UnsupportedError, match="strange"):
        write(Diagram(0, 1, [(Strange(), (0,), (1,))], 2, R, R))
    with pytest.raises(UnsupportedError, match="strange"):
        write(Diagram((0, 1), 2, [(Strange(), (0,), (2,))], 3, Product((R, R)), R))
