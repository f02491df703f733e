"""One door for plots: what it refuses, what it writes, and that every figure goes through it."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from essence_ad.drawing.plotting import COLOURS, colour_bar, figure, finish, label, unlabelled
from essence_ad.errors import OptionError

ROOT = Path(__file__).parents[2]
PLACES = ("docs", "examples", "notebooks")
SCRIPTS = [path for place in PLACES for path in sorted((ROOT / place).glob("*.py"))]
COPIES = ROOT / "docs" / "notebooks"  # where a build of the documentation leaves the notebooks again
SOURCES = [
    path
    for place in PLACES
    for path in sorted((ROOT / place).rglob("*"))
    if path.suffix in (".py", ".md") and COPIES not in path.parents
]


def figure_functions() -> list[tuple[Path, str]]:
    """The functions ``figure_NAME`` of the scripts of the documentation, the notebooks and the examples."""
    return [
        (path, node.name)
        for path in SCRIPTS
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("figure_")
    ]


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"walked_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_there_are_figures_to_walk() -> None:
    assert len(figure_functions()) >= 2 and len(SOURCES) > 8


@pytest.mark.parametrize(("path", "name"), figure_functions(), ids=[f"{p.stem}.{n}" for p, n in figure_functions()])
def test_every_figure_has_its_labels_and_its_data(path: Path, name: str) -> None:
    found = getattr(load(path), name)()
    assert isinstance(found, Figure) and unlabelled(found) == []
    assert found.data and all(len(np.atleast_1d(column)) for column in found.data.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_other_door_is_used(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    direct = [
        line
        for line in text.splitlines()
        if re.match(r"\s*(>>> )?(import|from) (matplotlib|pylab|seaborn|plotly)", line)
    ]
    allowed = {"from matplotlib.figure import Figure"}  # the name of what a function returns
    assert {line.strip() for line in direct} <= allowed


# ---------------------------------------------------------------------------------------------- what is refused


def plotted(**labels: Any) -> Any:
    fig, axes = figure()
    axes.plot([1, 2], [3, 4])
    if labels:
        label(axes, **labels)
    return fig


def test_axes_without_labels_are_refused() -> None:
    with pytest.raises(OptionError, match="without a label"):
        finish(plotted(), {"x": [1]})
    fig = plotted()
    fig.axes[0].set_xlabel("time")
    assert unlabelled(fig) == ["axes 1 have no y label"]
    fig.axes[0].set_ylabel("  ")
    assert unlabelled(fig) == ["axes 1 have no y label"]
    assert finish(plotted(x=("time", "s"), y="n"), {"x": [1]}).axes[0].get_xlabel() == "time [s]"


@pytest.mark.parametrize("named", ["", " ", ("", "m"), ("height", ""), ("height", " ")], ids=repr)
def test_empty_names_and_units_are_refused(named: Any) -> None:
    with pytest.raises(OptionError, match="no label"):
        plotted(x=named, y="y")


def test_figures_without_axes_or_data_are_refused() -> None:
    with pytest.raises(OptionError, match="no data"):
        finish(plotted(x="x", y="y"), {})
    with pytest.raises(OptionError, match="no axes"):
        finish(Figure(), {"x": [1]})


def test_each_of_several_axes_is_looked_at() -> None:
    fig, axes = figure(rows=1, columns=2)
    label(axes[0], x="x", y="y")
    assert unlabelled(fig) == ["axes 2 have no x label", "axes 2 have no y label"]


def test_shared_axes_without_numbers_of_their_own_may_go_without() -> None:
    fig, axes = figure(rows=2, columns=1, sharex=True)
    label(axes[1], x="x", y="y")
    axes[0].set_ylabel("other")
    assert unlabelled(fig) == []
    axes[1].set_xlabel("")
    assert len(unlabelled(fig)) == 2


def test_images_need_a_colour_bar_and_that_a_label() -> None:
    fig, axes = figure()
    image = axes.imshow(np.eye(3))
    label(axes, x="column", y="row")
    assert unlabelled(fig) == ["an image in axes 1 has no colour bar"]
    bar = colour_bar(fig, image, axes, ("squared miss", "m^2"))
    assert unlabelled(fig) == [] and bar.ax.get_ylabel() == "squared miss [m^2]"
    bar.set_label("")
    assert unlabelled(fig) == ["the colour bar in axes 2 has no label"]


def test_axes_in_space_have_three_labels() -> None:
    fig, axes = figure(subplot_kw={"projection": "3d"})
    label(axes, x="x", y="y")
    assert unlabelled(fig) == ["axes 1 have no z label"]
    label(axes, x="x", y="y", z=("height", "m"))
    assert unlabelled(fig) == []


def test_logarithms_are_said_by_ticks_or_label() -> None:
    fig, axes = figure()
    axes.loglog([1, 10], [1, 10])
    label(axes, x="x", y="y")
    assert unlabelled(fig) == []
    axes.xaxis.set_major_formatter(ScalarFormatter())
    assert unlabelled(fig) == ["the x axis of axes 1 is logarithmic, and neither its label nor its ticks say so"]
    axes.set_xlabel("x (logarithmic)")
    assert unlabelled(fig) == []


# ---------------------------------------------------------------------------------------------- what is written


def test_data_stand_beside_the_picture(tmp_path: Path) -> None:
    finish(plotted(x="x", y="y"), {"x": [1, 2], "y": np.array([3.0, 4.0])}, tmp_path / "a.svg")
    assert list(csv.reader((tmp_path / "a.csv").read_text().splitlines())) == [["x", "y"], ["1", "3.0"], ["2", "4.0"]]
    finish(plotted(x="x", y="y"), {"x": [1, 2], "field": np.eye(2)}, tmp_path / "b.png")
    assert json.loads((tmp_path / "b.json").read_text()) == {"x": [1, 2], "field": [[1.0, 0.0], [0.0, 1.0]]}
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OptionError, match="saved as SVG, PNG or PDF"):
        finish(plotted(x="x", y="y"), {"x": [1]}, tmp_path / "c.txt")


def test_the_same_figure_is_the_same_text(tmp_path: Path) -> None:
    first, second = (finish(plotted(x="x", y="y"), {"x": [1]})._repr_svg_() for _ in range(2))  # type: ignore[attr-defined]
    assert first == second and "<dc:date>" not in first


def test_lines_differ_in_more_than_colour() -> None:
    _, axes = figure()
    lines = [axes.plot([0, 1], [n, n])[0] for n in range(len(COLOURS))]
    assert len({(line.get_marker(), str(line.get_linestyle())) for line in lines}) >= len(COLOURS) - 1
    assert len({line.get_marker() for line in lines}) == len(COLOURS)


def test_matplotlib_is_loaded_by_the_first_plot_alone() -> None:
    code = "import sys, essence_ad.drawing.plotting, essence_ad as ad; ad.draw(ad.sin).svg; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
