"""``cond``: one of two programs, chosen by a value; the other is not run, so what is infinite in it cannot spoil anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.containers import ZERO, describe
from essence_ad.control.body import (
    batched,
    boundary,
    chosen,
    common,
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
from essence_ad.control.combinator import as_cond
from essence_ad.control.holding import Holding, Step
from essence_ad.control.structured import rebuilt
from essence_ad.control.while_loop import require_boolean, tuple_of
from essence_ad.diagram import Diagram
from essence_ad.errors import NeedsSpaceError, OptionError, StructureError
from essence_ad.morphism import Morphism, box
from essence_ad.spaces import Array, Space, fits, space_of
from essence_ad.structure import leaves
from essence_ad.tracing import source
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import Program, name_of

Flags = tuple[bool, ...]


class Cond(Holding):
    """Two bodies of the same inputs. Inputs: a boolean, and theirs. Outputs: those of the body that is run."""

    __slots__ = ()
    name = "cond"

    def __init__(self, first: Diagram, second: Diagram, dom: Any = None, cod: Any = None) -> None:
        n, m = 1 + len(first.dom), len(first.cod)
        super().__init__((first, second), boundary(n) if dom is None else dom, boundary(m) if cod is None else cod)

    def holding(self, holds: Sequence[Diagram]) -> Cond:
        """The same choice between other programs for its bodies."""
        return Cond(*holds, self.dom, self.cod)

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

    def runner(self, functions: Sequence[Step], fast: bool = False) -> Callable[..., Any]:
        """The choice."""
        first, second = functions

        def choose(flag: Any, *inputs: Any) -> Any:
            return packed(tuple((first if flag else second)(*inputs)))

        return choose

    def batched(self, n: int, lifted: Flags, inputs: Sequence[Any]) -> Sequence[Any]:
        """One choice for all elements where they share the boolean."""
        if lifted[0]:
            return super().batched(n, lifted, inputs)
        spaces = [space_of(x) for x in inputs]
        flat = [Array(s.shape[has:], s.dtype) for s, has in zip(spaces, lifted, strict=True) if isinstance(s, Array)]
        op = self.at(*flat)
        return tuple_of(Cond(*[batched(d, n, lifted[1:]) for d in op.holds]).apply(*inputs))

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


def unequal(first: Space | None, second: Space | None) -> StructureError:
    """The error for branches that give different things."""
    return StructureError(
        "the two branches of cond give values of different spaces", found=source.found(f"{first} and {second}"),
        expected="one structure, the same shapes and dtypes", remedy="make both alike, for example with np.zeros_like or astype",
    )  # fmt: skip


def cond(predicate: Any, f: Any, g: Any, *operands: Any) -> Any:
    """``f(*operands)`` where the predicate is true, ``g(*operands)`` otherwise; the other is not run.

    The signature is that of ``jax.lax.cond``, and unlike there both branches may not differ in dtype either. What the two
    read from outside may be traced. The derivative is that of the branch taken. For a choice element by element use
    ``np.where``. With a program as the predicate and no operands, ``cond(p, f, g)`` is the program ``x -> f(x)`` where
    ``p(x)``, ``g(x)`` otherwise.

    Raises ``DTypeError`` where the predicate is not one boolean, ``StructureError`` where the branches give values of
    different spaces (while a program is recorded: otherwise only one of them is run).

    >>> import numpy as np
    >>> from essence_ad import grad
    >>> root = lambda x: cond(x > 0, np.sqrt, lambda t: 0.0 * t, x)
    >>> root(4.0), float(grad(root)(4.0)), float(grad(root)(0.0))
    (np.float64(2.0), 0.25, 0.0)
    """
    if not operands and isinstance(predicate, Morphism):
        return _combinator(predicate, f, g)
    if not callable(f) or not callable(g):
        raise OptionError(
            "cond takes two functions, and then their arguments", found=source.found(f"{describe(f)} and {describe(g)}"),
            expected="cond(condition, f, g, *arguments)", remedy="write lambda: value for a value, or use np.where",
        )  # fmt: skip
    if type(predicate) is not bool:
        require_boolean(space_of(predicate))
    if not is_abstract(predicate):
        return (f if bool(predicate) else g)(*operands)
    spaces = [space_of(x) for x in operands]
    bodies = [record(h, spaces) for h in (f, g)]
    if not fits(bodies[0].target, bodies[1].target) or bodies[0].diagram.cod_space != bodies[1].diagram.cod_space:
        raise unequal(bodies[0].target, bodies[1].target)
    holds, captured = common(bodies)
    packed_operands = [leaf for s, x in zip(spaces, operands, strict=True) for leaf in leaves(s.pack(x))]
    if not holds[0].cod:
        return bodies[0].target.unpack(())
    result = Cond(holds[0], holds[1]).apply(predicate, *packed_operands, *captured)
    return rebuilt(bodies[0].target, tuple_of(result))


def _combinator(predicate: Morphism[Any, Any], f: Any, g: Any) -> Any:
    if isinstance(f, Morphism) and isinstance(g, Morphism):
        try:
            first, second, dom, cod, before = as_cond(predicate, f, g)
        except NeedsSpaceError:
            pass
        else:
            return before >> box(Cond(first, second, ("num", dom), cod))

    def choose(x: Any) -> Any:
        return cond(predicate(x), f, g, x)

    choose.__name__ = f"cond_{name_of(predicate)}"
    return Program(choose)
