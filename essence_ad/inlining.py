"""Diagrams in diagrams, made flat: boxes that hold arrows are written out, and products on one wire become wires.

A category's vocabulary (``compose``, ``cross``, ...) puts whole arrows into the boxes of small diagrams, and knows no
types. Written out, such an arrow costs what the program costs that says the same, however deep it was nested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.diagram import Box, Chain, Diagram, Identity, collect
from essence_ad.errors import StructureError
from essence_ad.functor import NOTHING, Builder
from essence_ad.operation import Negate, Scale
from essence_ad.primitives.primitive import Call
from essence_ad.spaces import Space, pack, reals
from essence_ad.structure import NUM, Pattern, leaves, show, substitute
from essence_ad.wires import Injection, Pack, Projection, Sum, Unpack

# ---------------------------------------------------------------------------------------------- sums as boxes


def explicit(d: Diagram) -> Diagram:
    """The same program with a ``Sum`` box for every wire that several boxes make.

    >>> d = Diagram((0, 1), 2, [(None, (0,), (2,)), (None, (1,), (2,))], 3)
    >>> explicit(d).boxes
    ((+, (0, 1), (2,)),)
    """
    sums = set(d.misfits[1])
    if not sums:
        return d
    n = d.n_wires
    parts: dict[int, list[int]] = {w: [] for w in sums}
    left = Counter(w for _, _, outs in d.boxes for w in outs if w in sums)
    boxes: list[Box] = []

    def part(wire: int) -> int:
        nonlocal n
        if wire not in sums:
            return wire
        n += 1
        parts[wire].append(n - 1)
        return n - 1

    dom = _renamed(d.dom, part)
    for wire in [w for w in sums if not left[w]]:
        boxes.append((Sum(len(parts[wire])), tuple(parts[wire]), (wire,)))
    for op, ins, outs in d.boxes:
        if op is None and outs[0] in sums:
            parts[outs[0]].append(ins[0])
        else:
            boxes.append((op, ins, tuple([part(w) for w in outs])))
        for wire in outs:
            left[wire] -= 1
            if wire in sums and not left[wire]:
                boxes.append((Sum(len(parts[wire])), tuple(parts[wire]), (wire,)))
    return Diagram(dom, d.cod, boxes, n, d.dom_space, d.cod_space)


def _renamed(pattern: Pattern, name: Callable[[int], int]) -> Pattern:
    return tuple([_renamed(p, name) for p in pattern]) if isinstance(pattern, tuple) else name(pattern)


# ---------------------------------------------------------------------------------------------- writing out


class _Frame:
    """A diagram that is being written out: where it is, and what stands on its wires."""

    __slots__ = ("arrow", "at", "boxes", "diagram", "env", "outs")

    def __init__(self, diagram: Diagram, outs: tuple[int, ...], arrow: Any = None) -> None:
        self.arrow = arrow
        self.diagram, self.boxes, self.at, self.outs = diagram, diagram.boxes, 0, outs
        self.env: list[Any] = [NOTHING] * diagram.n_wires

    def put(self, build: Builder, wires: tuple[int, ...], trees: Sequence[Any]) -> None:
        """Trees onto wires, added to what stands there."""
        env = self.env
        for wire, tree in zip(wires, trees, strict=True):
            env[wire] = tree if env[wire] is NOTHING else build.add([env[wire], tree])

    def enter(self, build: Builder, tree: Any) -> None:
        """The tree of the argument onto the wires of the domain."""
        for wire, part in build.match(self.diagram.dom, tree).items():
            self.env[wire] = part


def nested(d: Diagram) -> bool:
    """Whether some box holds an arrow that can be written out."""
    if "nested" not in d._cache:
        kinds = {type(op) for op, _, _ in d.boxes}  # few, in a long program of primitives
        may = any(_written(kind) is not None for kind in kinds)
        d._cache["nested"] = may and any(_written(op) is not None for op, _, _ in d.boxes)
    return bool(d._cache["nested"])


def _written(op: Any) -> Any:
    """What an arrow is made of, as it was composed: not written out yet, so that depth costs no recursion."""
    found = getattr(op, "_diagram", None)
    return found if found is not None else getattr(op, "diagram", None)


def inline(d: Diagram, pattern: Pattern | None = None) -> Diagram:
    """The same program with every box that holds a diagram written out, at a structure of the argument if one is given.

    Raises ``StructureError`` where a product of that structure meets an operation on one array.

    >>> from essence_ad import Functions, dup, exl, sin
    >>> inner = Functions.compose(Functions(sin), Functions.exl())
    >>> [op for op, _, _ in inline(Diagram(0, 1, [(inner, (0,), (1,))], 2), (0, 0)).boxes]
    [sin]
    """
    if pattern is None and not nested(d):
        return d
    build = Builder()
    tree = build.wires(_distinct(d.dom) if pattern is None else pattern)
    top = _Frame(d, ())
    top.enter(build, tree)
    frames = [top]
    origins: list[Any] = []
    while frames:
        frame = frames[-1]
        if frame.at == len(frame.boxes):
            frames.pop()
            result = _result(build, frame)
            if frames:
                frames[-1].put(
                    build, frame.outs, [result] if len(frame.outs) == 1 else build.split(result, len(frame.outs))
                )
            continue
        op, ins, outs = frame.boxes[frame.at]
        frame.at += 1
        env = frame.env
        trees = [env[i] for i in ins]
        inner = _written(op)
        if inner is not None:
            entered = _Frame(inner, outs, op)
            entered.enter(build, trees[0] if len(trees) == 1 else tuple(trees))
            frames.append(entered)
        elif op is None:
            frame.put(build, outs, trees)
        else:
            origins += [None] * (len(build.boxes) - len(origins))
            frame.put(build, outs, _box(build, op, trees))
            origins += [(id(frame.arrow), frame.at, n) for n in range(len(build.boxes) - len(origins))]
    cod = build.wired(result)
    flat = Diagram(tree, cod, build.boxes, build.n, d.dom_space, d.cod_space)
    return shared(flat, origins) if nested(d) else flat.pruned()


def shared(d: Diagram, origins: Sequence[Any]) -> Diagram:
    """The same program where a box of an arrow that stood at the same wires twice stands there once.

    In a linear program also ``h(x) + h(y)`` becomes ``h(x + y)``: that is the same, read from the other side. So
    ``fork . unfork`` and ``join . unjoin`` cost nothing. Boxes of one origin are the same box of the same arrow.
    """
    linear = d.is_linear
    keys = [*origins, *[None] * (len(d.boxes) - len(origins))]
    boxes = [
        (op and (op, key or n), ins, outs) for n, ((op, ins, outs), key) in enumerate(zip(d.boxes, keys, strict=True))
    ]
    d = _merged(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))
    if linear:
        d = _turned(_merged(_turned(d)))
    return Diagram(d.dom, d.cod, [(op and op[0], *rest) for op, *rest in d.boxes], d.n_wires, d.dom_space, d.cod_space)


def _turned(d: Diagram) -> Diagram:
    """A diagram read from the other side, its operations left as they are."""
    boxes = [(op, outs, ins) for op, ins, outs in reversed(d.boxes)]
    return Diagram(d.cod, d.dom, boxes, d.n_wires, d.cod_space, d.dom_space)


def _merged(d: Diagram) -> Diagram:
    """Wires that hold the same made one: by one operation at the same wires, or by the same sum."""
    sums = set(d.misfits[1])
    place = list(range(d.n_wires))
    known: dict[Any, tuple[int, ...]] = {}
    summands: dict[int, list[Any]] = {w: [("given", w)] for w in leaves(d.dom) if w in sums}
    boxes: list[Box] = []

    def read(wire: int) -> int:
        made = summands.pop(wire, None)
        if made is not None:  # every summand is there when a sum is read first
            (place[wire],) = known.setdefault(frozenset(Counter(made).items()), (wire,))
        return place[wire]

    for op, ins, outs in d.boxes:
        ins = tuple(map(read, ins))
        if op is None and outs[0] not in sums:
            place[outs[0]] = ins[0]
            continue
        what = (op and (op[0] if isinstance(op[0], (Projection, Injection)) else op[1]), ins)
        if not sums.isdisjoint(outs):
            for n, wire in enumerate(outs):
                if wire in sums:
                    summands.setdefault(wire, []).append((*what, n if len(outs) == 1 else (n, len(boxes))))
            boxes.append((op, ins, outs))
        elif known.setdefault(what, outs) is outs:
            boxes.append((op, ins, outs))
        else:
            for wire, other in zip(outs, known[what], strict=True):
                place[wire] = other
    cod = substitute(d.cod, {w: read(w) for w in leaves(d.cod)})
    return Diagram(d.dom, cod, boxes, d.n_wires, d.dom_space, d.cod_space).pruned()


def _distinct(pattern: Pattern) -> Pattern:
    """The shape of a pattern: what stands on a repeated wire comes from several places."""
    return tuple([_distinct(p) for p in pattern]) if isinstance(pattern, tuple) else 0


def _result(build: Builder, frame: _Frame) -> Any:
    return substitute(frame.diagram.cod, dict(enumerate(frame.env)))


def _box(build: Builder, op: Any, trees: list[Any]) -> Sequence[Any]:
    """The trees that an operation leaves, one for each of its wires."""
    if isinstance(op, Chain):
        for step in op.steps:
            trees = list(_box(build, step, trees))
        return trees
    if isinstance(op, Pack):
        return [op.apply(*trees)]
    if len(trees) > 1:
        wrong = next((t for t in trees if isinstance(t, tuple)), None)
        if wrong is not None:
            raise _misfit(op, wrong)
        result = build.box(op, tuple(trees))
    elif len(trees) == 1:
        tree = trees[0]
        if isinstance(op, Injection):
            return [tuple([tree if i == op.i else NOTHING for i in range(op.n)])]
        if isinstance(op, Unpack) and isinstance(tree, tuple):
            return leaves(tree)
        if isinstance(tree, tuple) and op.dom == NUM:
            raise _misfit(op, tree)
        if isinstance(tree, tuple) and not isinstance(op, (*_ANY_STRUCTURE, Call)) and not isinstance(op.dom, tuple):
            tree = _packed(build, tree)
        result = build.box(op, tree)
    else:
        result = build.box(op, ())
    return result if isinstance(op.cod, tuple) else [result]


_ANY_STRUCTURE = (Scale, Negate, Identity, Projection)  #: the builder carries these out on the parts of a product


def _packed(build: Builder, tree: Any) -> Any:
    """One wire for a product."""
    pattern, _ = _numbered(tree, 0)
    build.boxes.append((Pack(pattern), build.wired(tuple(leaves(tree))), (build.n,)))
    build.n += 1
    return build.n - 1


def _numbered(tree: Any, start: int) -> tuple[Pattern, int]:
    if not isinstance(tree, tuple):
        return start, start + 1
    parts = []
    for t in tree:
        part, start = _numbered(t, start)
        parts.append(part)
    return tuple(parts), start


def opened(d: Diagram) -> Diagram:
    """The diagram, at no known space, with a wire for each part that it takes out of its domain.

    >>> from essence_ad import Functions
    >>> d = Functions.compose(Functions.exl(), Functions.identity()).diagram
    >>> d.dom, opened(d).dom
    (0, (0, 1))
    """
    while True:
        starts = set(leaves(d.dom))
        lengths = {ins[0]: op.n for op, ins, _ in d.boxes if isinstance(op, Projection) and ins[0] in starts}
        if d.dom_space is not None or not lengths or None in lengths.values():
            return d
        d = inline(d, substitute(d.dom, {wire: (0,) * n for wire, n in lengths.items() if n is not None}))


def unfold(d: Diagram, tree: Any) -> Diagram:
    """The program as it meets a packed argument: where a product stands on one wire, each of its arrays gets its own."""
    if type(tree) is not tuple or _meets(d.dom, tree):
        return d
    pattern = shape_of(tree)
    kept = d._cache.setdefault("unfolded", {})
    if pattern not in kept:
        kept[pattern] = inline(d, pattern)
    found: Diagram = kept[pattern]
    return found


def run(d: Diagram, x: Any) -> Any:
    """The value of a program without sums and zeros at a user's argument."""
    tree = reals(pack(x)) if d.dom_space is None else d.dom_space.check(x)
    d = unfold(d, tree)
    value = collect(d.cod, d.evaluate(tree))
    return value if d.cod_space is None else d.cod_space.unpack(value)


def _meets(pattern: Pattern, tree: Any) -> bool:
    if not isinstance(pattern, tuple):
        return type(tree) is not tuple
    return type(tree) is not tuple or len(pattern) != len(tree) or all(map(_meets, pattern, tree))


def shape_of(tree: Any) -> Pattern:
    """The structure of a packed value: a tree of zeros."""
    return tuple([shape_of(t) for t in tree]) if type(tree) is tuple else 0


def _misfit(op: Any, tree: Any) -> StructureError:
    return StructureError(
        f"{op.name} takes one array", found=f"a product {show(tree)}", expected="one array",
        remedy="take a part of the product first, or put the operation on each part with cross",
    )  # fmt: skip


class Composed:
    """An arrow that is kept as a diagram, between spaces that may be known."""

    __slots__ = ("_diagram",)

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram

    @property
    def diagram(self) -> Diagram:
        """The boxes; arrows that it was composed of are written out when it is first read."""
        self._diagram = inline(self._diagram)
        return self._diagram

    @property
    def source(self) -> Space | None:
        """The space it starts from, where that is known."""
        return self._diagram.dom_space

    @property
    def target(self) -> Space | None:
        """The space it ends in, where that is known."""
        return self._diagram.cod_space
