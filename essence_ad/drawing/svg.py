"""Scenes as SVG: shapes tell apart what colours tell apart too, in light, in dark and in print, and nothing has an id."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import attrs

from essence_ad.drawing.layout import Layout, offsets
from essence_ad.drawing.scene import Scene, Show
from essence_ad.drawing.text import width

MARGIN = 14.0
CAPTION = 30.0
FRAME = 30.0  #: below the linear part, for its name
BETWEEN = 26.0  #: between two panels
TOLD = 80  #: so many places are described to those who do not see the picture

# The colours are Okabe and Ito's, which can be told apart in every common colour blindness, lighter or darker.
STYLE = """
.essence-ad{color-scheme:light dark}
.essence-ad text{font:13px sans-serif;fill:#1f2328;text-anchor:middle;dominant-baseline:central}
.essence-ad .ground{fill:#fff}
.essence-ad .shape{fill:#e3f1fa;stroke:#0072b2;stroke-width:1.3}
.essence-ad .linear .shape{fill:#fff3d6;stroke:#a86400}
.essence-ad .sum .shape{fill:#dff5ec;stroke:#00785a}
.essence-ad .copy .shape{fill:#8a3d6b;stroke:#8a3d6b}
.essence-ad .constant .shape,.essence-ad .zero .shape{fill:#f4f4f4;stroke:#6e7781}
.essence-ad .fold .shape{fill:#fff;stroke-width:2.4}
.essence-ad .frame{fill:#fffaf0;stroke:#a86400;stroke-width:1.3;stroke-dasharray:6 4}
.essence-ad .axis{stroke:#6e7781;stroke-width:1.2;stroke-dasharray:2 5}
.essence-ad .wire{fill:none;stroke:#57606a;stroke-width:1.4}
.essence-ad .linear.wire{stroke:#a86400;stroke-dasharray:none}
.essence-ad .value{font-size:11px;text-anchor:start;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
.essence-ad .linear.value{fill:#7a4a00}
.essence-ad .end{font-style:italic}
.essence-ad .caption{font-weight:bold;text-anchor:start}
.essence-ad .note,.essence-ad .mark{font-size:11px;fill:#57606a}
.essence-ad .note{text-anchor:start}
.essence-ad .mark{font-weight:bold;fill:#8a3d6b}
.essence-ad .ring{fill:none;stroke:#b34700;stroke-width:2.4}
.essence-ad .now .shape{stroke:#b34700;stroke-width:3.2}
@media screen and (prefers-color-scheme:dark){
.essence-ad text{fill:#e6edf3}
.essence-ad .ground{fill:#0d1117}
.essence-ad .shape{fill:#0b2b40;stroke:#56b4e9}
.essence-ad .linear .shape{fill:#3a2a08;stroke:#e69f00}
.essence-ad .sum .shape{fill:#06382b;stroke:#2fc79b}
.essence-ad .copy .shape{fill:#e0a0c4;stroke:#e0a0c4}
.essence-ad .constant .shape,.essence-ad .zero .shape{fill:#21262d;stroke:#9198a1}
.essence-ad .fold .shape{fill:#0d1117}
.essence-ad .frame{fill:#1a1508;stroke:#e69f00}
.essence-ad .axis{stroke:#9198a1}
.essence-ad .wire{stroke:#9198a1}
.essence-ad .linear.wire{stroke:#e69f00}
.essence-ad .value{stroke:#0d1117}
.essence-ad .linear.value{fill:#ffc24d}
.essence-ad .note{fill:#9198a1}
.essence-ad .mark{fill:#e0a0c4}
.essence-ad .ring{fill:none;stroke:#b34700;stroke-width:2.4}
.essence-ad .now .shape,.essence-ad .ring{stroke:#ff9e4a}
}
"""


@attrs.frozen
class Panel:
    """A scene with its caption, its layout, and texts below it."""

    scene: Scene
    layout: Layout
    caption: str = ""
    notes: Sequence[str] = ()
    frame: str = "linear map"  #: what is written at the frame of the linear part
    mirrored: bool = False  #: whether it is drawn from right to left
    now: int = -1  #: the place that is marked
    room: str = ""  #: another caption that it has room for

    @property
    def head(self) -> float:
        """The room for the caption."""
        return CAPTION if self.caption else 0.0

    @property
    def foot(self) -> float:
        """The room for the notes."""
        return 18.0 * len(self.notes) + (6 if self.notes else 0)

    @property
    def framed(self) -> bool:
        """Whether there is a linear part in a frame."""
        return any(show.linear for show in self.scene.shows) and not all(show.linear for show in self.scene.shows)

    @property
    def width(self) -> float:
        """As wide as the drawing and every text."""
        texts = [
            width(self.caption, 13, bold=True),
            width(self.room, 13, bold=True),
            *[width(note, 11) for note in self.notes],
        ]
        if self.framed:
            start = min(x - p.width / 2 for x, p in zip(self.layout.x, self.layout.places, strict=True) if p.band)
            texts.append(start + width(self.frame, 11) + 30)
        return max([self.layout.width + (24 if self.framed else 0), *texts])

    @property
    def height(self) -> float:
        """As high as the drawing and every text."""
        return self.head + self.layout.height + self.foot + (FRAME if self.framed else 0)


def document(
    panels: Sequence[Panel], title: str, *, stacked: bool = False, axis: bool = False, inside: str = ""
) -> str:
    """The SVG of panels beside each other (or below each other), with a title and a description."""
    parts: list[str] = []
    x, y, far, low = MARGIN, MARGIN, 0.0, 0.0
    for i, panel in enumerate(panels):
        if i and stacked:
            y = low + BETWEEN
        elif i:
            if axis:
                parts.append(f'<path class="axis" d="M{_n(x + BETWEEN / 2)} {_n(MARGIN)}V@"/>')
            x += BETWEEN
        parts.append(f'<g transform="translate({_n(x)} {_n(y)})">\n{drawn(panel)}\n{inside}</g>')
        far, low = max(far, x + panel.width), max(low, y + panel.height)
        if not stacked:
            x += panel.width
    wide, high = far + MARGIN, low + MARGIN
    body = "\n".join(parts).replace("V@", f"V{_n(low)}")
    told = " ".join(described(panel) for panel in panels)
    size = f'viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}" height="{_n(high)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="essence-ad" {size} role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(told)}</desc>\n<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{_n(wide)}" height="{_n(high)}" rx="6"/>\n{body}\n</svg>\n'
    )


def drawn(panel: Panel) -> str:
    """The elements of one panel."""
    pen = Pen(panel)
    at, shows = panel.layout, panel.scene.shows
    out: list[str] = []
    if panel.caption:
        out.append(f'<text class="caption" x="0" y="{_n(CAPTION / 2 - 3)}">{escape(panel.caption)}</text>')
    if panel.framed:
        out += pen.frame([i for i, show in enumerate(shows) if show.linear])
    for (maker, _), pieces in sorted(at.wires.items()):
        kind = "linear wire" if shows[maker].linear else "wire"
        out.append(f'<path class="{kind}" d="{pen.path(pieces)}"/>')
    out += [pen.shape(show, i) for i, show in enumerate(shows)]
    for i, show in enumerate(shows):
        out += pen.values(show, i)
    for row, note in enumerate(panel.notes):
        y = panel.head + at.height + (FRAME if panel.framed else 0) + 18 * row + 16
        out.append(f'<text class="note" x="0" y="{_n(y)}">{escape(note)}</text>')
    return "\n".join(out)


class Pen:
    """Where things of a panel are drawn: below its caption, and from right to left where it is mirrored."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.at = panel, panel.layout
        self.dx, self.dy = (12.0 if panel.framed else 0.0), panel.head
        self.side = -1 if panel.mirrored else 1
        self.backward = panel.scene.turned and not panel.mirrored  # wires are read from right to left

    def x(self, x: float) -> float:
        """A place across."""
        return (self.at.width - x if self.panel.mirrored else x) + self.dx

    def y(self, y: float) -> float:
        """A place down."""
        return y + self.dy

    def frame(self, inside: Sequence[int]) -> list[str]:
        """The frame of the linear part."""
        at, panel = self.at, self.panel
        left = min(at.x[i] - at.places[i].width / 2 for i in inside) - 10 + self.dx
        right = max(at.x[i] + at.places[i].width / 2 for i in inside) + 10 + self.dx
        right = max(right, left + width(panel.frame, 11) + 16)
        top, low = self.y(min(at.y[i] - at.places[i].height / 2 for i in inside) - 12), self.y(at.height + FRAME - 4)
        corner = f'x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(low - top)}" rx="8"'
        text = f'<text class="note" x="{_n(left + 8)}" y="{_n(low - 12)}">{escape(panel.frame)}</text>'
        return [f'<rect class="frame" {corner}/>', text]

    def path(self, pieces: Sequence[tuple[float, float, float, float, bool]]) -> str:
        """The pieces of a wire."""
        out = []
        for x0, y0, x1, y1, straight in pieces:
            x0, x1, y0, y1 = self.x(x0), self.x(x1), self.y(y0), self.y(y1)
            if straight or abs(y0 - y1) < 0.05:
                out.append(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}")
            else:
                middle = (x0 + x1) / 2
                out.append(f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
        return "".join(out)

    def shape(self, show: Show, i: int) -> str:
        """A place with its label."""
        x, y, wide, high = self.x(self.at.x[i]), self.y(self.at.y[i]), self.at.places[i].width, self.at.places[i].height
        kind = f"{show.kind}{' linear' if show.linear else ''}{' now' if i == self.panel.now else ''}"
        text = f'<text x="{_n(x)}" y="{_n(y)}">{escape(show.label)}</text>'
        mark = ""
        if show.mark:
            mark = f'<text class="mark" x="{_n(x)}" y="{_n(y - high / 2 - 7)}">{escape(show.mark)}</text>'
        if show.kind in ("input", "output"):
            end = (show.kind == "output") is not self.backward
            place = x - wide / 2 + 6 if end else x + wide / 2 - 6
            style = f'style="text-anchor:{"start" if end else "end"}"'
            body = f'<text class="end" {style} x="{_n(place)}" y="{_n(y)}">{escape(show.label)}</text>'
        elif show.kind == "sum":
            body = f'<ellipse class="shape" cx="{_n(x)}" cy="{_n(y)}" rx="{_n(wide / 2)}" ry="{_n(high / 2)}"/>{text}'
        elif show.kind == "copy":
            w, h = (-wide if self.backward else wide) / 2, high / 2 if wide > 10 else 6
            body = f'<path class="shape" d="M{_n(x - w)} {_n(y)}L{_n(x + w)} {_n(y - h)}V{_n(y + h)}Z"/>'
        else:
            corner = f'x="{_n(x - wide / 2)}" y="{_n(y - high / 2)}" width="{_n(wide)}" height="{_n(high)}"'
            body = f'<rect class="shape" {corner} rx="{14 if show.kind in ("constant", "zero") else 4}"/>{text}'
        return f'<g class="{kind}"><title>{escape(show.told)}</title>{body}{mark}</g>'

    def values(self, show: Show, i: int) -> list[str]:
        """The texts on the wires that a place makes; in a mirrored picture it reads them."""
        out = []
        scene = self.panel.scene
        for wire, off in zip(show.wires, port_heights(self.at, i, len(show.wires)), strict=True):
            for texts, down, kind in ((scene.values, -8, "value"), (scene.below, 9, "linear value")):
                text = texts.get(wire)
                if text and (show.kind != "copy" or scene.turned):
                    out.append(self.value(i, off + down, text, kind))
        return out

    def value(self, i: int, off: float, text: str, kind: str = "value", inside: str = "") -> str:
        """A text beside a place."""
        x = self.x(self.at.x[i]) + self.side * (self.at.places[i].width / 2 + 5)
        end = ' style="text-anchor:end"' if self.panel.mirrored else ""
        place = f'x="{_n(x)}" y="{_n(self.y(self.at.y[i]) + off)}"'
        return f'<text class="{kind}"{end} {place}>{escape(text)}{inside}</text>'


def port_heights(at: Layout, i: int, n: int) -> list[float]:
    """How far the ports that a place makes stand from its middle."""
    return [0.0] * n if at.places[i].point else list(offsets(n))


def described(panel: Panel) -> str:
    """The picture in words: what each place reads, in the order of its ports."""
    scene = panel.scene
    shows = scene.shows
    plain = ("input", "output", "constant", "zero")
    names = [show.label if show.kind in plain else f"{show.told} #{i}" for i, show in enumerate(shows)]
    reads: dict[int, list[str]] = {}
    for maker, _, reader, _ in scene.edges:
        reads.setdefault(reader, []).append(names[maker])
    order = range(len(shows) - 1, -1, -1) if scene.turned else range(len(shows))
    said = [f"{names[i]} of {', '.join(reads[i])}" for i in order if i in reads]
    inputs = ", ".join(show.label for show in shows if show.kind == "input")
    more = "; and so on" if len(said) > TOLD else ""
    head = f"{panel.caption}: " if panel.caption else ""
    return f"{head}inputs {inputs or 'none'}; {'; '.join(said[:TOLD])}{more}."


def _n(x: float) -> str:
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text
