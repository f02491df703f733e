"""Simplification: a diagram at known spaces put through the rules, once, in order."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from essence_ad.compiler import movement, products, rules
from essence_ad.compiler.straight_line import StraightLine
from essence_ad.diagram import Diagram
from essence_ad.errors import NeedsSpaceError
from essence_ad.spaces import Array, Product, Space
from essence_ad.structure import leaves


def simplify(d: Diagram, *, without: Collection[str] = ()) -> Diagram:
    """The same program with fewer operations; ``d`` must know the space of its domain.

    ``without`` names rules that are not used.

    >>> from essence_ad import R, grad
    >>> from essence_ad.tracing.program import trace
    >>> simplify(trace(grad(lambda x: x * x), R).diagram).boxes
    ((add, (0, 0), (1,)),)
    """
    if d.dom_space is None:
        raise NeedsSpaceError(
            "a program is simplified at a space", found="a program at no known space", expected="a space",
            remedy="ask f.at(space) first",
        )  # fmt: skip
    space = d.dom_space
    if any([op is not None and op.holds for op, _, _ in d.boxes]):
        d = _inside(d, space)
    made = _passed(d, space, rules.table(without=without))
    late = {name for r in rules.RULES if r.late for name in r.on}
    again = any([op.name in late for op, _, _ in made.boxes])
    return _passed(made, space, rules.table(late=True, without=without)) if again else made


LAWS = (rules, movement, products)  #: the modules that hold the rewrites


def _passed(d: Diagram, space: Space, table: dict[str, list[Any]]) -> Diagram:
    g = StraightLine(table)
    arguments = [g.argument(part) for part in arrays(space)]
    dom, _ = _numbered(d.dom, 0)
    cod = g.load(d, arguments)
    assert len(leaves(dom)) == len(arguments)
    return g.diagram(dom, cod, space, d.cod_space)


def _inside(d: Diagram, space: Space) -> Diagram:
    """The program with what its operations hold simplified too."""
    env = d.spaces(space)
    boxes = []
    for op, ins, outs in d.boxes:
        if op is not None and op.holds:
            op = op.at(*[env[i] for i in ins])
            op = op.holding([simplify(held) for held in op.holds])
        boxes.append((op, ins, outs))
    return Diagram(d.dom, d.cod, boxes, d.n_wires, space, d.cod_space)


def arrays(space: Space) -> list[Array]:
    """The arrays of a space, left to right."""
    if isinstance(space, Product):
        return [a for part in space.parts for a in arrays(part)]
    assert isinstance(space, Array)
    return [space]


def _numbered(pattern: object, start: int) -> tuple[object, int]:
    if not isinstance(pattern, tuple):
        return start, start + 1
    parts = []
    for p in pattern:
        part, start = _numbered(p, start)
        parts.append(part)
    return tuple(parts), start
