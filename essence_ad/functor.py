"""The one structure-preserving map out of programs: a term becomes a ``Diagram``, which every category runs.

All structure (``exl``, ``dup``, ``cross``, ...) dissolves into the naming of wires, so it costs nothing afterwards.
Nothing recurses over the length or the depth of a program, and a part that occurs twice at the same inputs is built
once.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from essence_ad.diagram import IDENTITY, Box, Diagram, Op, uncollected
from essence_ad.errors import StructureError
from essence_ad.primitives.primitive import Negate, Projection, Scale
from essence_ad.structure import NUM, Pattern, leaves, substitute

NOTHING = None  #: a tree leaf without a wire: zero


class Wiring:
    """A purely structural arrow; see ``structure``: the pattern is the meaning."""

    __slots__ = ("cod", "dom", "name")

    def __init__(self, name: str, dom: Pattern, cod: Pattern) -> None:
        self.name, self.dom, self.cod = name, dom, cod

    @property
    def T(self) -> Wiring:
        """The pattern turned round."""
        return Wiring(_TRANSPOSED.get(self.name, f"{self.name}.T"), self.cod, self.dom)

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wiring) and (self.dom, self.cod) == (other.dom, other.cod)

    def __hash__(self) -> int:
        return hash((self.dom, self.cod))


_TRANSPOSED = {"exl": "inl", "exr": "inr", "dup": "jam", "it": "zero_", "identity": "identity", "swap": "swap"}
_TRANSPOSED |= {v: k for k, v in _TRANSPOSED.items()}


class Builder:
    """The boxes of a diagram while it grows."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.n = 0

    def wires(self, pattern: Pattern) -> Any:
        """Fresh wires, one for each leaf of a type; every occurrence of a variable is one wire."""
        if isinstance(pattern, tuple):
            return tuple([self.wires(p) for p in pattern])
        self.n += 1
        return self.n - 1

    def wired(self, tree: Any) -> Any:
        """The tree with a fresh wire, which nothing makes, for each ``NOTHING``."""
        if tree is NOTHING:
            return self.wires(NUM)
        return tuple([self.wired(t) for t in tree]) if isinstance(tree, tuple) else tree

    def split(self, tree: Any, n: int) -> tuple[Any, ...]:
        """A tree as a product of ``n``, with projections where one wire holds it all."""
        if isinstance(tree, tuple):
            if len(tree) != n:
                raise StructureError(
                    "a product does not fit the program", found=f"{len(tree)} parts", expected=f"{n} parts",
                    remedy="give one value for each part",
                )  # fmt: skip
            return tree
        if tree is NOTHING:
            return (NOTHING,) * n
        parts = []
        for i in range(n):
            self.boxes.append((Projection(i, n), (tree,), (self.n,)))
            parts.append(self.n)
            self.n += 1
        return tuple(parts)

    def add(self, trees: list[Any]) -> Any:
        """The sum of several trees."""
        trees = [t for t in trees if t is not NOTHING]
        if len(trees) < 2:
            return trees[0] if trees else NOTHING
        n = next((len(t) for t in trees if isinstance(t, tuple)), None)
        if n is not None:
            return tuple([self.add(list(ts)) for ts in zip(*[self.split(t, n) for t in trees], strict=True)])
        target = self.n
        self.n += 1
        for wire in trees:
            self.boxes.append((None, (wire,), (target,)))
        return target

    def match(self, pattern: Pattern, tree: Any) -> dict[int, Any]:
        """Which subtree each variable of a pattern stands for; the subtrees of a repeated one are added."""
        found: dict[int, list[Any]] = {}
        stack = [(pattern, tree)]
        while stack:
            p, t = stack.pop()
            if isinstance(p, tuple):
                stack.extend(zip(p, self.split(t, len(p)), strict=True))
            else:
                found.setdefault(p, []).append(t)
        return {v: ts[0] if len(ts) == 1 else self.add(ts[::-1]) for v, ts in found.items()}

    def wiring(self, w: Wiring, tree: Any) -> Any:
        """A structural arrow at a tree: no boxes but for sums."""
        table = self.match(w.dom, tree)
        for v in leaves(w.cod):
            table.setdefault(v, NOTHING)
        return substitute(w.cod, table)

    def box(self, op: Op, tree: Any) -> Any:
        """An operation at a tree."""
        if op is IDENTITY:
            return tree
        if isinstance(op, Projection) and isinstance(tree, tuple):
            return op.apply(tree)
        if isinstance(tree, tuple) and isinstance(op, (Scale, Negate)):
            return tuple([self.box(op, t) for t in tree])
        ins = tuple(leaves(tree)) if op.dom != () else ()  # a constant reads nothing, whatever stands there
        if op.linear and ins and all([i is NOTHING for i in ins]):
            return substitute(op.cod, dict.fromkeys(leaves(op.cod), NOTHING))
        if isinstance(op.dom, tuple) and op.dom and not isinstance(tree, tuple):
            ins = self.split(tree, len(op.dom))
        ins = tuple(self.wired(ins))
        out = self.wires(op.cod)
        self.boxes.append((op, ins, tuple(leaves(out))))
        return out

    def diagram(self, d: Diagram, tree: Any) -> Any:
        """Another diagram at a tree: its boxes with new wires."""
        offset = self.n
        self.n += d.n_wires
        moved: dict[Any, Any] = {}
        dom = substitute(d.dom, {w: w + offset for w in leaves(d.dom)})
        for wire, subtree in self.match(dom, tree).items():
            if isinstance(subtree, int):
                moved[wire - offset] = subtree
            elif subtree is not NOTHING:
                raise AssertionError("a product met one wire of a diagram whose type says otherwise")
        made = {w for _, _, outs in d.boxes for w in outs}
        for w in [w for w in moved if w in made]:  # a sum of an input and a box
            self.boxes.append((None, (moved.pop(w),), (w + offset,)))
        place = {w: moved.get(w, w + offset) for w in range(d.n_wires)}
        for op, ins, outs in d.boxes:
            self.boxes.append((op, tuple([place[i] for i in ins]), tuple([place[o] for o in outs])))
        return substitute(d.cod, place)


def flatten(term: Any, build: Builder | None = None) -> Diagram:
    """The diagram of a term (anything with ``form``, ``parts`` and ``type``, as a ``Morphism``)."""
    with uncollected():
        return _flatten(term, build or Builder())


def _flatten(term: Any, build: Builder) -> Diagram:
    dom = build.wires(term.type.dom)
    shared = _shared(term)
    memo: dict[Any, Any] = {}
    todo: list[tuple[str, Any]] = [("run", term)]
    values: list[Any] = [dom]
    boxes = build.boxes
    while todo:
        task, node = todo.pop()
        if task == "run":
            form = node.form
            if form == "compose":
                if id(node) in shared:
                    place = (id(node), values[-1])
                    if place in memo:
                        values[-1] = memo[place]
                        continue
                    todo.append(("keep", place))
                for part in reversed(node.parts):
                    todo.append(("run", part))
            elif isinstance(form, str):
                tree = values.pop()
                place = (id(node), tree)
                if id(node) in shared:
                    if place in memo:
                        values.append(memo[place])
                        continue
                    todo.append(("keep", place))
                n = len(node.parts)
                trees = [tree] * n if form == "fork" else build.split(tree, n)
                todo.append(("add" if form == "join" else "tuple", n))
                for part, t in zip(reversed(node.parts), reversed(trees), strict=True):
                    todo.append(("run", part))
                    todo.append(("value", t))
            elif type(form) is Wiring:
                values[-1] = build.wiring(form, values[-1])
            elif type(form) is Diagram:
                values[-1] = build.diagram(form, values[-1])
            elif form.dom == NUM and form.cod == NUM and type(values[-1]) is int:
                boxes.append((form, (values[-1],), (build.n,)))
                values[-1] = build.n
                build.n += 1
            else:
                values[-1] = build.box(form, values[-1])
        elif task == "value":
            values.append(node)
        elif task == "keep":
            memo[node] = values[-1]
        else:
            parts = values[len(values) - node :]
            del values[len(values) - node :]
            values.append(tuple(parts) if task == "tuple" else build.add(parts))
    cod = build.wired(values.pop())
    spaces = (term.form.dom_space, term.form.cod_space) if type(term.form) is Diagram else (None, None)
    return Diagram(dom, cod, boxes, build.n, *spaces).pruned()


def _shared(term: Any) -> set[int]:
    """The compound parts that occur more than once."""
    seen: Counter[int] = Counter()
    stack = [term]
    while stack:
        node = stack.pop()
        if node.parts:
            seen[id(node)] += 1
            if seen[id(node)] == 1:
                stack.extend(node.parts)
    return {i for i, n in seen.items() if n > 1}
