"""An order that needs less memory: every box once and after what it reads, and slopes as soon as they can be had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, value_and_grad
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram
from essence_ad.planning import order as module
from essence_ad.planning.order import early
from essence_ad.primitives.primitive import Constant
from essence_ad.spaces import Array, Space
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace


def chain(n: int) -> Any:
    def f(x: Any) -> Any:
        for _ in range(n):
            x = x * np.sin(x) + 0.1
        return np.sum(x)

    return f


def tangled(x: Any) -> Any:
    values = [x, x * x]
    for i in range(40):
        a, b = values[-1 - i % 3 % len(values)], values[i // 2]
        values.append(np.tanh(a) * np.cos(b) - 0.5 * b + a * a)
    return np.sum(values[-1] + values[7])


def ordered(f: Any, space: Space) -> tuple[Diagram, list[int], set[int]]:
    d = simplify(trace(value_and_grad(f), space).diagram)
    return d, *early(d, d.spaces(space))


def most(d: Diagram, space: Space, order: list[int]) -> int:
    """The most numbers that are held at a time."""
    spaces, last = d.spaces(space), {}
    for time, number in enumerate(order):
        for w in d.boxes[number][1]:
            last[w] = time
    last |= dict.fromkeys(leaves(d.cod), len(order))
    held = most = 0
    ending: dict[int, int] = {}
    for time, number in enumerate(order):
        op, _, outs = d.boxes[number]
        for o in outs:
            size = 0 if isinstance(op, Constant) or not isinstance(spaces[o], Array) else spaces[o].dim
            held += size
            ending[last[o]] = ending.get(last[o], 0) + size
        most = max(most, held)
        held -= ending.get(time, 0)
    return most


@pytest.mark.parametrize("f", [chain(1), chain(50), tangled], ids=["one", "chain", "tangled"])
@pytest.mark.parametrize("space", [R, R[4]], ids=str)
def test_every_box_is_done_once_after_what_it_reads(f: Any, space: Space) -> None:
    d, order, wires = ordered(f, space)
    assert sorted(order) == list(range(len(d.boxes)))
    made = set(leaves(d.dom))
    for number in order:
        _, ins, outs = d.boxes[number]
        assert set(ins) <= made
        made.update(outs)
    assert wires <= made
    assert most(d, space, order) <= most(d, space, list(range(len(d.boxes))))


@pytest.mark.parametrize("space", [R, R[4]], ids=str)
def test_a_chain_keeps_one_value_a_step_instead_of_two(space: Any) -> None:
    d, order, wires = ordered(chain(50), space)
    before, after = most(d, space, list(range(len(d.boxes)))), most(d, space, order)
    assert len(wires) > 40 and after < 0.6 * before and after < 60 * space.dim


def test_long_programs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 10)
    d, order, wires = ordered(chain(50), R)
    assert order == list(range(len(d.boxes))) and not wires
