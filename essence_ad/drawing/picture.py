"""Pictures (section 5): an arrow is a drawing of a program. It is the category ``Graphs``, whose arrows can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from essence_ad.categories.graphs import Graph, GraphCategory, dot_text
from essence_ad.diagram import Diagram
from essence_ad.drawing.folding import folded
from essence_ad.drawing.mermaid import mermaid
from essence_ad.drawing.scene import Scene, linear_boxes, scene
from essence_ad.drawing.svg import Panel, document
from essence_ad.errors import OptionError
from essence_ad.structure import leaves

FOLD = 60  #: a picture of more boxes than this is folded


class Shown:
    """What can be looked at: as SVG in notebooks, and saved as a file of SVG, dot, or Mermaid."""

    __slots__ = ()

    svg: str
    dot: str
    mermaid: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Writes the picture to a file, in the language that its name ends in: ``.svg``, ``.dot`` or ``.mmd``.

        Raises ``OptionError`` for another ending.
        """
        target = Path(path)
        languages = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid"}
        if target.suffix not in languages:
            raise OptionError(
                "a picture is saved as SVG, dot or Mermaid", found=target.name,
                expected=f"a name that ends in one of {', '.join(languages)}", remedy="choose one of them",
            )  # fmt: skip
        target.write_text(getattr(self, languages[target.suffix]), encoding="utf-8")
        return target


@attrs.frozen
class Look:
    """How a picture is shown: names of the ends, values on wires, where the linear part begins, what is folded."""

    title: str = ""
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    linear_from: frozenset[int] = frozenset()
    point: Any = attrs.field(default=None, eq=False)  #: a packed argument whose values stand on the wires
    fold: int | None = FOLD
    frame: str = "linear map"
    notes: Sequence[str] = ()


class Picture(Shown, Graph):
    """An arrow of ``Pictures``: a graph that draws itself.

    ``svg``, ``dot`` and ``mermaid`` are texts, the same for the same program; ``counts`` says how many boxes there are.

    >>> from essence_ad import dup, mul
    >>> picture = Pictures(dup >> mul)
    >>> picture, picture.svg.startswith("<svg"), picture.crossings
    (<picture of 1 box>, True, 0)
    """

    __slots__ = ("_seen", "look")

    def __init__(self, d: Diagram, copies: bool = False, look: Look = Look()) -> None:
        super().__init__(d, copies)
        self.look = look
        self._seen: dict[str, Any] = {}

    @property
    def scene(self) -> Scene:
        """The places and wires, folded where the program is long."""
        if "scene" not in self._seen:
            d, look = self.drawn, self.look
            start = self._start
            parts = linear_boxes(d, start)
            if start:  # the value part first: it never reads the linear part
                order = sorted(range(len(parts)), key=parts.__getitem__)
                d = Diagram(d.dom, d.cod, [d.boxes[i] for i in order], d.n_wires, d.dom_space, d.cod_space)
                parts = [parts[i] for i in order]
            env = None if look.point is None else d.evaluate(look.point)
            short = d if look.fold is None or len(d.boxes) <= look.fold else folded(d, look.fold, parts)
            values = None if env is None else dict(enumerate(env))
            self._seen["scene"] = scene(
                short, inputs=look.inputs, outputs=look.outputs, linear_from=start, values=values
            )
        found: Scene = self._seen["scene"]
        return found

    @property
    def _start(self) -> set[int]:
        """The wires of what is drawn where the linear part begins."""
        places = {n for n, wire in enumerate(leaves(self.diagram.dom)) if wire in self.look.linear_from}
        return {wire for n, wire in enumerate(leaves(self.drawn.dom)) if n in places}

    @property
    def panel(self) -> Panel:
        """The scene with its layout."""
        if "panel" not in self._seen:
            look = self.look
            self._seen["panel"] = Panel(self.scene, self.scene.layout(), look.title, look.notes, look.frame)
        found: Panel = self._seen["panel"]
        return found

    @property
    def crossings(self) -> int:
        """How many wires cross in the drawing."""
        return self.panel.layout.crossings

    @property
    def svg(self) -> str:  # type: ignore[override]
        """The text of the SVG."""
        return document([self.panel], self.look.title or repr(self)[1:-1])

    @property
    def dot(self) -> str:  # type: ignore[override]
        """The text for Graphviz, of all boxes."""
        d = self.drawn
        return dot_text(d, [number for number, inside in enumerate(linear_boxes(d, self._start)) if inside])

    @property
    def mermaid(self) -> str:  # type: ignore[override]
        """The text for Mermaid."""
        return "\n".join(["flowchart LR", *mermaid(self.scene)])

    def __repr__(self) -> str:
        return f"<picture{super().__repr__()[6:]}"


@attrs.frozen(repr=False)
class PictureCategory(GraphCategory):
    """Programs as drawings; with ``copies=True`` a wire that fans out gets a mark.

    >>> from essence_ad import add, cos
    >>> Pictures.compose(Pictures(cos), Pictures(add))
    <picture of 2 boxes>
    """

    arrows = Picture

    def diagram(self, d: Diagram) -> Picture:
        """The drawing of the diagram."""
        return Picture(d, self.copies)

    def __repr__(self) -> str:
        return "Pictures(copies=True)" if self.copies else "Pictures"


Pictures = PictureCategory()


class Sheet(Shown):
    """Several pictures on one sheet: beside each other, or below each other."""

    __slots__ = ("axis", "panels", "stacked", "title")

    def __init__(self, panels: Sequence[Panel], title: str, *, stacked: bool = False, axis: bool = False) -> None:
        self.panels, self.title, self.stacked, self.axis = tuple(panels), title, stacked, axis

    @property
    def svg(self) -> str:  # type: ignore[override]
        """The text of the SVG."""
        return document(self.panels, self.title, stacked=self.stacked, axis=self.axis)

    @property
    def dot(self) -> str:  # type: ignore[override]
        """The text for Graphviz, a frame around each picture."""
        out = ["digraph {", "  rankdir=LR;", "  node [shape=record];"]
        for number, panel in enumerate(self.panels):
            assert panel.scene.diagram is not None
            body = dot_text(panel.scene.diagram).split("\n")[3:-1]
            out += [f"  subgraph cluster_{number} {{", f'    label="{_quoted(panel.caption)}";']
            out += [f"  {_renamed(line, number)}" for line in body] + ["  }"]
        return "\n".join([*out, "}"])

    @property
    def mermaid(self) -> str:  # type: ignore[override]
        """The text for Mermaid, a frame around each picture."""
        out = ["flowchart LR"]
        for number, panel in enumerate(self.panels):
            out.append(f'  subgraph p{number} ["{_quoted(panel.caption)}"]')
            out += [f"  {line}" for line in mermaid(panel.scene, f"p{number}n")] + ["  end"]
        return "\n".join(out)

    def __repr__(self) -> str:
        return f"<{len(self.panels)} pictures: {self.title}>"


def _quoted(text: str) -> str:
    return text.replace('"', "'").replace("\\", "/")


def _renamed(line: str, number: int) -> str:
    """A line of dot with the names of its nodes made those of one picture."""
    words = line.split()
    if len(words) > 2 and words[1] == "->":
        return f"  p{number}{words[0]} -> p{number}{words[2]}"
    return f"  p{number}{line.strip()}"
