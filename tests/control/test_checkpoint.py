"""Checkpoints: the same numbers in every mode, order and stage, the work that they say, and less memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from essence_ad import (
    Additive,
    Begin,
    Cont,
    D,
    Dual,
    R,
    checkpoint,
    compile,
    exp,
    fork,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    mul,
    program,
    sin,
    value_and_grad,
    vjp,
)  # fmt: skip
from essence_ad.errors import NotAProgramError
from essence_ad.primitives import catalogue

W = np.array([[0.3, -0.2, 0.5], [0.1, 0.7, -0.4], [-0.6, 0.2, 0.2]])


def layer(x: Any) -> Any:
    return np.tanh(W @ x) * x + np.sin(x)


def plain(x: Any) -> Any:
    return np.sum(layer(layer(x)) ** 2)


marked = checkpoint(layer)


def with_marks(x: Any) -> Any:
    return np.sum(marked(marked(x)) ** 2)


POINT, DIRECTION = np.array([0.4, -0.3, 0.8]), np.array([1.0, 0.5, -2.0])


OPERATORS: dict[str, Callable[[Any], Any]] = {
    "value": lambda f: f(POINT),
    "grad": lambda f: grad(f)(POINT),
    "value_and_grad": lambda f: value_and_grad(f)(POINT)[1],
    "jvp": lambda f: jvp(f, POINT, DIRECTION)[1],
    "vjp": lambda f: vjp(f, POINT)[1](2.0),
    "linearize": lambda f: linearize(f, POINT)[1](DIRECTION),
    "hvp": lambda f: hvp(f, POINT, DIRECTION),
    "hessian": lambda f: hessian(f)(POINT),
    "jacobian of grad": lambda f: jacobian(grad(f), mode="reverse")(POINT),
    "grad of grad": lambda f: grad(lambda x: np.sum(grad(f)(x) * x))(POINT),
    "compiled": lambda f: compile(f, POINT)(POINT),
    "compiled grad": lambda f: compile(grad(f), POINT)(POINT),
    "compiled hessian": lambda f: compile(hessian(f), POINT)(POINT),
    "grad of compiled": lambda f: grad(compile(f, POINT))(POINT),
    "nested": lambda f: grad(checkpoint(f))(POINT),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_nothing_changes_but_the_work(name: str) -> None:
    operator = OPERATORS[name]
    np.testing.assert_allclose(operator(with_marks), operator(plain), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Begin(Additive, R), Cont(Additive, R)], ids=repr)
def test_a_program_in_every_category(k: Any) -> None:
    f, g = fork(sin, exp) >> mul >> sin, checkpoint(fork(sin, exp) >> mul) >> checkpoint(sin)
    assert g.type == f.type
    (y, df), (z, dg) = D(k)(f)(0.3), D(k)(g)(0.3)
    assert float(y) == float(z)
    np.testing.assert_allclose(np.asarray(dg(1.0), float), np.asarray(df(1.0), float), rtol=1e-14)


def test_several_arguments_and_results_of_any_structure() -> None:
    @checkpoint
    def f(a: Any, b: Any, *, turn: bool) -> Any:
        return {"sum": a["x"] * b, "product": (np.sin(b), a["x"])} if turn else {}

    def total(a: Any, b: Any) -> Any:
        out = f(a, b, turn=True)
        return np.sum(out["sum"] * out["product"][0]) + np.sum(out["product"][1])

    first, second = grad(total, argnums=(0, 1))({"x": POINT}, 2.0)
    np.testing.assert_allclose(first["x"], 2.0 * np.sin(2.0) + 1.0)
    np.testing.assert_allclose(second, np.sum(POINT) * (np.sin(2.0) + 2.0 * np.cos(2.0)))
    assert f({"x": POINT}, 2.0, turn=True)["product"][1] is POINT
    assert f.__name__ == "f"


def test_what_is_read_from_outside_may_move() -> None:
    def f(x: Any) -> Any:
        return np.sum(checkpoint(lambda y: np.sin(y) * x)(x * x))

    np.testing.assert_allclose(grad(f)(POINT), grad(lambda x: np.sum(np.sin(x * x) * x))(POINT), rtol=1e-14)


def test_integers_and_programs() -> None:
    @program
    def f(x: Any) -> Any:
        return np.sin(x) * 2

    assert np.isclose(grad(checkpoint(f))(0.5), 2 * np.cos(0.5))
    with pytest.raises(NotAProgramError, match="checkpoint"):
        checkpoint(3)


@pytest.fixture
def sines() -> Iterator[list[int]]:
    """A list that becomes longer whenever a sine is evaluated."""
    calls: list[int] = []
    record = catalogue()["sin"]

    def sine(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            calls.append(1)
        return np.sin(x)

    object.__setattr__(record, "function", sine)
    try:
        yield calls
    finally:
        object.__setattr__(record, "function", np.sin)


@pytest.mark.parametrize("staged", [False, True])
def test_inner_values_are_made_again_once_for_a_gradient(staged: bool, sines: list[int]) -> None:
    def gradient(mark: Any) -> Any:
        inner = mark(lambda x: np.exp(np.sin(np.exp(np.sin(x)))))
        f = grad(lambda x: np.sum(inner(x)))
        return compile(f, POINT) if staged else f

    def evaluations(f: Any) -> int:
        f(POINT)
        sines.clear()
        f(POINT)
        return len(sines)

    kept, again = gradient(lambda f: f), gradient(checkpoint)
    np.testing.assert_allclose(kept(POINT), again(POINT))
    assert evaluations(kept) == 2, "once each"
    assert evaluations(again) == (2 if staged else 4), (
        "compiled, the value is not needed and only the way back has them"
    )


def test_compiled_value_and_gradient_make_them_twice(sines: list[int]) -> None:
    f = compile(value_and_grad(lambda x: np.sum(checkpoint(lambda y: np.exp(np.sin(y)))(x))), POINT)
    f(POINT)
    sines.clear()
    f(POINT)
    assert len(sines) == 2, "nothing that looks for equal work finds the second"


LENGTH, STEPS, INNER = 20_000, 6, 8


def peak(work: Callable[[], Any]) -> float:
    """The most memory that some work needs at a time, in arrays of ``LENGTH``, with what the second call still holds."""
    gc.collect()
    tracemalloc.start()
    work()
    tracemalloc.reset_peak()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / (8 * LENGTH)


def long_chain(mark: Any) -> Any:
    def segment(x: Any) -> Any:
        for _ in range(INNER):
            x = np.cumsum(np.sin(x)) * 1e-3 + x
        return x

    segment = mark(segment)

    def f(x: Any) -> Any:
        for _ in range(STEPS):
            x = segment(x)
        return np.sum(x)

    return f


def test_a_gradient_holds_what_stands_between_checkpoints() -> None:
    x = np.linspace(0.0, 1.0, LENGTH)
    most = {}
    for name, mark in {"kept": lambda f: f, "again": checkpoint}.items():
        f = long_chain(mark)
        run = compile(grad(f), x)
        most[name, "compiled"] = peak(lambda run=run: run(x))
        most[name, "pulled back"] = peak(lambda f=f: vjp(f, x)[1](1.0))
    assert most["kept", "compiled"] > STEPS * INNER > 2 * most["again", "compiled"]
    assert most["kept", "pulled back"] > STEPS * INNER * 2 > 2 * most["again", "pulled back"]
