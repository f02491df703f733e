"""Operations that hold bodies: run on arrays, recorded on traced ones, and called as a whole by generated code."""

from __future__ import annotations

import numpy as np

from essence_ad import R, compile, count
from essence_ad.control.body import staged
from essence_ad.control.holding import LONG
from essence_ad.control.scan import Scan
from essence_ad.morphism import box
from essence_ad.tracing.program import trace

SQUARES = Scan(staged("step", (R, R), lambda c, x: (c + x * x, np.sin(c))), 1, 1)


def test_a_long_loop_runs_compiled_and_gives_the_same() -> None:
    for n in (LONG - 1, LONG, 3 * LONG):
        xs = np.linspace(0, 1, n)
        carry, given = SQUARES.apply(0.5, xs)
        expected = np.cumsum(np.concatenate([[0.5], xs**2]))
        np.testing.assert_allclose(given, np.sin(expected[:-1]))
        np.testing.assert_allclose(carry, expected[-1])


def test_it_is_recorded_as_one_operation() -> None:
    d = trace(lambda c, xs: SQUARES.apply(c, xs), R * R[4]).diagram
    ((op, ins, outs),) = d.boxes
    assert op is SQUARES and len(ins) == len(outs) == 2
    assert count(box(SQUARES), (1.0, np.ones(4)))["sin"] == 4


def test_bodies_are_placed_once() -> None:
    placed = SQUARES.at(R, R[4])
    assert placed is SQUARES and placed.at(R, R[9]) is placed, "the body does not know the length"
    single = R.of("float32")
    other = SQUARES.at(single, single[4])
    assert other is not SQUARES and SQUARES.at(single, single[4]) is other
    assert other.shape(single, single[4]) == (single, single[4])


def test_generated_code_calls_it_as_a_whole() -> None:
    code = compile(box(SQUARES), R, R[4])
    assert "scan(" in code.source
    carry, given = code(1.0, np.ones(4))
    assert carry == 5.0 and given.shape == (4,)


def test_other_meanings_of_its_inputs_are_kept_apart() -> None:
    batched = SQUARES.batched(2, (True, False), [np.array([0.0, 1.0]), np.ones(3)])
    assert batched[0].tolist() == [3.0, 4.0] and batched[1].shape == (2, 3)
    from essence_ad.control.holding import Holding

    one_by_one = Holding.batched(SQUARES, 2, (True, False), [np.array([0.0, 1.0]), np.ones(3)])
    for a, b in zip(batched, one_by_one, strict=True):
        np.testing.assert_allclose(a, b)
    assert Holding.batched(SQUARES, 0, (True, False), [np.zeros(0), np.ones(3)])[1].shape == (0, 3)


def test_work_is_counted_from_shapes() -> None:
    from essence_ad.tracing.shadow import Shadow, Work

    def work(n: int) -> Work:
        tally = Work()
        carry, given = SQUARES.apply(Shadow(R, tally), Shadow(R[n], tally))
        assert carry.shape == () and given.shape == (n,)
        return tally

    assert work(10) == work(1) * 10 and work(1).total > 0
