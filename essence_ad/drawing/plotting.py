"""Plots through one door (extra ``viz``): no axis without a label, colours and strokes that everyone can tell apart, data beside.

Every figure of the documentation, the notebooks and the examples is made by a function ``figure_NAME()`` that returns what
``finish`` returns, so that a test can look at all of them. Matplotlib is imported when a plot is made.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from essence_ad.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which can be told apart in every common colour blindness, the palest left out.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
STROKES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib
    from cycler import cycler

    cycle = cycler(color=COLOURS) + cycler(linestyle=STROKES) + cycler(marker=MARKS)
    settings: dict[Any, Any] = {
        "axes.prop_cycle": cycle, "lines.markersize": 4, "font.size": 11, "axes.grid": True, "grid.alpha": 0.3,
        "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "image.cmap": "cividis",
        "figure.facecolor": "white", "svg.hashsalt": "essence_ad", "svg.fonttype": "path", "savefig.dpi": 150,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        yield


@functools.cache
def _class() -> Any:
    from matplotlib.figure import Figure

    class Plot(Figure):
        """A figure that keeps its data, and that a notebook shows without a running backend."""

        data: Mapping[str, Any] | None = None

        def _repr_svg_(self) -> str:
            return _svg(self)

    return Plot


def figure(
    title: str = "", *, rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.0), **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes (an array of them, where there are several), in the style of all figures here.

    ``size`` is in inches, for each of the axes; ``options`` are those of ``Figure.subplots``.

    >>> fig, axes = figure("a parabola")
    >>> line = axes.plot([0, 1, 2], [0, 1, 4])
    >>> label(axes, x=("time", "s"), y=("height", "m"))
    >>> finish(fig, {"time": [0, 1, 2], "height": [0, 1, 4]}).data["height"]
    [0, 1, 4]
    """
    with _style():
        fig = _class()(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
        axes = fig.subplots(rows, columns, **options)
    if title:
        fig.suptitle(title)
    return fig, axes


Named = tuple[str, str] | str


def label(axes: Any, *, x: Named, y: Named, z: Named | None = None) -> None:
    """Labels the axes: a text, or a quantity with its unit. Raises ``OptionError`` for an empty quantity or unit."""
    for which, named in (("x", x), ("y", y), ("z", z)):
        if named is not None:
            getattr(axes, f"set_{which}label")(_text(named, which))


def colour_bar(fig: Any, mappable: Any, axes: Any, named: Named) -> Any:
    """A colour bar with its label."""
    return fig.colorbar(mappable, ax=axes, label=_text(named, "colour"))


def _text(named: Named, which: str) -> str:
    quantity, unit = (named, None) if isinstance(named, str) else named
    if not quantity.strip() or (unit is not None and not unit.strip()):
        raise OptionError(
            f"the {which} axis has no label", found=repr(named), expected="a quantity, or a quantity and its unit",
            remedy='write what is plotted: x=("distance", "m"), or y="iteration"',
        )  # fmt: skip
    return quantity if unit is None else f"{quantity} [{unit}]"


def finish(fig: Any, data: Mapping[str, Any], path: str | Path | None = None) -> Figure:
    """The figure, once all its axes are labelled; with a path, it is saved there and its data beside it.

    ``data`` are the columns that are plotted, by name. They are written as CSV if they are of one length, else as JSON.
    Raises ``OptionError`` where an axis has no label, or there are no data.
    """
    missing = unlabelled(fig)
    if missing:
        raise OptionError(
            "a figure has axes without a label", found="; ".join(missing), expected="a label on every axis",
            remedy='label(axes, x=("distance", "m"), y="iteration")',
        )  # fmt: skip
    if not data:
        raise OptionError(
            "a figure has no data", found="no columns", expected="the numbers that are plotted", remedy="finish(fig, {name: column})"
        )  # fmt: skip
    fig.data = dict(data)
    if path is not None:
        _save(fig, Path(path))
    found: Figure = fig
    return found


def _save(fig: Any, path: Path) -> None:
    if path.suffix not in (".svg", ".png", ".pdf"):
        raise OptionError(
            "a figure is saved as SVG, PNG or PDF", found=path.name, expected="a name that ends in .svg, .png or .pdf",
            remedy="choose one of them",
        )  # fmt: skip
    if path.suffix == ".svg":
        path.write_text(_svg(fig), encoding="utf-8")
    else:
        with _style():
            fig.savefig(path)
    columns = {name: np.asarray(column).tolist() for name, column in fig.data.items()}
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns.values()}
    plain = len(lengths) == 1 and -1 not in lengths and all(np.ndim(column) == 1 for column in columns.values())
    if not plain:
        path.with_suffix(".json").write_text(json.dumps(columns, indent=1) + "\n", encoding="utf-8")
        return
    with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _svg(fig: Any) -> str:
    """The same text for the same figure: without a date."""
    text = io.StringIO()
    with _style():
        fig.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def unlabelled(fig: Any) -> list[str]:
    """What is missing in a figure: labels of axes and colour bars, and words for logarithms whose ticks do not show them.

    >>> fig, axes = figure()
    >>> axes.set_xlabel("iteration") and unlabelled(fig)
    ['axes 1 have no y label']
    """
    missing = []
    for number, axes in enumerate(fig.axes, 1):
        bar = getattr(axes, "_colorbar", None)
        if bar is not None:
            if not (axes.get_xlabel().strip() or axes.get_ylabel().strip() or axes.get_title().strip()):
                missing.append(f"the colour bar in axes {number} has no label")
            continue
        if not getattr(axes, "_axis3don", axes.axison):
            continue
        for which in ("x", "y", "z"):
            if hasattr(axes, f"get_{which}label"):
                missing += _missing(axes, which, number)
        missing += [
            f"an image in axes {number} has no colour bar"
            for image in [*axes.images, *axes.collections]
            if image.get_array() is not None and image.colorbar is None
        ]
    return missing if fig.axes else ["the figure has no axes"]


def _missing(axes: Any, which: str, number: int) -> list[str]:
    text = getattr(axes, f"get_{which}label")().strip()
    axis = getattr(axes, f"{which}axis")
    if not text and not _told_by_a_neighbour(axes, which):
        return [f"axes {number} have no {which} label"]
    if getattr(axes, f"get_{which}scale")() in ("log", "symlog") and "log" not in text.lower():
        from matplotlib.ticker import LogFormatter

        if not isinstance(axis.get_major_formatter(), LogFormatter):
            return [f"the {which} axis of axes {number} is logarithmic, and neither its label nor its ticks say so"]
    return []


def _told_by_a_neighbour(axes: Any, which: str) -> bool:
    """Whether an axis without numbers of its own shares those of labelled axes."""
    if which == "z" or any(tick.get_visible() for tick in getattr(axes, f"get_{which}ticklabels")()):
        return False
    group: Sequence[Any] = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    return any(getattr(other, f"get_{which}label")().strip() for other in group)
