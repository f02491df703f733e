"""The order of a program's work: what is done once, and loops over parts of one long axis that stay in the cache.

Boxes that go along a class of axes row by row (``axes``) are done for some rows at a time; sums over those rows are
added up. What needs all rows of something stands between two loops. Whether that pays is told by the shapes alone: the
arrays in between have to be larger than the cache.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from essence_ad.diagram import Box, Diagram
from essence_ad.planning.axes import KEY, Relation, is_basic, is_rows, relations
from essence_ad.planning.order import early
from essence_ad.primitives.primitive import Call, Constant
from essence_ad.spaces import Array
from essence_ad.structure import leaves

ROWS = 64  #: an axis shorter than this is never run in parts
CACHE = 1 << 22  #: bytes that the arrays of one step may need
WORTH = 1 << 20  #: bytes that must not go through memory for a loop to be worth its calls
LONG = 8192  #: numbers that a call should work on, even where the cache does not hold them
LEAST = 16  #: rows of a step


class Section(NamedTuple):
    """Boxes that are done once, or for ``step`` of ``rows`` rows at a time."""

    boxes: list[int]
    rows: int = 0
    step: int = 0


class Schedule(NamedTuple):
    """The boxes in the order that they are done, and for the wires that loops have rows of, the axis of the rows."""

    sections: list[Section]
    axis: dict[int, int]
    sums: frozenset[int]  #: wires that are added up over the rows of a loop
    early: frozenset[int] = frozenset()  #: wires that are made before their turn, since that saves memory


VIEWS = ("transpose", "swapaxes", "moveaxis", "matrix_transpose", "expand_dims", "squeeze", "reshape", "index")


def schedule(d: Diagram) -> tuple[Diagram, list[Any], Schedule]:
    """A diagram with its views made for each reader, the spaces on its wires, and its work in sections."""
    assert d.dom_space is not None
    spaces = d.spaces(d.dom_space)
    if any([isinstance(s, Array) and s.dim * s.dtype.itemsize >= WORTH // 16 for s in spaces]):
        several = with_own_views(d)
        its = several.spaces(d.dom_space)
        found = _Classes(several, its)
        best: _Loops | None = None
        for axis in found.candidates():
            loops = _Loops(several, its, found, axis)
            if loops.gain > (best.gain if best else WORTH):
                best = loops
        if best is not None:
            return several, its, best.schedule()
    order, soon = early(d, spaces)
    return d, spaces, Schedule([Section(order)], {}, frozenset(), frozenset(soon))


def is_view(op: Any) -> bool:
    """Whether a result looks at the memory of the operand, for a part of the rows as for all."""
    if not isinstance(op, Call) or op.name not in VIEWS:
        return False
    return is_basic(op.params["key"]) if op.name == "index" else op.params.get("order", "C") == "C"


def with_own_views(d: Diagram) -> Diagram:
    """The same program where every view is read by one box, so that a loop and what follows have their own."""
    n = d.n_wires
    boxes: list[Box] = []
    kept = set(leaves(d.cod))
    views = {outs[0] for op, _, outs in d.boxes if is_view(op)} - kept
    own: dict[int, list[int]] = {}  # for a view, the wires that its readers read
    for op, ins, outs in reversed(d.boxes):
        copies = own.pop(outs[0], []) if outs[0] in views else None
        for made in [outs] if copies is None else [(copy,) for copy in copies]:
            new_ins = []
            for i in ins:
                if i in views:
                    own.setdefault(i, []).append(n)
                    new_ins.append(n)
                    n += 1
                else:
                    new_ins.append(i)
            boxes.append((op, tuple(new_ins), made))
    return Diagram(d.dom, d.cod, reversed(boxes), n, d.dom_space, d.cod_space)


class _Classes:
    """Classes of axes, by union of those that operations relate."""

    def __init__(self, d: Diagram, spaces: Sequence[Any]) -> None:
        self.d, self.spaces = d, spaces
        self.parent: dict[tuple[int, int], tuple[int, int]] = {}
        self.relations: list[list[Relation] | None] = []
        for op, ins, outs in d.boxes:
            related = None
            if op is not None and len(outs) == 1 and ins and all([isinstance(spaces[w], Array) for w in (*ins, *outs)]):
                related = relations(op, [spaces[i] for i in ins], spaces[outs[0]])
            self.relations.append(related)
            for relation in related or ():
                places = [(ins[i], a) for i, a in relation.operands if i != KEY]
                if relation.result is not None:
                    places.append((outs[0], relation.result))
                places = [p for p in places if self.length(p) >= ROWS]
                for p in places[1:]:
                    self.join(places[0], p)

    def length(self, place: tuple[int, int]) -> int:
        """How long an axis is."""
        n: int = self.spaces[place[0]].shape[place[1]]
        return n

    def find(self, place: tuple[int, int]) -> tuple[int, int]:
        """The representative of a class."""
        root = place
        while (up := self.parent.get(root, root)) != root:
            root = up
        while (up := self.parent.get(place, place)) != root:
            self.parent[place], place = root, up
        return root

    def join(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        """Two classes become one."""
        first, second = self.find(a), self.find(b)
        self.parent.setdefault(first, first)
        self.parent[second] = first

    def candidates(self) -> list[dict[int, int]]:
        """For the largest classes, the axis of each wire that belongs; a wire with two of them does not."""
        members: dict[tuple[int, int], dict[int, int]] = {}
        twice: set[tuple[tuple[int, int], int]] = set()
        for place in self.parent:
            root = self.find(place)
            wires = members.setdefault(root, {})
            if place[0] in wires:
                twice.add((root, place[0]))
            wires[place[0]] = place[1]
        for root, wire in twice:
            del members[root][wire]
        return sorted(members.values(), key=lambda m: -sum([self.spaces[w].dim for w in m]))[:4]


class _Loops:
    """The loops over one class of axes."""

    def __init__(self, d: Diagram, spaces: Sequence[Any], classes: _Classes, axis: dict[int, int]) -> None:
        self.d, self.spaces, self.axis = d, spaces, axis
        self.rows = next((spaces[w].shape[a] for w, a in axis.items()), 0)
        self.kind = [self._kind(number, classes) for number in range(len(d.boxes))]
        self.read: dict[int, list[int]] = {}
        for number, (_, ins, _) in enumerate(d.boxes):
            for i in ins:
                self.read.setdefault(i, []).append(number)
        self.results = set(leaves(d.cod))
        self.gain = 0
        self.maker = {o: number for number, (_, _, outs) in enumerate(d.boxes) for o in outs}
        while "map" in self.kind or "sum" in self.kind:
            self._levels()
            if self._settle_views():
                continue
            gains = self._gains()
            weak = {level for level, gain in gains.items() if gain < WORTH or self._step(self._at(level)) >= self.rows}
            if not weak:
                self.gain = sum(gains.values())
                return
            for number, level in enumerate(self.level):
                if level in weak:
                    self.kind[number] = "once"

    def _settle_views(self) -> bool:
        """Views are made where they are read: in the loop that makes what they look at, or outside. Whether one moved."""
        moved = False
        for number, (op, ins, outs) in enumerate(self.d.boxes):
            if self.kind[number] != "once" and is_view(op):
                maker = self.maker.get(ins[0])
                here = maker is not None and self.kind[maker] == "map" and self.level[maker] == self.level[number]
                if not here or not self.inside(outs[0], number):
                    self.kind[number], moved = "once", True
        return moved

    def _at(self, level: int) -> list[int]:
        return [n for n, kind in enumerate(self.kind) if kind != "once" and self.level[n] == level]

    def _kind(self, number: int, classes: _Classes) -> str:
        """Whether a box does each row alone (``map``), adds up rows (``sum``), or needs all of them at once."""
        op, ins, outs = self.d.boxes[number]
        related = classes.relations[number]
        if related is None or isinstance(op, Constant):
            return "once"
        out = self.axis.get(outs[0])
        mine = {(i, self.axis[w]) for i, w in enumerate(ins) if w in self.axis}
        if is_rows(getattr(op, "params", {}).get("key")) and out == 0:
            mine.add((KEY, 0))
        if not mine:
            return "once"
        for relation in related:
            if mine <= set(relation.operands) and relation.result == out:
                return "sum" if out is None else "map"
        return "once"

    def _levels(self) -> None:
        """The number of loops that have to be over before a box is done, or the loop that it is done in."""
        d = self.d
        made: dict[int, tuple[int, bool]] = {}
        self.level = [0] * len(d.boxes)
        for number, (_, ins, outs) in enumerate(d.boxes):
            loop = self.kind[number] != "once"
            level = 0
            for i in ins:
                at, whole = made.get(i, (0, True))
                level = max(level, at if whole or (loop and i in self.axis) else at + 1)
            self.level[number] = level
            for o in outs:
                # what a loop sums is there after the loop; its rows are there in it
                made[o] = (level + 1, True) if self.kind[number] == "sum" else (level, not loop)

    def inside(self, wire: int, maker: int) -> bool:
        """Whether the rows of a wire are read in the loop that makes them alone."""
        return wire not in self.results and all(
            [self.kind[r] != "once" and self.level[r] == self.level[maker] for r in self.read.get(wire, ())]
        )

    def _gains(self) -> dict[int, int]:
        """For each loop, the bytes that it does not write to memory, or reads once and not again."""
        gains: dict[int, int] = {}
        read: dict[tuple[int, int], int] = {}
        for number, (_, ins, outs) in enumerate(self.d.boxes):
            if self.kind[number] == "once":
                continue
            level = self.level[number]
            gains.setdefault(level, 0)
            space = self.spaces[outs[0]]
            if self.kind[number] == "map" and self.inside(outs[0], number):
                gains[level] += space.dim * space.dtype.itemsize
            for i in ins:
                if i in self.axis:
                    read[level, i] = read.get((level, i), 0) + 1
        for (level, wire), times in read.items():
            if times > 1:
                gains[level] += self.spaces[wire].dim * self.spaces[wire].dtype.itemsize
        return gains

    def schedule(self) -> Schedule:
        """The sections in order."""
        sections: list[Section] = []
        for level in range(max(self.level, default=0) + 1):
            sections.append(
                Section([n for n, kind in enumerate(self.kind) if kind == "once" and self.level[n] == level])
            )
            loop = self._at(level)
            if loop:
                sections.append(Section(loop, self.rows, self._step(loop)))
        sums = frozenset([self.d.boxes[n][2][0] for n, kind in enumerate(self.kind) if kind == "sum"])
        inside = {o for n, kind in enumerate(self.kind) if kind == "map" for o in self.d.boxes[n][2]}
        inside |= {
            i for n, kind in enumerate(self.kind) if kind != "once" for i in self.d.boxes[n][1] if i in self.axis
        }
        return Schedule([s for s in sections if s.boxes], {w: a for w, a in self.axis.items() if w in inside}, sums)

    def _step(self, loop: list[int]) -> int:
        """How many rows at a time: as many as the cache holds, but enough to be worth the calls."""
        last: dict[int, int] = {}
        for place, number in enumerate(loop):
            for w in (*self.d.boxes[number][1], *self.d.boxes[number][2]):
                last[w] = place
        live: set[int] = set()
        most, numbers = 1, 0
        for place, number in enumerate(loop):
            _, ins, outs = self.d.boxes[number]
            live.update([w for w in (*ins, *outs) if w in self.axis])
            most = max(most, sum([self._row(w) * self.spaces[w].dtype.itemsize for w in live]))
            numbers += max([self._row(w) for w in (*ins, *outs) if w in self.axis], default=0)
            live = {w for w in live if last[w] > place}
        step = max(CACHE // most, LONG * len(loop) // max(numbers, 1), LEAST)
        parts = max(1, math.ceil(self.rows / step))
        return math.ceil(self.rows / parts)

    def _row(self, wire: int) -> int:
        return int(self.spaces[wire].dim) // self.rows
