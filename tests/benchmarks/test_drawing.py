"""The programs whose pictures are timed are what they are said to be."""

from __future__ import annotations

from benchmarks.drawing import BOXES, measure, programs


def test_they_have_about_as_many_boxes_as_is_said() -> None:
    for name, d in programs().items():
        assert abs(len(d.pruned().boxes) - BOXES) <= 10, name


def test_a_round_is_measured() -> None:
    found = measure(1)
    assert found["a chain"][1] == 0 and all(len(seconds) == 1 and seconds[0] > 0 for _, _, seconds in found.values())
