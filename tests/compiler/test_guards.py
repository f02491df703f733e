"""What a function reads, and whether a recording of it may be kept."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from essence_ad import sin
from essence_ad.calculus.gradient import grad
from essence_ad.compiler.guards import Contents, guards
from essence_ad.tracing.program import program

SCALE = 2.0
LAYERS = [1.0, 2.0]
GENERATOR = np.random.default_rng(0)


def scaled(x: Any) -> Any:
    return np.sin(x) * SCALE


class Model:
    weight = 3.0

    def loss(self, x: Any) -> Any:
        return x * self.weight


def closed(value: Any) -> Callable[..., Any]:
    return lambda x: x * value


@pytest.mark.parametrize(
    "f",
    [scaled, closed(2.0), closed(np.ones(3)), closed((1, "a", None)), lambda x: scaled(scaled(x)), functools.partial(scaled),
     closed(scaled), np.sin, sin, program(scaled), lambda x, n=3: x * n, functools.wraps(scaled)(lambda x: scaled(x)),
     lambda x: x * LAYERS[0], closed({"a": [1.0, np.ones(2)]}), functools.partial(closed, value=[2.0]), lambda x, n=LAYERS: x],
    ids=range(16),
)  # fmt: skip
def test_kept(f: Any) -> None:
    found = guards(f)
    assert found is not None and all(g.stands for g in found)


@pytest.mark.parametrize(
    "f",
    [closed([Model()]), closed({"a": Model()}), Model().loss, closed(Model()), lambda x: x + GENERATOR.normal(),
     lambda x: x + np.random.normal(), closed(GENERATOR), functools.partial(closed, value=[GENERATOR]), closed((Model(),))],
    ids=range(9),
)  # fmt: skip
def test_not_kept(f: Any) -> None:
    assert guards(f) is None


class Pair(NamedTuple):
    first: Any
    second: float = 2.0


@dataclasses.dataclass
class Record:
    first: Any
    second: float = 2.0


class Refused(ValueError):
    pass


def clock(x: Any) -> Any:
    return x * time.time()


def test_classes_of_records_are_kept_and_bound_methods_are_not() -> None:
    assert all(guards(closed(kind)) is not None for kind in (Pair, Record, Refused, float, Model))
    assert all(guards(closed(f)) is None for f in ([1.0].pop, {"a": 1.0}.get, time.time, clock))


def test_a_change_of_what_is_read_is_seen() -> None:
    n = 2.0

    def f(x: float) -> float:
        return x * n

    found = guards(f)
    assert found is not None and all(g.stands for g in found)
    n = 3.0
    assert not all(g.stands for g in found) and f(1.0) == 3.0


def test_a_name_of_a_function_that_is_called_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = guards(lambda x: scaled(x))
    assert found is not None and all(g.stands for g in found)
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert not all(g.stands for g in found)


def test_recursion_ends() -> None:
    def f(x: Any) -> Any:
        return f(x)

    assert guards(f) is not None


def test_functions_of_this_library_are_looked_through() -> None:
    for k in (1.0, 2.0):
        inner = grad(closed(np.full(2, k)))
        found = guards(lambda x: np.sum(inner(x)))  # noqa: B023
        assert found is not None and any(isinstance(g, Contents) and g.held[0] == k for g in found)
    assert guards(lambda x: inner(x) + GENERATOR.normal()) is None
    assert guards(grad(closed(Model()))) is None


def test_lists_and_dicts_are_looked_into() -> None:
    layers, table = [np.ones(2), 3.0], {"a": [1.0]}
    changes = [lambda: layers.append(1.0), lambda: layers.pop(0), lambda: layers.__setitem__(1, 4.0), lambda: layers[0].fill(2.0),
               lambda: table.update(b=1.0), lambda: table["a"].append(2.0), lambda: table.__setitem__("a", [1.0, 2.0])]  # fmt: skip
    for change in (*changes[:1], *changes[2:], changes[1]):
        found = guards(lambda x: x * layers[0] * table["a"][0])
        assert found is not None and all(g.stands for g in found)
        change()
        assert not all(g.stands for g in found)
