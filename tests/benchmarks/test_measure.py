"""Measuring: wrong results are seen and not timed, what cannot run is said, and the tables show both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks.systems
from benchmarks.__main__ import main
from benchmarks.alone import run
from benchmarks.cases import all_cases
from benchmarks.machine import ENVIRONMENT
from benchmarks.measure import BY_HAND, OURS, disagreement, measure
from benchmarks.memory import measured
from benchmarks.report import BEGIN, END, markdown, put
from benchmarks.systems import systems
from benchmarks.systems.system import Absent, Prepared
from benchmarks.systems.with_essence_ad import SYSTEM as EssenceAD

(NESTED,) = [c for c in all_cases() if c.name == "nested_4"]


class Wrong(EssenceAD):
    """A system whose numbers are off by one part in a million."""

    def ready(self, g: Any, arguments: tuple[Any, ...]) -> Prepared:
        return Prepared(lambda *args: g(*args) * (1 + 1e-6), arguments, 0.0)


class Broken(EssenceAD):
    """A system that cannot do the case."""

    def ready(self, g: Any, arguments: tuple[Any, ...]) -> Prepared:
        raise NotImplementedError("no such rule")


def test_disagreement_is_relative_to_each_array() -> None:
    assert disagreement([np.array([100.0, 1.0])], [np.array([100.0, 2.0])]) == 0.01
    assert disagreement([1.0], [1.0, 2.0]) == disagreement([np.ones(2)], [np.ones(3)]) == np.inf
    assert disagreement([np.array([np.nan, 1.0])], [np.array([2.0, 1.0])]) == np.inf


def test_wrong_broken_and_absent_systems_are_said_and_not_timed() -> None:
    peers = {OURS: EssenceAD(), "wrong": Wrong(), "broken": Broken(), "gone": Absent("No module named 'gone'")}
    row = measure(NESTED, peers, rounds=1)
    assert {OURS, BY_HAND} <= set(row.seconds)
    assert not {"wrong", "broken", "gone"} & set(row.seconds)
    assert row.failures["wrong"].startswith("wrong: differs by 1.0e-06")
    assert row.failures["broken"] == "NotImplementedError: no such rule"
    assert row.failures["gone"].startswith("absent: No module")
    assert row.compile_seconds[OURS] > 0
    assert row.counts["derivative"] > row.counts["value"] == 4
    text = markdown([row], {"cores": "2"}, 1, ["wrong", "broken", "gone"])
    assert "- nested_4, broken: NotImplementedError: no such rule" in text
    assert "| nested_4 |" in text


@pytest.mark.parametrize("name", [BY_HAND, OURS])
def test_figures_of_a_fresh_process(name: str) -> None:
    alone = run("benchmarks.alone", "nested_4", name, {})
    assert 0 < alone["seconds"] < 1 and alone["faults"] >= 0
    found = measured("nested_4", name)
    assert "failure" in found or 0 < found["exact"] < 100_000
    assert "failure" in run("benchmarks.alone", "nested_4", "nobody", {})


def test_tables_are_put_into_their_place_in_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    put("old", page)
    assert page.read_text() == "old"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put("new", page)
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n{END}\nafter\n"


def test_a_system_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(benchmarks.systems.FILES, "nothing", "with_nothing")
    found = systems(["nothing", OURS])
    assert isinstance(found["nothing"], Absent)
    assert isinstance(found[OURS], EssenceAD)


def test_the_command_writes_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")  # so that what the command sets is undone
    out, text = tmp_path / "run.json", tmp_path / "run.md"
    main(
        [
            "--quick",
            "--rounds",
            "1",
            "--case",
            "nested_4",
            "--system",
            OURS,
            "--json",
            str(out),
            "--markdown",
            str(text),
        ]
    )
    run = json.loads(out.read_text())
    assert [c["name"] for c in run["cases"]] == ["nested_4"]
    assert run["machine"]["numbers"] == "float64"
    assert set(run["cases"][0]["seconds"]) >= {OURS, BY_HAND}
    assert "| nested_4 |" in text.read_text()
    with pytest.raises(SystemExit, match="no such case; there are chain_20"):
        main(["--case", "nothing"])
