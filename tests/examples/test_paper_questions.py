"""The answers to the readers' questions: counts as they are told, memory as inequalities."""

from __future__ import annotations

import math

import paper_questions
import pytest
from paper_questions import Beginnings, Continuations, Tape, literal, memory, ours

from essence_ad import Begin, Cont


@pytest.mark.parametrize("k", [Continuations, Beginnings])
def test_the_literal_instances_are_right_and_split_what_they_are_given_three_times_for_each_square(k: type) -> None:
    for n in range(5):
        slope, calls = literal(k, n, 1.1)
        assert slope == pytest.approx(2**n * 1.1 ** (2**n - 1)) and calls == 8**n


@pytest.mark.parametrize("k", [Cont, Begin])
def test_ours_cost_four_operations_for_each_square(k: type) -> None:
    assert [ours(k, n) for n in (1, 10, 100, 1000)] == [4, 40, 400, 4000]


def test_a_tape_gives_the_gradient() -> None:
    tape = Tape()
    x, y = tape.variable(3.0), tape.variable(4.0)
    z = (x * y).sin() + x
    slopes = tape.gradient(z)
    assert z.value == math.sin(12.0) + 3.0
    assert slopes[:2] == [4.0 * math.cos(12.0) + 1.0, 3.0 * math.cos(12.0)]
    assert len(tape.entries) == 5


def test_a_gradient_keeps_the_steps_and_checkpoints_their_root() -> None:
    few, many = memory(16, size=20_000), memory(64, size=20_000)
    assert many["value"][0] < 4 and many["value"][0] < 1.2 * few["value"][0]
    assert 3 < many["gradient"][0] / few["gradient"][0] < 5
    assert many["gradient, checkpoints"][0] < 3 * few["gradient, checkpoints"][0]
    assert many["gradient, checkpoints"][0] < many["gradient"][0] / 4
    assert many["compiled"][0] < many["gradient"][0] / 4 and many["compiled, checkpoints"][0] < many["compiled"][0]
    assert many["compiled"][1] < 2  # a second call allocates little more than its result


def test_the_tables_have_a_line_for_each_size_and_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = paper_questions.cost_table().splitlines()
    assert len(lines) == 9 and len(set(map(len, lines))) == 1
    monkeypatch.setattr(paper_questions, "memory_table", lambda: "the other table")
    paper_questions.main()
    assert capsys.readouterr().out.splitlines() == [*lines, "", "the other table"]
    monkeypatch.undo()
    rows = paper_questions.memory_table((4, 9)).splitlines()
    assert len(rows) == 7 and len(set(map(len, rows))) == 1 and "9 steps" in rows[0]
