"""Descents with the published numbers of steps, and networks that reach the thresholds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cannon_learning as learning
import numpy as np
import pytest
from cannon_physics import vacuum_range

ORACLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "oracles" / "cannon.json").read_text())


@pytest.mark.parametrize("row", ORACLE["gradient_descent_physics"])
def test_descents_on_the_physics(row: Any) -> None:
    found = learning.descend(vacuum_range, row["start"], row["target"], row["tol_m"])
    assert abs(found.steps - row["iterations"]) <= 1
    assert (found.speed, found.angle) == pytest.approx(row["end"], rel=1e-6)


def test_a_descent_that_cannot_arrive_says_so_by_its_steps() -> None:
    assert learning.descend(vacuum_range, (3.0, 0.3), 6.0, 0.0, most=5).steps == 5


def test_a_network_learns_what_it_is_shown() -> None:
    stages = []
    distance, error = learning.surrogate(steps=200, progress=lambda stage, done, steps: stages.append((done, steps)))
    assert error < 0.5 < np.var(vacuum_range(np.linspace(0, 10, 50), 0.7)) and stages == [(100, 200), (200, 200)]
    assert abs(float(distance(8.0, 0.7)) - vacuum_range(8.0, 0.7)) < 2.0


def test_the_inverse_is_learned() -> None:
    angle = learning.inverse(steps=1000)
    assert abs(float(angle(5.0)) - 0.5 * np.arcsin(0.4905)) < 0.02
