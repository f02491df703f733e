"""The fits of the NIST StRD problems: digits reached, derivatives, and the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nist
import numpy as np
import pytest
from nist_problems import EIGHT, FOLDER, MODELS, Floats, load

LOST_TO_ROUNDING = {"Lanczos1"}  # its residuals are 1e-13: their sum of squares is lost to rounding, not the parameters


@pytest.mark.parametrize("start", [1, 2])
@pytest.mark.parametrize("name", MODELS)
def test_ten_digits_from_every_start(name: str, start: int) -> None:
    found = nist.fit(load(name), start)
    assert np.all(found.digits >= 10), found.digits
    assert found.square_digits >= (2 if name in LOST_TO_ROUNDING else 10)
    assert 0 < found.steps < 5000
    assert 0 < found.polish < 20


@pytest.mark.parametrize("mode", ["reverse", "matrices"])
@pytest.mark.parametrize("start", [1, 2])
@pytest.mark.parametrize("name", EIGHT)
def test_the_eight_reach_ten_digits_in_the_other_modes(name: str, start: int, mode: str) -> None:
    assert np.all(nist.fit(load(name), start, mode).digits >= 10)


@pytest.mark.parametrize("damping", [1e-3, 1e-2, 1e-1])
def test_the_answer_does_not_hang_on_the_first_damping(damping: float) -> None:
    problem = load("MGH10")
    f = nist.Derivative.of(problem.residual, "forward")
    point, _ = nist.levenberg_marquardt(f, problem.starts[0], damping)
    assert np.all(nist.digits(point, problem.certified) > 4)


@pytest.mark.parametrize("mode", nist.MODES)
@pytest.mark.parametrize("name", MODELS)
def test_jacobians_agree_with_the_complex_step(name: str, mode: str) -> None:
    problem = load(name)
    value, jacobian = nist.Derivative.of(problem.residual, mode)(problem.certified)
    small = 1e-30
    stepped = []
    for i, size in enumerate(problem.certified):
        point = problem.certified.astype(complex)
        point[i] += 1j * small * abs(size)
        stepped.append(problem.residual(tuple(point.tolist())).imag / small)
    expected = np.stack(stepped, axis=1)
    found = jacobian() * np.abs(problem.certified)
    assert value == pytest.approx(problem.residual(tuple(problem.certified.tolist())))
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9 * np.max(np.abs(expected)))


@pytest.mark.parametrize("mode", nist.MODES)
@pytest.mark.parametrize("name", EIGHT)
def test_gradient_and_hessian_agree_with_differences(name: str, mode: str) -> None:
    problem = load(name)
    point = 1.01 * problem.certified
    residual = nist.Derivative.of(problem.residual, "forward")
    r, jacobian = residual(point)
    value, hessian = nist.Derivative.of(nist.gradient(problem), mode)(point)
    assert np.allclose(value, r @ jacobian(), rtol=1e-9)

    def gradient(b: Floats) -> Floats:
        r, jacobian = residual(b)
        return r @ jacobian()

    found = hessian() * np.outer(point, point)
    differences = [point * (gradient(point + h) - gradient(point - h)) / 2e-6 for h in np.diag(1e-6 * point)]
    expected = np.stack(differences)
    assert np.allclose(found, found.T, rtol=1e-9, atol=1e-9 * np.max(np.abs(found)))
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-6 * np.max(np.abs(expected)))


def test_digits() -> None:
    found = nist.digits(np.array([1.0, 1.001, 2.0, 1e9]), 1.0)
    assert found == pytest.approx([11, 3, 0, 0], abs=1e-9)


def test_a_model_that_overflows_on_the_way_warns_of_nothing() -> None:
    found = nist.fit(load("MGH17"), 1)  # its second step is far too long; warnings are errors here
    assert found.steps > 100


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert nist.main(["--problem", "Misra1a", "--start", "2"]) == 0
    head, rule, row, *rest = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["problem", "difficulty", "start"]
    assert set(rule) == {"-", " "}
    assert row.split()[:3] == ["Misra1a", "lower", "2"]
    assert any(line.startswith("b2") and "5.5015643181E-04" in line for line in rest)


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert nist.main(["--problem", "Misra1a", "BoxBOD", "--markdown"]) == 0
    lines = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert len(lines) == 2 + 4
    assert {line.count("|") for line in lines} == {len(nist.HEAD) + 1}


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert nist.main(["--problem", "Rat43", "--json", "--mode", "reverse"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["problem"], first["start"], second["start"]) == ("Rat43", 1, 2)
    assert first["found"] == pytest.approx(first["certified"], rel=1e-9)


def test_wrong_calls(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "Misra1a.dat").write_text((FOLDER / "Misra1a.dat").read_text()[:1800])
    assert nist.main(["--problem", "Misra1a", "--data", str(tmp_path)]) == 2
    assert "Misra1a.dat: Data is cut off" in capsys.readouterr().err
    for wrong in (["--problem", "Unknown"], ["--mode", "sideways"], ["--start", "3"], ["--json", "--markdown"]):
        with pytest.raises(SystemExit, match="2"):
            nist.main(wrong)


def test_the_script_runs_from_anywhere(tmp_path: Path) -> None:
    script = Path(nist.__file__).resolve()
    done = subprocess.run(
        [sys.executable, script, "--problem", "BoxBOD"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "2.1380940889E+02" in done.stdout
    assert not done.stderr
