"""Runs the notebooks in this process, and checks that each ``.ipynb`` is its MyST source with the outputs that come now.

``python notebooks/run.py`` checks; ``python notebooks/run.py --write`` writes the ``.ipynb`` files that are not so. Names
after it (``08``, ``first_steps``) choose notebooks by the beginning of their names. The sources are the ``.md`` files;
jupytext pairs the same two files, for those who edit in Jupyter.

Outputs are compared as text in which numbers may differ by rounding. Of plots that Matplotlib drew, and of cells with the
tag ``varies``, only the kind of the output is compared. Cells use no magics, and show one object each, the last.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import linecache
import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
METADATA = {
    "jupytext": {"formats": "ipynb,md:myst"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CODE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
TAGS = re.compile(r":tags: \[([^\]]*)\]\n+")
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?")
MIMES = {"_repr_svg_": "image/svg+xml", "_repr_html_": "text/html"}

Cell = dict[str, Any]


def cells(source: str) -> list[Cell]:
    """The cells of a MyST notebook, as a notebook has them, before they run."""
    found: list[Cell] = []
    for number, part in enumerate(CODE.split(source.split("---\n", 2)[2])):
        if number % 2:
            tags = TAGS.match(part)
            text = part[tags.end() :] if tags else part
            metadata = {"tags": tags[1].split(", ")} if tags else {}
            found.append({"cell_type": "code", "metadata": metadata, "source": text.strip("\n")})
        else:
            texts = re.split(r"^\+\+\+.*\n", part, flags=re.MULTILINE)
            found += [
                {"cell_type": "markdown", "metadata": {}, "source": text.strip()} for text in texts if text.strip()
            ]
    return found


def run(code: str, names: dict[str, Any], place: str = "<cell>") -> list[dict[str, Any]]:
    """What a cell prints and what its last expression is, as outputs of a notebook; ``place`` is the file in errors."""
    linecache.cache[place] = (len(code), None, code.splitlines(keepends=True), place)
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, result = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, place, "exec"), names)
        if last is not None:
            result = eval(compile(ast.Expression(last.value), place, "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": text})
    if result is not None:
        data = {"text/plain": repr(result).splitlines(keepends=True)}
        for method, mime in MIMES.items():
            shown = getattr(result, method)() if hasattr(result, method) else None
            if shown is not None:
                data[mime] = shown.splitlines(keepends=True)
        outputs.append({"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"})
    return outputs


@np.printoptions()  # what a notebook sets is its own
def notebook(source: str, name: str = "notebook") -> dict[str, Any]:
    """The notebook that a source makes when it runs now."""
    names: dict[str, Any] = {"__name__": "__main__"}
    made: list[Cell] = []
    count = 0
    for number, cell in enumerate(cells(source)):
        text = cell["source"]
        done = cell | {"id": f"cell-{number}", "source": text.splitlines(keepends=True)}
        if cell["cell_type"] == "code":
            count += 1
            outputs = run(text, names, f"{name}, cell {count}")
            for output in outputs:
                if "execution_count" in output:
                    output["execution_count"] = count
            done |= {"execution_count": count, "outputs": outputs}
        made.append(done)
    return {"cells": made, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def differences(stored: dict[str, Any], made: dict[str, Any]) -> Iterator[str]:
    """What is not the same in two notebooks, beyond rounding."""
    plain = [{**nb, "cells": [{**c, "outputs": None} for c in nb["cells"]]} for nb in (stored, made)]
    if plain[0] != plain[1]:
        yield "its cells are not those of its source"
        return
    for old, new in zip(stored["cells"], made["cells"], strict=True):
        if old["cell_type"] == "code" and not _same(old["outputs"], new["outputs"], old["metadata"].get("tags", [])):
            yield f"cell {old['execution_count']} has another output"


def _same(old: Sequence[Any], new: Sequence[Any], tags: Sequence[str]) -> bool:
    if [_kinds(output) for output in old] != [_kinds(output) for output in new]:
        return False
    return "varies" in tags or all(
        same_text("".join(was), "".join(now))
        for one, other in zip(old, new, strict=True)
        for was, now in zip(_texts(one), _texts(other), strict=True)
    )


def _kinds(output: dict[str, Any]) -> list[str]:
    return [output["output_type"], *sorted(output.get("data", ()))]


def _texts(output: dict[str, Any]) -> list[list[str]]:
    if "data" not in output:
        return [output["text"]]
    found = [output["data"][kind] for kind in sorted(output["data"])]
    return [lines for lines in found if not any("matplotlib" in line.lower() for line in lines[:20])]


def same_text(old: str, new: str) -> bool:
    """Whether two texts are the same but for the rounding of numbers.

    >>> same_text("x = 0.30000000000000004", "x = 0.3"), same_text("x = 0.3", "x = 0.4"), same_text("x1", "x2")
    (True, False, False)
    """
    if old == new:
        return True
    close = all(
        math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-9)
        for a, b in zip(NUMBER.findall(old), NUMBER.findall(new), strict=False)
    )
    return close and [p.split() for p in NUMBER.split(old)] == [p.split() for p in NUMBER.split(new)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check or write the notebooks; 1 when one is out of date."""
    parser = argparse.ArgumentParser(description="Run the notebooks and check, or write, their stored outputs.")
    parser.add_argument("names", nargs="*", help="beginnings of names; all notebooks when there are none")
    parser.add_argument("--write", action="store_true", help="store the outputs that differ")
    asked = parser.parse_args(arguments)
    beginnings = tuple(asked.names) or ("",)
    sources = [path for path in sorted(FOLDER.glob("*.md")) if path.name.startswith(beginnings)]
    if not sources:
        parser.error(f"there are no notebooks {', '.join(asked.names)}")
    sys.path[:0] = [str(FOLDER)]  # where a kernel of Jupyter starts, and finds exercises.py
    stale = [path.name for path in sources if not _current(path, write=asked.write)]
    if stale:
        print(f"out of date: {', '.join(stale)}; run python notebooks/run.py --write", file=sys.stderr)
    return 1 if stale else 0


def _current(path: Path, *, write: bool) -> bool:
    """Whether a notebook is as it runs now, or was written so; says which."""
    start = time.perf_counter()
    made = notebook(path.read_text(encoding="utf-8"), path.stem)
    seconds = time.perf_counter() - start
    target = path.with_suffix(".ipynb")
    stored = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"cells": []}
    found = list(differences(stored, made))
    if write and found:
        text = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False)
        target.write_text(text + "\n", encoding="utf-8")
    said = "as it runs now" if not found else "written" if write else "; ".join(found)
    print(f"{target.name}: {said} ({seconds:.1f} s)")
    return write or not found


if __name__ == "__main__":
    sys.exit(main())
