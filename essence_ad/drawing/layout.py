"""Where everything stands: places in layers from left to right, with few crossings, ports in their order.

Each place stands one layer after the last that it reads (longest path). A wire that passes a layer does so at a bend of
its own, so that no wire runs through a box. Places in a layer are ordered by the means of their neighbours (barycentres),
sweeping to and fro, and the order with the fewest crossings is kept; inputs and outputs keep theirs, which has a meaning.
Heights then come as near to those of the neighbours as the places above and below let them.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import attrs

PORT = 17.0  #: between two ports of a box
GAP = 14.0  #: between two boxes of a layer
SWEEPS = 12
SMALL = 160  #: so many places are also ordered by swapping neighbours


@attrs.frozen
class Place:
    """What has a place in a picture: its size, the ``(place, port)`` that each of its ports reads, and its band.

    ``band`` 1 stands below band 0: the linear part of a derivative. ``fixed`` places of a layer keep their order;
    those that are ``free`` read their ports in any order, as a sum does. ``early`` and ``late`` are ends.
    """

    width: float
    height: float
    reads: tuple[tuple[int, int], ...] = ()
    makes: int = 1
    band: int = 0
    end: str = ""  #: "in" and "out" keep their order; "constant" stands just before it is read
    free: bool = False
    label: float = 0.0  #: the width of the longest label on a wire that it makes
    point: bool = False  #: all its wires meet in one point on either side


Piece = tuple[float, float, float, float, bool]  #: from a point to a point, and whether it is straight
CODE = 1_000_003  #: more ports than a place has
APART = 26.0  #: between two layers
BAND = 46.0  #: between the value part and the linear part


class Column(NamedTuple):
    """Where a layer begins and ends."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        """Where its places have their middles."""
        return (self.left + self.right) / 2


@attrs.define
class Layout:
    """The middle of each place, the wires as points with tangents across, and the size of it all."""

    places: Sequence[Place]
    x: list[float]
    y: list[float]
    wires: dict[tuple[int, int], list[Piece]]  #: pieces by the port that makes them
    width: float
    height: float
    crossings: int
    layers: list[int]
    ports: dict[tuple[int, int], float] = attrs.field(factory=dict)  #: heights of the ports that are read


def layout(places: Sequence[Place]) -> Layout:
    """The places of a graph that is given in an order in which every place stands after those that it reads."""
    if not places:
        return Layout(places, [], [], {}, 0.0, 0.0, 0, [])
    grid = _Grid(places)
    crossings = grid.order()
    y = grid.heights()
    return grid.finished(y, crossings)


@functools.cache
def offsets(n: int) -> tuple[float, ...]:
    """How far the ports of a box stand from its middle.

    >>> offsets(1), offsets(2)
    ((0.0,), (-8.5, 8.5))
    """
    return tuple([(i - (n - 1) / 2) * PORT for i in range(n)])


class _Grid:
    """The items of a drawing, places and bends, in their layers; each has links ``(item, own offset, its offset)``."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = places
        self.layer = _layers(places)
        n = len(places)
        self.left: list[list[tuple[int, float, float]]] = [[] for _ in places]
        self.right: list[list[tuple[int, float, float]]] = [[] for _ in places]
        self.band = [p.band for p in places]
        self.half = [p.height / 2 for p in places]
        self.links: list[
            tuple[int, int, int, int, int]
        ] = []  # item, item, the port that makes, place and port that read
        self.first: dict[int, tuple[int, int]] = {}  # the port whose wire a bend is on
        bends: dict[tuple[int, int, int], int] = {}
        made = [[0.0] * p.makes if p.point else offsets(p.makes) for p in places]
        for i, place in enumerate(places):
            read = [0.0] * len(place.reads) if place.free or place.point else offsets(len(place.reads))
            for port, (maker, out) in enumerate(place.reads):
                at, off = maker, made[maker][out]
                for layer in range(self.layer[maker] + 1, self.layer[i]):
                    bend = bends.get((maker, out, layer))
                    if bend is None:
                        bend = bends[maker, out, layer] = len(self.layer)
                        self.layer.append(layer)
                        self.band.append(places[maker].band)
                        self.half.append(0.0)
                        self.left.append([])
                        self.right.append([])
                        self.first[bend] = (maker, out)
                        self._link(at, bend, off, 0.0, (maker, out), -1, 0)
                    at, off = bend, 0.0
                self._link(at, i, off, read[port], (maker, out), i, port)
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer) + 1)]
        for item in _reached(self.right, self.left, n, len(self.layer)):
            self.rows[self.layer[item]].append(item)
        self.fixed = [bool(p.end in ("in", "out")) for p in places] + [False] * (len(self.layer) - n)
        for row in self.rows:
            row.sort(key=lambda item: self.band[item])
            self._keep(row)
        self.made, self.bends = made, bends

    def _link(self, a: int, b: int, a_off: float, b_off: float, port: tuple[int, int], reader: int, place: int) -> None:
        self.right[a].append((b, a_off, b_off))
        self.left[b].append((a, b_off, a_off))
        self.links.append((a, b, port[0] * CODE + port[1], reader, place))

    # ------------------------------------------------------------------ order

    def order(self) -> int:
        """Orders the layers, and says how many crossings are left; small graphs are tried from several starts."""
        start = [list(row) for row in self.rows]
        small = len(self.layer) <= SMALL
        best: int | None = None
        kept = start
        for turned, forward in ((False, True), (False, False), (True, True), (True, False))[: 4 if small else 1]:
            self.rows = [row[::-1] if turned else list(row) for row in start]
            for row in self.rows:
                row.sort(key=lambda item: self.band[item])
                self._keep(row)
            found = self._swept(forward)
            if found and small:
                found = self._swapped()
            if best is None or found < best:
                best, kept = found, [list(row) for row in self.rows]
            if not best:
                break
        self.rows = kept
        return best or 0

    def _swept(self, forward: bool) -> int:
        """Sweeps to and fro; the layers are left in the best order that was met."""
        best, kept = self._crossings(), [list(row) for row in self.rows]
        stale = 0
        for _ in range(SWEEPS):
            if not best or stale == 4:
                break
            rows = range(1, len(self.rows)) if forward else range(len(self.rows) - 2, -1, -1)
            near = self.left if forward else self.right
            for i in rows:
                self._sort(self.rows[i], near, self.rows[i - 1 if forward else i + 1])
            forward = not forward
            found = self._crossings()
            stale += 1
            if found < best:
                best, kept, stale = found, [list(row) for row in self.rows], 0
        self.rows = kept
        return best

    def _sort(self, row: list[int], near: list[list[tuple[int, float, float]]], beside: list[int]) -> None:
        place = {item: 100.0 * i for i, item in enumerate(beside)}
        key: dict[int, float] = {}
        for i, item in enumerate(row):
            links = near[item]
            total = 0.0
            for other, _, off in links:
                total += place[other] + off
            key[item] = total / len(links) if links else (key[row[i - 1]] if i else 0.0)
        band = self.band
        row.sort(key=lambda item: (band[item], key[item]))
        self._keep(row)

    def _keep(self, row: list[int]) -> None:
        """Puts those whose order is fixed into it, where some of them stand."""
        fixed = self.fixed
        where = [i for i, item in enumerate(row) if item < len(self.places) and fixed[item]]
        if len(where) > 1:
            for i, item in zip(where, sorted([row[i] for i in where]), strict=True):
                row[i] = item

    def _crossings(self) -> int:
        return sum([self._between(i) for i in range(len(self.rows) - 1)])

    def _between(self, i: int) -> int:
        """The crossings between a layer and the next one."""
        if not 0 <= i < len(self.rows) - 1:
            return 0
        place = {item: 100.0 * n for n, item in enumerate(self.rows[i + 1])}
        ends: list[float] = []
        for item in self.rows[i]:
            links = [(off, place[other] + other_off) for other, off, other_off in self.right[item]]
            if len(links) > 1:
                links.sort()
            ends += [end for _, end in links]
        return _inversions(ends)

    def _swapped(self) -> int:
        """Swaps neighbours in a layer while that takes crossings away."""
        better = True
        while better:
            better = False
            for n, row in enumerate(self.rows):
                here = self._between(n - 1) + self._between(n)
                for i in range(len(row) - 1 if here else 0):
                    a, b = row[i], row[i + 1]
                    if self.band[a] != self.band[b] or (self._is_fixed(a) and self._is_fixed(b)):
                        continue
                    row[i], row[i + 1] = b, a
                    found = self._between(n - 1) + self._between(n)
                    if found < here:
                        here, better = found, True
                    else:
                        row[i], row[i + 1] = a, b
        return self._crossings()

    def _is_fixed(self, item: int) -> bool:
        return item < len(self.places) and self.fixed[item]

    # ------------------------------------------------------------------ heights

    def heights(self) -> list[float]:
        """The height of the middle of every item."""
        y = [0.0] * len(self.layer)
        apart: list[tuple[list[int], list[float]]] = []
        for row in self.rows:
            for band in (0, 1):
                items = [item for item in row if self.band[item] == band]
                if items:
                    apart.append((items, self._distances(items)))
        for items, down in apart:
            for item, at in zip(items, down, strict=True):
                y[item] = at - down[-1] / 2
        rounds = 16 if len(y) < 400 else 5
        left, right = self._pulls(self.left), self._pulls(self.right)
        both = [a + b for a, b in zip(left, right, strict=True)]
        for turn in range(2 * rounds + 1):
            pulls = both if turn >= rounds else right if turn % 2 else left
            for items, down in apart if turn % 2 == 0 else apart[::-1]:
                wish, weight = [], []
                for item in items:
                    total = weights = 0.0
                    for other, off, heavy in pulls[item]:
                        total += (y[other] + off) * heavy
                        weights += heavy
                    wish.append(total / weights if weights else y[item])
                    weight.append(weights or 0.1)
                _settle(items, wish, weight, down, y)
        return y

    def _pulls(self, links: list[list[tuple[int, float, float]]]) -> list[list[tuple[int, float, float]]]:
        """What pulls each item within its band: the other end, how much lower it is wanted, and how strongly.

        Wires that pass several layers are to be straight.
        """
        many, band = len(self.places), self.band
        return [
            [
                (other, off - own, 8.0 if other >= many <= item else 2.0 if other >= many or item >= many else 1.0)
                for other, own, off in found
                if band[other] == band[item]
            ]
            for item, found in enumerate(links)
        ]

    def _distances(self, items: list[int]) -> list[float]:
        """How far below the first each item stands at least."""
        down, at = [0.0], 0.0
        for a, b in pairwise(items):
            bent = (a >= len(self.places)) + (b >= len(self.places))
            at += self.half[a] + self.half[b] + (GAP if bent < 2 else PORT)
            down.append(at)
        return down

    # ------------------------------------------------------------------ result

    def finished(self, y: list[float], crossings: int) -> Layout:
        """The layout, with its upper left corner at 0."""
        y = self._in_bands(y)
        top = min([at - half for at, half in zip(y, self.half, strict=True)])
        y = [at - top for at in y]
        columns = self._columns(y)
        x = [columns[layer].middle for layer in self.layer]
        ports = {(i, q): y[i] + off for i in range(len(self.places)) for q, off in enumerate(self._reading(i, y))}
        wires: dict[tuple[int, int], list[Piece]] = {}
        for bend, port in self.first.items():
            column = columns[self.layer[bend]]
            wires.setdefault(port, []).append((column.left, y[bend], column.right, y[bend], True))
        for a, b, code, reader, place in self.links:
            maker, out = divmod(code, CODE)
            start, end = columns[self.layer[a]], columns[self.layer[b]]
            pieces = wires.setdefault((maker, out), [])
            left, right = (start.right, y[a]), (end.left, y[b])
            if a < len(self.places):  # straight out of its column, below the label
                edge, left = (
                    (x[a] + self.places[a].width / 2),
                    (start.right + self.places[a].label, y[a] + self.made[a][out]),
                )
                pieces.append((edge, left[1], *left, True))
            if b < len(self.places):
                edge, right = x[b] - self.places[b].width / 2, (end.left, ports[reader, place])
                if edge > end.left:
                    pieces.append((*right, edge, right[1], True))
            pieces.append((*left, *right, False))
        n = len(self.places)
        height = max([at + half for at, half in zip(y, self.half, strict=True)])
        return Layout(self.places, x[:n], y[:n], wires, columns[-1].right, height, crossings, self.layer[:n], ports)

    def _in_bands(self, y: list[float]) -> list[float]:
        """The heights with the whole linear part below the value part."""
        inside = [i for i, band in enumerate(self.band) if band]
        outside = [i for i, band in enumerate(self.band) if not band]
        if not inside or not outside:
            return y
        down = max([y[i] + self.half[i] for i in outside]) + BAND - min([y[i] - self.half[i] for i in inside])
        return [at + down if band else at for at, band in zip(y, self.band, strict=True)]

    def _columns(self, y: list[float]) -> list[Column]:
        """The layers across, with room between them for labels and for what is steep."""
        steep = [0.0] * len(self.rows)
        for a, b, *_ in self.links:
            steep[self.layer[a]] = max(steep[self.layer[a]], abs(y[a] - y[b]))
        columns: list[Column] = []
        left = 0.0
        for row, climb in zip(self.rows, steep, strict=True):
            here = [self.places[i] for i in row if i < len(self.places)]
            right = left + max([place.width for place in here], default=0.0)
            columns.append(Column(left, right))
            left = right + APART + max([place.label for place in here], default=0.0) + min(climb * 0.12, 60.0)
        return columns

    def _reading(self, i: int, y: list[float]) -> Sequence[float]:
        """How far the ports that a place reads stand from its middle."""
        place = self.places[i]
        n = len(place.reads)
        if place.point:
            return [0.0] * n
        if not place.free:
            return offsets(n)
        seen = sorted(range(n), key=lambda q: (self._seen(i, q, y), q))
        narrow = [off * place.height * 0.5 / max(PORT * (n - 1), 1) for off in offsets(n)]
        return [narrow[seen.index(q)] for q in range(n)]

    def _seen(self, i: int, port: int, y: list[float]) -> float:
        """How high the wire stands that comes to a port."""
        maker, out = self.places[i].reads[port]
        at = self.bends.get((maker, out, self.layer[i] - 1))
        return y[at] if at is not None else y[maker] + self.made[maker][out]


def _layers(places: Sequence[Place]) -> list[int]:
    """The layer of each place; constants stand just before they are read, outputs after everything of their band."""
    layer: list[int] = []
    for place in places:
        layer.append(max([layer[i] + 1 for i, _ in place.reads], default=0))
    before: dict[int, int] = {}
    for i, place in enumerate(places):
        for maker, _ in place.reads:
            before[maker] = min(before.get(maker, layer[i]), layer[i])
    late = {1: min([before.get(i, 1) - 1 for i, p in enumerate(places) if p.end == "in" and p.band], default=0), 0: 0}
    last: dict[int, int] = {}
    for i, place in enumerate(places):
        if place.end == "constant":
            layer[i] = max(before.get(i, 1) - 1, 0)
        elif place.end == "in":
            layer[i] = late[place.band]
    for i, place in enumerate(places):
        last[place.band] = max(last.get(place.band, 0), layer[i])
    for i, place in enumerate(places):
        if place.end == "out":
            layer[i] = max(last[place.band], 1)
    return layer


def _reached(
    right: list[list[tuple[int, float, float]]], left: list[list[tuple[int, float, float]]], n: int, total: int
) -> list[int]:
    """All items, those that are near each other in the graph near each other."""
    seen = bytearray(total)
    order = []
    for start in range(total):
        if left[start] or seen[start]:
            continue
        stack = [start]
        while stack:
            item = stack.pop()
            if seen[item]:
                continue
            seen[item] = 1
            order.append(item)
            stack.extend([other for other, _, _ in sorted(right[item], key=lambda link: link[1])[::-1]])
    return order


def _inversions(ends: list[float]) -> int:
    """How many pairs stand in the wrong order."""
    seen: list[float] = []
    count = 0
    for n, end in enumerate(ends):
        place = bisect_right(seen, end)
        count += n - place
        seen.insert(place, end)
    return count


def _settle(items: list[int], wish: list[float], weight: list[float], down: list[float], y: list[float]) -> None:
    """The heights nearest to those wished for (least squares) that keep the distances: pool adjacent violators."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, heavy, at in zip(wish, weight, down, strict=True):
        mean, total, many = want - at, heavy, 1
        while blocks and blocks[-1][0] > mean:
            before, w, k = blocks.pop()
            mean = (before * w + mean * total) / (w + total)
            total += w
            many += k
        blocks.append((mean, total, many))
    i = 0
    for mean, _, many in blocks:
        for _ in range(many):
            y[items[i]] = mean + down[i]
            i += 1
