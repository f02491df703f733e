"""The figures' data say what their titles say, and their axes what was asked for."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import plots
import pytest

ORACLE = {
    row["file"]: row
    for row in json.loads((Path(__file__).parents[1] / "oracles" / "plots.json").read_text())["figures"]
}


@pytest.mark.parametrize("name", plots.FIGURES)
def test_the_labels_are_those_asked_for(name: str) -> None:
    (axes,) = plots.FIGURES[name]().axes
    row = ORACLE[name]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (row["xlabel"], row["ylabel"])


def test_a_gradient_costs_a_small_multiple_of_the_value() -> None:
    data = plots.figure_reverse_cost_scaling().data  # type: ignore[attr-defined]
    ratios = np.array(data["value and gradient"]) / np.array(data["value"])
    assert list(data["value"]) == list(data["program size"]) and ratios.max() <= 4


def test_newton_doubles_the_digits_near_the_end() -> None:
    data = plots.figure_newton_vs_gd().data  # type: ignore[attr-defined]
    distance = data["Newton"]
    near = [n for n, x in enumerate(distance) if 1e-9 < x < 0.3]
    assert len(near) >= 3
    for n in near:
        assert distance[n + 1] < max(distance[n] ** 2, 1e-14)
    ratios = np.array(data["gradient descent"][11:]) / np.array(data["gradient descent"][10:-1])
    assert ratios.min() > 0.5 and ratios.max() < 0.7


def test_the_command_saves_them_with_their_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plots.main([str(tmp_path)]) == 0
    for name in plots.FIGURES:
        rows = list(csv.reader((tmp_path / f"{name}.csv").read_text().splitlines()))
        assert (tmp_path / f"{name}.svg").read_text().count("<svg") == 1 and len(rows) > 5
    assert len(capsys.readouterr().out.splitlines()) == len(plots.FIGURES)
