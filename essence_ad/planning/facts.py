"""What is known of the wires of a program before it is written down: when each is read, and where its memory comes from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from essence_ad.diagram import Diagram
from essence_ad.planning.assembly import ASSEMBLED, Assembly, assembly, fits
from essence_ad.planning.loops import Section, schedule
from essence_ad.planning.sharing import FIXED, looks, ufunc
from essence_ad.primitives.primitive import Constant
from essence_ad.structure import leaves

_PLAIN = (int, float, np.float64)  #: kinds of numbers that are written beside arrays
LARGE = 1 << 15  #: bytes from which an array stands in memory that is kept, or in that of a result
_FLOAT = np.dtype(np.float64)


class Facts:
    """What is known of the wires before anything is written."""

    def __init__(self, d: Diagram, fast: bool) -> None:
        self.fast = fast
        d, self.spaces, self.schedule = schedule(d)
        self.d = d
        self.reads = Counter([i for _, ins, _ in d.boxes for i in ins])
        self.reads.update(leaves(d.cod))
        self.values = {
            o: op.value for op, _, (o, *_) in d.boxes if isinstance(op, Constant) and type(op.value) in _PLAIN
        }
        self.maker = {o: number for number, (_, _, outs) in enumerate(d.boxes) for o in outs}
        self.base: dict[int, int] = {}
        self.fixed: set[int] = set()  #: views that cannot be written through, as NumPy gives them, and views of those
        for op, ins, outs in d.boxes:
            if ins and looks(op) and ufunc(op) is None:
                self.base[outs[0]] = self.base_of(ins[0])
                if ins[0] in self.fixed or (op is not None and op.name in FIXED):
                    self.fixed.add(outs[0])
        self.whole = {self.base_of(w) for w in leaves(d.cod)}  #: wires whose memory the caller gets
        self.section = {number: s for s in self.schedule.sections for number in s.boxes}
        self._times()
        self.stored = self._stored()
        self._assemblies()
        self.lenders = self._lenders()

    def base_of(self, wire: int) -> int:
        """The wire whose memory a wire looks at."""
        return self.base.get(wire, wire)

    def made_in(self, wire: int) -> Section | None:
        """The section that makes a wire."""
        return self.section.get(self.maker.get(wire, -1))

    def number(self, wire: int) -> bool:
        """Whether a wire holds a Python float in the fast form."""
        space = self.spaces[wire]
        return self.fast and space.shape == () and space.dtype == _FLOAT

    def _times(self) -> None:
        """The time of each box, and the arrays whose memory is read at it for the last time; in a loop, at its end."""
        last: dict[int, int] = {}
        self.time: dict[int, int] = {}
        now, loops = 0, bool(self.schedule.axis)
        for section in self.schedule.sections:
            end = now + len(section.boxes) - 1
            for number in section.boxes:
                self.time[number] = now
                for i in self.d.boxes[number][1]:
                    base = self.base.get(i, i)
                    if not loops or not section.rows:
                        last[base] = now
                    else:
                        here = self.made_in(base) is section and i not in self.schedule.sums
                        last[base] = max(last.get(base, 0), now if here else end)
                now += 1
        last.update(dict.fromkeys(self.whole, now))
        self.last = last
        self.ending: dict[int, list[int]] = {}
        for base, time in last.items():
            if self.spaces[base] is not None and self.spaces[base].shape:
                self.ending.setdefault(time, []).append(base)

    def _stored(self) -> set[int]:
        """Wires of which a loop makes rows that are needed after it."""
        found: set[int] = set()
        if not self.schedule.axis:
            return found
        results = set(leaves(self.d.cod))
        for number, (_, ins, outs) in enumerate(self.d.boxes):
            for i in ins:
                made = self.made_in(i)
                if made is not None and made.rows and made is not self.section[number]:
                    found.add(i)
            found.update([o for o in outs if o in results and self.section[number].rows])
        return found - self.schedule.sums

    def _lenders(self) -> list[int]:
        """Large results in whose memory other arrays may stand before they are made, largest first."""
        found = []
        for number, (op, ins, outs) in enumerate(self.d.boxes):
            out, space = outs[0], self.spaces[outs[0]]
            if out not in self.whole or len(outs) > 1 or not ins or self.section[number].rows or out in self.assembly:
                continue
            if space.dim * space.dtype.itemsize >= LARGE and (op.name == "matmul" or ufunc(op) is not None):
                found.append(out)
        return sorted(found, key=lambda w: -self.spaces[w].dim)

    def _assemblies(self) -> None:
        """What is put together from parts, and the parts that may be made in their place."""
        self.assembly: dict[int, Assembly] = {}
        self.piece: dict[int, tuple[int, Any]] = {}
        for op, ins, outs in self.d.boxes:
            if op is None or op.name not in ASSEMBLED:
                continue
            made = assembly(op, ins, self.spaces, self.spaces[outs[0]].shape) if len(outs) == 1 and ins else None
            if made is None:
                continue
            self.assembly[outs[0]] = made
            for wire, key, added in made.parts:
                if not added and self.reads[wire] == 1 and self._may_be_piece(wire, key, outs[0]):
                    self.piece[wire] = outs[0], key

    def _may_be_piece(self, wire: int, key: Any, whole: int) -> bool:
        maker = self.maker.get(wire)
        if maker is None or self.made_in(wire) is not self.made_in(whole) or wire in self.schedule.sums:
            return False
        op, space = self.d.boxes[maker][0], self.spaces[wire]
        return (
            (ufunc(op) is not None or wire in self.assembly)
            and space.shape != () and space.dtype == self.spaces[whole].dtype and fits(space, key, self.spaces[whole].shape)
        )  # fmt: skip
