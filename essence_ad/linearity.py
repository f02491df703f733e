"""Programs that are linear because something is held: a product with a constant, a quotient by one, ``solve`` with a constant matrix.

Each box of such a program is linear, or linear in the one input that depends on the argument; nothing constant is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from essence_ad.diagram import Diagram, Op
from essence_ad.errors import NeedsSpaceError
from essence_ad.operation import example
from essence_ad.primitives.primitive import Bilinear, Call
from essence_ad.spaces import Space
from essence_ad.structure import leaves


def held(d: Diagram) -> dict[int, int] | None:
    """For each box that is linear in one input while constants are held, that input; ``None`` for other programs.

    Empty where every box is linear as it is.
    """
    moves, still = bytearray(d.n_wires), bytearray(d.n_wires)
    for wire in leaves(d.dom):
        moves[wire] = 1
    for wire in d.misfits[0]:
        moves[wire] = 1  # a zero is linear
    found: dict[int, int] = {}
    for number, (op, ins, outs) in enumerate(d.boxes):
        moving = [place for place, wire in enumerate(ins) if moves[wire]]
        for wire in outs:
            (moves if moving else still)[wire] = 1
        if not moving or op is None or (op.linear and len(moving) == len(ins)):
            continue
        if len(moving) > 1 or moving[0] not in _linear_in(op):
            return None
        found[number] = moving[0]
    wires = [*leaves(d.cod), *[w for _, ins, _ in d.boxes for w in ins]]
    if any([still[w] for w in leaves(d.cod)]) or any([still[w] and moves[w] for w in wires]):
        return None
    return found


def explicit(d: Diagram) -> Diagram:
    """The program of boxes that are linear as they are, where it is one because constants are held; any other as it is.

    Raises ``NeedsSpaceError`` for one of no known space, whose transpose depends on shapes.
    """
    places = None if d.is_linear else held(d)
    if places is None:
        return d
    if d.dom_space is None:
        raise NeedsSpaceError(
            "a program that is linear because constants are held has no transpose at no known space",
            found=f"a program of {len(d.boxes)} boxes", expected="a space", remedy="ask f.at(space).T, for example f.at(R[3]).T",
        )  # fmt: skip
    spaces = d.spaces(d.dom_space)
    values: dict[int, Any] = {}
    boxes: list[Any] = []
    for number, (op, ins, outs) in enumerate(d.boxes):
        if number in places:
            place = places[number]
            given = [values.get(wire) for wire in ins]
            boxes.append((_in_one(op, place, given, spaces[ins[place]]), (ins[place],), outs))
        elif ins and ins[0] not in values:
            boxes.append((op and op.at(*[spaces[wire] for wire in ins]), ins, outs))
        else:
            result = values[ins[0]] if op is None else op.apply(*[values[wire] for wire in ins])
            values.update(zip(outs, (result,) if len(outs) == 1 else result, strict=True))
    return Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space)


def transposed(d: Diagram) -> Diagram:
    """The transpose of a linear program; at the space that it was recorded at, where it depends on shapes."""
    d = explicit(d)
    try:
        return d.T
    except NeedsSpaceError:
        if d.dom_space is None:
            raise
        return d.at(d.dom_space).T


def _linear_in(op: Op) -> Sequence[int]:
    """The inputs in each of which an operation is linear, while the others are held."""
    if not isinstance(op, Call):
        return ()
    return (0, 1) if isinstance(op.primitive.rule, Bilinear) else op.primitive.linear_in


def _in_one(op: Op, i: int, inputs: list[Any], space: Space) -> Op:
    """An operation as the linear one in its input ``i``: its derivative there, which is the same at every point."""
    full = [example(space) if j == i else x for j, x in enumerate(inputs)]
    facts = op.derivative(full, op.apply(*full), [j == i for j in range(len(full))])
    linear: Op = facts[i]
    return linear
