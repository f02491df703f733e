"""A program and its adjoint beside each other, as mirror images: what copies there adds here.

The program's wires are read from the other side, each box is replaced by the transpose of its derivative, and copying and
addition change places. That is ``Dual`` (section 13), and the adjoint graph of Pearlmutter and Siskind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from essence_ad.categories.graphs import GraphCategory
from essence_ad.containers import ZERO
from essence_ad.diagram import IDENTITY, Box, Diagram, Op
from essence_ad.drawing.draw import letter_of_result, names, ones, subject_of
from essence_ad.drawing.picture import Sheet
from essence_ad.drawing.scene import LONGEST, SIGNS, Scene, Show, label, scene
from essence_ad.drawing.svg import Panel
from essence_ad.drawing.text import number, shortened
from essence_ad.errors import OptionError
from essence_ad.operation import NEGATE, Scale
from essence_ad.spaces import space_of
from essence_ad.structure import leaves
from essence_ad.wires import Copy, Sum


def draw_adjoint(f: Any, x: Any, *, along: Any = None, title: str | None = None, stacked: bool = False) -> Sheet:
    """A program at ``x`` and its adjoint there, beside each other: the second is the first in a mirror.

    ``stacked=True`` puts the adjoint below the program, every box below its own, to be read from right to left.

    Values stand on the wires of the first, cotangents on those of the second, for the cotangent ``along`` (ones, if it is
    not given). Every copy and the sum that it is on the other side bear one letter, and so do every sum and its copy.

    >>> from essence_ad import dup, mul
    >>> draw_adjoint(dup >> mul, 3.0)
    <2 pictures: a program and its adjoint>
    """
    subject = subject_of(f, x)
    if subject.point is None:
        raise OptionError(
            "a program has an adjoint at a point",
            found=repr(x),
            expected="a point",
            remedy="draw_adjoint(f, (3.0, 4.0))",
        )
    d = GraphCategory(copies=True).diagram(subject.diagram).drawn
    env = d.evaluate(subject.packed)
    space, target = space_of(subject.point), space_of_value(d, env)
    vector = ones(target) if along is None else target.pack(along)
    adjoint = d.linearize(env).T
    cotangents = everywhere(adjoint, vector)
    boxes = [adjoint_box(op, ins, outs, env) for op, ins, outs in d.boxes]
    marks = _marks(d, boxes)
    inputs = subject.inputs or names("x", space)
    outputs = names(letter_of_result(inputs), target)
    left = scene(d, inputs=inputs, outputs=outputs, values=dict(enumerate(env)), marks=marks)
    left = attrs.evolve(left, paired=True, shows=[_added(show, boxes) for show in left.shows])
    right = _turned(left, boxes, d, cotangents)
    reserved = attrs.evolve(left, below=right.values).layout()
    texts = title or "a program", "its adjoint, read from right to left" if stacked else "its adjoint"
    note = "each letter marks a copy and an addition that are each other's mirror image"
    notes = [note] if marks else []
    panels = [
        Panel(left, reserved, texts[0], [] if stacked else notes),
        Panel(right, reserved, texts[1], notes if stacked else [], mirrored=not stacked),
    ]
    return Sheet(panels, f"{texts[0]} and its adjoint", stacked=stacked, axis=not stacked)


def everywhere(d: Diagram, vector: Any) -> list[Any]:
    """What a diagram of linear boxes has on every wire, at a packed vector."""
    found = Diagram(d.dom, tuple(range(d.n_wires)), d.boxes, d.n_wires).propagate(vector)
    return list(found)


def space_of_value(d: Diagram, env: Sequence[Any]) -> Any:
    """The space of the value that an evaluation left."""
    return space_of(_collected(d.cod, env))


def _collected(pattern: Any, env: Sequence[Any]) -> Any:
    if isinstance(pattern, tuple):
        return tuple([_collected(p, env) for p in pattern])
    return 0.0 if env[pattern] is ZERO else env[pattern]


class Adjoint(Op):
    """The transpose of a box's derivative at a point, as a picture shows it."""

    __slots__ = ("kind", "name", "told_as")
    linear = True

    def __init__(self, name: str, kind: str, told_as: str) -> None:
        self.name, self.kind, self.told_as = name, kind, told_as


def adjoint_box(op: Any, ins: Sequence[int], outs: Sequence[int], env: Sequence[Any]) -> Adjoint:
    """How the other side of a box looks: a copy for what adds, a sum for what copies, factors for slopes."""
    if isinstance(op, Copy):
        return Adjoint("+", "sum", "add what was copied")
    if isinstance(op, Sum):
        return Adjoint("", "copy", "copy what was added")
    inputs = [env[i] for i in ins]
    output = env[outs[0]] if len(outs) == 1 else [env[o] for o in outs]
    facts = None if op.discrete else op.derivative(inputs, output, [True] * len(ins))
    told = f"the transpose of the derivative of {op.name}"
    if facts is None:
        return Adjoint("0", "box", told)
    if type(facts) is not tuple:
        return Adjoint(shortened(_name(facts), LONGEST), "box", told)
    if len(facts) > 1 and all(fact is IDENTITY for fact in facts):
        return Adjoint("", "copy", f"copy: {told}")
    return Adjoint(shortened(", ".join(map(_name, facts)), LONGEST), "box", told)


def _name(fact: Any) -> str:
    if fact is None:
        return "0"
    if fact is IDENTITY:
        return "1"
    if fact is NEGATE or fact.name == "negative":
        return "−1"
    if isinstance(fact, Scale):
        return f"× {number(fact.factor)}"
    return fact.name[:-1] if fact.name.endswith("ᵀ") else f"{SIGNS.get(fact.name, fact.name)}ᵀ"


def _marks(d: Diagram, boxes: Sequence[Adjoint]) -> dict[int, str]:
    """A letter for each place where one side copies and the other adds."""
    found = [n for n, box in enumerate(boxes) if box.kind in ("copy", "sum")]
    return {n: _letters(place) for place, n in enumerate(found)}


def _letters(n: int) -> str:
    return chr(ord("a") + n % 26) * (n // 26 + 1)


def _added(show: Show, boxes: Sequence[Adjoint]) -> Show:
    """A place with room for the label of its mirror image; an addition that is marked looks like one."""
    if show.box < 0:
        return attrs.evolve(show, room=f"d{show.label}")
    if show.mark and show.kind == "box":
        show = attrs.evolve(show, kind="sum", label="+")
    return attrs.evolve(show, room=boxes[show.box].name)


def _turned(left: Scene, boxes: Sequence[Adjoint], d: Diagram, cotangents: Sequence[Any]) -> Scene:
    """The scene of the adjoint: the places of the program, each as what it is from the other side."""
    shows = []
    for show in left.shows:
        if show.kind in ("input", "output"):
            kind = "output" if show.kind == "input" else "input"
            show = attrs.evolve(show, kind=kind, label=f"d{show.label}", told=f"{kind} d{show.label}")
        elif show.box >= 0:
            box = boxes[show.box]
            text = box.name if box.kind != "copy" else label(Copy(2))
            show = attrs.evolve(show, kind=box.kind, label=text, told=box.told_as)
        shows.append(attrs.evolve(show, linear=True))
    turned: list[Box] = [(box, outs, ins) for box, (_, ins, outs) in zip(boxes, d.boxes, strict=True)][::-1]
    diagram = Diagram(d.cod, d.dom, turned, d.n_wires)
    values = {wire: number(value) for wire, value in enumerate(cotangents)}
    read = {w for _, ins, _ in d.boxes for w in ins} | set(leaves(d.cod))
    return Scene(shows, {w: v for w, v in values.items() if w in read}, diagram, turned=True, paired=True)
