"""Association: in which order the linear maps of a derivative are composed, chosen from shapes and patterns alone.

Composition is associative: a Jacobian may be built from the first operation on (forward), from the last one back
(reverse), or in parts that are multiplied (mixed). Parts begin and end at waists, wires through which everything goes
and that are narrower than both ends; which of them to take, and in which direction to sweep each part, is the problem
of the matrix chain. No derivative is computed in another way: the diagram of linear boxes is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.compiler.elimination import Graph, cheapest_order, eliminated, graph_of
from essence_ad.containers import ZERO
from essence_ad.diagram import Diagram
from essence_ad.errors import NeedsSpaceError
from essence_ad.inlining import inline
from essence_ad.linear_map import LinearMap, arrays
from essence_ad.spaces import Space
from essence_ad.structure import leaves
from essence_ad.tracing.shadow import Work
from essence_ad.tracing.sparse import Sparse
from essence_ad.tracing.sweeps import matrix_of, read_out, sweep

WAISTS = 6  #: how many of them are looked at, the narrowest

# ---------------------------------------------------------------------------------------------- chains


@attrs.frozen(repr=False)
class Plan:
    """The composition of the parts ``first`` to ``last`` of a chain: one sweep, a product of plans, or an elimination."""

    first: int
    last: int
    work: Work
    reverse: bool = False
    factors: tuple[Plan, Plan] | None = None
    order: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        """Forward, reverse, mixed, or elimination."""
        if self.order is not None:
            return "elimination"
        return "mixed" if self.factors is not None else "reverse" if self.reverse else "forward"

    def __repr__(self) -> str:
        if self.order is not None:
            return f"elimination of {len(self.order)}"
        if self.factors is not None:
            return "({!r} {!r})".format(*self.factors)
        end = str(self.first) if self.last == self.first + 1 else f"{self.first}..{self.last - 1}"
        return f"{end}ᵀ" if self.reverse else end


def ways(n: int, sweeps: Callable[[int, int], Sequence[Plan]], lengths: Sequence[int]) -> list[Plan]:
    """The plans for a chain of ``n`` parts between arrays of these lengths: its sweeps, and the cheapest product.

    ``sweeps(i, j)`` gives the plans for the parts from ``i`` to ``j`` that need no product. This is the matrix-chain
    problem, solved from the shorter parts to the longer; among equals the first is taken.
    """
    best: dict[tuple[int, int], Plan] = {}
    plans: list[Plan] = []
    for length in range(1, n + 1):
        for i in range(n - length + 1):
            j = i + length
            products = [
                Plan(i, j, best[i, m].work + best[m, j].work + _multiplied(lengths, i, m, j), factors=(best[i, m], best[m, j]))
                for m in range(i + 1, j)
            ]  # fmt: skip
            plans = [*sweeps(i, j), *sorted(products, key=_total)[:1]]
            best[i, j] = min(plans, key=_total)
    return plans


def _multiplied(lengths: Sequence[int], i: int, m: int, j: int) -> Work:
    return Work(1, 0, lengths[i] * lengths[m] * lengths[j])


def _total(plan: Plan) -> int:
    return plan.work.total


def matrix_chain(lengths: Sequence[int]) -> Plan:
    """The cheapest way to multiply matrices of shapes ``lengths[i] x lengths[i + 1]``.

    >>> plan = matrix_chain([10, 100, 5, 50])
    >>> plan.work, plan
    (Work(calls=2, elements=0, products=7500, numbers=0), ((0 1) 2))
    """

    def single(i: int, j: int) -> list[Plan]:
        return [Plan(i, j, Work())] if j == i + 1 else []

    return min(ways(len(lengths) - 1, single, lengths), key=_total)


# ---------------------------------------------------------------------------------------------- derivatives


class Association:
    """A linear map, cut at its waists, and what the ways to its matrix cost.

    >>> from essence_ad import linearize
    >>> y, df = linearize(lambda x: np.outer(x, x) * np.sum(x * x), np.ones(20))
    >>> Association(df).best.name
    'forward'
    >>> y, df = linearize(lambda x: np.sin(np.arange(1.0, 21.0) * np.sum(x * x)), np.ones(20))
    >>> Association(df).best.name
    'mixed'
    """

    def __init__(self, f: LinearMap) -> None:
        self.source, self.target = f.named()
        d = inline(f.diagram, self.source.pattern).pruned()
        self.diagram = Diagram(d.dom, d.cod, d.boxes, d.n_wires, self.source, self.target)
        self._plans: list[Plan] | None = None
        self._graph: tuple[Graph | None] | None = None
        self.points: list[tuple[int, Any, Space]] = [
            (0, d.dom, self.source),
            *self._waists(),
            (len(d.boxes), d.cod, self.target),
        ]

    def _waists(self) -> list[tuple[int, Any, Space]]:
        """The waists that may be worth a product: before which box, on which wire, in which space."""
        narrow = min(self.source.dim, self.target.dim)
        cuts = _cuts(self.diagram)
        if not cuts or any(a.dtype.kind != "f" for a in [*arrays(self.source), *arrays(self.target)]):
            return []
        try:
            spaces = self.diagram.spaces(self.source)
        except NeedsSpaceError:  # an operation that states no shape rule
            return []
        found = [(at, wire, spaces[wire]) for at, wire in cuts]
        sizes = [self.source.dim, *[space.dim for *_, space in found], self.target.dim]
        least = [
            cut
            for cut, before, size, after in zip(found, sizes, sizes[1:], sizes[2:], strict=False)
            if size < narrow and size < before and size <= after
        ]
        kept = sorted(sorted(least, key=lambda cut: cut[2].dim)[:WAISTS], key=lambda cut: cut[0])
        return [cut for cut in kept if getattr(cut[2], "dtype", np.dtype(int)).kind == "f"]

    def part(self, i: int, j: int) -> Diagram:
        """The program between two points."""
        (start, dom, source), (end, cod, target) = self.points[i], self.points[j]
        d = self.diagram
        return Diagram(dom, cod, d.boxes[start:end], d.n_wires, source, target)

    def work(self, i: int, j: int, reverse: bool) -> Work:
        """What it costs to sweep from one point to another, or back."""
        tally, d = Work(), self.part(i, j)
        d = d.T if reverse else d
        assert d.dom_space is not None and d.cod_space is not None
        for k in range(len(arrays(d.dom_space))):
            for found in sweep(d, d.dom_space, d.cod_space, k, tally=tally):
                if isinstance(found, Sparse):
                    found.matrix(turned=reverse)
        return tally

    def sweeps(self, i: int, j: int) -> list[Plan]:
        """The two sweeps between two points, the one from the shorter end first."""
        lengths = [self.points[k][2].dim for k in (i, j)]
        ways = [False, True] if lengths[0] <= lengths[1] else [True, False]
        return [Plan(i, j, self.work(i, j, reverse), reverse) for reverse in ways]

    @property
    def plans(self) -> list[Plan]:
        """Both sweeps, the cheapest product where there is a waist, and elimination where all is numbers."""
        if self._plans is None:
            lengths = [space.dim for *_, space in self.points]
            self._plans = ways(len(lengths) - 1, self.sweeps, lengths)
            if self.graph is not None:
                self._plans.append(self.elimination(self.graph))
        return self._plans

    def elimination(self, graph: Graph) -> Plan:
        """The cheapest of the orders that are tried: that of the program, the same backwards, and a greedy one."""
        order, run = cheapest_order(graph)
        arrays_written = any(part.shape for part in [*arrays(self.source), *arrays(self.target)])
        written = sum(map(len, run.edges.values())) if arrays_written else 0
        work = Work(0, 0, 0, run.products + run.sums + written)
        return Plan(0, len(self.points) - 1, work, order=tuple(order))

    @property
    def graph(self) -> Graph | None:
        """The slopes between single numbers, where the program has nothing else inside."""
        if self._graph is None:
            self._graph = (graph_of(self.diagram, self.source, self.target),)
        return self._graph[0]

    @property
    def best(self) -> Plan:
        """The cheapest plan."""
        shorter = Plan(0, len(self.points) - 1, Work(), reverse=self.source.dim > self.target.dim)
        if min(self.source.dim, self.target.dim) <= 1:  # one sweep of one vector: nothing can be cheaper
            return shorter
        if self.graph is not None:  # in the order of the program, or backwards, it does what a sweep does
            return self.elimination(self.graph)
        if all(op is None or op.elementwise for op, _, _ in self.diagram.boxes):  # the same numbers either way
            return shorter
        return min(self.plans, key=_total)

    # ------------------------------------------------------------------ carried out

    def blocks(self, plan: Plan) -> list[list[Any]]:
        """For each array of the source and each of the target the block of the matrix, of the target's shape first."""
        if plan.order is not None and self.graph is not None:
            return eliminated(self.graph, plan.order, self.source, self.target)
        ends = arrays(self.target)
        return [read_out(row, part, ends) for row, part in zip(self._composed(plan), arrays(self.source), strict=True)]

    def _composed(self, plan: Plan) -> list[list[Any]]:
        """The matrix of a plan for each array that it starts from and each that it ends in."""
        if plan.factors is not None:
            before, after = map(self._composed, plan.factors)
            return [[_product(second, row[0]) for second in after[0]] for row in before]
        d = self.part(plan.first, plan.last)
        source, target = self.points[plan.first][2], self.points[plan.last][2]
        if not plan.reverse:
            return _swept(d, source, target)
        turned = _swept(d.T, target, source)
        ends = arrays(target)
        return [
            [m if m is ZERO else m.turned(end) for m, end in zip(column, ends, strict=True)]
            for column in zip(*turned, strict=True)
        ]


def _swept(d: Diagram, start: Space, end: Space) -> list[list[Any]]:
    """The matrix for each array of the source and each of the target, by one sweep for each of the former."""
    ends = arrays(end)
    return [
        [matrix_of(value, part, to) for value, to in zip(sweep(d, start, end, k), ends, strict=True)]
        for k, part in enumerate(arrays(start))
    ]


def _product(second: Any, first: Any) -> Any:
    """The matrix ``second`` after the matrix ``first``."""
    if first is ZERO or second is ZERO:
        return ZERO
    matrix = np.reshape(second.matrix(), (second.size, second.width))
    return np.reshape(matrix @ np.reshape(first, (first.size,)), second.shape)


def _cuts(d: Diagram) -> list[tuple[int, int]]:
    """The places between boxes where everything goes through one wire: before which box, and which wire."""
    last = {}
    for at, (_, ins, _) in enumerate(d.boxes):
        last.update(dict.fromkeys(ins, at))
    last.update(dict.fromkeys(leaves(d.cod), len(d.boxes)))
    live = {wire for wire in leaves(d.dom) if wire in last}
    found = []
    for at, (_, ins, outs) in enumerate(d.boxes[:-1]):
        live.update([w for w in outs if w in last])
        live.difference_update([w for w in ins if last[w] == at])
        if len(live) == 1:
            found.append((at + 1, *live))
    return found
