"""Makes the pictures and tables of ``docs/paper.md``.

Run it by ``python docs/make_paper.py``; with ``--memory`` it measures memory again, which takes half a minute.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "examples")]

import numpy as np  # noqa: E402
import paper_figures  # noqa: E402
import paper_questions  # noqa: E402

from essence_ad import Additive, D, Dual, R, add, cond, draw, exl, fork, identity, mul, scan, sin, while_  # noqa: E402
from essence_ad.laws import LAWS  # noqa: E402
from essence_ad.tracing.program import trace  # noqa: E402
from tests import paper_rows  # noqa: E402

NO_BREAK = "\N{NON-BREAKING HYPHEN}"
PAGE = ROOT / "docs" / "paper.md"
PAPER = json.loads((ROOT / "tests" / "oracles" / "paper_figures.json").read_text(encoding="utf-8"))["figures"]

# ---------------------------------------------------------------------------------------------- pictures


def root(a: Any) -> Any:
    """A square root by Newton's steps."""
    return while_(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)


def branch(x: Any) -> Any:
    """A sine or a square."""
    return cond(x > 0, np.sin, lambda t: t * t, x)


def swing(x: Any) -> Any:
    """Five steps, each of which is kept."""
    return scan(lambda c, t: (np.sin(c) * t, c), x, np.ones(5))[0]


def held(f: Any, i: int) -> str:
    """A program that the last box of a program holds."""
    op = trace(f, R).diagram.boxes[-1][0]
    return draw(op.holds[i], title=["the test", "the step"][i]).svg


def tape() -> str:
    """The diagram that ``D(Dual(Additive))`` records at a point."""
    f = fork(mul >> fork(sin, identity) >> mul, exl) >> add
    _, df = D(Dual(Additive))(f)((3.0, 4.0))
    return draw(df.arrow, title="recorded at (3, 4)").svg


PICTURES: dict[str, Callable[[], str]] = {
    **{f"{name}.svg": lambda name=name: paper_figures.figure(name).svg for name in paper_figures.NAMES},
    "control-while.svg": lambda: draw(root, R, title="a square root").svg,
    "control-while-test.svg": lambda: held(root, 0),
    "control-while-step.svg": lambda: held(root, 1),
    "control-while-reverse.svg": lambda: draw(root, R, mode="reverse", title="its derivative").svg,
    "control-cond.svg": lambda: draw(branch, R, mode="reverse", title="a branch").svg,
    "control-scan.svg": lambda: draw(swing, R, mode="reverse", title="a scan").svg,
    "tape.svg": tape,
}

# ---------------------------------------------------------------------------------------------- tables

WORDS = {"multiply": "mul", "negative": "neg", "subtract": "sub", "logical_or": "or", "where": "if", "scale": "mul"}


def figures() -> str:
    """The operations of each figure, ours and the paper's."""
    lines = ["| figure | here | in the paper |", "|---|---|---|"]
    for name in paper_figures.NAMES:
        ours: dict[str, int] = {}
        for what, n in paper_figures.figure(name).counts.items():
            if what != "const":
                ours[WORDS.get(what, what)] = ours.get(WORDS.get(what, what), 0) + n
        theirs = {what: n for what, n in PAPER[name]["operations"].items() if not re.fullmatch(r"-?[0-9.]+|jamP", what)}
        if added := PAPER[name]["operations"].get("jamP", 0):
            theirs["add"] = theirs.get("add", 0) + added
        lines.append(f"| `{name}` | {_told(ours)} | {_told(theirs)} |")
    return "\n".join(lines)


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {what}" for what, n in sorted(counts.items())) or "none"


def gallery() -> str:
    """All figures, one after another."""
    parts = []
    for name in paper_figures.NAMES:
        parts.append(f"![{name}, whose operations are in the table above](pictures/paper/{name}.svg)")
    return "\n\n".join(parts)


def laws() -> str:
    """Every equation, by its name and place."""
    lines = ["| section | name | equation |", "|---|---|---|"]
    for law in LAWS.values():
        text = str(law).replace("|", "\\|")
        lines.append(f"| {law.place} | {law.name} | `{text}` |")
    return "\n".join(lines)


def rows(section: str) -> str:
    """Where the rows of a section are shown."""
    tests = dict(_tests())
    lines = ["| row | what | shown by |", "|---|---|---|"]
    for name, what in paper_rows.SECTIONS[section].items():
        shown = [tests[name].replace("_", " ")] if name in tests else []
        if name in paper_rows.ELSEWHERE:
            file, test = paper_rows.ELSEWHERE[name].split("::")
            shown.append(f"{test.removeprefix('test_').replace('_', ' ')} (`{file.removeprefix('tests/')}`)")
        if name in paper_rows.SAME:
            shown.append(f"as {paper_rows.SAME[name]}")
        if name in paper_rows.GAPS:
            shown.append(f"**gap**: {paper_rows.GAPS[name]}")
        lines.append(f"| {name.replace('-', NO_BREAK)} | {what} | {'; '.join(shown)} |")
    return "\n".join(lines)


def _tests() -> list[tuple[str, str]]:
    """The tests of ``tests/test_paper.py`` by their rows."""
    text = (ROOT / "tests" / "test_paper.py").read_text(encoding="utf-8")
    found = re.findall(r'^@row\("([\w-]+)"\)\ndef (\w+)', text, flags=re.MULTILINE)
    return found + re.findall(r'^ROWS\["(\w+)"\] = \w+\(\s*"([\w ]+)"', text, flags=re.MULTILINE)


def _text(table: str) -> str:
    return f"```text\n{table}\n```"


TABLES: dict[str, Callable[[], str]] = {
    "figures": figures,
    "gallery": gallery,
    "laws": laws,
    "cost": lambda: _text(paper_questions.cost_table()),
    **{section: lambda section=section: rows(section) for section in paper_rows.SECTIONS},
}
MEASURED: dict[str, Callable[[], str]] = {"memory": lambda: _text(paper_questions.memory_table())}


def filled(page: str, tables: dict[str, Callable[[], str]]) -> str:
    """A page with these tables in their places, between ``<!-- table: NAME -->`` and ``<!-- end -->``."""
    for name, make in tables.items():
        start, end = f"<!-- table: {name} -->\n", "<!-- end -->"
        assert page.count(start) == 1, f"{PAGE.name} has {page.count(start)} places for the table {name}"
        before, after = page.split(start)
        page = f"{before}{start}\n{make()}\n\n{end}{after.split(end, 1)[1]}"
    return page


def main() -> None:
    """Write all of it."""
    folder = PAGE.parent / "pictures" / "paper"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PICTURES.items():
        (folder / name).write_text(make(), encoding="utf-8")
    tables = TABLES | (MEASURED if "--memory" in sys.argv else {})
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
    print(f"wrote {len(PICTURES)} pictures and {len(tables)} tables")


if __name__ == "__main__":
    main()
