"""Elimination: a derivative that is a graph of numbers, from which the inner ones are taken out one by one.

To take out a number that depends on p others and that s others depend on costs at most p s products, and leaves the
derivatives of what is around it. In the order of the program this is forward mode, backwards reverse mode, and any other
order is a mixed one; the best is hard to find (Naumann 2008: it is NP-complete), and taking out what is cheapest at the
moment (Markowitz) comes close. Composition and addition of linear maps of one number are all that is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.containers import ZERO
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import NeedsSpaceError
from essence_ad.kernel import scatter_sum
from essence_ad.linear_map import arrays
from essence_ad.operation import Negate, Scale
from essence_ad.spaces import Array, Space
from essence_ad.structure import leaves
from essence_ad.tracing.sparse import Sparse, Term

LARGE = 400  #: numbers of a graph that is not worth it
WIDE = 32  #: components of an array whose slopes are not worth being written one by one
UNITS = (1, -1)

Edges = dict[int, dict[int, Any]]  #: for each vertex what it depends on, with the slope


@attrs.frozen
class Graph:
    """The slopes between numbers: the components of the arguments, what is between, the components of the results."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    edges: Edges

    @property
    def inner(self) -> list[int]:
        """The vertices that can be taken out, in the order of the program."""
        ends = {*self.inputs, *self.outputs}
        return [
            v for v in sorted({*self.edges, *[u for before in self.edges.values() for u in before]}) if v not in ends
        ]


def graph_of(d: Diagram, source: Space, target: Space) -> Graph | None:
    """The graph of a linear diagram whose inner wires are single numbers of float64; ``None`` for another one.

    Short arrays may stand at both ends, where numbers are taken from them or put into them.
    """
    if len(d.boxes) > LARGE:
        return None
    try:
        spaces = d.spaces(source)
    except NeedsSpaceError:  # an operation that states no shape rule
        return None
    ends = {*leaves(d.dom), *leaves(d.cod)}
    used = {*ends, *[w for _, ins, outs in d.boxes for w in (*ins, *outs)]}
    if any(not isinstance(spaces[w], Array) or spaces[w].dtype != np.float64 for w in used):
        return None
    wide = {w for w in used if spaces[w].dim != 1}
    if not wide <= ends or any(spaces[w].dim > WIDE for w in wide) or sum(spaces[w].dim for w in used) > LARGE:
        return None
    if any(not wide.isdisjoint(ins) and not wide.isdisjoint(outs) for _, ins, outs in d.boxes):
        return None  # arrays are worked on as arrays
    places: dict[int, int] = {}
    total = 0
    for w in [*leaves(d.dom), *[o for _, _, outs in d.boxes for o in outs]]:
        if w not in places:
            places[w], total = total, total + spaces[w].dim
    edges: Edges = {}
    for op, ins, outs in d.boxes:
        for i, w in enumerate(ins):
            for n, column, row, slope in _slopes(op, i, [spaces[x] for x in ins], [spaces[o] for o in outs]):
                _add(edges, places[outs[n]] + row, places[w] + column, slope)
    read = {*leaves(d.dom), *[i for _, ins, _ in d.boxes for i in ins]}
    outputs: list[int] = []
    for w in leaves(d.cod):
        for v in range(places[w], places[w] + spaces[w].dim):
            if w in read:  # what is an output and more is copied
                edges[total] = {v: 1}
                v, total = total, total + 1
            outputs.append(v)
        read.add(w)
    inputs = [places[w] + k for w in leaves(d.dom) for k in range(spaces[w].dim)]
    return Graph(tuple(inputs), tuple(outputs), edges)


def _slopes(op: Any, i: int, ins: Sequence[Array], outs: Sequence[Array]) -> Iterator[tuple[int, int, int, Any]]:
    """How the outputs of a box depend on its input ``i``: output, column, row and slope of each number not zero."""
    if op is None:
        yield from [(0, k, k, 1) for k in range(ins[0].dim)]
    elif len(ins) == len(outs) == 1 and ins[0].dim == outs[0].dim == 1:
        yield 0, 0, 0, _slope(op, ins[0])
    else:
        places = np.arange(ins[i].dim)
        seed = Sparse(ins[i], ins[i].dim, [Term(places, places, 1)])
        found = op.apply(*[seed if j == i else space.fill(ZERO) for j, space in enumerate(ins)])
        for n, part in enumerate(found if len(outs) > 1 else (found,)):
            if isinstance(part, Sparse):
                yield from [(n, *number) for number in _numbers(part)]


def _slope(op: Op, space: Array) -> Any:
    if isinstance(op, Negate):
        return -1
    slope = op.factor if isinstance(op, Scale) else op.apply(*space.units())
    slope = np.reshape(slope, ()) if getattr(slope, "shape", ()) else slope
    return int(slope) if isinstance(slope, (float, int)) and slope in UNITS else slope


def _numbers(matrix: Sparse) -> Iterator[tuple[int, int, Any]]:
    """Column, row and value of each number of a matrix that is not known to be zero."""
    if matrix.dense is not None:
        flat = np.reshape(matrix.dense, (matrix.width * matrix.size,))
        known = isinstance(flat, np.ndarray)
        for k in range(matrix.width * matrix.size):
            if not known or flat[k] != 0:
                yield k // matrix.size, k % matrix.size, _unit(flat[k])
        return
    for term in matrix.terms:
        for k, (row, column) in enumerate(zip(term.rows.tolist(), term.columns.tolist(), strict=True)):
            yield column, row, _unit(term.values if term.uniform else term.values[k])


def _unit(value: Any) -> Any:
    """Slopes that nobody multiplies by as Python integers."""
    return int(value) if isinstance(value, (int, float)) and value in UNITS else value


def _add(edges: Edges, after: int, before: int, slope: Any) -> None:
    here = edges.setdefault(after, {})
    here[before] = slope if before not in here else here[before] + slope


# ---------------------------------------------------------------------------------------------- taking out


class General:
    """A slope of which only is known that it is neither 1 nor -1, for counting."""

    def __add__(self, other: Any) -> General:
        return self

    __radd__ = __mul__ = __rmul__ = __add__

    def __neg__(self) -> General:
        return self


def counted(graph: Graph) -> Graph:
    """The same graph with slopes that are not known."""
    general = General()
    edges = {
        v: {u: s if type(s) is int and s in UNITS else general for u, s in b.items()} for v, b in graph.edges.items()
    }
    return Graph(graph.inputs, graph.outputs, edges)


class Elimination:
    """A graph while vertices are taken out of it.

    >>> graph = Graph((0, 1), (4,), {2: {0: 3.0, 1: 5.0}, 3: {2: 7.0}, 4: {3: 1}})
    >>> run = Elimination(graph)
    >>> run.take(graph.inner)
    >>> run.edges[4], run.products
    ({0: 21.0, 1: 35.0}, 2)
    """

    def __init__(self, graph: Graph) -> None:
        self.edges: Edges = {v: dict(before) for v, before in graph.edges.items()}
        self.after: dict[int, set[int]] = {}
        self.products = self.sums = 0
        for v, before in self.edges.items():
            for u in before:
                self.after.setdefault(u, set()).add(v)

    def price(self, v: int) -> tuple[int, int]:
        """The products that it costs to take a vertex out, and the slopes that it has to do with."""
        before, after = self.edges.get(v, {}), self.after.get(v, ())
        general = sum([s not in UNITS if type(s) is int else True for s in before.values()])
        others = sum([type(self.edges[w][v]) is not int or self.edges[w][v] not in UNITS for w in after])
        return general * others, len(before) * len(after)

    def take(self, order: Sequence[int]) -> None:
        """Take vertices out, in an order."""
        for v in order:
            before = self.edges.pop(v, {})
            for u in before:
                self.after[u].discard(v)
            for w in self.after.pop(v, set()):
                slope = self.edges[w].pop(v)
                for u, first in before.items():
                    self._meet(w, u, slope, first)

    def _meet(self, w: int, u: int, slope: Any, first: Any) -> None:
        here = self.edges[w]
        value = self._product(slope, first)
        if u in here:
            self.sums += 1
            value = here[u] + value
        here[u] = value
        self.after.setdefault(u, set()).add(w)

    def _product(self, a: Any, b: Any) -> Any:
        for unit, other in ((a, b), (b, a)):
            if type(unit) is int and unit in UNITS:
                return other if unit == 1 else -other
        self.products += 1
        return a * b

    def greedy(self, inner: Sequence[int]) -> list[int]:
        """Take out what is cheapest at the moment until nothing is left; the order."""
        left, order = set(inner), []
        prices = {v: self.price(v) for v in left}
        while left:
            v = min(left, key=lambda v: (prices[v], v))
            near = {*self.edges.get(v, ()), *self.after.get(v, ())}
            self.take([v])
            left.discard(v)
            order.append(v)
            prices.update({w: self.price(w) for w in near if w in left})
        return order


def cheapest_order(graph: Graph) -> tuple[list[int], Elimination]:
    """An order to take all inner vertices out in, and the counts: the best of forward, reverse and greedy."""
    general, inner = counted(graph), graph.inner
    found = []
    for given in (None, inner, inner[::-1]):
        run = Elimination(general)
        order = run.greedy(inner) if given is None else given
        if given is not None:
            run.take(given)
        found.append((order, run))
    return min(found, key=lambda pair: pair[1].products + pair[1].sums)


# ---------------------------------------------------------------------------------------------- read out


def eliminated(graph: Graph, order: Sequence[int], source: Space, target: Space) -> list[list[Any]]:
    """For each array of the source and each of the target the block of the matrix, of the target's shape first."""
    run = Elimination(graph)
    run.take(order)
    made, column = [], 0
    for part in arrays(source):
        own = {v: k for k, v in enumerate(graph.inputs[column : column + part.dim])}
        row, line = 0, []
        for end in arrays(target):
            line.append(_block(run.edges, own, graph.outputs[row : row + end.dim], part, end))
            row += end.dim
        made.append(line)
        column += part.dim
    return made


def _block(edges: Edges, own: dict[int, int], outputs: Sequence[int], part: Array, end: Array) -> Any:
    shape = end.shape + part.shape
    found = {r * part.dim + own[u]: s for r, w in enumerate(outputs) for u, s in edges.get(w, {}).items() if u in own}
    if not shape:
        return float(found[0]) if type(found.get(0)) is int else found.get(0, 0.0)
    if not found:
        return Array(shape, end.dtype).fill(ZERO)
    values = [np.float64(s) if isinstance(s, (int, float)) else s for s in found.values()]
    return np.reshape(scatter_sum(*values, keys=tuple(found), shape=(end.dim * part.dim,)), shape)
