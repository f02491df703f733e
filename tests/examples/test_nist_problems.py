"""The reader of NIST StRD files, and the models against what NIST certifies."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from nist_problems import EIGHT, FOLDER, MODELS, DataError, load, parse

TEXT = (FOLDER / "Misra1a.dat").read_text()


def test_every_file_has_a_model_and_every_model_a_file() -> None:
    assert sorted(p.stem for p in FOLDER.glob("*.dat")) == sorted(MODELS)
    assert len(MODELS) == 27
    assert set(EIGHT) <= set(MODELS)


def test_the_files_are_those_of_the_source() -> None:
    stated = re.findall(r"^([0-9a-f]{64})  (\w+\.dat)$", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(name for _, name in stated) == sorted(f"{name}.dat" for name in MODELS)
    assert all(hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest for digest, name in stated)


def test_a_file_is_read() -> None:
    found = parse(TEXT, "Misra1a.dat")
    assert (found.name, found.level, found.sum_of_squares) == ("Misra1a", "Lower", 1.2455138894e-01)
    assert found.starts.tolist() == [[500.0, 0.0001], [250.0, 0.0005]]
    assert found.certified.tolist() == [2.3894212918e02, 5.5015643181e-04]
    assert found.deviations.tolist() == [2.7070075241e00, 7.2668688436e-06]
    assert (found.y[0], found.x[0], found.y[-1], found.x[-1], found.y.shape) == (10.07, 77.6, 81.78, 760.0, (14,))


def test_several_predictors_are_several_arrays() -> None:
    x1, x2 = load("Nelson").x
    assert x1.shape == x2.shape == (128,)
    assert (x1[0], x2[0], x1[-1], x2[-1]) == (1.0, 180.0, 64.0, 275.0)


@pytest.mark.parametrize("name", MODELS)
def test_the_model_gives_the_certified_sum_of_squares(name: str) -> None:
    problem = load(name)
    r = problem.residual(tuple(problem.certified.tolist()))
    # Lanczos1 has residuals of 1e-13, smaller than what 11 digits of its parameters tell.
    assert r @ r == pytest.approx(problem.sum_of_squares, rel=1e-9, abs=1e-20)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Starting Values   (lines 41 to 42)", "", "place of Starting Values is missing"),
        ("(lines 61 to 74)", "(lines 61 to 99)", "Data is cut off"),
        ("(lines 61 to 74)", "(lines 61 to 73)", "number of observations is not as stated"),
        ("Lower Level of Difficulty", "", "level of difficulty is missing"),
        ("Dataset Name:", "Name:", "name of the data set is missing"),
        ("1 Predictor", "Predictor", "number of predictors is missing"),
        ("1 Predictor", "2 Predictor", "line 61: a line does not hold its numbers"),
        ("b2 =     0.0001", "b3 =     0.0001", "line 42: a parameter is missing"),
        ("0.0005      5.5", "0.0005      x.5", "line 42: a line does not hold its numbers"),
        ("0.0005      5.5", "            5.5", "line 42: a line does not hold its numbers"),
        ("Residual Sum of Squares:                    1", "Residual Sum of Squares:                    ?", "line 44"),
        ("Residual Sum of Squares:", "Sum of Squares:", "a certified value is missing"),
        ("1.2455138894E-01", "1.3455138894E-01", "certified sums do not agree"),
        ("      10.07E0", "      ten", "line 61: a line does not hold its numbers"),
        ("      10.07E0", "        nan", "line 61: a line does not hold its numbers"),
    ],
)
def test_damage_is_told_with_its_place(old: str, new: str, what: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(DataError, match=what) as caught:
        parse(TEXT.replace(old, new), "Misra1a.dat")
    assert str(caught.value).startswith("Misra1a.dat")
    assert caught.value.expected
    assert "README" in caught.value.remedy


@pytest.mark.parametrize("text", ["", "\n" * 80, TEXT[: len(TEXT) // 2], "1 2\n3 4\n"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse(text, "other.dat")


def test_a_file_that_is_missing_or_not_text_and_a_name_that_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="BoxBOD.dat cannot be read"):
        load("BoxBOD", tmp_path)
    (tmp_path / "BoxBOD.dat").write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match="BoxBOD.dat cannot be read"):
        load("BoxBOD", tmp_path)
    with pytest.raises(DataError, match="no problem boxbod"):
        load("boxbod")


def test_reading_changes_nothing_on_disk() -> None:
    before = {p: p.read_bytes() for p in FOLDER.iterdir()}
    problems = [load(name) for name in MODELS]
    assert all(np.isfinite(p.certified).all() and len(p.certified) == p.starts.shape[1] for p in problems)
    assert before == {p: p.read_bytes() for p in FOLDER.iterdir()}
