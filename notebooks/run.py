"""Runs the notebooks in this process, and checks that each ``.ipynb`` is its MyST source with the outputs that come now.

``python notebooks/run.py`` checks; ``python notebooks/run.py --write`` writes the ``.ipynb`` files. The sources are the
``.md`` files; jupytext pairs the same two files, for those who edit in Jupyter.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

METADATA = {
    "jupytext": {"formats": "ipynb,md:myst"},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CODE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def cells(source: str) -> list[tuple[str, str]]:
    """The kind and the text of each cell of a MyST notebook."""
    body = source.split("---\n", 2)[2]
    found = []
    for number, part in enumerate(CODE.split(body)):
        if number % 2:
            found.append(("code", part.rstrip("\n")))
        else:
            found += [
                ("markdown", text.strip())
                for text in re.split(r"^\+\+\+.*\n", part, flags=re.MULTILINE)
                if text.strip()
            ]
    return found


def run(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell prints and what its last expression is, as outputs of a notebook."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, result = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            result = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append(
            {"name": "stdout", "output_type": "stream", "text": printed.getvalue().splitlines(keepends=True)}
        )
    if result is not None:
        data = {"text/plain": repr(result).splitlines(keepends=True)}
        if hasattr(result, "_repr_svg_"):
            data["image/svg+xml"] = result._repr_svg_().splitlines(keepends=True)
        outputs.append({"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"})
    return outputs


def notebook(source: str) -> dict[str, Any]:
    """The notebook that a source makes when it runs now."""
    names: dict[str, Any] = {"__name__": "__main__"}
    made: list[dict[str, Any]] = []
    count = 0
    for number, (kind, text) in enumerate(cells(source)):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        if kind == "code":
            count += 1
            outputs = run(text, names)
            for output in outputs:
                if "execution_count" in output:
                    output["execution_count"] = count
            cell |= {"execution_count": count, "outputs": outputs}
        made.append(cell | {"source": text.splitlines(keepends=True)})
    return {"cells": made, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def main() -> int:
    """Check or write every notebook; 1 when one is out of date."""
    write, stale = "--write" in sys.argv[1:], []
    sources = sorted(Path(__file__).parent.glob("*.md"))
    assert sources, "there are no notebooks"
    for path in sources:
        target = path.with_suffix(".ipynb")
        text = (
            json.dumps(notebook(path.read_text(encoding="utf-8")), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        )
        if write:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(target.name)
            continue
        print(f"{target.name}: {'written' if write else 'as it runs now'}")
    for name in stale:
        print(f"{name}: not what its source gives now; run python notebooks/run.py --write", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
