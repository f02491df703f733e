"""An order of the boxes that needs less memory: work that makes one value of several, which nobody else needs, is done early.

The slopes of a chain are computed of what the way forward made, and read on the way back. Computed as soon as they can
be, they replace it. The numbers do not change: every box is done once, after what it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from essence_ad.diagram import Diagram
from essence_ad.planning.sharing import looks
from essence_ad.primitives.primitive import Constant
from essence_ad.spaces import Array
from essence_ad.structure import leaves

LONGEST = 20_000  #: boxes of a program up to which an order is looked for
SOON = 8  #: by how many boxes what a box reads may come later than what the box before it reads


def early(d: Diagram, spaces: Sequence[Any]) -> tuple[list[int], set[int]]:
    """The numbers of the boxes in order, and the wires that are made early."""
    count = len(d.boxes)
    if not 3 <= count <= LONGEST:
        return list(range(count)), set()
    return _Groups(d, spaces).ordered()


class _Groups:
    """Boxes that are done together: what only one other box reads, soon after, goes with that box."""

    def __init__(self, d: Diagram, spaces: Sequence[Any]) -> None:
        self.d = d
        results = set(leaves(d.cod))
        reader: dict[int, int] = {}
        several = set(results)
        for number, (_, ins, _) in enumerate(d.boxes):
            for w in set(ins):
                if w in reader:
                    several.add(w)
                reader[w] = number
        self.maker = {o: n for n, (_, _, outs) in enumerate(d.boxes) for o in outs}
        known = {outs[0] for op, _, outs in d.boxes if isinstance(op, Constant)}
        ready = [0] * len(d.boxes)
        for number, (_, ins, _) in enumerate(d.boxes):
            for w in ins:
                if w in self.maker and w not in known:
                    made = self.maker[w]
                    ready[number] = max(ready[number], made if w in several else ready[made])
        self.root = list(range(len(d.boxes)))
        for number in range(len(d.boxes) - 1, -1, -1):
            outs = d.boxes[number][2]
            if len(outs) == 1 and outs[0] not in several and outs[0] in reader:
                then = reader[outs[0]]
                if ready[then] <= ready[number] + SOON:
                    self.root[number] = self.root[then]
        self.members: dict[int, list[int]] = {}
        for number, root in enumerate(self.root):
            self.members.setdefault(root, []).append(number)
        self.weight = [
            0 if w not in self.maker or not isinstance(s, Array) else s.dim * s.dtype.itemsize
            for w, s in enumerate(spaces)
        ]
        for op, ins, outs in d.boxes:
            if isinstance(op, Constant) or (ins and looks(op)):
                self.weight[outs[0]] = 0
        self._uses(results)

    def _uses(self, results: set[int]) -> None:
        """For each wire between groups, how many groups that are not done read it, and the sum of their numbers."""
        self.reads: dict[int, list[int]] = {}  # of a group
        self.left: dict[int, int] = dict.fromkeys(results, 1)
        self.sum: dict[int, int] = dict.fromkeys(results, -1)
        for root, members in self.members.items():
            inside = {o for n in members for o in self.d.boxes[n][2]}
            read = {i for n in members for i in self.d.boxes[n][1]} - inside
            self.reads[root] = list(read)
            for w in read:
                self.left[w] = self.left.get(w, 0) + 1
                self.sum[w] = self.sum.get(w, 0) + root

    def ordered(self) -> tuple[list[int], set[int]]:
        """The boxes in the order that they stand in, but for groups that are done as soon as that saves memory."""
        d, done, order, wires = self.d, [False] * len(self.root), [], set()
        made = set(leaves(d.dom))

        def do(number: int) -> list[int]:
            """Do a box; the groups that may be worth doing now."""
            done[number] = True
            order.append(number)
            made.update(d.boxes[number][2])
            root, candidates = self.root[number], []
            if number == root:
                for w in self.reads[root]:
                    self.left[w] -= 1
                    self.sum[w] -= root
                    if self.left[w] == 1:
                        candidates.append(self.sum[w])
            candidates += [self.sum[o] for o in d.boxes[number][2] if self.left.get(o) == 1]
            return candidates

        for number in range(len(d.boxes)):
            if done[number]:
                continue
            waiting = do(number)
            while waiting:
                root = waiting.pop()
                if root < 0 or any([done[n] for n in self.members[root]]) or not self._saves(root, made):
                    continue
                wires.add(d.boxes[root][2][0])
                for n in self.members[root]:
                    waiting += do(n)
        return order, wires

    def _saves(self, root: int, made: set[int]) -> bool:
        """Whether a group can be done, and its result is smaller than what nobody needs after it."""
        over = 0
        for w in self.reads[root]:
            if w not in made:
                return False
            if self.left[w] == 1:
                over += self.weight[w]
        return over > sum([self.weight[o] for o in self.d.boxes[root][2]])
