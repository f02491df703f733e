"""Long programs made short: runs of boxes become one box that says what is in it, and how often.

Boxes stand in an order in which each comes after those that it reads, so what stands between two of a run stands in the
run: any run of consecutive boxes is a part of the program with inputs and outputs of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from essence_ad.categories.graphs import label
from essence_ad.diagram import Box, Diagram, Op
from essence_ad.structure import leaves

LONGEST = 40  #: boxes in one period of a repeated run
LEAST = 3  #: periods that make a run worth folding


class Fold(Op):
    """A part of a program as one box: a run of boxes, ``times`` over if it repeats."""

    __slots__ = ("boxes", "bundles", "period", "times")
    kind = "fold"

    def __init__(self, boxes: Sequence[Box], period: int, times: int) -> None:
        self.boxes, self.period, self.times = tuple(boxes), period, times
        self.bundles: dict[int, int] = {}  #: how many wires one stands for

    @property
    def name(self) -> str:  # type: ignore[override]
        """What is in it, and how often."""
        inside = Counter(label(op) for op, _, _ in self.boxes[: self.period])
        if self.times > 1:
            body = " · ".join(inside) if len(inside) <= 3 else f"{self.period} boxes"
            return f"({body}) {self.times} times" if len(inside) > 1 else f"{body} {self.times * self.period} times"
        kinds = inside.most_common(2)
        if len(inside) == 1:
            return f"{kinds[0][1]} {kinds[0][0]}"
        return f"{len(self.boxes)} boxes: {', '.join(kind for kind, _ in kinds)}{' …' if len(inside) > 2 else ''}"

    def told(self) -> str:
        """Every kind of box in it with its count."""
        inside = Counter(label(op) for op, _, _ in self.boxes)
        return ", ".join(f"{n} {name}" for name, n in inside.most_common())


def folded(d: Diagram, most: int, parts: Sequence[int] = ()) -> Diagram:
    """The diagram in about ``most`` boxes or fewer: repeated runs are folded first, then whatever stands together.

    ``parts`` says of each box which part of the picture it belongs to, in rising order; nothing is folded across parts.

    >>> from essence_ad import compose, dup, mul
    >>> folded(compose(*[dup >> mul] * 100).diagram, 10).boxes
    ((multiply 100 times, (0,), (100,)),)
    """
    parts = parts or [0] * len(d.boxes)
    found = runs(d, parts)
    d, parts = _with_runs(d, found, parts)
    if len(d.boxes) > most:
        each = -(-len(d.boxes) // most)
        cuts: list[tuple[int, int, int]] = []
        for part in sorted(set(parts)):
            start, end = parts.index(part), len(parts) - parts[::-1].index(part)
            cuts += [(i, min(each, end - i), 1) for i in range(start, end, each)]
        d, parts = _with_runs(d, cuts, parts)
    return _bundled(d)


def runs(d: Diagram, parts: Sequence[int] = ()) -> list[tuple[int, int, int]]:
    """Where the program repeats itself: ``(first box, boxes in a period, periods)``, longest first taken.

    A box repeats another if it is the same operation, and reads the same wires, wires that were made as many boxes
    before, or wires from before the run.
    """
    boxes = d.boxes
    made = {w: (n, port) for n, (_, _, outs) in enumerate(boxes) for port, w in enumerate(outs)}
    parts = parts or [0] * len(boxes)
    what = [(label(op), part) for (op, _, _), part in zip(boxes, parts, strict=True)]
    reads = [
        [(n - made[w][0], made[w][1], w) if w in made else (0, 0, w) for w in ins]
        for n, (_, ins, _) in enumerate(boxes)
    ]
    taken = bytearray(len(boxes))
    found: list[tuple[int, int, int]] = []
    for period in range(1, min(LONGEST, len(boxes) // LEAST) + 1):
        start = 0
        while start + LEAST * period <= len(boxes):
            end = start + period
            while end < len(boxes) and not taken[end] and _repeats(what, reads, start, end, period):
                end += 1
            times = (end - start) // period
            if times >= LEAST and not any(taken[start:end]):
                found.append((start, period, times))
                taken[start : start + times * period] = b"\x01" * (times * period)
            start = max(end - period + 1, start + 1)
    return sorted(found)


def _repeats(
    what: Sequence[Any], reads: Sequence[Sequence[tuple[int, int, int]]], start: int, n: int, period: int
) -> bool:
    """Whether a box is that of one period before again, in a run that begins at ``start``."""
    before = n - period
    if what[n] != what[before] or len(reads[n]) != len(reads[before]):
        return False
    for (back, port, wire), (first_back, first_port, first_wire) in zip(reads[n], reads[before], strict=True):
        outside = not back or n - back < start
        first_outside = not first_back or before - first_back < start
        same = (back, port) == (first_back, first_port) and not outside
        enters = first_outside and not outside and n < start + 2 * period
        if not (same or wire == first_wire or (outside and first_outside) or enters):
            return False
    return True


def _with_runs(
    d: Diagram, found: Sequence[tuple[int, int, int]], parts: Sequence[int]
) -> tuple[Diagram, Sequence[int]]:
    """The diagram with one box for each run, and the part of each box."""
    read_at: dict[int, list[int]] = {}
    for n, (_, ins, _) in enumerate(d.boxes):
        for wire in ins:
            read_at.setdefault(wire, []).append(n)
    kept = set(leaves(d.cod))
    boxes: list[Any] = []
    left: list[int] = []
    at = 0
    for start, period, times in found:
        boxes += d.boxes[at:start]
        left += parts[at:start]
        at = start + period * times
        inside = d.boxes[start:at]
        left.append(parts[start])
        if len(inside) == 1:
            boxes += inside
            continue
        made = [w for _, _, outs in inside for w in outs]
        own = set(made)
        ins = tuple(dict.fromkeys([w for _, wires, _ in inside for w in wires if w not in own]))
        outs = tuple([w for w in made if w in kept or any(not start <= n < at for n in read_at.get(w, ()))])
        boxes.append((Fold(inside, period, times), ins, outs))
    boxes += d.boxes[at:]
    left += parts[at:]
    return Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space), left


def _bundled(d: Diagram) -> Diagram:
    """The diagram where many wires from one fold to others are one, which says how many."""
    readers: dict[int, list[int]] = {}
    for n, (op, ins, _) in enumerate(d.boxes):
        for wire in ins:
            readers.setdefault(wire, []).append(n if isinstance(op, Fold) else -1)
    for wire in leaves(d.cod):
        readers.setdefault(wire, []).append(-1)
    gone: set[int] = set()
    boxes: list[Box] = []
    for op, ins, outs in d.boxes:
        if isinstance(op, Fold):
            groups: dict[tuple[int, ...], list[int]] = {}
            for wire in outs:
                groups.setdefault(tuple(readers.get(wire, ())), []).append(wire)
            for key, wires in groups.items():
                if len(wires) >= LEAST and -1 not in key:
                    op.bundles[wires[0]] = len(wires)
                    gone.update(wires[1:])
            outs = tuple([w for w in outs if w not in gone])
        boxes.append((op, tuple([w for w in ins if w not in gone]) if isinstance(op, Fold) else ins, outs))
    return Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)
