"""What the measurement of tracing counts; how long it takes is not tested."""

from __future__ import annotations

from benchmarks.tracing import STEPS, Cost, again, programs, recorded, table
from essence_ad.tracing.program import trace


def test_the_programs_are_of_many_operations() -> None:
    for f, space in programs().values():
        assert len(trace(f, space).diagram.boxes) >= 3 * STEPS


def test_every_program_is_measured() -> None:
    costs = recorded(1)
    assert [c.name for c in costs] == list(programs()) and all(c.seconds > 0 for c in costs)
    assert Cost("sin", 4, 8e-6).microseconds == 2.0


def test_a_function_is_recorded_once_for_a_signature() -> None:
    seconds, runs = again(5)
    assert runs == 1 and seconds > 0


def test_the_table_names_the_dearest() -> None:
    text = table([Cost("cheap", 10, 1e-5), Cost("dear", 10, 1e-4)], (2e-6, 1))
    assert (
        "| dear | 10 | 10.0 |" in text
        and "dearest: dear, 10.0 µs of the 15" in text
        and "in 2.0 µs; the function ran 1 time" in text
    )
