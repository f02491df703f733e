"""What mypy says of programs in ``tests/typing``: the marked errors and no others."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "typing"
MARK = re.compile(r"# error: ([\w-]+)")
SAID = re.compile(r"^(?P<file>[^:]+\.py):(?P<line>\d+): error: (?P<text>.*?)  \[(?P<code>[\w-]+)\]$")


@pytest.fixture(scope="module")
def said() -> dict[str, dict[int, str]]:
    """For each file, the error that mypy finds on each line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--follow-imports=silent"]
    command += ["--disable-error-code=empty-body", str(FOLDER / "right.py"), str(FOLDER / "wrong.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    found: dict[str, dict[int, str]] = {"right.py": {}, "wrong.py": {}}
    for line in done.stdout.splitlines():
        match = SAID.match(line)
        if match is not None:
            found[Path(match["file"]).name][int(match["line"])] = f"{match['code']}: {match['text']}"
        else:
            assert ": note: " in line, line
    return found


def test_good_programs_are_accepted(said: dict[str, dict[int, str]]) -> None:
    assert said["right.py"] == {}


def test_bad_programs_are_refused_on_the_marked_lines(said: dict[str, dict[int, str]]) -> None:
    lines = (FOLDER / "wrong.py").read_text().splitlines()
    marked = {number: match[1] for number, line in enumerate(lines, 1) if (match := MARK.search(line))}
    assert len(marked) > 10
    assert {number: text.split(":")[0] for number, text in said["wrong.py"].items()} == marked


def test_both_types_are_shown(said: dict[str, dict[int, str]]) -> None:
    first = said["wrong.py"][min(said["wrong.py"])]
    assert "Morphism[Length, Area]" in first
