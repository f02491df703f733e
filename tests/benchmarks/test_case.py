"""The cases of the benchmarks: what is written by hand is right, and what essence_ad makes of them equals it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.case import Case, Data, Function
from benchmarks.cases import all_cases
from benchmarks.measure import disagreement, leaves
from benchmarks.systems.system import System
from benchmarks.systems.with_essence_ad import SYSTEM as EssenceAD
from essence_ad import logsumexp

CASES = all_cases()
STEP = 1e-5


class Differences(System):
    """Derivatives by central differences: every result is what the derivative does to one seeded random direction."""

    name = "differences"
    np = np
    logsumexp = logsumexp
    version = "none"

    def __init__(self) -> None:
        self.random = np.random.default_rng(1)
        self.directions: list[Any] = []

    def direction(self, x: Any) -> Any:
        self.directions.append(self.random.normal(size=np.shape(x)))
        return self.directions[-1]

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        places = argnums if isinstance(argnums, tuple) else (argnums,)

        def both(*args: Any) -> Any:
            up, down = list(args), list(args)
            for i in places:
                step = STEP * self.direction(args[i])
                up[i], down[i] = args[i] + step, args[i] - step
            return f(*args), (f(*up) - f(*down)) / (2 * STEP)

        return both

    def grad(self, f: Function) -> Function:
        both = self.value_and_grad(f, 0)
        return lambda x: both(x)[1]

    def hessian(self, f: Function) -> Function:
        return lambda x: self.second(f, x, self.direction(x), self.direction(x))

    def hvp(self, f: Function) -> Function:
        return lambda x, v: self.second(f, x, v, self.direction(x))

    def second(self, f: Function, x: Any, v: Any, w: Any) -> Any:
        h = 1e-3
        return (f(x + h * (v + w)) - f(x + h * (v - w)) - f(x + h * (w - v)) + f(x - h * (v + w))) / (4 * h * h)

    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        raise NotImplementedError


def on_directions(case: Case, found: Any, directions: list[Any]) -> Any:
    """What a derivative made by hand does to the same directions."""
    if isinstance(found, tuple):
        _, gradients = found
        parts = gradients if isinstance(gradients, tuple) else (gradients,)
        return sum(np.sum(g * v) for g, v in zip(parts, directions, strict=True))
    if np.ndim(found) == 2:
        return directions[0] @ found @ directions[1]
    return np.sum(found * directions[0])


@pytest.mark.parametrize("case", [c for c in CASES if not c.name.startswith(("ba_", "nested"))], ids=lambda c: c.name)
def test_the_derivative_by_hand_is_what_differences_say(case: Case) -> None:
    data = case.data()
    found = case.by_hand(*data.constants)(*data.arguments)
    differences = Differences()
    expected = differences.derivative(case, data)(*data.arguments)
    if isinstance(expected, tuple):
        assert np.isclose(found[0], expected[0], rtol=1e-12)
        expected = expected[1]
    assert np.isclose(on_directions(case, found, differences.directions), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["ba_1", "ba_3"])
def test_the_blocks_by_hand_are_what_differences_say(name: str) -> None:
    (case,) = [c for c in CASES if c.name == name]
    data = case.data()
    camera, point = data.constants[:2]
    blocks = case.by_hand(*data.constants)(*data.arguments)
    random = np.random.default_rng(2)
    chosen = np.sort(random.choice(len(camera), size=200, replace=False))
    few = case.program(np, logsumexp, camera, point, data.constants[2][chosen], *data.constants[3:]).parts[1]  # type: ignore[attr-defined]
    table, X, weights = data.arguments
    x = np.concatenate([table[camera[chosen]], X[point[chosen]], weights[chosen, None]], axis=1)
    for column in range(15):
        h = np.zeros(15)
        h[column] = 1e-6
        up, down = ([y[:, :11], y[:, 11:14], y[:, 14]] for y in (x + h, x - h))
        slope = (np.stack(few(*up)) - np.stack(few(*down))) / 2e-6
        assert disagreement([blocks[chosen, :, column]], [slope.T]) < 1e-6


def test_the_nested_derivative_by_hand_is_the_complex_step_of_cauchys_formula() -> None:
    (case,) = [c for c in CASES if c.name == "nested_4"]
    data: Data = case.data()
    (x,) = data.arguments
    circle = np.exp(2j * np.pi * np.arange(64) / 64)
    f = case.program(np, logsumexp)
    fourth = 24 * np.mean(f(x + 0.5 * circle) / (0.5 * circle) ** 4).real
    assert np.isclose(case.by_hand()(x), fourth, rtol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_every_way_to_write_it_by_hand_gives_the_same(case: Case) -> None:
    data = case.data()
    expected = leaves(case.by_hand(*data.constants)(*data.arguments))
    for write in case.also.values():
        assert disagreement(leaves(write(*data.constants)(*data.arguments)), expected) < 1e-12


@pytest.mark.parametrize("compiled", [False, True], ids=["called", "compiled"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_essence_ad_agrees(case: Case, compiled: bool) -> None:
    data = case.data()
    expected = leaves(case.by_hand(*data.constants)(*data.arguments))
    system = EssenceAD()
    function = system.prepare(case, data).call if compiled else system.derivative(case, data)
    kept = [np.copy(a) for a in data.arguments]
    for _ in range(2):
        assert disagreement(leaves(function(*data.arguments)), expected) <= case.tolerance
    assert all(np.array_equal(a, b) for a, b in zip(data.arguments, kept, strict=True))


def test_operators_called_as_users_call_them_compile_what_they_meet_again() -> None:
    (case,) = [c for c in CASES if c.name == "tanh_10_x"]
    data = case.data()
    derivative: Any = EssenceAD().derivative(case, data)
    for _ in range(3):
        derivative(*data.arguments)
    assert derivative.kept == 1  # a function that reads more than modules, numbers and arrays would not be kept


def test_cases_are_seeded_and_named_once() -> None:
    assert len({c.name for c in CASES}) == len(CASES) >= 18
    for case in CASES:
        first, second = case.data(), case.data()
        assert all(np.array_equal(a, b) for a, b in zip(first.arguments, second.arguments, strict=True))
