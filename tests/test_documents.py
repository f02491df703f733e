"""The documents say what is so: their code runs, their commands are the ones that are checked, their pictures are current."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import runpy
import shlex
from pathlib import Path

import pytest

from essence_ad.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXPLAIN = 'python -m pip install . && python -m essence_ad explain "cos(x*y) + sin(y)" x=1 y=2'
TEST = 'python -m pip install ".[test]" && python -m pytest'


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_examples_run(page: Path) -> None:
    session = "\n".join(blocks(page, "python"))
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    assert len(test.examples) > 4
    said = io.StringIO()
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=options)
    runner.run(test, out=said.write)
    assert runner.summarize(verbose=False).failed == 0, said.getvalue()


def test_there_are_exactly_two_commands() -> None:
    assert [block.strip() for block in blocks(ROOT / "README.md", "sh")] == [EXPLAIN, TEST]


def test_the_full_check_takes_its_commands_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "< <(sed -n '/^```sh$/,/^```$/{/^```/d;p}' README.md)" in script
    assert 'test "${#commands[@]}" -eq 2' in script


def test_the_main_job_prints_what_the_readme_shows() -> None:
    command = shlex.split(EXPLAIN.split("&&")[1])
    assert command[:3] == ["python", "-m", "essence_ad"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(command[3:]) == 0
    assert blocks(ROOT / "README.md", "text")[0] == said.getvalue()


def test_the_pictures_are_what_their_command_draws() -> None:
    script = ROOT / "docs" / "make_picture.py"
    assert "python docs/make_picture.py" in README
    pictures = runpy.run_path(str(script))["PICTURES"]
    assert len(pictures) >= 4 and "program.svg" in pictures
    for name, draw in pictures.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == draw(), f"run docs/make_picture.py: {name} is old"


def test_files_that_are_named_exist() -> None:
    named = {
        (page.name, name)
        for page in ROOT.glob("*.md")
        for name in re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|md|svg))`", page.read_text(encoding="utf-8"))
        if "NAME" not in name
    }
    assert len(named) > 20
    missing = {
        (page, name) for page, name in named if not any((ROOT / top / name).exists() for top in ("", "essence_ad"))
    }
    assert not missing


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
