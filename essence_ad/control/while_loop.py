"""``while_``: a loop that values end, with derivatives in both modes.

The number of steps is found when the loop is run. The derivative forward is a loop that carries what moves beside the
values. In reverse the loop is run once more, keeping what it carried, and then back. The derivative of that, ``Pull``, is
itself a forward loop's pull: the derivative of a pullback is the pullback of the tangent loop, with the covectors on what
moves. So loops of this kind have derivatives of every order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from essence_ad.batching import full
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
    run,
    spaces_in,
    spaces_out,
    staged,
    standing_in,
    unshared,
    zeros,
)
from essence_ad.control.holding import LONG, Holding, Later, Step
from essence_ad.control.structured import changes, require_boolean
from essence_ad.diagram import Diagram
from essence_ad.spaces import Array, Product, space_of

Flags = tuple[bool, ...]


class Tangent(NamedTuple):
    """The loop of what moves beside a loop, with the places of the values and of what moves among its inputs."""

    loop: While
    primal: tuple[int, ...]
    moving: tuple[int, ...]

    def arranged(self, inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """The inputs of the loop."""
        answer = [None] * (len(self.primal) + len(self.moving))
        for place, value in zip((*self.primal, *self.moving), (*inputs, *tangents), strict=True):
            answer[place] = value
        return answer


class While(Holding):
    """A predicate and a body, both of what is carried and of constants. Outputs: what is carried last."""

    __slots__ = ("n_carry",)
    name = "while_"

    def __init__(self, predicate: Diagram, body: Diagram, n_carry: int, dom: Any = None, cod: Any = None) -> None:
        super().__init__(
            (predicate, body),
            boundary(len(body.dom)) if dom is None else dom,
            boundary(n_carry) if cod is None else cod,
        )
        self.n_carry = n_carry

    def holding(self, holds: Sequence[Diagram]) -> While:
        """The same loop with other programs for its bodies."""
        predicate, body = holds
        return While(predicate, body, self.n_carry, self.dom, self.cod)

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """The inputs, for both."""
        return spaces, spaces

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """The spaces of what is carried."""
        predicate, body = self.holds
        require_boolean(spaces_out(predicate)[0])
        for before, after in zip(spaces, spaces_out(body), strict=False):
            if before != after:
                raise changes("while_", before, after)
        return spaces_out(body)

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The loop."""
        k = self.n_carry

        def loop(*inputs: Any) -> Any:
            predicate, body = functions
            carry: Sequence[Any] = tuple(map(unshared, inputs[:k]))
            constants, n = inputs[k:], 0
            while predicate(*carry, *constants)[0]:
                carry = body(*carry, *constants)
                n += 1
                if n == LONG and later is not None:
                    predicate, body = later()
            return packed(tuple(carry))

        return loop

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """One loop for all elements, as long as any of them goes on; what has ended stays as it is."""
        if n == 0:
            return super().batched(n, lifted, inputs)
        one, k = self.at(*elements(inputs, lifted)), self.n_carry
        assert isinstance(one, While)
        op: While = one.kept(one.over, n, (True,) * k + tuple(lifted[k:]))
        return tuple_of(op.apply(*full(n, lifted[:k], inputs[:k]), *inputs[k:]))

    def over(self, n: int, lifted: Flags) -> While:
        """The loop of a batch. The body meets only elements that go on: they stand in for those that have ended."""
        predicate, body = [batched(d, n, lifted) for d in self.holds]
        spaces, k = spaces_in(body), self.n_carry

        def asked(*values: Any) -> list[Any]:
            return [np.any(run(predicate, values)[0])]

        def step(*values: Any) -> list[Any]:
            (going,) = run(predicate, values)
            new = run(body, standing_in(going, values, lifted))
            return [chosen_by(going, after, before) for after, before in zip(new, values[:k], strict=True)]

        return While(staged("whether any goes on", spaces, asked), staged("a step of all", spaces, step), k)

    # ------------------------------------------------------------------ derivatives

    def active(self, active: Flags) -> Flags:
        """Which inputs of the body move at some step."""
        flags = list(active)
        while True:
            out = moves(self.holds[1], flags)
            more = [i for i in range(self.n_carry) if out[i] and not flags[i]]
            if not more:
                return tuple(flags)
            for i in more:
                flags[i] = True

    def moving(self, active: Flags) -> bool:
        """Whether anything that is carried moves."""
        return any(self.active(active)[: self.n_carry])

    def tangent(self, active: Flags) -> Tangent:
        """The loop of what moves beside the values."""
        predicate, body = self.holds
        flags, spaces, k = self.active(active), spaces_in(body), self.n_carry
        m, n = sum(flags[:k]), len(flags)

        def split(values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            c, dc, rest = values[:k], values[k : k + m], values[k + m :]
            return (*c, *rest[: n - k]), (*dc, *rest[n - k :])

        def step(*values: Any) -> Any:
            x, dx = split(values)
            y, dy = pushed(body, x, dx, flags, flags[:k])
            return *y, *dy

        places = (*range(k), *range(k + m, m + n)), (*range(k, k + m), *range(m + n, n + sum(flags)))
        moved = chosen(spaces, flags)
        arranged = (*spaces[:k], *moved[:m], *spaces[k:], *moved[m:])
        asked = Diagram(
            tuple(_wires(predicate, places, n + sum(flags))), predicate.cod, predicate.boxes, predicate.n_wires + sum(flags),
            Product(arranged), predicate.cod_space,
        )  # fmt: skip
        return Tangent(While(asked, staged("the tangent of while_", arranged, step), k + m), *places)

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The tangents, by the loop of what moves."""
        flags, k = self.active(active), self.n_carry
        tangent: Tangent = self.kept(self.tangent, active)
        result = tuple_of(tangent.loop.apply(*tangent.arranged(inputs, _filled(tangents, inputs, flags))))
        rest = iter(result[k:])
        return [next(rest) if flag else ZERO for flag in flags[:k]]

    def back(self, active: Flags) -> Pull:
        """The operation that pulls covectors back."""
        return Pull(self, active)

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The covectors of the inputs."""
        op: Pull = self.kept(self.back, active)
        return op.spread(inputs, op.apply(*inputs, *_filled(covectors, inputs, op.carried)))


class Pull(Holding):
    """A loop in reverse: run once, keeping what it carried, and then back.

    Inputs: those of the loop, and a covector for each carried value that moves. Outputs: covectors of the inputs that the
    loop is differentiated by.
    """

    __slots__ = ("active", "carried", "flags", "loop")
    name = "while_.pull"

    def __init__(self, loop: While, active: Flags, like: Pull | None = None, holds: Sequence[Diagram] = ()) -> None:
        self.loop, self.active = loop, active
        self.flags: Flags = loop.active(active) if like is None else like.flags
        self.carried = self.flags[: loop.n_carry]  #: which of what is carried moves
        n, m = len(active), sum(self.carried)
        super().__init__(holds or (*loop.holds, self._back()), boundary(n + m), boundary(sum(active)))

    def _back(self) -> Diagram:
        """One step back: what the body's pullback makes of covectors, those of constants added to what came before."""
        body = self.loop.holds[1]
        spaces, n, m = spaces_in(body), len(self.flags), sum(self.carried)
        constants = chosen(spaces[self.loop.n_carry :], self.flags[self.loop.n_carry :])

        def step(*values: Any) -> Any:
            x, ct, total = values[:n], values[n : n + m], values[n + m :]
            found = pulled(body, x, ct, self.flags, self.carried)
            return *found[:m], *[a + b for a, b in zip(total, found[m:], strict=True)]

        return staged("the pullback of while_", (*spaces, *chosen(spaces, self.flags)[:m], *constants), step)

    def holding(self, holds: Sequence[Diagram]) -> Pull:
        """The same with other programs for its bodies."""
        loop = self.loop.holding(holds[:2])
        same_spaces = all(a.dom_space == b.dom_space for a, b in zip(holds, self.holds, strict=True))
        return Pull(loop, self.active, self, holds) if same_spaces else Pull(loop, self.active)

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """The inputs of the loop, and these with covectors."""
        n, k = len(self.active), self.loop.n_carry
        x, ct = spaces[:n], spaces[n:]
        return x, x, (*x, *ct, *chosen(x[k:], self.flags[k:]))

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """The spaces of the inputs that move."""
        return chosen(spaces[: len(self.active)], self.active)

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The loop, and the way back."""
        n, k = len(self.active), self.loop.n_carry
        picked = chosen(self.active, self.flags)

        def loop(*inputs: Any) -> Any:
            predicate, body, back = functions
            carry: Sequence[Any] = inputs[:k]
            constants, ct = inputs[k:n], inputs[n:]
            kept = []
            while predicate(*carry, *constants)[0]:
                kept.append(carry)
                carry = body(*carry, *constants)
                if len(kept) == LONG and later is not None:
                    predicate, body, back = later()
            total = [zeros(space_of(x)) for x in chosen(constants, self.flags[k:])]
            found: Sequence[Any] = (*ct, *total)
            while kept:
                found = back(*kept.pop(), *constants, *found)
            return packed(tuple([v for v, flag in zip(found, picked, strict=True) if flag]))

        return loop

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """The loop of a batch in reverse, all its constants lifted: each element has covectors of its own."""
        if n == 0:
            return super().batched(n, lifted, inputs)
        one = self.loop.at(*elements(inputs, lifted)[: len(self.active)])
        loop: While = one.kept(one.over, n, (True,) * len(self.active))  # type: ignore[attr-defined]
        op: Pull = loop.kept(loop.back, self.active)
        return tuple_of(op.apply(*full(n, lifted, inputs)))

    def spread(self, inputs: Sequence[Any], result: Any) -> list[Any]:
        """The covectors at their inputs, ``ZERO`` at the others."""
        rest = iter(tuple_of(result))
        return [next(rest) if flag else ZERO for flag in self.active]

    # ------------------------------------------------------------------ derivatives

    def moving(self, active: Flags) -> bool:
        """Always, but for integers."""
        return any(active)

    def _of_tangent(self, tangent: Tangent, moved: Flags, by: Flags) -> tuple[Pull, list[tuple[str, int]]]:
        """The pull of a tangent loop by primal inputs, and what each of its covectors belongs to: a value, or what moves."""
        inner = [False] * (len(tangent.primal) + len(tangent.moving))
        for place, flag in zip(tangent.primal, by, strict=True):
            inner[place] = flag
        op: Pull = tangent.loop.kept(tangent.loop.back, tuple(inner))
        k = self.loop.n_carry
        names = [("value", i) for i in range(k)] + [("move", i) for i in range(k) if moved[i]]
        return op, chosen(names, op.carried)

    def _second(
        self, inputs: Sequence[Any], tangents: Sequence[Any], of: Flags, by: Flags, values: Any, moves: Any
    ) -> Any:
        """The pull by some inputs of the loop of what moves by others, from covectors of values and of what moves."""
        tangent: Tangent = self.loop.kept(self.loop.tangent, of)
        flags = self.loop.active(of)
        op, names = self._of_tangent(tangent, flags, by)
        table = {"value": values, "move": moves}
        covectors = [_fill(table[kind][i], inputs[i]) for kind, i in names]
        result = op.apply(*tangent.arranged(inputs, _filled(tangents, inputs, flags)), *covectors)
        found = op.spread((), result)
        return [found[place] for place in tangent.primal]

    def _by_carry(self, covectors: Sequence[Any]) -> list[Any]:
        rest = iter(covectors)
        return [next(rest) if flag else ZERO for flag in self.carried]

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The pullback of what moves: covectors that move, and covectors of the loop that moves."""
        n = len(self.active)
        x, ct, of = inputs[:n], self._by_carry(inputs[n:]), active[:n]
        dct = self._by_carry(tangents[n:])
        if any(of) and self.loop.moving(of):
            found = self._second(x, tangents[:n], of, self.active, dct, ct)
            return chosen(found, self.active)
        result = self.apply(*x, *_filled(dct, x, self.carried))
        return list(tuple_of(result))

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The transpose: a second derivative is symmetric, and the transpose of a pullback is the loop of what moves."""
        n = len(self.active)
        x, ct, of = inputs[:n], self._by_carry(inputs[n:]), active[:n]
        u = self.spread((), tuple(covectors))
        nothing = [ZERO] * self.loop.n_carry
        by_x: Sequence[Any] = [ZERO] * n
        if any(of):
            by_x = self._second(x, u, self.active, of, nothing, ct)
        by_ct = chosen(self.loop.push(x, u, self.active), self.carried)
        every = [*by_x, *by_ct]
        return [v if flag else ZERO for v, flag in zip(every, active, strict=True)]


def _wires(predicate: Diagram, places: tuple[tuple[int, ...], tuple[int, ...]], n: int) -> list[int]:
    wires = [0] * n
    for place, wire in zip(places[0], predicate.dom, strict=True):
        wires[place] = wire
    for i, place in enumerate(places[1]):
        wires[place] = predicate.n_wires + i
    return wires


def tuple_of(value: Any) -> tuple[Any, ...]:
    """The outputs of an operation."""
    return value if isinstance(value, tuple) else (value,)


def _fill(v: Any, x: Any) -> Any:
    return zeros(space_of(x)) if v is ZERO else v


def _filled(values: Sequence[Any], like: Sequence[Any], flags: Flags) -> list[Any]:
    return [_fill(v, x) for v, x, flag in zip(values, like, flags, strict=False) if flag]
