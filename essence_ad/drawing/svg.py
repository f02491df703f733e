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
.essence-ad .end{font-style:italic}
.essence-ad .caption{font-weight:bold;text-anchor:start}
.essence-ad .note,.essence-ad .mark{font-size:11px;fill:#57606a}
.essence-ad .note{text-anchor:start}
.essence-ad .mark{font-weight:bold;fill:#8a3d6b}
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
.essence-ad .note{fill:#9198a1}
.essence-ad .mark{fill:#e0a0c4}
.essence-ad .now .shape{stroke:#ff9e4a}
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
        texts = [width(self.caption, 13, bold=True), *[width(note, 11) for note in self.notes]]
        if self.framed:
            start = min(x - p.width / 2 for x, p in zip(self.layout.x, self.layout.places, strict=True) if p.band)
            texts.append(start + width(self.frame, 11) + 30)
        return max([self.layout.width + (24 if self.framed else 0), *texts])

    @property
    def height(self) -> float:
        """As high as the drawing and every text."""
        return self.head + self.layout.height + self.foot + (FRAME if self.framed else 0)


def document(panels: Sequence[Panel], title: str, *, stacked: bool = False, axis: bool = False, extra: str = "") -> str:
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
        parts.append(f'<g transform="translate({_n(x)} {_n(y)})">\n{drawn(panel)}\n</g>')
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
        f'<rect class="ground" width="{_n(wide)}" height="{_n(high)}" rx="6"/>\n{body}\n{extra}</svg>\n'
    )


def drawn(panel: Panel) -> str:
    """The elements of one panel."""
    at, shows = panel.layout, panel.scene.shows
    dx, dy = (12.0 if panel.framed else 0.0), panel.head
    out: list[str] = []
    if panel.caption:
        out.append(f'<text class="caption" x="0" y="{_n(CAPTION / 2 - 3)}">{escape(panel.caption)}</text>')
    if panel.framed:
        inside = [i for i, show in enumerate(shows) if show.linear]
        left = min(at.x[i] - at.places[i].width / 2 for i in inside) - 10 + dx
        right = max(at.x[i] + at.places[i].width / 2 for i in inside) + 10 + dx
        right = max(right, left + width(panel.frame, 11) + 16)
        top, low = min(at.y[i] - at.places[i].height / 2 for i in inside) - 12 + dy, dy + at.height + FRAME - 4
        corner = f'x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" height="{_n(low - top)}" rx="8"'
        out.append(f'<rect class="frame" {corner}/>')
        out.append(f'<text class="note" x="{_n(left + 8)}" y="{_n(low - 12)}">{escape(panel.frame)}</text>')
    for (maker, _), pieces in sorted(at.wires.items()):
        kind = "linear wire" if shows[maker].linear else "wire"
        out.append(f'<path class="{kind}" d="{_path(pieces, dx, dy)}"/>')
    for i, show in enumerate(shows):
        out.append(_shape(show, at, i, dx, dy))
    for i, show in enumerate(shows):
        out += _values(panel.scene, show, at, i, dx, dy)
    for row, note in enumerate(panel.notes):
        y = panel.head + at.height + (FRAME if panel.framed else 0) + 18 * row + 16
        out.append(f'<text class="note" x="0" y="{_n(y)}">{escape(note)}</text>')
    return "\n".join(out)


def _path(pieces: Sequence[tuple[float, float, float, float, bool]], dx: float, dy: float) -> str:
    out = []
    for x0, y0, x1, y1, straight in pieces:
        x0, x1, y0, y1 = x0 + dx, x1 + dx, y0 + dy, y1 + dy
        if straight or abs(y0 - y1) < 0.05:
            out.append(f"M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}")
        else:
            middle = (x0 + x1) / 2
            out.append(f"M{_n(x0)} {_n(y0)}C{_n(middle)} {_n(y0)} {_n(middle)} {_n(y1)} {_n(x1)} {_n(y1)}")
    return "".join(out)


def _shape(show: Show, at: Layout, i: int, dx: float, dy: float) -> str:
    x, y, wide, high = at.x[i] + dx, at.y[i] + dy, at.places[i].width, at.places[i].height
    kind = f"{show.kind} linear" if show.linear else show.kind
    text = f'<text x="{_n(x)}" y="{_n(y)}">{escape(show.label)}</text>'
    mark = ""
    if show.mark:
        mark = f'<text class="mark" x="{_n(x)}" y="{_n(y - high / 2 - 8)}">{escape(show.mark)}</text>'
    if show.kind in ("input", "output"):
        side = "start" if show.kind == "output" else "end"
        place = x - wide / 2 + 6 if show.kind == "output" else x + wide / 2 - 6
        body = f'<text class="end" style="text-anchor:{side}" x="{_n(place)}" y="{_n(y)}">{escape(show.label)}</text>'
    elif show.kind == "sum":
        body = f'<circle class="shape" cx="{_n(x)}" cy="{_n(y)}" r="11"/>{text}'
    elif show.kind == "copy":
        body = f'<path class="shape" d="M{_n(x - 5)} {_n(y)}L{_n(x + 5)} {_n(y - 6)}V{_n(y + 6)}Z"/>'
    else:
        round_ = 14 if show.kind in ("constant", "zero") else 4
        corner = f'x="{_n(x - wide / 2)}" y="{_n(y - high / 2)}" width="{_n(wide)}" height="{_n(high)}" rx="{round_}"'
        body = f'<rect class="shape" {corner}/>{text}'
    return f'<g class="{kind}"><title>{escape(show.told)}</title>{body}{mark}</g>'


def _values(scene: Scene, show: Show, at: Layout, i: int, dx: float, dy: float) -> list[str]:
    out = []
    heights = [0.0] * len(show.wires) if at.places[i].height < 17 else offsets(len(show.wires))
    for wire, off in zip(show.wires, heights, strict=True):
        text = scene.values.get(wire)
        if text and show.kind != "copy":
            x, y = at.x[i] + at.places[i].width / 2 + 5 + dx, at.y[i] + off - 8 + dy
            out.append(f'<text class="value" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>')
    return out


def described(panel: Panel) -> str:
    """The picture in words: what each place reads, in the order of its ports."""
    shows = panel.scene.shows
    names: list[str] = []
    said: list[str] = []
    for i, show in enumerate(shows):
        names.append(show.label if show.kind in ("input", "output", "constant", "zero") else f"{show.told} #{i}")
        if show.reads and len(said) < TOLD:
            said.append(f"{names[i]} of {', '.join(names[maker] for maker, _ in show.reads)}")
    inputs = ", ".join(show.label for show in shows if show.kind == "input")
    more = "" if len(said) < TOLD else "; and so on"
    head = f"{panel.caption}: " if panel.caption else ""
    return f"{head}inputs {inputs or 'none'}; {'; '.join(said)}{more}."


def _n(x: float) -> str:
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text
