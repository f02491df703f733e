"""The cannon's flights against closed forms, mpmath's numbers and a second integrator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cannon_physics as physics
import numpy as np
import pytest

from essence_ad import check_derivatives, grad, hessian

ORACLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "oracles" / "cannon.json").read_text())


@pytest.mark.parametrize("row", ORACLE["vacuum"])
def test_without_drag(row: Any) -> None:
    v, a = row["v"], row["angle"]
    assert physics.vacuum_range(v, a) == pytest.approx(row["range"], rel=1e-12)
    assert grad(physics.vacuum_range, argnums=(0, 1))(v, a) == pytest.approx(row["grad"], abs=1e-12)
    assert np.array(hessian(lambda p: physics.vacuum_range(*p))((v, a))) == pytest.approx(
        np.array(row["hessian"]), abs=1e-12
    )


@pytest.mark.parametrize("row", ORACLE["solutions"])
def test_the_formula_aims(row: Any) -> None:
    assert physics.aim(row["target"], 10.0) == pytest.approx(row["angles_at_v=10"], abs=1e-12)
    best = row["min_speed_solution"]
    assert physics.vacuum_range(best["v"], best["angle"]) == pytest.approx(row["target"], rel=1e-12)


@pytest.mark.parametrize("row", ORACLE["linear_drag"])
def test_linear_drag_and_its_landing_by_the_implicit_function_theorem(row: Any) -> None:
    p = row["v"], row["angle"], row["k"]
    assert physics.linear_range(*p) == pytest.approx(row["range"], rel=1e-9)
    assert physics.linear_time(*p) == pytest.approx(row["flight_time"], rel=1e-9)
    assert grad(physics.linear_range, argnums=(0, 1, 2))(*p) == pytest.approx(row["grad_v_angle_k"], rel=1e-9)
    check_derivatives(lambda p: physics.linear_range(*p), p, order=2)


@pytest.mark.parametrize("row", ORACLE["quadratic_drag"])
def test_quadratic_drag(row: Any) -> None:
    p = row["v"], row["angle"], row["b"]
    assert physics.quadratic_range(*p) == pytest.approx(row["range"], rel=1e-7)
    assert physics.quadratic_time(*p) == pytest.approx(row["flight_time"], rel=1e-7)
    assert grad(physics.quadratic_range, argnums=(0, 1))(*p) == pytest.approx(row["grad_v_angle"], rel=1e-7)


def test_the_farthest_shot_with_drag() -> None:
    best = ORACLE["quadratic_drag_optimum"]
    angle = physics.best_angle(10.0, 0.05)
    assert angle == pytest.approx(best["max_range_angle_v=10_b=0.05"], abs=1e-5)
    assert physics.quadratic_range(10.0, angle, 0.05) == pytest.approx(best["max_range"], rel=1e-7)
