"""The command line: what it prints, writes and refuses, and with which exit code."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import essence_ad
from essence_ad.__main__ import main
from essence_ad.expression import parse

EXPRESSION = "cos(x*y) + sin(y)"
CATEGORIES = ["additive functions", "matrices", "forward", "reverse", "continuations"]


def explain(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command says: on stdout when it succeeds, on stderr when it does not, and nothing on the other."""
    assert main(["explain", *arguments]) == code
    out, err = capsys.readouterr()
    assert (err if code == 0 else out) == ""
    return out if code == 0 else err


def test_the_value_and_the_derivative_in_every_category(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(explain(capsys, EXPRESSION, "x=1", "y=2", "--json"))
    dx, dy = -2 * math.sin(2), -math.sin(2) + math.cos(2)
    assert answer["value"] == pytest.approx(math.cos(2) + math.sin(2), rel=1e-14)
    assert [d["mode"] for d in answer["derivatives"]] == CATEGORIES
    for derivative in answer["derivatives"]:
        assert derivative["partials"] == {"x": pytest.approx(dx, rel=1e-14), "y": pytest.approx(dy, rel=1e-14)}
        assert derivative["operations"]["cos"] == 2  # one in the value, one in the derivative of sin
    assert answer["operations"] == {"multiply": 1, "cos": 1, "sin": 1, "add": 1}
    assert answer["point"] == {"x": 1.0, "y": 2.0}
    pasted = eval(answer["program"], dict(vars(essence_ad)))
    assert repr(pasted) == repr(parse(EXPRESSION, ["x", "y"])) == answer["program"]
    assert float(pasted(1.0, 2.0)) == answer["value"]


def test_the_text_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    lines = explain(capsys, EXPRESSION, "x=1", "y=2").splitlines()
    assert lines[0].split(maxsplit=1) == ["expression", EXPRESSION]
    assert lines[1].split(maxsplit=1) == ["program", "fork(multiply >> cos, exr >> sin) >> add"]
    assert lines[2].split(maxsplit=1) == ["type", "num × num -> num"]
    assert lines[3].split(maxsplit=1) == ["at", "x = 1, y = 2"]
    assert float(lines[4].split()[1]) == pytest.approx(math.cos(2) + math.sin(2), rel=1e-11)
    header, alone, *rows = lines[8:]
    assert header.split()[:2] == ["d/dx", "d/dy"]
    assert header.split()[-1] == "total" and "multiply" in header.split()
    assert alone.startswith("value alone") and alone.endswith(" 4")
    assert [row.split("  ")[0] for row in rows] == CATEGORIES
    for row in rows:
        assert "-1.8185949" in row and "-1.3254443" in row
        counts = [0 if n == "·" else int(n) for n in row.split("-1.3254443")[1].split()]
        assert sum(counts[:-1]) == counts[-1]
    ends = {len(row) for row in (header, alone, *rows)}
    assert len(ends) == 1, "the columns are aligned to the right"


def test_one_pass_of_reverse_and_one_for_each_variable_forward(capsys: pytest.CaptureFixture[str]) -> None:
    text = " + ".join(f"sin(x{i})*x{i}" for i in range(12))
    answer = json.loads(explain(capsys, text, *[f"x{i}={i}" for i in range(12)], "--json"))
    total = {d["mode"]: sum(d["operations"].values()) for d in answer["derivatives"]}
    alone = sum(answer["operations"].values())
    assert total["reverse"] <= 5 * alone
    assert total["continuations"] <= 5 * alone
    assert total["forward"] > total["reverse"]


def test_one_variable_and_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "d/dx" in explain(capsys, "x**2", "x=3")
    answer = json.loads(explain(capsys, "x**2", "x=3", "--json"))
    assert {d["partials"]["x"] for d in answer["derivatives"]} == {6.0}
    text = explain(capsys, "2*pi")
    assert "no variables" in text and "6.28318530718" in text and "Dual" not in text
    assert json.loads(explain(capsys, "2*pi", "--json"))["derivatives"] == []


def test_a_variable_that_does_not_occur_has_derivative_zero(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(explain(capsys, "x", "x=3", "y=4", "--json"))
    for derivative in answer["derivatives"]:
        assert derivative["partials"] == {"x": 1.0, "y": 0.0}


def test_constants_have_derivative_zero(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(explain(capsys, "2", "x=3", "--json"))
    assert {d["partials"]["x"] for d in answer["derivatives"]} == {0.0}


def test_values_are_expressions_too(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(explain(capsys, "sin(x) + y", "x=pi/2", "y=-1e-3", "--json"))
    assert answer["point"] == {"x": math.pi / 2, "y": -1e-3}


@pytest.mark.parametrize("text", ["-x*y", "-(x + y)", "-2"])
def test_an_expression_may_begin_with_minus(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, text, "x=1", "y=2").splitlines()[0] == f"expression  {text}"


def test_what_numpy_answers_with_infinity_is_answered_so_without_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(explain(capsys, "log(x)", "x=0", "--json"))
    assert answer["value"] == "-inf"
    assert {d["partials"]["x"] for d in answer["derivatives"]} == {"inf"}
    assert json.loads(explain(capsys, "log(x)", "x=-1", "--json"))["value"] == "nan"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cos(x*", "x=1"], "    cos(x*\n          ^"),
        (["x*y", "x=1"], "y=1"),
        (["x", "x=1+"], "    1+\n      ^"),
        (["x", "x=y"], "y has no value"),
        (["greater(x, 1)", "x=2"], "not a real number"),
        (["atleast_1d(x)", "x=2"], "an array of shape (1,)"),
        (["det(x)", "x=2"], "det does not take arguments of these shapes"),
    ],
)
def test_wrong_input_is_told_and_has_code_1(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = explain(capsys, *arguments, code=1)
    assert message.startswith("essence_ad explain: ")
    assert says in message


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "COMMAND"),
        (["explane", "x"], "explane"),
        (["explain"], "EXPRESSION"),
        (["explain", "x", "x"], "is not NAME=VALUE"),
        (["explain", "x", "1=2"], "is not NAME=VALUE"),
        (["explain", "x", "x=1", "x=2"], "x is given twice"),
        (["explain", "x", "x=1", "--colour"], "--colour"),
        (["explain", "x", "x=1", "--json", "--graph", "-"], "not allowed with"),
    ],
)
def test_wrong_usage_has_code_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_a_graph_is_written_and_no_file_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "graph.dot"
    shown = explain(capsys, EXPRESSION, "x=1", "y=2", "--graph", str(target))
    assert "D(Dual(Additive))" in shown
    dot = target.read_text(encoding="utf-8")
    assert dot.startswith("digraph") and "cos" in dot and dot.count("->") >= 6
    target.write_text("precious", encoding="utf-8")
    assert "graph.dot" in explain(capsys, "x", "x=1", "--graph", str(target), code=1)
    assert target.read_text(encoding="utf-8") == "precious"
    explain(capsys, EXPRESSION, "x=1", "y=2", "--graph", str(target), "--force")
    assert target.read_text(encoding="utf-8") == dot


def test_wrong_input_writes_no_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain(capsys, "x*", "x=1", "--graph", str(tmp_path / "graph.dot"), code=1)
    assert not list(tmp_path.iterdir())
    explain(capsys, "x", "x=1", "--graph", str(tmp_path / "no" / "graph.dot"), code=1)


def test_a_graph_on_stdout_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    out = explain(capsys, EXPRESSION, "x=1", "y=2", "--graph", "-")
    assert out.startswith("digraph") and out.rstrip().endswith("}")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"essence_ad {essence_ad.__version__}\n"


def test_it_runs_as_a_module_from_anywhere(tmp_path: Path) -> None:
    root = Path(essence_ad.__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "essence_ad", "explain", EXPRESSION, "x=1", "y=2"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "D(Dual(Additive))" in done.stdout
    done = subprocess.run(
        [*command, "--graph", "/"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_help_needs_no_numpy() -> None:
    code = "import sys; sys.modules['numpy'] = None; from essence_ad.__main__ import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
