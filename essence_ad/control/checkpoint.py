"""``checkpoint``: a program whose inner values are not kept for the way back, but made again there.

It is one operation that holds the program. Its derivative keeps the inputs alone; applied, it runs the program again
with its derivative, as an operation that holds both. So what is made again is hidden from everything that looks for equal
work, at any order and in compiled code.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.containers import ZERO, describe
from essence_ad.control.body import (
    batched,
    boundary,
    chosen,
    moves,
    packed,
    pulled,
    pushed,
    record,
    spaces_in,
    spaces_out,
    staged,
    zeros,
)
from essence_ad.control.combinator import as_body
from essence_ad.control.holding import Holding, Later, Step
from essence_ad.control.structured import real, rebuilt
from essence_ad.control.while_loop import tuple_of
from essence_ad.diagram import Diagram
from essence_ad.errors import NeedsSpaceError, NotAProgramError
from essence_ad.morphism import Morphism, box
from essence_ad.spaces import Array, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import Program
from essence_ad.tracing.protocol import depth

Flags = tuple[bool, ...]


class Recomputed(Holding):
    """One body. Inputs and outputs are its own."""

    __slots__ = ()
    name = "checkpoint"
    passing = True

    def __init__(self, body: Diagram, dom: Any = None, cod: Any = None) -> None:
        n, m = len(body.dom), len(body.cod)
        super().__init__((body,), boundary(n) if dom is None else dom, boundary(m) if cod is None else cod)

    def holding(self, holds: Sequence[Diagram]) -> Recomputed:
        """The same with another program for the body."""
        (body,) = holds
        return Recomputed(body, self.dom, self.cod)

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """Those of the inputs."""
        return (spaces,)

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """Those of the body's outputs."""
        return spaces_out(self.holds[0])

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The body."""
        (function,) = functions
        return lambda *inputs: packed(tuple(function(*inputs)))

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """The body of all elements at once."""
        spaces = [space_of(x) for x in inputs]
        flat = [Array(s.shape[has:], s.dtype) for s, has in zip(spaces, lifted, strict=True) if isinstance(s, Array)]
        return tuple_of(Recomputed(batched(self.at(*flat).holds[0], n, lifted)).apply(*inputs))

    # ------------------------------------------------------------------ derivatives

    def moving(self, active: Flags) -> bool:
        """Whether any output moves."""
        return any(moves(self.holds[0], active))

    def tangent(self, active: Flags) -> Recomputed:
        """The body's derivative, from its inputs and their tangents."""
        (d,), n = self.holds, len(active)
        out, spaces = moves(d, active), spaces_in(d)

        def step(*values: Any) -> Any:
            return pushed(d, values[:n], values[n:], active, out)[1]

        return Recomputed(staged("the tangent of a checkpoint", (*spaces, *chosen(spaces, active)), step))

    def back(self, active: Flags) -> Recomputed:
        """The body's pullback, from its inputs and the covectors of its outputs."""
        (d,), n = self.holds, len(active)
        out, spaces, outs = moves(d, active), spaces_in(d), spaces_out(d)

        def step(*values: Any) -> Any:
            return pulled(d, values[:n], values[n:], active, out)

        return Recomputed(staged("the pullback of a checkpoint", (*spaces, *chosen(outs, out)), step))

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The tangents of the outputs."""
        pairs = zip(tangents, inputs, active, strict=True)
        given = [zeros(space_of(x)) if v is ZERO else v for v, x, f in pairs if f]
        rest = iter(tuple_of(self.kept(self.tangent, active).apply(*inputs, *given)))
        return [next(rest) if f else ZERO for f in moves(self.holds[0], active)]

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: Flags) -> Sequence[Any]:
        """The covectors of the inputs."""
        out = moves(self.holds[0], active)
        given = [s.fill(v) for s, v, f in zip(spaces_out(self.holds[0]), covectors, out, strict=True) if f]
        rest = iter(tuple_of(self.kept(self.back, active).apply(*inputs, *given)))
        return [next(rest) if f else ZERO for f in active]


def checkpoint(f: Any) -> Any:
    """The same function or program, whose inner values are made again in the reverse pass instead of being kept.

    A gradient through it holds its arguments rather than everything that it computes, and runs it once more for each
    time that it is differentiated. What ``f`` reads from outside may be traced. The name and the use are those of
    ``jax.checkpoint``.

    Raises ``NotAProgramError`` where ``f`` cannot be called; while a program is recorded, ``TracingError`` where ``f``
    depends on values.

    >>> import numpy as np
    >>> from essence_ad import grad, sin
    >>> f = checkpoint(lambda x: np.exp(np.sin(x)))
    >>> float(f(0.0)), float(grad(f)(0.0)), float(grad(grad(f))(0.0))
    (1.0, 1.0, 1.0)
    >>> checkpoint(sin >> sin)(0.0)
    np.float64(0.0)
    """
    if isinstance(f, Program):
        return Program(checkpoint(f.function))
    if isinstance(f, Morphism):
        try:
            body, dom, cod = as_body(f)
        except NeedsSpaceError:
            return Program(checkpoint(f.__call__))
        return box(Recomputed(body, dom, cod))
    if not callable(f):
        raise NotAProgramError(
            "checkpoint takes a function or a program", found=describe(f), expected="something to call",
            remedy="write checkpoint(lambda x: ...)",
        )  # fmt: skip

    @functools.wraps(f)
    def recomputed(*args: Any, **options: Any) -> Any:
        if not depth.level:
            return f(*args, **options)
        args = tuple([real(x) for x in args])
        spaces = [space_of(x) for x in args]
        body = record(functools.partial(f, **options) if options else f, spaces)
        inputs = [leaf for s, x in zip(spaces, args, strict=True) for leaf in leaves(s.pack(x))]
        inputs += body.captured
        if not any(map(is_abstract, inputs)) or not body.diagram.cod:
            return f(*args, **options)
        return rebuilt(body.target, tuple_of(Recomputed(body.diagram).apply(*inputs)))

    return recomputed
