"""Reads a picture back from its SVG, and holds it to what a reader needs: nothing overlaps, nothing is clipped."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import attrs

from essence_ad.drawing.text import width

SVG = "{http://www.w3.org/2000/svg}"


@attrs.frozen
class Rect:
    """A rectangle on the sheet."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Rect, slack: float = 0.2) -> bool:
        return (
            self.left + slack < other.right and other.left + slack < self.right
            and self.top + slack < other.bottom and other.top + slack < self.bottom
        )  # fmt: skip

    def holds(self, other: Rect, slack: float = 0.2) -> bool:
        return (
            self.left <= other.left + slack and other.right <= self.right + slack
            and self.top <= other.top + slack and other.bottom <= self.bottom + slack
        )  # fmt: skip


@attrs.define
class Read:
    """What stands on a sheet."""

    sheet: Rect
    shapes: list[tuple[str, Rect]] = attrs.field(factory=list)
    texts: list[tuple[str, str, Rect]] = attrs.field(factory=list)  #: class, text, where
    labels: list[tuple[Rect, Rect]] = attrs.field(factory=list)  #: a shape and the text in it
    wires: list[list[tuple[float, float]]] = attrs.field(factory=list)
    titles: list[str] = attrs.field(factory=list)


def read(svg: str) -> Read:
    """The shapes and texts of a picture, where they stand."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert root[0].tag == f"{SVG}title" and root[0].text
    assert root[1].tag == f"{SVG}desc" and root[1].text
    assert not [e for e in root.iter() if e.get("id")], "ids of several pictures on a page would clash"
    _, _, wide, high = map(float, root.get("viewBox", "").split())
    found = Read(Rect(0, 0, wide, high))
    _walk(root, 0.0, 0.0, found, "")
    return found


def _walk(element: Any, dx: float, dy: float, found: Read, kind: str) -> None:
    for child in element:
        x, y = dx, dy
        moved = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", child.get("transform", ""))
        if moved:
            x, y = dx + float(moved[1]), dy + float(moved[2])
        tag, name = child.tag.removeprefix(SVG), child.get("class", "")
        if tag == "title":
            found.titles.append(child.text or "")
        elif tag == "rect" and name == "shape":
            found.shapes.append((kind, _rect(child, x, y)))
        elif tag == "ellipse" and name == "shape":
            cx, cy, rx, ry = (float(child.get(k, 0)) for k in ("cx", "cy", "rx", "ry"))
            found.shapes.append((kind, Rect(cx - rx + x, cy - ry + y, cx + rx + x, cy + ry + y)))
        elif tag == "path" and name == "shape":
            left, _, right, top, bottom = map(float, re.findall(r"-?[\d.]+", child.get("d", "")))
            found.shapes.append((kind, Rect(min(left, right) + x, top + y, max(left, right) + x, bottom + y)))
        elif tag == "path" and "wire" in name.split():
            found.wires.append(
                [(float(a) + x, float(b) + y) for a, b in re.findall(r"([-\d.]+) ([-\d.]+)", child.get("d", ""))]
            )
        elif tag == "text":
            where = _text(child, x, y)
            found.texts.append((name, child.text or "", where))
            if not name:
                found.labels.append((found.shapes[-1][1], where))
        _walk(child, x, y, found, name or kind)


def _rect(e: Any, dx: float, dy: float) -> Rect:
    x, y, w, h = (float(e.get(k, 0)) for k in ("x", "y", "width", "height"))
    return Rect(x + dx, y + dy, x + w + dx, y + h + dy)


def _text(e: Any, dx: float, dy: float) -> Rect:
    name = e.get("class", "")
    size = 11 if name in ("value", "linear value", "note", "mark") else 13
    wide = width(e.text or "", size, bold=name == "caption")
    x, y = float(e.get("x")) + dx, float(e.get("y")) + dy
    anchor = re.search(r"text-anchor:(\w+)", e.get("style", ""))
    side = anchor[1] if anchor else "start" if name in ("value", "linear value", "note", "caption") else "middle"
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[side]
    return Rect(left, y - size / 2, left + wide, y + size / 2)


def require_readable(svg: str) -> Read:
    """What a picture shows; an assertion where something overlaps or is clipped."""
    found = read(svg)
    for _, shape in found.shapes:
        assert found.sheet.holds(shape)
    for (_, a), (_, b) in combinations(found.shapes, 2):
        assert not a.overlaps(b), f"two boxes overlap: {a} {b}"
    for name, text, where in found.texts:
        assert found.sheet.holds(where), f"{text!r} is clipped by the sheet"
        if name.endswith("value"):
            assert not [s for _, s in found.shapes if s.overlaps(where)], f"the value {text} runs into a box"
    for shape, where in found.labels:
        assert shape.left <= where.left and where.right <= shape.right, "a label is wider than its box"
    for (n, a, u), (m, b, v) in combinations(found.texts, 2):
        assert not u.overlaps(v, 1.5), f"two texts overlap: {n} {a!r} and {m} {b!r}"
    for points in found.wires:
        for x, y in points:
            assert found.sheet.holds(Rect(x, y, x, y))
    return found
