"""A program as a tree: read out as text that can be pasted back, compared, and made from a ``Diagram``.

Works on anything with ``form``, ``parts`` and ``name``. Nothing here recurses over the length of a program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from essence_ad.diagram import Diagram
from essence_ad.functor import Wiring
from essence_ad.primitives.primitive import Constant
from essence_ad.structure import Pattern, leaves


class Term(NamedTuple):
    """The least that a program needs to be: a form and its parts."""

    form: Any
    parts: tuple[Any, ...] = ()
    name: Any = None


def factors(node: Any) -> list[Any]:
    """What a composition composes, first to last, however it is bracketed."""
    out: list[Any] = []
    stack: list[Any] = [node]
    while stack:
        top = stack.pop()
        if top.form == "compose":
            stack.extend(reversed(top.parts))
        else:
            out.append(top)
    return out


def postorder(root: Any) -> Iterator[Any]:
    """Every node once, parts before wholes."""
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((p, False) for p in node.parts)


def numbered(root: Any, kind: Any) -> list[Any]:
    """The nodes, parts before wholes, each as its form, the numbers of its parts, and its type and name.

    A node of another class than ``kind`` stands for itself, with no form: it knows how it is pickled.
    """
    nodes = list(postorder(root))
    numbers = {id(node): i for i, node in enumerate(nodes)}
    return [
        (n.form, tuple([numbers[id(p)] for p in n.parts]), (n.type, n.name)) if type(n) is kind else (None, (), n)
        for n in nodes
    ]


# ---------------------------------------------------------------------------------------------- text


def show(root: Any) -> str:
    """Text that can be pasted back: ``f >> g``, ``fork(f, g)``, and names."""
    out: list[str] = []
    stack: list[Any] = [(root, False)]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            out.append(top)
            continue
        node, inner = top
        if node.form == "compose":
            items = _between(" >> ", [(f, True) for f in factors(node)])
            stack.extend(reversed(["(", *items, ")"] if inner else items))
        elif isinstance(node.form, str):
            stack.extend(reversed([f"{node.form}(", *_between(", ", [(p, False) for p in node.parts]), ")"]))
        elif isinstance(node.form, Diagram) and node.name is None:
            stack.append((unflatten(node.form), inner))
        else:
            out.append(node.name or repr(node.form))
    return "".join(out)


def _between(separator: str, items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for item in items:
        out += [separator, item]
    return out[1:]


# ---------------------------------------------------------------------------------------------- comparison

_PRIME = (1 << 61) - 1
_BASE = 0x9E3779B97F4A7C1


def digest(root: Any) -> int:
    """A hash that does not depend on how compositions are bracketed: each is a polynomial of its factors' hashes."""
    known: dict[int, tuple[int, int]] = {}
    for node in postorder(root):
        if node.form == "compose":
            value, power = 0, 1
            for p in node.parts:
                h, b = known[id(p)]
                value, power = (value * b + h) % _PRIME, power * b % _PRIME
            known[id(node)] = value, power
        else:
            own = node.form if node.parts else _leaf(node)
            known[id(node)] = hash((own, *[known[id(p)][0] for p in node.parts])) % _PRIME, _BASE
    return known[id(root)][0]


def tokens(root: Any) -> list[Any]:
    """The program read out from left to right, without the brackets of composition."""
    out: list[Any] = []
    stack: list[Any] = [root]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            out.append(top)
        elif top.form == "compose":
            stack.extend(reversed(top.parts))
        elif top.parts:
            stack.extend([")", *reversed(top.parts), f"{top.form}("])
        else:
            out.append(_leaf(top))
    return out


def _leaf(node: Any) -> Any:
    return id(node.form) if isinstance(node.form, Diagram) else node.form


# ---------------------------------------------------------------------------------------------- from a diagram

Path = tuple[tuple[int, int], ...]  # (i, n): the part i of n, from the outside in

IDENTITY_TERM = Term(Wiring("identity", 0, 0), (), "identity")
DUP = Term(Wiring("dup", 0, (0, 0)), (), "dup")
ZERO_TERM = Term(Wiring("zero", 0, 1), (), "zero")


def unflatten(d: Diagram) -> Term:
    """A diagram as a term of the vocabulary alone.

    A wire read once disappears into nested forks; one that is read more often is kept beside the others that are still
    needed. So the text is as long as the diagram is wide at each step, and no environment grows with the program.
    """
    return _Unflatten(*_apart(d)).run()


def _apart(d: Diagram) -> tuple[dict[int, Path], list[Any], Pattern, int]:
    """The diagram with a wire of its own for each place of the domain and each part of a several-part result."""
    made: Counter[int] = Counter(leaves(d.dom))
    made.update(w for _, _, outs in d.boxes for w in outs)
    n = d.n_wires
    start: dict[int, Path] = {}
    boxes: list[Any] = []
    for path, wire in _places(d.dom):
        if made[wire] > 1:
            boxes.append((None, (n,), (wire,)))
            wire, n = n, n + 1
        start[wire] = path
    for op, ins, outs in d.boxes:
        if len(outs) == 1 or all(made[w] == 1 for w in outs):
            boxes.append((op, ins, outs))
            continue
        fresh = tuple(range(n, n + len(outs)))
        n += len(outs)
        boxes.append((op, ins, fresh))
        boxes.extend((None, (f,), (w,)) for f, w in zip(fresh, outs, strict=True))
    return start, boxes, d.cod, n


def _places(pattern: Pattern) -> list[tuple[Path, int]]:
    if not isinstance(pattern, tuple):
        return [((), pattern)]
    return [(((i, len(pattern)), *path), wire) for i, p in enumerate(pattern) for path, wire in _places(p)]


class _Unflatten:
    """The environment (where each kept wire stands) and the steps that made it."""

    def __init__(self, start: dict[int, Path], boxes: list[Any], cod: Pattern, n: int) -> None:
        self.env, self.boxes, self.cod = dict(start), boxes, cod
        self.makers: dict[int, list[int]] = {}
        for number, (_, _, outs) in enumerate(boxes):
            for wire in outs:
                self.makers.setdefault(wire, []).append(number)
        self.left: Counter[int] = Counter(w for _, ins, _ in boxes for w in ins)
        self.left.update(leaves(cod))
        self.steps: list[Term] = []

    def run(self) -> Term:
        """The whole term."""
        uses = Counter(self.left)
        for number, (op, ins, outs) in enumerate(self.boxes):
            if len(outs) != 1:
                self.keep(outs, self.box(op, [self.expression(i) for i in ins]), whole=True)
            elif isinstance(op, Constant) and len(self.makers[outs[0]]) == 1:
                continue  # it reads nothing, so it is made again where it is read
            elif uses[outs[0]] > 1 and self.makers[outs[0]][-1] == number:
                self.keep(outs, self.expression(outs[0], inside=True), whole=False)
        return _compose([*self.steps, self.tree(self.cod)])

    def keep(self, wires: tuple[int, ...], made: Term, whole: bool) -> None:
        """Put newly made wires beside those of the environment that are still read."""
        kept = [w for w in self.env if self.left[w] > 0 and w not in wires]
        if not kept:
            prefix: Path = ()
            self.steps.append(made)
            self.env = {}
        else:
            prefix = ((1, 2),)
            paths = [self.env[w] for w in kept]
            if len(kept) == len(self.env) and all(len(p) < 2 for p in paths):
                first, self.env = IDENTITY_TERM, {w: ((0, 2), *self.env[w]) for w in kept}
            elif len(kept) == 1:
                first, self.env = _path(paths[0]), {kept[0]: ((0, 2),)}
            else:
                first = _fork([_path(p) for p in paths])
                self.env = {w: ((0, 2), (i, len(kept))) for i, w in enumerate(kept)}
            self.steps.append(_fork([first, made]))
        for i, wire in enumerate(wires):
            self.env[wire] = (*prefix, (i, len(wires))) if whole else prefix

    def expression(self, wire: int, inside: bool = False) -> Term:
        """The arrow from the environment to a wire, through boxes whose results are read once."""
        done: list[Term] = []
        todo: list[tuple[str, Any]] = [("makers" if inside else "wire", wire)]
        while todo:
            task, x = todo.pop()
            if task == "wire" and x in self.env:
                self.left[x] -= 1
                done.append(_path(self.env[x]))
            elif task in ("wire", "makers"):
                makers = self.makers.get(x, [])
                todo.append(("sum", len(makers)))
                for number in reversed(makers):
                    op, ins, _ = self.boxes[number]
                    todo.append(("box", (op, len(ins))))
                    todo.extend(("wire", i) for i in reversed(ins))
            else:
                n = x if task == "sum" else x[1]
                parts = done[len(done) - n :]
                del done[len(done) - n :]
                done.append(_sum(parts) if task == "sum" else self.box(x[0], parts))
        return done[0]

    def box(self, op: Any, parts: list[Term]) -> Term:
        """An operation after the arrows to its inputs."""
        if op is None:
            return parts[0]
        if isinstance(op, Constant):
            return Term(op)
        return _compose([_fork(parts) if isinstance(op.dom, tuple) or len(parts) > 1 else parts[0], Term(op)])

    def tree(self, pattern: Pattern) -> Term:
        """The arrow from the environment to a pattern of wires."""
        return _fork([self.tree(p) for p in pattern]) if isinstance(pattern, tuple) else self.expression(pattern)


def _path(path: Path) -> Term:
    names = {(0, 2): "exl", (1, 2): "exr"}
    steps = [Term(Wiring("", tuple(range(n)), i), (), names.get((i, n), f"proj({i}, {n})")) for i, n in path]
    return _compose(steps)


def _compose(steps: list[Term]) -> Term:
    rest = [f for step in steps for f in factors(step) if f.form != IDENTITY_TERM.form]
    return IDENTITY_TERM if not rest else rest[0] if len(rest) == 1 else Term("compose", tuple(rest))


def _fork(parts: list[Term]) -> Term:
    n = len(parts)
    if not parts:
        return Term(Wiring("it", 0, ()), (), "it")
    if n > 1 and all(p.form == Wiring("", tuple(range(n)), i) for i, p in enumerate(parts)):
        return IDENTITY_TERM
    if n == 2 and parts[0] == parts[1] == IDENTITY_TERM:
        return DUP
    return Term("fork", tuple(parts))


def _sum(parts: list[Term]) -> Term:
    if len(parts) < 2:
        return parts[0] if parts else ZERO_TERM
    n = len(parts)
    name = "jam" if n == 2 else f"sum_({n})"
    return _compose([_fork(parts), Term(Wiring(name, (0,) * n, 0), (), name)])
