"""The documents say what is so: their code runs, their commands are the ones that are checked, their pictures are current."""

from __future__ import annotations

import code
import contextlib
import doctest
import io
import re
import runpy
import shlex
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

import essence_ad
from essence_ad.__main__ import main
from essence_ad.primitives import catalogue

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "howto").glob("*.md"))]
COMPILER = any(map(shutil.which, ("cc", "gcc", "clang")))
EXPLAIN = 'python -m pip install . && python -m essence_ad explain "cos(x*y) + sin(y)" x=1 y=2'
TEST = 'python -m pip install ".[test]" && python -m pytest'


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def sessions(page: Path) -> list[str]:
    """The blocks of Python that this machine can run: those on the C backend need a C compiler."""
    return [block for block in blocks(page, "python") if COMPILER or 'backend="c"' not in block]


WITH_CODE = [p for p in PAGES if blocks(p, "python")]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_examples_run(page: Path) -> None:
    session = "\n\n".join(sessions(page))
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    assert len(test.examples) > 4
    said = io.StringIO()
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=options)
    runner.run(test, out=said.write)
    assert runner.summarize(verbose=False).failed == 0, said.getvalue()


def test_every_page_with_code_is_run() -> None:
    assert len(WITH_CODE) > 15
    known = {"python", "text", "sh"}
    for page in PAGES:
        fences = re.findall(r"^```(\S*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert {f for f in fences[::2] if not f.startswith("{")} <= known, f"{page.name} has code that nothing runs"
        assert all(not f for f in fences[1::2]), f"a fence of {page.name} is open"
        assert all(block.startswith(">>> ") for block in blocks(page, "python")), (
            f"{page.name} has code without prompts"
        )


class Console(code.InteractiveConsole):
    """Python's prompt, which notes what went wrong."""

    def __init__(self) -> None:
        super().__init__({})
        self.wrong: Counter[str] = Counter()

    def showsyntaxerror(self, *args: object, **kwargs: object) -> None:
        raise AssertionError(f"cannot be pasted: {self.buffer}")

    def showtraceback(self) -> None:
        self.wrong[sys.exc_info()[0].__name__] += 1  # type: ignore[union-attr]


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_blocks_can_be_pasted_at_the_prompt(page: Path) -> None:
    """As the button of the site copies them: lines with prompts, without the prompts, and empty lines."""
    console, expected = Console(), Counter[str]()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for block in sessions(page):
            for line in block.splitlines():
                if not line or line.startswith((">>> ", "... ", "...")):
                    console.push(line[4:])
            assert not console.push(""), f"the last statement of a block of {page.name} is not complete: {block}"
            expected.update(re.findall(r"^(?:[\w.]*\.)?(\w+Error):", block, flags=re.MULTILINE))
    assert console.wrong == expected


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
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_public_name_stands_in_the_reference() -> None:
    tables = (DOCS / "api.md").read_text(encoding="utf-8").split("(details)=")[0]
    cells = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    listed = [name for cell in cells for name in re.findall(r"`(\w+)(?:\([^`]*\))?`", cell)]
    shadowing = {"compile"}  # names of Python's own that a star leaves alone
    public = (set(essence_ad.__all__) | shadowing) - set(catalogue())
    assert set(listed) == public
    assert not [name for name, n in Counter(listed).items() if n > 1]
    assert "```{primitives}" in tables  # the catalogue is written down when the site is built


def test_the_reference_lists_every_primitive() -> None:
    families = runpy.run_path(str(DOCS / "extensions" / "families.py"))["families"]()
    listed = [name for kinds in families.values() for names in kinds.values() for name in names]
    assert sorted(listed) == sorted(catalogue())


def test_a_symbol_has_one_definition() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    symbols = re.findall(r"^\| (\$.*?\$) \|", text, flags=re.MULTILINE)
    words = re.findall(r"^\*\*(.*)\*\*$", text, flags=re.MULTILINE)
    assert len(symbols) > 10 and len(words) >= 30
    assert len(set(symbols)) == len(symbols) and len(set(words)) == len(words)
    assert words == sorted(words)
