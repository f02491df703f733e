"""What is known of wires: when their memory is read last, what a loop has to store, what is made in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.planning.facts import Facts
from essence_ad.spaces import R, Space
from essence_ad.tracing.program import trace

N = 300_000


def facts(f: Any, space: Space) -> Facts:
    return Facts(trace(f, space).diagram, fast=True)


def wire(found: Facts, name: str, k: int = 0) -> int:
    return [outs[0] for op, _, outs in found.d.boxes if op.name == name][k]


def test_memory_is_read_as_long_as_a_view_of_it_is() -> None:
    found = facts(lambda x: np.sum(np.sin(x).T[0]) * np.sum(np.cos(x)), R[3, 2])
    sine, view = wire(found, "sin"), wire(found, "index")
    assert found.base_of(view) == sine and found.base_of(wire(found, "cos")) == wire(found, "cos")
    assert found.last[sine] == found.time[found.maker[wire(found, "sum")]]
    assert sine in found.ending[found.last[sine]]


def test_results_are_read_to_the_end() -> None:
    found = facts(lambda x: (np.sin(x).T, np.exp(np.sin(x))), R[3, 2])
    assert found.last[wire(found, "sin")] == len(found.d.boxes)
    assert found.whole == {wire(found, "sin"), wire(found, "exp")}


def test_a_loop_reads_what_is_outside_until_its_end_and_stores_what_is_read_after_it() -> None:
    found = facts(lambda x: np.cumsum(np.sin(x) * np.exp(x) / (1.0 + x * x)) * np.sum(x[:5]), R[N])
    (loop,) = [s for s in found.schedule.sections if s.rows]
    assert found.stored == {wire(found, "divide")}
    assert found.last[0] == max(found.time[n] for n in loop.boxes)


def test_parts_that_nothing_else_reads_are_made_in_their_place() -> None:
    found = facts(lambda x: (np.concatenate([np.sin(x), x, c := np.cos(x)]), c), R[3])
    assert set(found.piece) == {wire(found, "sin")}
    assert found.number(0) is False and facts(lambda x: x, R).number(0) is True
