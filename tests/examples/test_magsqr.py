"""The paper's examples in every category, against closed forms and the paper's figures."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import magsqr
import numpy as np
import pytest

X, Y = -1.5, 0.4
A, B, C = 0.5, 1.5, -2.0
CLOSED = {  # value and Jacobian, worked out by hand
    "sqr": (9.0, [[6.0]]),
    "magSqr": (25.0, [[6.0, 8.0]]),
    "cosSinProd": (
        (math.cos(X * Y), math.sin(X * Y)),
        [[-Y * math.sin(X * Y), -X * math.sin(X * Y)], [Y * math.cos(X * Y), X * math.cos(X * Y)]],
    ),
    "cos(2xx)": (math.cos(2 * 1.3**2), [[4 * 1.3 * math.sin(2 * 1.3**2)]]),
    "cos(x+yz)": (math.cos(A + B * C), [[-s * math.sin(A + B * C) for s in (1, C, B)]]),
}


def test_every_example_has_its_closed_form() -> None:
    assert list(magsqr.EXAMPLES) == list(CLOSED)


@pytest.mark.parametrize("name", CLOSED)
def test_every_category_agrees_with_the_closed_form(name: str) -> None:
    value, jacobian = CLOSED[name]
    found = list(magsqr.readings(magsqr.EXAMPLES[name]))
    assert len(found) == 1 + len(magsqr.DIFFERENTIATING)
    for reading in found:
        assert reading.value == pytest.approx(value, rel=1e-12)
        if reading.category != "Functions":
            assert np.asarray(reading.jacobian, float) == pytest.approx(np.array(jacobian), rel=1e-12)


# Before simplification, what reverse mode does beyond the paper's figure: multiplications by the unit covector and by the
# slopes of a product, one slope of cosSinProd computed anew from the other, and two covectors pulled back there.
BEYOND = {
    "sqr": {"multiply": 2},
    "magSqr": {"multiply": 4},
    "cosSinProd": {"multiply": 4, "add": 2, "cos": 1, "sin": 1},
    "cos(2xx)": {"multiply": 1},
    "cos(x+yz)": {"multiply": 1},
}


@pytest.mark.parametrize("name", CLOSED)
def test_reverse_mode_takes_no_more_than_this_beyond_the_figure(name: str) -> None:
    example = magsqr.EXAMPLES[name]
    counts = {r.category: r.counts for r in magsqr.readings(example)}
    reverse, primal = counts["D(Dual(Additive))"], counts["Functions"]
    assert reverse and primal
    for operation, n in reverse.items():
        assert n <= example.figure.get(operation, 0) + BEYOND[name].get(operation, 0), operation
    assert all(reverse[operation] >= n for operation, n in primal.items())


def test_the_figures_and_programs_are_those_of_the_paper() -> None:
    oracle = json.loads((Path(__file__).parents[1] / "oracles" / "essence.json").read_text())["figure_operation_counts"]
    names = {"cos(2xx)": "cos_2xx", "cos(x+yz)": "cos_xpytz"}
    for name, example in magsqr.EXAMPLES.items():
        stated = oracle[names.get(name, name)]
        assert {magsqr.SHORT.get(op, op): n for op, n in example.figure.items()} == stated["gradr_total"]
        primal = next(iter(magsqr.readings(example))).counts
        assert {magsqr.SHORT.get(op, op): n for op, n in primal.items()} == stated["primal"]


def test_the_report_names_every_category(capsys: pytest.CaptureFixture[str]) -> None:
    assert magsqr.main([]) == 0
    out = capsys.readouterr().out
    for word in ("Functions", "Shapes", "Graphs", *(repr(category) for category, _ in magsqr.DIFFERENTIATING)):
        assert out.count(f"  {word} ") == len(CLOSED), word
    assert "[[6, 8]]" in out
    assert "Shapes   R * R -> R * R" in out
    assert "digraph" not in out


def test_one_example_with_its_graph(capsys: pytest.CaptureFixture[str]) -> None:
    assert magsqr.main(["magSqr", "--dot"]) == 0
    out = capsys.readouterr().out
    assert "sqr at 3.0" not in out
    assert out.count("|multiply|") == 2
    assert out.count("|add|") == 1


def test_an_unknown_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        magsqr.main(["cube"])
    assert "choose from sqr, magSqr" in capsys.readouterr().err


def test_the_script_runs_from_anywhere(tmp_path: Path) -> None:
    script = Path(magsqr.__file__).resolve()
    done = subprocess.run([sys.executable, script, "sqr"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "[[6]]" in done.stdout
    assert not done.stderr
