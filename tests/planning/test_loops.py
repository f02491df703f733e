"""The order of the work: what goes row by row is in a loop, what needs all rows is between loops, small work is neither."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, value_and_grad
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram, collect
from essence_ad.planning import loops
from essence_ad.planning.loops import schedule, with_own_views
from essence_ad.spaces import Product, Space
from essence_ad.tracing.program import trace

N = 200_000


def scheduled(f: Any, *spaces: Space) -> tuple[Diagram, loops.Schedule, list[list[str]]]:
    d = simplify(trace(f, spaces[0] if len(spaces) == 1 else Product(spaces)).diagram)
    d, _, found = schedule(d)
    names = [[d.boxes[n][0].name for n in s.boxes] for s in found.sections]
    assert sorted(n for s in found.sections for n in s.boxes) == list(range(len(d.boxes)))
    return d, found, names


def test_every_box_stands_after_what_it_reads() -> None:
    d, found, _ = scheduled(value_and_grad(lambda x, w: np.sum(np.exp(x @ w - np.max(x @ w)))), R[N, 3], R[3])
    made: set[int] = {0, 1}
    assert sum(bool(s.rows) for s in found.sections) == 2
    for section in found.sections:
        later = set()
        for n in section.boxes:
            assert set(d.boxes[n][1]) <= made
            (later if section.rows and d.boxes[n][2][0] in found.sums else made).update(d.boxes[n][2])
        made |= later


def test_long_elementwise_work_is_one_loop_with_its_sums() -> None:
    _, found, names = scheduled(value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(x) / (1.0 + x * x))), R[N])
    (loop,) = [s for s in found.sections if s.rows]
    assert loop.rows == N and loop.step < N // 2
    assert all(set(n) <= {"const"} for s, n in zip(found.sections, names, strict=True) if not s.rows)


def test_small_work_is_done_once() -> None:
    _, found, _ = scheduled(value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(x))), R[1000])
    assert [s.rows for s in found.sections] == [0] and not found.axis


def test_what_mixes_rows_is_no_part_of_a_loop() -> None:
    _, found, names = scheduled(lambda x: np.sum(np.cumsum(np.sin(np.exp(x)) * x)), R[N])
    at = next(i for i, n in enumerate(names) if "cumsum" in n)
    assert not found.sections[at].rows


def test_the_gram_matrix_of_a_long_matrix_has_rows_that_are_summed() -> None:
    d, found, _ = scheduled(lambda x: (y := np.tanh(x) * 2.0 + np.cos(x)).T @ y, R[N // 4, 8])
    (product,) = [outs[0] for op, _, outs in d.boxes if op.name == "matmul"]
    assert product in found.sums


def test_views_are_made_for_each_reader() -> None:
    d = trace(lambda x: (np.sin(x.T), np.cos(x.T[1:]), x.T), R[3, 4]).diagram
    own = with_own_views(d)
    reads = [i for _, ins, _ in own.boxes for i in ins if i != 0]
    assert len(reads) == len(set(reads))
    x = np.arange(12.0).reshape(3, 4)
    for a, b in zip(collect(d.cod, d.evaluate(x)), collect(own.cod, own.evaluate(x)), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("rows", [100_000, 1_000_000])
def test_a_step_fits_the_cache(rows: int) -> None:
    _, found, _ = scheduled(value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(x) / (1.0 + x * x))), R[rows])
    (loop,) = [s for s in found.sections if s.rows]
    assert 8 * loop.step <= loops.CACHE
