"""Arguments of compiled code: what fits a space, and an error that says which argument does not, and what reads it."""

from __future__ import annotations

from typing import Any, NamedTuple

from essence_ad.diagram import Diagram
from essence_ad.errors import DTypeError, ShapeError, StructureError
from essence_ad.kernel import concrete
from essence_ad.spaces import Array
from essence_ad.structure import leaves


class Argument(NamedTuple):
    """An argument that is one array: its space, its place, and the operation that reads it first."""

    space: Array
    number: int  #: from 1
    reader: str

    def check(self, value: Any) -> None:
        """``Abstract`` for a traced array; ``ShapeError``, ``DTypeError`` or ``StructureError`` for one that does not fit."""
        try:
            self.space.check(concrete(value))
        except (ShapeError, DTypeError, StructureError) as error:
            raise type(error)(
                f"array {self.number} of the arguments does not fit what was compiled" + self.reader, found=error.found,
                expected=self.space, remedy="give such an array, or compile for the other one: compile(f, *examples)",
            ) from None  # fmt: skip


def arguments(d: Diagram, spaces: list[Any]) -> list[Argument]:
    """The arguments of a diagram, in order.

    >>> from essence_ad import R, sin
    >>> from essence_ad.tracing.program import trace
    >>> d = trace(lambda x: sin(x), R[3]).diagram
    >>> arguments(d, d.spaces(R[3]))[0].number
    1
    """
    wires = leaves(d.dom)
    wanted, readers = set(wires), dict.fromkeys(wires, "")
    for op, ins, _ in d.boxes:
        for wire in ins if wanted else ():
            if wire in wanted and op is not None:
                wanted.discard(wire)
                line = getattr(op, "line", None)
                readers[wire] = f": {op.name} reads it" + (f" at {line}" if line else "")
    return [Argument(spaces[w], i + 1, readers[w]) for i, w in enumerate(wires)]
