"""The cannon's three approaches and their thresholds, its Taylor question, its tables and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cannon
import numpy as np
import pytest
from cannon_learning import gunner

ORACLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "oracles" / "cannon.json").read_text())


def test_a_network_trained_through_the_physics_reaches_the_thresholds() -> None:
    controls = gunner()
    _, miss = cannon.gunner_misses(controls)
    limits = ORACLE["thresholds"]
    assert miss.max() <= limits["dp_max_miss_m_on_[0.5,9.5]"] and miss.mean() <= limits["dp_mean_miss_m"]
    near, far = cannon.refinements(controls)
    assert np.mean([d.steps for d in near]) <= np.mean([d.steps for d in far]) / 5
    for descent, target in zip(near, cannon.TARGETS, strict=True):
        assert abs(cannon.vacuum_range(descent.speed, descent.angle) - target) <= cannon.FINE


def test_descent_through_a_network_does_not_know_its_error() -> None:
    distance = cannon.trained(10)[0]
    for (end, miss), (_, target) in zip(cannon.misses(distance), cannon.STARTS, strict=True):
        assert abs(float(distance(end.speed, end.angle)) - target) <= cannon.STOP
        assert miss == pytest.approx(abs(cannon.vacuum_range(end.speed, end.angle) - target))
    assert max(miss for _, miss in cannon.misses(distance)) > cannon.STOP
    assert max(miss for _, miss in cannon.misses(cannon.vacuum_range)) <= cannon.STOP


def test_taylor_and_chebyshev() -> None:
    question = ORACLE["taylor_question"]
    series = cannon.taylor(cannon.lower_angle, 5.0, 10)
    assert series == pytest.approx(question["inverse_taylor_at_5 (mpmath)"], rel=1e-12)
    degrees = [row["degree"] for row in question["taylor_truncation"]]
    rows = cannon.inverse_errors(degrees)
    for (_, by_taylor, by_chebyshev), first, second in zip(rows, question["taylor_truncation"], question["chebyshev_interpolation"], strict=True):  # fmt: skip
        assert by_taylor == pytest.approx(first["max_err_on_[0.5,9.5]"], rel=1e-3)
        assert by_chebyshev == pytest.approx(second["max_err"], rel=0.3)  # other nodes of Chebyshev's were used there


def test_the_tables_and_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cannon.main(["--quick", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "1331      0.050 m" in text and "0.7430176 rad, 7.448389 m" in text
    assert sorted(p.stem for p in tmp_path.glob("*.svg")) == sorted(cannon.FIGURES)
    assert len(list(tmp_path.iterdir())) == 2 * len(cannon.FIGURES)
