"""Draws ``docs/program.svg``: a program with its values, and its derivative in reverse, which is the same wires turned round.

Run it by ``python docs/make_picture.py``. Layers go from left to right; long wires pass through empty places, and the
places of a layer are ordered by the mean of their neighbours, which keeps crossings few.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from essence_ad import Diagram, reverse
from essence_ad.expression import parse
from essence_ad.primitives.primitive import Scale
from essence_ad.structure import leaves

ACROSS, DOWN, HEIGHT = 124, 50, 28
STYLE = """
  text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
  .box { fill: #ddf4ff; stroke: #0969da }
  .sum { fill: #fff8c5; stroke: #9a6700 }
  .wire { fill: none; stroke: #57606a; stroke-width: 1.4 }
  .value { font-size: 11px; fill: #57606a; text-anchor: start }
  .caption { font-weight: bold; text-anchor: start }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .value { fill: #9198a1 } .wire { stroke: #9198a1 }
    .box { fill: #0d2d4a; stroke: #4493f8 } .sum { fill: #3a2d0a; stroke: #d29922 }
  }
"""


class Node(NamedTuple):
    """A place in the drawing: an input or output, a box, a sum, or (kind ``bend``) nothing but a wire."""

    kind: str
    label: str
    into: tuple[tuple[int, str], ...] = ()  #: the nodes that wires come from, with the labels of the wires


def graph(d: Diagram, values: Sequence[Any], dom: Sequence[str], cod: Sequence[str]) -> list[Node]:
    """The nodes of a diagram, each after those that it reads; a wire that several boxes make gets a sum."""
    nodes = [Node("end", name) for name in dom]
    made: dict[int, list[int]] = {wire: [i] for i, wire in enumerate(leaves(d.dom))}

    def source(wire: int) -> tuple[int, str]:
        if len(made[wire]) > 1:
            nodes.append(Node("sum", "+", tuple((i, "") for i in made[wire])))
            made[wire] = [len(nodes) - 1]
        return made[wire][0], f"{float(values[wire]):.3g}"

    for op, ins, outs in d.boxes:
        into = tuple([source(wire) for wire in ins])
        if op is None:
            made.setdefault(outs[0], []).append(into[0][0])
            continue
        label = (
            f"× {float(op.factor):.3g}"
            if isinstance(op, Scale)
            else {"multiply": "×", "add": "+"}.get(op.name, op.name)
        )
        nodes.append(Node("box", label, into))
        for wire in outs:
            made.setdefault(wire, []).append(len(nodes) - 1)
    nodes += [Node("end", name, (source(wire),)) for wire, name in zip(leaves(d.cod), cod, strict=True)]
    return nodes


def layers(nodes: list[Node]) -> tuple[list[Node], list[list[int]]]:
    """The nodes with a bend wherever a wire passes a layer, and the numbers of those in each layer."""
    depth: list[int] = []
    for node in nodes:
        depth.append(max([depth[i] + 1 for i, _ in node.into], default=0))
    last = max(depth)
    outputs = [i for i, node in enumerate(nodes) if node.kind == "end" and node.into]
    for i in outputs:
        depth[i] = last
    full, bends = list(nodes), {}
    for i, node in enumerate(nodes):
        into = []
        for maker, label in node.into:
            place = maker
            for level in range(depth[maker] + 1, depth[i]):
                if (maker, level) not in bends:
                    bends[maker, level] = len(full)
                    full.append(Node("bend", "", ((place, label),)))
                    depth.append(level)
                place, label = bends[maker, level], ""
            into.append((place, label))
        full[i] = node._replace(into=tuple(into))
    return full, [[i for i in range(len(full)) if depth[i] == level] for level in range(last + 1)]


def heights(nodes: list[Node], rows: list[list[int]]) -> dict[int, float]:
    """How far down each node stands, after some sweeps to the means of its neighbours."""
    near: dict[int, list[int]] = {i: [] for i in range(len(nodes))}
    for i, node in enumerate(nodes):
        for maker, _ in node.into:
            near[i].append(maker)
            near[maker].append(i)
    y = {i: float(place * DOWN) for row in rows for place, i in enumerate(row)}
    for _ in range(60):
        for row in rows:
            wish = {i: sum(y[j] for j in near[i]) / len(near[i]) if near[i] else y[i] for i in row}
            row.sort(key=lambda i: (wish[i], i))
            for before, i in zip([None, *row], row, strict=False):
                gap = DOWN * (0.7 if nodes[i].kind == "bend" else 1)
                y[i] = wish[i] if before is None else max(wish[i], y[before] + gap)
            shift = sum(y[i] - wish[i] for i in row) / len(row)
            for i in row:
                y[i] -= shift
    top = min(y.values())
    return {i: height - top for i, height in y.items()}


def picture(nodes: list[Node], title: str) -> tuple[str, int, int]:
    """The drawing of a graph as SVG elements, its width and its height."""
    nodes, rows = layers(nodes)
    y = {i: height + 3 * HEIGHT for i, height in heights(nodes, rows).items()}
    x = {i: ACROSS * level + 40 for level, row in enumerate(rows) for i in row}
    half = {i: {"bend": 0, "sum": 11, "end": 16}.get(n.kind, 4 * len(n.label) + 12) for i, n in enumerate(nodes)}
    out = [f'<text class="caption" x="14" y="{HEIGHT}">{escape(title)}</text>']
    told: set[int] = set()
    for i, node in enumerate(nodes):
        n = len(node.into)
        into = sorted(node.into, key=lambda wire: y[wire[0]]) if node.kind == "sum" else node.into
        for port, (maker, label) in enumerate(into):
            spread = 0 if n == 1 else (port / (n - 1) - 0.5) * HEIGHT * 0.5
            x0, y0, x1, y1 = x[maker] + half[maker], y[maker], x[i] - half[i], y[i] + spread
            middle = (x0 + x1) / 2
            out.append(f'<path class="wire" d="M{x0} {y0:.1f} C{middle} {y0:.1f} {middle} {y1:.1f} {x1} {y1:.1f}"/>')
            if label and maker not in told:
                told.add(maker)
                out.append(f'<text class="value" x="{x0 + 4}" y="{y0 - 10:.1f}">{label}</text>')
    for i, node in enumerate(nodes):
        if node.kind == "box":
            corner = f'x="{x[i] - half[i]}" y="{y[i] - HEIGHT / 2:.1f}" width="{2 * half[i]}" height="{HEIGHT}" rx="5"'
            out.append(f'<rect class="box" {corner}/>')
        elif node.kind == "sum":
            out.append(f'<circle class="sum" cx="{x[i]}" cy="{y[i]:.1f}" r="11"/>')
        if node.label:
            out.append(f'<text x="{x[i]}" y="{y[i]:.1f}">{escape(node.label)}</text>')
    return "\n".join(out), ACROSS * (len(rows) - 1) + 80, round(max(y.values())) + HEIGHT


def draw() -> str:
    """The picture of the README."""
    text, point = "cos(x*y) + sin(y)", (1.0, 2.0)
    program = parse(text, ["x", "y"])
    _, derivative = reverse(program)(point)
    primal, linear = program.diagram, derivative.arrow.diagram
    cotangents: list[Any] = linear.bind(linear.dom, 1.0)
    for op, (i,), (o,) in linear.boxes:
        step = cotangents[i] if op is None else op.apply(cotangents[i])
        cotangents[o] = step + (cotangents[o] if isinstance(cotangents[o], float) else 0.0)
    parts = [
        picture(graph(primal, primal.evaluate(point), ["x", "y"], ["z"]), f"z = {text}, at x = 1, y = 2"),
        picture(
            graph(linear, cotangents, ["dz"], ["dx", "dy"]), "its derivative there in D(Dual(Additive)): reverse mode"
        ),
    ]
    width, height = max(w for _, w, _ in parts), sum(h for _, _, h in parts)
    lower = parts[0][2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n'
        f"<title>The program {text} as boxes on wires, and its reverse derivative</title>\n<style>{STYLE}</style>\n"
        f'{parts[0][0]}\n<g transform="translate(0 {lower})">\n{parts[1][0]}\n</g>\n</svg>\n'
    )


if __name__ == "__main__":
    target = Path(__file__).with_name("program.svg")
    target.write_text(draw(), encoding="utf-8")
    print(f"wrote {target.name}")
