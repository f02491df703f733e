"""A straight-line program while it is rewritten: values made once, in order, each with its operation and its space.

``emit`` is the only way to add a value. It offers the new box to the rules first, and finds an equal box that is there
already (copying is natural: ``f & f`` is ``dup`` after ``f``), so that a program is simplified in one pass over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from essence_ad.diagram import Diagram
from essence_ad.planning.axes import is_rows
from essence_ad.primitives.primitive import Call, Constant
from essence_ad.spaces import Array, Space, space_of
from essence_ad.structure import Pattern, leaves, substitute

SMALL = 4096  #: constants up to this size are compared and computed with
Rewrite = Callable[["StraightLine", Any, tuple[int, ...]], "int | None"]


class StraightLine:
    """Values numbered in order; ``made[v]`` is ``(operation, inputs, part)``, ``None`` for the arguments."""

    def __init__(self, rules: Mapping[str, Sequence[Rewrite]]) -> None:
        self.rules = rules
        self.made: list[tuple[Any, tuple[int, ...], int] | None] = []
        self.spaces: list[Array] = []
        self.known: dict[Any, tuple[int, ...]] = {}
        self.rows = False  #: whether some box takes rows by a key of integers, which rules ask for at every box

    def argument(self, space: Array) -> int:
        """A new argument."""
        self.made.append(None)
        self.spaces.append(space)
        return len(self.made) - 1

    def constant(self, value: Any) -> int:
        """A constant."""
        return self.emit(value if isinstance(value, Constant) else Constant(value), ())[0]

    def value(self, v: int) -> Any:
        """The value of a constant, ``None`` for what is not known."""
        made = self.made[v]
        return made[0].value if made is not None and isinstance(made[0], Constant) else None

    def op(self, v: int) -> Any:
        """The operation that makes a value, ``None`` for an argument."""
        made = self.made[v]
        return None if made is None else made[0]

    def name(self, v: int) -> str:
        """The name of the operation that makes a value."""
        made = self.made[v]
        return "argument" if made is None else made[0].name

    def ins(self, v: int) -> tuple[int, ...]:
        """The inputs of the operation that makes a value."""
        made = self.made[v]
        return () if made is None else made[1]

    def emit(self, op: Any, ins: tuple[int, ...]) -> tuple[int, ...]:
        """The values that an operation makes, simplified."""
        for rule in self.rules.get(op.name, ()):
            found = rule(self, op, ins)
            if found is not None:
                return (found,)
        place = _key(op, ins)
        values = self.known.get(place)
        if values is None:
            space: Any = space_of(op.value) if isinstance(op, Constant) else op.shape(*[self.spaces[i] for i in ins])
            parts = space if isinstance(op.cod, tuple) else (space,)
            first = len(self.made)
            if op.name == "index" and not self.rows:
                self.rows = is_rows(op.params["key"])
            for i, part in enumerate(parts):
                self.made.append((op, ins, i))
                self.spaces.append(part)
            values = self.known[place] = tuple(range(first, first + len(parts)))
        return values

    def call(self, primitive: Any, *ins: int, **params: Any) -> int:
        """The value that a primitive makes of values."""
        return self.emit(primitive.call(**params), ins)[0]

    def load(self, d: Diagram, arguments: Sequence[int]) -> Pattern:
        """Put a diagram in: its boxes are emitted in order; the values on its codomain."""
        place: dict[Any, int] = dict(zip(leaves(d.dom), arguments, strict=True))
        for op, ins, outs in d.boxes:
            if op is None:
                place[outs[0]] = place[ins[0]]
                continue
            for wire, v in zip(outs, self.emit(op, tuple([place[i] for i in ins])), strict=True):
                place[wire] = v
        return substitute(d.cod, place)

    def diagram(self, dom: Pattern, cod: Pattern, dom_space: Space | None, cod_space: Space | None) -> Diagram:
        """The values that are read, as a diagram."""
        groups = {values[0]: values for values in self.known.values()}
        boxes = [(made[0], made[1], groups[v]) for v, made in enumerate(self.made) if made is not None and made[2] == 0]
        return Diagram(dom, cod, boxes, len(self.made), dom_space, cod_space).pruned()


_COMMUTATIVE = frozenset(
    {"add", "multiply", "maximum", "minimum", "hypot", "equal", "not_equal", "logical_and", "logical_or"}
)


def _key(op: Any, ins: tuple[int, ...]) -> Any:
    if isinstance(op, Constant):
        if np.size(op.value) > SMALL:
            return "const", id(op.value)  # the value lives as long as its box, so nothing else gets its id
        space = getattr(op.value, "dtype", type(op.value))
        return "const", str(space), op if not _signed_zero(op.value) else (op, "-0.0")
    if isinstance(op, Call):
        if op.name in _COMMUTATIVE and ins[0] > ins[1]:
            ins = ins[::-1]
        if not op.params:
            return op.primitive, ins
        if getattr(op.params.get("key"), "size", 0) > SMALL:
            return "key", id(op.params["key"]), op.primitive, ins
    return op, ins


def _signed_zero(value: Any) -> bool:
    return np.ndim(value) == 0 and value == 0 and bool(np.signbit(np.real(value)))
