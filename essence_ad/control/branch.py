"""``cond``: one of two programs, chosen by a value; the other is not run, so what is infinite in it cannot spoil anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.control.body import (
    batched,
    boundary,
    chosen,
    chosen_by,
    elements,
    moves,
    packed,
    pulled,
    pushed,
    spaces_in,
    spaces_out,
    staged,
    standing_in,
    zeros,
)
from essence_ad.control.holding import Holding, Later, Step
from essence_ad.control.structured import require_boolean, unequal
from essence_ad.control.while_loop import tuple_of
from essence_ad.diagram import Diagram
from essence_ad.spaces import Array, space_of

Flags = tuple[bool, ...]


def _zeros(d: Diagram) -> Diagram:
    """The body that gives zeros."""
    return staged("nothing", spaces_in(d), lambda *_: [np.zeros(s.shape, s.dtype) for s in spaces_out(d)])


class Cond(Holding):
    """Two bodies of the same inputs. Inputs: a boolean, and theirs. Outputs: those of the body that is run."""

    __slots__ = ()
    name = "cond"

    def __init__(self, first: Diagram, second: Diagram, dom: Any = None, cod: Any = None) -> None:
        n, m = 1 + len(first.dom), len(first.cod)
        super().__init__((first, second), boundary(n) if dom is None else dom, boundary(m) if cod is None else cod)

    def holding(self, holds: Sequence[Diagram]) -> Cond:
        """The same choice between other programs for its bodies."""
        first, second = holds
        return Cond(first, second, self.dom, self.cod)

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """What follows the boolean."""
        require_boolean(spaces[0])
        return spaces[1:], spaces[1:]

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """The spaces that both bodies give."""
        first, second = map(spaces_out, self.holds)
        if first != second:
            raise unequal(self.holds[0].cod_space, self.holds[1].cod_space)
        return first

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The choice."""
        first, second = functions

        def choose(flag: Any, *inputs: Any) -> Any:
            return packed(tuple((first if flag else second)(*inputs)))

        return choose

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """One choice for all elements where they share the boolean; otherwise both branches, each run where some take it.

        A branch meets only elements that take it: they stand in for the others.
        """
        if n == 0:
            return super().batched(n, lifted, inputs)
        op = self.at(*elements(inputs, lifted))
        first, second = [batched(d, n, lifted[1:]) for d in op.holds]
        if not lifted[0]:
            return tuple_of(Cond(first, second).apply(*inputs))
        flags, *rest = inputs

        def side(d: Diagram, taken: Any) -> tuple[Any, ...]:
            given = standing_in(taken, rest, lifted[1:])
            return tuple_of(Cond(d, _zeros(d)).apply(np.any(taken), *given))

        pairs = zip(side(first, flags), side(second, np.logical_not(flags)), strict=True)
        return [chosen_by(flags, yes, no) for yes, no in pairs]

    # ------------------------------------------------------------------ derivatives

    def _out(self, active: Flags) -> Flags:
        """Which outputs move in one of the branches."""
        return tuple([a or b for a, b in zip(*[moves(d, active) for d in self.holds], strict=True)])

    def moving(self, active: Flags) -> bool:
        """Whether any output moves."""
        return any(self._out(active[1:]))

    def tangent(self, active: Flags) -> Cond:
        """What moves in the branch that is taken."""
        out, n = self._out(active), len(active)
        spaces = spaces_in(self.holds[0])

        def branch(d: Diagram) -> Diagram:
            def step(*values: Any) -> Any:
                return pushed(d, values[:n], values[n:], active, out)[1]

            return staged("the tangent of cond", (*spaces, *chosen(spaces, active)), step)

        return Cond(*map(branch, self.holds))

    def back(self, active: Flags) -> Cond:
        """The pullback of the branch that is taken."""
        out, n = self._out(active), len(active)
        spaces, outs = spaces_in(self.holds[0]), spaces_out(self.holds[0])

        def branch(d: Diagram) -> Diagram:
            def step(*values: Any) -> Any:
                return pulled(d, values[:n], values[n:], active, out)

            return staged("the pullback of cond", (*spaces, *chosen(outs, out)), step)

        return Cond(*map(branch, self.holds))

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The tangents of the branch that is taken."""
        flag, *x = inputs
        given = [
            zeros(space_of(a)) if v is ZERO else v for v, a, f in zip(tangents[1:], x, active[1:], strict=True) if f
        ]
        rest = iter(tuple_of(self.kept(self.tangent, active[1:]).apply(flag, *x, *given)))
        return [next(rest) if f else ZERO for f in self._out(active[1:])]

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The covectors of the branch that is taken."""
        out = self._out(active[1:])
        given = [s.fill(v) for s, v, f in zip(spaces_out(self.holds[0]), covectors, out, strict=True) if f]
        rest = iter(tuple_of(self.kept(self.back, active[1:]).apply(*inputs, *given)))
        return [next(rest) if f else ZERO for f in active]
