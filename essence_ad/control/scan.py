"""Scans: a loop of known length that carries values along, reads a slice of arrays at each step, and stacks what it gives.

The derivative of a scan is a scan of the body's derivative; its transpose first runs a scan that keeps what was carried,
and then one of the body's pullback the other way round. So no derivative costs more than a constant times the loop, and
none keeps more than the carried values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.control.body import (
    batched,
    boundary,
    chosen,
    moves,
    packed,
    plain,
    pulled,
    pushed,
    run,
    spaces_in,
    spaces_out,
    staged,
    unshared,
    zeros,
)
from essence_ad.control.holding import Holding, Later, Step
from essence_ad.diagram import Diagram
from essence_ad.errors import ShapeError
from essence_ad.spaces import Array, space_of

Flags = tuple[bool, ...]


class Scan(Holding):
    """A body from what is carried, a slice of each of ``n_xs`` arrays and constants, to what is carried and given.

    Inputs: what is carried first, the arrays, the constants. Outputs: what is carried last, and what is given, stacked.
    """

    __slots__ = ("length", "n_carry", "n_xs", "reverse")
    name = "scan"

    def __init__(
        self, body: Diagram, n_carry: int, n_xs: int, length: int | None = None, reverse: bool = False,
        dom: Any = None, cod: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            (body,), boundary(len(body.dom)) if dom is None else dom, boundary(len(body.cod)) if cod is None else cod
        )
        self.n_carry, self.n_xs, self.length, self.reverse = n_carry, n_xs, length, reverse

    @property
    def body(self) -> Diagram:
        """The program of one step."""
        return self.holds[0]

    def holding(self, holds: Sequence[Diagram]) -> Scan:
        """The same scan with another program for its body."""
        (body,) = holds
        return Scan(body, self.n_carry, self.n_xs, self.length, self.reverse, self.dom, self.cod)

    def _split(self, values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        i, j = self.n_carry, self.n_carry + self.n_xs
        return values[:i], values[i:j], values[j:]

    # ------------------------------------------------------------------ spaces

    def steps(self, inputs: Sequence[Any]) -> int:
        """The number of steps."""
        return self._length([getattr(x, "shape", ()) for x in self._split(inputs)[1]])

    def _length(self, shapes: Sequence[tuple[int, ...]]) -> int:
        lengths = {shape[0] if shape else None for shape in shapes} | (
            {self.length} if self.length is not None else set()
        )
        if len(lengths) != 1 or None in lengths:
            raise ShapeError(
                "the arrays that a scan reads must have one leading axis of the same length", found=f"shapes {list(shapes)}",
                expected="one length" if self.length is None else f"the length {self.length}",
                remedy="put the axis of the steps first, for example with np.moveaxis",
            )  # fmt: skip
        (length,) = lengths
        assert length is not None
        return length

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """What is carried, a slice of each array, and the constants."""
        carry, xs, constants = self._split(spaces)
        self._length([x.shape for x in xs])
        return ((*carry, *[Array(x.shape[1:], x.dtype) for x in xs], *constants),)

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """What is carried last, and what is given, with an axis for the steps."""
        n = self._length([x.shape for x in self._split(spaces)[1]])
        outs = spaces_out(self.body)
        for before, after in zip(spaces, outs[: self.n_carry], strict=False):
            if before.shape != after.shape:
                raise ShapeError(
                    "the body of a scan changes the space of what it carries", found=f"{before} becomes {after}",
                    expected="the same space after each step", remedy="start with a value of the space that the body gives",
                )  # fmt: skip
        return [*outs[: self.n_carry], *[Array((n, *y.shape), y.dtype) for y in outs[self.n_carry :]]]

    # ------------------------------------------------------------------ running

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The loop."""
        (step,) = functions
        given = spaces_out(self.body)[self.n_carry :]
        k = self.n_carry

        def scan(*inputs: Any) -> Any:
            carry, xs, constants = self._split(inputs)
            n = self.steps(inputs)
            order = range(n - 1, -1, -1) if self.reverse else range(n)
            if n == 0:
                carry = list(map(unshared, carry))  # compiled code may write over its arrays
            known = plain(inputs)
            if fast:
                xs = [x.tolist() if x.ndim == 1 and x.dtype == float else x for x in xs]
            stacks: list[Any] = [np.empty((n, *y.shape), y.dtype) if known else [None] * n for y in given]
            for t in order:
                out = step(*carry, *[x[t] for x in xs], *constants)
                carry = out[:k]
                for stack, y in zip(stacks, out[k:], strict=True):
                    stack[t] = y
            if not known:
                stacks = [
                    np.stack(s) if n else np.empty((0, *y.shape), y.dtype) for s, y in zip(stacks, given, strict=True)
                ]
            return packed((*carry, *stacks))

        return scan

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """One scan that carries all elements."""
        of_carry, of_xs, of_constants = self._split(lifted)
        carry, xs, constants = self._split(inputs)
        carry = [c if has else np.broadcast_to(c, (n, *np.shape(c))) for c, has in zip(carry, of_carry, strict=True)]
        xs = [np.moveaxis(x, 0, 1) if has else x for x, has in zip(xs, of_xs, strict=True)]
        spaces = [Array(s.shape[has:], s.dtype) for s, has in zip(map(_array, inputs), lifted, strict=True)]
        one = self.at(*spaces)
        assert isinstance(one, Scan)
        op: Scan = one.kept(one.over, n, (True,) * len(of_carry) + (*of_xs, *of_constants))
        result = _tuple(op.apply(*carry, *xs, *constants))
        return [*result[: self.n_carry], *[np.moveaxis(y, 1, 0) for y in result[self.n_carry :]]]

    def over(self, n: int, lifted: Flags) -> Scan:
        """The scan of a batch."""
        return Scan(batched(self.body, n, lifted), self.n_carry, self.n_xs, self.length, self.reverse)

    # ------------------------------------------------------------------ derivatives

    def _active(self, active: Flags) -> tuple[Flags, Flags]:
        """Which inputs of the body move at some step, and which of its outputs."""
        flags = list(active)
        while True:
            out = moves(self.body, flags)
            more = [i for i in range(self.n_carry) if out[i] and not flags[i]]
            if not more:
                carried = tuple(flags[: self.n_carry])
                return tuple(flags), (*carried, *out[self.n_carry :])
            for i in more:
                flags[i] = True

    def moving(self, active: Flags) -> bool:
        """Whether any output moves."""
        return any(self._active(active)[1])

    def tangent(self, active: Flags) -> Scan:
        """The scan of what moves beside the scan itself, without what that gives."""
        flags, out = self._active(active)
        carry, xs, constants = self._split(spaces_in(self.body))
        of_carry, of_xs, of_constants = self._split(flags)
        sizes = [len(carry), sum(of_carry), len(xs), sum(of_xs), len(constants), sum(of_constants)]

        def step(*values: Any) -> Any:
            c, dc, x, dx, k, dk = _cut(values, sizes)
            y, dy = pushed(self.body, (*c, *x, *k), (*dc, *dx, *dk), flags, out)
            return *y[: self.n_carry], *dy

        spaces = [
            *carry,
            *chosen(carry, of_carry),
            *xs,
            *chosen(xs, of_xs),
            *constants,
            *chosen(constants, of_constants),
        ]
        body = staged(f"the tangent of {self.name}", spaces, step)
        return Scan(body, sizes[0] + sizes[1], sizes[2] + sizes[3], self.length, self.reverse)

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The tangents, by the scan of what moves."""
        flags, out = self._active(active)
        filled = [_filled(v, x) if flag else ZERO for v, x, flag in zip(tangents, inputs, flags, strict=True)]
        groups = zip(self._split(inputs), self._split(filled), self._split(flags), strict=True)
        values = [v for x, dx, flag in groups for v in (*x, *chosen(dx, flag))]
        result = _tuple(self.kept(self.tangent, active).apply(*values))
        rest = iter(result[self.n_carry :])
        return [next(rest) if flag else ZERO for flag in out]

    def history(self) -> Scan:
        """The scan that gives what was carried into each step."""

        def step(*values: Any) -> Any:
            return *run(self.body, values)[: self.n_carry], *values[: self.n_carry]

        body = staged(f"the history of {self.name}", spaces_in(self.body), step)
        return Scan(body, self.n_carry, self.n_xs, self.length, self.reverse)

    def back(self, active: Flags) -> Scan:
        """The scan of covectors, the other way round: it carries those of what was carried and of the constants."""
        flags, out = self._active(active)
        carry, xs, constants = self._split(spaces_in(self.body))
        of_carry, of_xs, of_constants = self._split(flags)
        given = chosen(spaces_out(self.body)[self.n_carry :], out[self.n_carry :])
        sizes = [sum(of_carry), sum(of_constants), len(carry), len(xs), len(given), len(constants)]

        def step(*values: Any) -> Any:
            ct_carry, total, c, x, ct_given, k = _cut(values, sizes)
            found = pulled(self.body, (*c, *x, *k), (*ct_carry, *ct_given), flags, out)
            of_c, of_x, of_k = _cut(found, [sum(of_carry), sum(of_xs), sum(of_constants)])
            return *of_c, *[a + b for a, b in zip(total, of_k, strict=True)], *of_x

        spaces = [*chosen(carry, of_carry), *chosen(constants, of_constants), *carry, *xs, *given, *constants]
        body = staged(f"the pullback of {self.name}", spaces, step)
        return Scan(body, sizes[0] + sizes[1], sum(sizes[2:5]), self.length, not self.reverse)

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The covectors: what was carried is kept by one scan, and read by another that runs backwards."""
        flags, out = self._active(active)
        _, xs, constants = self._split(inputs)
        of_carry, of_xs, of_constants = self._split(flags)
        kept = _tuple(self.kept(self.history).apply(*inputs))[self.n_carry :] if self.n_carry else ()
        outs = self.outer(*[_array(x) for x in inputs])
        filled = [s.fill(v) for s, v in zip(chosen(outs, out), chosen(covectors, out), strict=True)]
        n_carried = sum(of_carry)
        start = [zeros(_array(k)) for k in chosen(constants, of_constants)]
        back = self.kept(self.back, active)
        found = _tuple(back.apply(*filled[:n_carried], *start, *kept, *xs, *filled[n_carried:], *constants))
        ct_carry, ct_constants, ct_xs = _cut(found, [n_carried, len(start), sum(of_xs)])
        answer = iter((*ct_carry, *ct_xs, *ct_constants))
        every = [next(answer) if flag else ZERO for flag in flags]
        return [v if flag else ZERO for v, flag in zip(every, active, strict=True)]


def _cut(values: Sequence[Any], sizes: Sequence[int]) -> list[Sequence[Any]]:
    """A sequence in pieces of these lengths."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(values[at : at + size])
        at += size
    return pieces


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _filled(v: Any, x: Any) -> Any:
    return zeros(_array(x)) if v is ZERO else v


def _array(x: Any) -> Array:
    found = space_of(x)
    assert isinstance(found, Array)
    return found
