"""Every exercise of a notebook: not done as it stands, right with its solution, and refused with the wrong answer shown.

``notebooks/solutions/NAME.md`` has for each a heading ``## Exercise N`` and two blocks of Python: the solution, and a wrong
answer that its checker must find. Both are run in place of the exercise's cell, which the cell after it checks.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from run import FOLDER, cells, run

NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("[0-9]*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def solutions(path: Path) -> dict[str, list[str]]:
    """The blocks of Python below each heading of an exercise."""
    parts = re.split(r"^## Exercise (\d+).*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {f"exercise-{n}": BLOCK.findall(text) for n, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_solution_belongs_to_a_notebook() -> None:
    assert sorted(path.stem for path in (FOLDER / "solutions").glob("*.md")) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_says_what_it_teaches_and_asks(name: str) -> None:
    found = cells((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    exercises = [tag for cell in found for tag in cell["metadata"].get("tags", []) if tag.startswith("exercise-")]
    assert exercises == [f"exercise-{n}" for n in range(1, len(exercises) + 1)] and 3 <= len(exercises) <= 5
    assert re.search(
        r"After this notebook you will be able to(.*\n)+?\n(- .*\n(  .*\n)*){3,5}\Z", found[0]["source"] + "\n"
    )
    assert list(solutions(FOLDER / "solutions" / f"{name}.md")) == exercises


@pytest.mark.parametrize("name", [*NOTEBOOKS, "first_steps"])
def test_the_stored_cells_are_those_of_the_source(name: str) -> None:
    """Whether their outputs are current takes a run: python notebooks/run.py."""
    stored = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    source = cells((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    assert [(c["cell_type"], "".join(c["source"])) for c in stored] == [(c["cell_type"], c["source"]) for c in source]
    assert not [c["outputs"] for c in stored if any(o["output_type"] == "error" for o in c.get("outputs", []))]


def test_plots_go_through_the_helper_that_asks_for_labels() -> None:
    code = [
        cell["source"]
        for path in FOLDER.glob("*.md")
        for cell in cells(path.read_text(encoding="utf-8"))
        if cell["cell_type"] == "code"
    ]
    plots = [text for text in code if re.search(r"(?<!_)figure\(", text)]
    assert len(plots) >= 10
    assert not [text for text in plots if not re.search(r"\bfinish\(", text)]
    assert not [text for text in code if re.search(r"import matplotlib|from matplotlib", text)]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_checkers_tell_right_from_wrong(name: str) -> None:
    answers = solutions(FOLDER / "solutions" / f"{name}.md")
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in cells((FOLDER / f"{name}.md").read_text(encoding="utf-8")) if cell["cell_type"] == "code"]
    checked = 0
    for cell, checker in zip(code, [*code[1:], None], strict=True):
        run(cell["source"], names)
        exercise = [tag for tag in cell["metadata"].get("tags", []) if tag in answers]
        if exercise and checker:
            number, (right, wrong) = exercise[0].removeprefix("exercise-"), answers[exercise[0]]
            assert said(checker, names) == f"exercise {number}: not done yet\n"
            run(wrong, names)
            assert said(checker, names).startswith(f"exercise {number}: not right yet")
            run(right, names)
            assert said(checker, names).startswith(f"exercise {number}: right"), said(checker, names)
            checked += 1
    assert checked == len(answers) > 0


def said(checker: dict[str, Any], names: dict[str, Any]) -> str:
    """What a checker prints."""
    printed = [output["text"] for output in run(checker["source"], names) if output["output_type"] == "stream"]
    return "".join(printed[0])
