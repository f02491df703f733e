"""What a picture shows, before it has a size: places with labels and kinds, and the wires between their ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from essence_ad.categories.graphs import label as label_of
from essence_ad.categories.graphs import network
from essence_ad.diagram import Diagram
from essence_ad.drawing.folding import Fold
from essence_ad.drawing.layout import PORT, Layout, Place, layout
from essence_ad.drawing.text import number, shortened, width
from essence_ad.operation import Scale
from essence_ad.primitives.primitive import Constant
from essence_ad.structure import leaves

SIGNS = {"multiply": "×", "add": "+", "subtract": "−", "divide": "÷", "negative": "neg", "power": "^", "matmul": "@"}
LONGEST = 26  #: characters of a label


@attrs.frozen
class Show:
    """A place with what is seen of it."""

    kind: str  #: input, output, box, sum, copy, constant, zero or fold
    label: str
    told: str  #: the whole label, which a reader of the picture is told
    reads: tuple[tuple[int, int], ...] = ()
    wires: tuple[int, ...] = ()  #: what it makes
    linear: bool = False
    box: int = -1  #: the number of the box in the diagram
    mark: str = ""  #: a letter that it shares with its mirror image
    room: str = ""  #: another label that it has room for


@attrs.frozen
class Scene:
    """The places of a diagram, in order; every place stands after those that it reads."""

    shows: Sequence[Show]
    values: Mapping[int, str] = {}  #: what is written on wires
    diagram: Diagram | None = None
    below: Mapping[int, str] = {}  #: what is written below wires
    turned: bool = False  #: whether wires are read from the other side, and places make what they read
    paired: bool = False  #: whether copies take as much room as sums do

    def places(self) -> list[Place]:
        """Their sizes."""
        return [_place(show, self.values, self.below, self.paired) for show in self.shows]

    def layout(self) -> Layout:
        """Where they stand."""
        return layout(self.places())

    @property
    def edges(self) -> list[tuple[int, int, int, int]]:
        """The wires, from a place's port to a place's port."""
        edges = [(*maker, i, port) for i, show in enumerate(self.shows) for port, maker in enumerate(show.reads)]
        return [(b, q, a, p) for a, p, b, q in reversed(edges)] if self.turned else edges


def scene(
    d: Diagram,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    linear_from: Collection[int] = (),
    values: Mapping[int, Any] | None = None,
    marks: Mapping[int, str] | None = None,
) -> Scene:
    """The scene of a diagram that has its sums as boxes; what depends on the wires ``linear_from`` is the linear part.

    ``linear_from`` are wires of the domain; outputs that are zero there belong to the linear part where the last
    outputs do.
    """
    nodes, _ = network(d)
    dom, cod = leaves(d.dom), leaves(d.cod)
    shows: list[Show] = []
    source: dict[int, tuple[int, int]] = {}
    start = set(linear_from)
    marks = marks or {}

    def add(show: Show) -> int:
        source.update({wire: (len(shows), port) for port, wire in enumerate(show.wires)})
        shows.append(show)
        return len(shows) - 1

    def read(wire: int, inside: bool) -> tuple[int, int]:
        if wire not in source:
            add(Show("zero", "0", "zero", (), (wire,), inside))
        return source[wire]

    names = inputs or named("x", len(dom))
    for wire, name in zip(dom, names, strict=True):
        add(Show("input", name, f"input {name}", (), (wire,), wire in start))
    belongs = linear_boxes(d, start)
    for index, node in enumerate(nodes[1:-1]):
        inside = bool(belongs[index])
        reads = tuple([read(wire, inside) for wire in node.ins])
        kind = kind_of(node.op)
        text = label(node.op)
        add(Show(kind, shortened(text, LONGEST), told(node.op), reads, node.outs, inside, index, marks.get(index, "")))
    names = outputs or named("y", len(cod))
    results = linear_outputs(d, start)
    for place, (wire, name) in enumerate(zip(cod, names, strict=True)):
        inside = place in results
        add(Show("output", name, f"output {name}", (read(wire, inside),), (), inside))
    written = {wire: number(value) for wire, value in (values or {}).items()}
    written |= {w: f"{n} wires" for op, _, _ in d.boxes if isinstance(op, Fold) for w, n in op.bundles.items()}
    return Scene(shows, written, d)


def linear_outputs(d: Diagram, start: Collection[int]) -> set[int]:
    """The places in the codomain of the outputs of the linear part: those of the second half of a pair."""
    if not start or not isinstance(d.cod, tuple):
        return set()
    first = len(leaves(d.cod[0]))
    return set(range(first, len(leaves(d.cod))))


def linear_boxes(d: Diagram, start: Collection[int]) -> list[int]:
    """For each box, 1 if it belongs to the linear part: it depends on a wire of ``start``, or only such boxes read it."""
    if not start:
        return [0] * len(d.boxes)
    reached = set(start)
    for _, ins, outs in d.boxes:
        if not reached.isdisjoint(ins):
            reached.update(outs)
    results = linear_outputs(d, start)
    outside = {w for _, ins, outs in d.boxes if reached.isdisjoint(outs) for w in ins}
    outside |= {w for place, w in enumerate(leaves(d.cod)) if place not in results}
    return [int(not reached.isdisjoint(outs) or (not ins and outside.isdisjoint(outs))) for _, ins, outs in d.boxes]


def named(letter: str, n: int) -> list[str]:
    """Names for the arrays of an argument.

    >>> named("x", 1), named("x", 3)
    (['x'], ['x0', 'x1', 'x2'])
    """
    return [letter] if n == 1 else [f"{letter}{i}" for i in range(n)]


def kind_of(op: Any) -> str:
    """What sort of place an operation has."""
    if isinstance(op, Constant):
        return "constant"
    return str(getattr(op, "kind", {"+": "sum", "dup": "copy"}.get(op.name, "box")))


def label(op: Any) -> str:
    """What is written in a box: signs for arithmetic, factors and constants by their values."""
    if isinstance(op, Scale):
        return f"× {number(op.factor)}"
    if isinstance(op, Fold):
        return op.name
    if isinstance(op, Constant):
        return number(op.value)
    text = label_of(op)
    return SIGNS.get(text, text)


def told(op: Any) -> str:
    """The operation in words."""
    if isinstance(op, Fold):
        return op.told()
    return f"multiply by {number(op.factor)}" if isinstance(op, Scale) else label_of(op)


_ENDS = {"input": "in", "output": "out", "constant": "constant", "zero": "constant"}


def _place(show: Show, values: Mapping[int, str], below: Mapping[int, str], paired: bool) -> Place:
    """How much room a place takes."""
    ports = max(len(show.reads), len(show.wires), 1)
    round_ = show.kind in ("sum", "copy")
    size = 22.0 if paired or show.kind == "sum" else 10.0
    height = 20.0 if show.kind in ("input", "output") else max(28.0, PORT * ports + 9)
    written = [width(text[w], 11) + 8 for w in show.wires for text in (values, below) if text.get(w)]
    if round_:
        height = max(size, PORT * ports + 5) if paired else size
    return Place(
        size if round_ else max(width(show.label) + 18, width(show.room) + 18, 30.0),
        height,
        show.reads,
        max(len(show.wires), 1),
        int(show.linear),
        _ENDS.get(show.kind, ""),
        show.kind == "sum" and not paired,
        max(written, default=0.0),
        show.kind == "copy" and not paired,
    )
