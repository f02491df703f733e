"""Notebooks from text: cells, outputs, and what counts as the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import run

HEADER = "---\njupytext:\n  formats: ipynb,md:myst\n---\n\n"
SOURCE = HEADER + (
    "# Title\n\ntext\n\n+++\n\nmore\n\n"
    "```{code-cell}\nx = 0.1 + 0.2\nprint('x is', x)\nx\n```\n\n"
    "```{code-cell}\n:tags: [exercise-1, varies]\n\nx\n```\n"
)


def test_cells() -> None:
    found = run.cells(SOURCE)
    assert [cell["cell_type"] for cell in found] == ["markdown", "markdown", "code", "code"]
    assert [cell["source"] for cell in found][:2] == ["# Title\n\ntext", "more"]
    assert found[3] == {"cell_type": "code", "metadata": {"tags": ["exercise-1", "varies"]}, "source": "x"}


def test_outputs() -> None:
    made = run.notebook(SOURCE)
    printed, shown = made["cells"][2]["outputs"]
    assert printed["text"] == ["x is 0.30000000000000004\n"]
    assert shown["data"] == {"text/plain": ["0.30000000000000004"]} and shown["execution_count"] == 1
    assert made["cells"][3]["execution_count"] == 2


@pytest.mark.parametrize(("html", "kinds"), [("'<b/>'", {"text/html"}), ("None", set())])
def test_pictures_are_shown_in_every_way_that_they_know(html: str, kinds: set[str]) -> None:
    svg = "def _repr_svg_(self): return '<svg/>'"
    code = f"class P:\n    {svg}\n    def _repr_html_(self): return {html}\nP()"
    (output,) = run.run(code, {"__name__": "__main__"})
    assert set(output["data"]) == {"text/plain", "image/svg+xml", *kinds}
    assert output["data"]["image/svg+xml"] == ["<svg/>"]


def test_an_error_tells_the_cell_and_its_line() -> None:
    code = "import essence_ad as ad\nad.to_python(lambda x: 1.0 if x > 0 else 2.0, ad.R)"
    with pytest.raises(ad_errors().TracingError, match="05_compiling_python, cell 3:2"):
        run.run(code, {}, "05_compiling_python, cell 3")


def ad_errors() -> Any:
    from essence_ad import errors

    return errors


def changed(**text: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    made = run.notebook(SOURCE)
    other = copy.deepcopy(made)
    for place, value in text.items():
        if place == "printed":
            other["cells"][2]["outputs"][0]["text"] = [value]
        elif place == "varying":
            other["cells"][3]["outputs"][0]["data"]["text/plain"] = [value]
        elif place == "source":
            other["cells"][2]["source"] = [value]
        else:
            other["cells"][2]["outputs"] = value
    return made, other


def test_rounding_is_no_difference() -> None:
    assert not list(run.differences(*changed()))
    assert not list(run.differences(*changed(printed="x is 0.3\n")))
    assert not list(run.differences(*changed(varying="12 seconds")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"printed": "x is 0.31\n"}, "cell 1 has another output"),
        ({"printed": "y is 0.3\n"}, "cell 1 has another output"),
        ({"outputs": []}, "cell 1 has another output"),
        ({"source": "x = 1"}, "its cells are not those of its source"),
    ],
)
def test_differences_are_found(change: dict[str, Any], said: str) -> None:
    assert list(run.differences(*changed(**change))) == [said]


def test_plots_are_compared_by_kind_alone() -> None:
    def shown(svg: str) -> list[Any]:
        return [{"data": {"image/svg+xml": [svg]}, "output_type": "execute_result"}]

    made, other = changed(outputs=shown("<!-- Created with matplotlib -->1"))
    made["cells"][2]["outputs"] = shown("<!-- Created with matplotlib -->2")
    assert not list(run.differences(made, other))
    made["cells"][2]["outputs"] = shown("<svg>2</svg>")
    other["cells"][2]["outputs"] = shown("<svg>1</svg>")
    assert list(run.differences(made, other))


def test_a_stale_notebook_is_found_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    monkeypatch.setattr(run.sys, "path", list(run.sys.path))
    (tmp_path / "one.md").write_text(SOURCE)
    (tmp_path / "two.md").write_text(SOURCE)
    assert run.main([]) == 1
    assert run.main(["--write", "one"]) == 0 and run.main(["one"]) == 0 and run.main([]) == 1
    assert not (tmp_path / "two.ipynb").exists()
    stored = json.loads((tmp_path / "one.ipynb").read_text())
    stored["cells"][2]["outputs"][0]["text"] = ["x is 0.3\n"]
    (tmp_path / "one.ipynb").write_text(json.dumps(stored))
    assert run.main(["--write", "one"]) == 0
    assert json.loads((tmp_path / "one.ipynb").read_text()) == stored, "what differs by rounding is left alone"
    capsys.readouterr()
    with pytest.raises(SystemExit):
        run.main(["three"])


def test_what_a_notebook_sets_of_numpys_printing_is_its_own() -> None:
    before = np.get_printoptions()
    source = "---\nx: y\n---\n```{code-cell}\nimport numpy as np\n\nnp.set_printoptions(precision=2)\nnp.array([0.123456])\n```\n"
    (cell,) = run.notebook(source)["cells"]
    assert "0.12]" in str(cell["outputs"]) and np.get_printoptions() == before
