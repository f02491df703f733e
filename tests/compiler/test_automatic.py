"""Compilation without asking: the same numbers, also after anything that the function reads has changed."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.compiler.automatic import REMEMBERED, Automatic
from essence_ad.errors import DTypeError, NotScalarError


def test_the_second_call_at_a_space_compiles() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) ** 2)

    g = Automatic(grad(f), f)
    x = np.array([0.1, 0.2, 0.3])
    expected = np.sin(2 * x)
    for kept in (0, 1, 1):
        assert np.allclose(g(x), expected) and g.kept == kept
    g(x[:2])
    assert np.allclose(g(x[:2]), expected[:2]) and g.kept == 2
    assert np.allclose(g(x.astype(np.float32)), expected, rtol=1e-5) and g.kept == 2


def test_written_arrays_and_rebound_names_are_seen() -> None:
    data, factor = np.arange(3.0), 1.0

    def f(x: Any) -> Any:
        return np.sum(data * x * factor) + np.sum(data @ x)

    g = Automatic(value_and_grad(f), f)
    x = np.ones(3)
    for step in range(10):
        value, slope = g(x)
        assert value == pytest.approx(f(x)) and np.allclose(slope, data * (factor + 1))
        if step == 2:
            data[1] = 10.0
        if step == 4:
            data = data + 1.0
        if step == 5:
            factor = 2.5
    assert g.kept == 1


def test_what_cannot_be_told_is_not_kept() -> None:
    weights = [1.0]

    def f(x: Any) -> Any:
        return x * x * weights[0]

    g = Automatic(grad(f), f)
    for w in (1.0, 2.0, 3.0, 4.0):
        weights[0] = w
        assert g(3.0) == pytest.approx(6.0 * w)
    assert g.kept == 0


def test_traced_arguments_pass_through() -> None:
    def cube(x: Any) -> Any:
        return x * x * x

    g = Automatic(grad(cube), cube)
    for _ in range(3):
        assert grad(g)(2.0) == pytest.approx(12.0)
        assert g(2.0) == pytest.approx(12.0)
    assert g.kept == 1


def test_structures() -> None:
    def f(p: Any) -> Any:
        return np.sum(p["w"] * p["b"])

    g = Automatic(grad(f), f)
    p = {"w": np.ones(2), "b": 3.0}
    for _ in range(3):
        slope = g(p)
        assert np.allclose(slope["w"], 3.0) and slope["b"] == pytest.approx(2.0)


def test_errors_stay_what_they_are() -> None:
    def vector(x: Any) -> Any:
        return x * 2.0

    g = Automatic(grad(vector), vector)
    for _ in range(3):
        with pytest.raises(NotScalarError):
            g(np.ones(2))
        with pytest.raises(DTypeError):
            g(np.ones(2, dtype=int))
    assert g.kept == 0


def test_memory_is_bounded_and_threads_agree() -> None:
    def f(x: Any) -> Any:
        return np.sum(x * x)

    g = Automatic(grad(f), f)
    for n in range(2 * REMEMBERED):
        g(np.ones(n + 1))
    assert len(g._entries) == REMEMBERED
    found = []

    def work() -> None:
        for n in range(1, 30):
            found.append(np.allclose(g(np.ones(n)), 2.0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(found) and len(found) == 4 * 29
