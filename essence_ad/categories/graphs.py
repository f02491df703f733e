"""Graphs (section 5): an arrow is a picture of a program, as text for Graphviz. No derivative depends on it.

Ports keep the order of inputs and outputs. A wire that is read twice fans out; a sum, its mirror image, is a box ``+``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.category import BIPRODUCT, Category
from essence_ad.diagram import Box, Diagram
from essence_ad.inlining import Composed, explicit, inline, opened
from essence_ad.operation import Scale
from essence_ad.primitives.primitive import Constant
from essence_ad.spaces import Space
from essence_ad.structure import leaves
from essence_ad.wires import Copy


class Graph(Composed):
    """An arrow of ``Graphs``: ``dot`` is the text, ``counts`` how many boxes of each name there are.

    >>> from essence_ad import Graphs, add, cross, dup, mul
    >>> graph = Graphs(dup >> cross(dup >> mul, dup >> mul) >> add)
    >>> graph, dict(graph.counts)
    (<graph of 3 boxes>, {'multiply': 2, 'add': 1})
    >>> print(Graphs(dup >> mul).dot)
    digraph {
      rankdir=LR;
      node [shape=record];
      In [label="{In|{<Out0>}}"];
      b0 [label="{{<In0>|<In1>}|multiply|{<Out0>}}"];
      Out [label="{{<In0>}|Out}"];
      In:Out0 -> b0:In0;
      In:Out0 -> b0:In1;
      b0:Out0 -> Out:In0;
    }
    """

    __slots__ = ("_diagram", "copies")

    def __init__(self, d: Diagram, copies: bool = False) -> None:
        self._diagram, self.copies = d, copies

    @property
    def drawn(self) -> Diagram:
        """The diagram with the boxes that a picture shows."""
        d = explicit(_one_sum(_without_edges(opened(self.diagram))))
        return with_copies(d) if self.copies else d

    @property
    def counts(self) -> Counter[str]:
        """How many boxes of each name there are; ``+`` is a sum of arrows, ``add`` the primitive."""
        return Counter(_name(op) for op, _, _ in self.drawn.boxes)

    @property
    def dot(self) -> str:
        """The text for Graphviz, the same for the same program."""
        return dot_text(self.drawn)

    def __str__(self) -> str:
        return self.dot

    def __repr__(self) -> str:
        n = len(self.drawn.boxes)
        return f"<graph of {n} box{'' if n == 1 else 'es'}>"


def _name(op: Any) -> str:
    return str(getattr(op, "name", type(op).__name__))


def label(op: Any) -> str:
    """What stands in a box: the operation with its options, arrays by their shape."""
    if isinstance(op, (Scale, Constant)):
        held = op.factor if isinstance(op, Scale) else op.value
        shape = np.shape(held)
        text = f"array{list(shape)}" if shape else f"{held}"
        return f"scale {text}" if isinstance(op, Scale) else text
    text = repr(op)
    return text if len(text) <= 60 else f"{text[:57]}..."


def escaped(text: str) -> str:
    r"""A text inside a label of a record.

    >>> print(escaped('a{b} "c" <d>|e'))
    a\{b\} \"c\" \<d\>\|e
    """
    out = []
    for character in text:
        if character in '\\"{}<>|':
            out.append(f"\\{character}")
        else:
            out.append("\\n" if character == "\n" else character)
    return "".join(out)


@attrs.frozen
class Node:
    """A node of a picture: what comes in ("In"), what goes out ("Out"), or a box; a port for each wire on either side."""

    name: str
    op: Any
    ins: tuple[int, ...]
    outs: tuple[int, ...]

    @property
    def label(self) -> str:
        """What stands in it."""
        return label(self.op) if self.op is not None else self.name


Edge = tuple[int, int, int, int]  #: from a node's port to a node's port


def network(d: Diagram) -> tuple[list[Node], list[Edge]]:
    """The nodes of a diagram, in order, and the edges between their ports: all that a picture says.

    >>> from essence_ad import dup, mul
    >>> nodes, edges = network((dup >> mul).diagram)
    >>> [node.name for node in nodes], edges
    (['In', 'b0', 'Out'], [(0, 0, 1, 0), (0, 0, 1, 1), (1, 0, 2, 0)])
    """
    nodes = [Node("In", None, (), tuple(leaves(d.dom)))]
    nodes += [Node(f"b{number}", op, ins, outs) for number, (op, ins, outs) in enumerate(d.boxes)]
    nodes.append(Node("Out", None, tuple(leaves(d.cod)), ()))
    source: dict[int, tuple[int, int]] = {}
    edges: list[Edge] = []
    for i, node in enumerate(nodes):
        edges += [(*source[wire], i, port) for port, wire in enumerate(node.ins) if wire in source]
        source.update({wire: (i, port) for port, wire in enumerate(node.outs)})
    return nodes, edges


def _ports(side: str, n: int) -> str:
    return "{" + "|".join(f"<{side}{i}>" for i in range(n)) + "}"


def _record(node: Node) -> str:
    """The record of a node: its ports and its label."""
    sides = [_ports("In", len(node.ins))] if node.ins or node.name == "Out" else []
    ends = [_ports("Out", len(node.outs))] if node.outs or node.name == "In" else []
    return "|".join([*sides, escaped(node.label), *ends])


def dot_text(d: Diagram, linear: Collection[int] = ()) -> str:
    """The record nodes and the edges between their ports, in the order of the boxes; ``linear`` boxes are framed."""
    nodes, edges = network(d)
    lines = [f'  {node.name} [label="{{{_record(node)}}}"];' for node in nodes]
    if linear:
        inside = " ".join(f"b{number};" for number in sorted(linear))
        lines.append(f'  subgraph cluster_linear {{ label="linear map"; style=dashed; {inside} }}')
    lines += [f"  {nodes[a].name}:Out{p} -> {nodes[b].name}:In{q};" for a, p, b, q in edges]
    return "\n".join(["digraph {", "  rankdir=LR;", "  node [shape=record];", *lines, "}"])


def _without_edges(d: Diagram) -> Diagram:
    """The diagram without identity boxes that make no sum."""
    sums = set(d.misfits[1])
    place = list(range(d.n_wires))
    boxes: list[Box] = []
    for op, ins, outs in d.boxes:
        ins = tuple([place[i] for i in ins])
        if op is None and outs[0] not in sums:
            place[outs[0]] = ins[0]
        else:
            boxes.append((op, ins, outs))
    return Diagram(d.dom, _placed(d.cod, place), boxes, d.n_wires, d.dom_space, d.cod_space)


def _one_sum(d: Diagram) -> Diagram:
    """The diagram where what is added to a sum that nothing else reads is added to the later sum itself."""
    sums = set(d.misfits[1])
    readers = Counter([*(w for _, ins, _ in d.boxes for w in ins), *leaves(d.cod)])
    place = list(range(d.n_wires))
    for op, ins, outs in reversed(d.boxes):
        if op is None and ins[0] in sums and readers[ins[0]] == 1:
            place[ins[0]] = place[outs[0]]
    boxes = [
        (op, ins, tuple([place[w] for w in outs]))
        for op, ins, outs in d.boxes
        if op is not None or place[ins[0]] == ins[0]
    ]
    return Diagram(_placed(d.dom, place), d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)


def _placed(pattern: Any, place: Sequence[int]) -> Any:
    return tuple([_placed(p, place) for p in pattern]) if isinstance(pattern, tuple) else place[pattern]


def with_copies(d: Diagram) -> Diagram:
    """The diagram with a ``dup`` box wherever a wire is read more than once."""
    readers = Counter([*(w for _, ins, _ in d.boxes for w in ins), *leaves(d.cod)])
    fresh: dict[int, list[int]] = {}
    n = d.n_wires
    boxes: list[Box] = []

    def made(wires: Sequence[int]) -> None:
        nonlocal n
        for wire in wires:
            if readers[wire] > 1:
                copies = list(range(n, n + readers[wire]))
                n += readers[wire]
                boxes.append((Copy(len(copies)), (wire,), tuple(copies)))
                fresh[wire] = copies[::-1]

    def read(wire: int) -> int:
        return fresh[wire].pop() if wire in fresh else wire

    made(leaves(d.dom))
    for op, ins, outs in d.boxes:
        boxes.append((op, tuple(map(read, ins)), outs))
        made(outs)
    return Diagram(d.dom, _renamed(d.cod, read), boxes, n, d.dom_space, d.cod_space)


def _renamed(pattern: Any, name: Any) -> Any:
    return tuple([_renamed(p, name) for p in pattern]) if isinstance(pattern, tuple) else name(pattern)


def _canonical(d: Diagram) -> str:
    """The text of a diagram, its boxes in the order in which the outputs need them, however it was composed."""
    digests: dict[int, str] = {w: f"in{i}" for i, w in enumerate(leaves(d.dom))}
    maker: dict[int, int] = {}
    boxes: list[Box] = []
    for number, (op, ins, outs) in enumerate(d.boxes):
        if _name(op) == "+":  # the order of summands says nothing
            ins = tuple(sorted(ins, key=lambda w: digests.get(w, "")))
        text = f"{label(op)}({','.join(digests.get(w, 'zero') for w in ins)})"
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        for i, wire in enumerate(outs):
            digests[wire], maker[wire] = f"{digest}.{i}", number
        boxes.append((op, ins, outs))
    order: dict[int, Box] = {}
    stack = [(w, False) for w in reversed(leaves(d.cod))]
    while stack:
        wire, ready = stack.pop()
        made = maker.get(wire)
        if made is None or made in order:
            continue
        if ready:
            order[made] = boxes[made]
        else:
            stack.append((wire, True))
            stack.extend((w, False) for w in reversed(boxes[made][1]))
    return dot_text(Diagram(d.dom, d.cod, order.values(), d.n_wires))


def _zeros_apart(cod: Any, pattern: Any, zeros: set[int]) -> Any:
    """The codomain with a port for each array of a zero."""
    if isinstance(cod, tuple):
        return tuple([_zeros_apart(c, p, zeros) for c, p in zip(cod, pattern, strict=True)])
    if cod in zeros and isinstance(pattern, tuple):
        return tuple([_zeros_apart(cod, p, zeros) for p in pattern])
    return cod


@attrs.frozen(repr=False)
class GraphCategory(Category):
    """Programs as pictures; linear programs too. With ``copies=True`` a wire that fans out gets a box ``dup``.

    >>> from essence_ad import Additive, D, Graphs, R, mul
    >>> y, df = D(Additive)(mul)((3.0, 4.0))
    >>> dict(Graphs(df).counts)
    {'scale': 2, '+': 1}
    """

    copies: bool = False

    structure = (BIPRODUCT | {"general"}) - {"copying", "adding", "scalable"}
    arrows = Graph

    def diagram(self, d: Diagram) -> Graph:
        """The picture of the diagram."""
        return Graph(d, self.copies)

    def observe(self, arrow: Graph, source: Space, target: Space, point: Any) -> Any:
        """The text of the picture, however it was composed."""
        d = explicit(_one_sum(_without_edges(inline(arrow.diagram, source.pattern))))
        d = Diagram(d.dom, _zeros_apart(d.cod, target.pattern, set(d.misfits[0])), d.boxes, d.n_wires + target.dim)
        return _canonical(with_copies(d) if self.copies else d)

    def __repr__(self) -> str:
        return "Graphs(copies=True)" if self.copies else "Graphs"


Graphs = GraphCategory()
