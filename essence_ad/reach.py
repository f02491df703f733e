"""Which elements reach what: branches that ``where``, ``maximum``, ``clip``, masks and boolean indices leave out are dead.

A linear map applied to zero is zero, also where its coefficient is infinite or not a number. In an array some elements
may be such zeros: those of a branch that is not taken reach no result, and those of a clipped value do not move. Here
they are found, from the facts of primitives, going through the boxes once in each direction; the slopes at them are made
zero, so that 0 times infinity does not arise. Masks are computed only where a slope asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.structure import leaves


class Mask:
    """Where elements matter, computed when it is first asked for.

    Its ``gate``, where there is one, is a mask of one element outside of which nothing matters: that of a branch which
    is taken as a whole or not at all. It goes through every operation, also where elements are mixed.
    """

    __slots__ = ("gate", "make", "value")

    def __init__(self, make: Callable[[], Any], gate: Mask | None = None) -> None:
        self.make, self.gate, self.value = make, gate, None

    def __call__(self) -> Any:
        """The mask."""
        if self.value is None:
            self.value = self.make()
        return self.value


Known = Mask | None  # None: all elements matter


def both(a: Known, b: Known) -> Known:
    """Where two masks agree."""
    if a is None or b is None:
        return a if b is None else b
    return Mask(lambda: np.logical_and(a(), b()), both(a.gate, b.gate))


def either(a: Known, b: Known) -> Known:
    """Where one of two masks holds."""
    return None if a is None or b is None else Mask(lambda: np.logical_or(a(), b()), either(a.gate, b.gate))


def narrowed(mask: Known, shape: tuple[int, ...], to: tuple[int, ...]) -> Known:
    """A mask of a result as one of an argument that was broadcast to it."""
    if mask is None or shape == to:
        return mask

    def make() -> Any:
        full = np.broadcast_to(mask(), shape)
        extra = len(shape) - len(to)
        axes = (*range(extra), *[i + extra for i, n in enumerate(to) if n == 1 and shape[i + extra] != 1])
        return np.reshape(np.any(full, axis=axes), to)

    return Mask(make, mask.gate)


def _shape(value: Any) -> tuple[int, ...]:
    found: tuple[int, ...] = getattr(value, "shape", ())
    return found


def _is_mask(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    return type(value) is bool if dtype is None else dtype.kind == "b"


# ---------------------------------------------------------------------------------------------- what chooses


def jumping(d: Any) -> bytearray:
    """For each wire, whether it holds what comparisons and other jumps make, or a constant mask: it does not move."""
    active, jumps = d.active(), bytearray(d.n_wires)
    for op, ins, outs in d.boxes:
        if op is None:
            continue
        made = _is_mask(op.value) if op.name == "const" else op.discrete or any([jumps[i] for i in ins])
        for wire in outs:
            jumps[wire] = made and not active[wire]
    return jumps


def chooses(d: Any, jumps: bytearray) -> bool:
    """Whether something in a diagram leaves elements out."""
    return any([_chooses(op, [jumps[i] for i in ins]) for op, ins, _ in d.boxes])


def _chooses(op: Any, jumps: Sequence[int]) -> bool:
    primitive = getattr(op, "primitive", None)
    if primitive is None:
        return _is_mask(getattr(op, "factor", None))
    if primitive.reaches is not None:
        return True
    return _picks(op) or (_by_element(op) and any([jumps[i] for i in primitive.linear_in]))


def _picks(op: Any) -> bool:
    """Whether this is an index by a mask."""
    key = getattr(op, "params", {}).get("key")
    return any([isinstance(k, np.ndarray) and k.dtype.kind == "b" for k in (key if type(key) is tuple else (key,))])


def _reach(op: Any, i: int, inputs: Sequence[Any], jumps: Sequence[Any]) -> Known:
    """The elements at which an input reaches the result."""
    primitive = getattr(op, "primitive", None)
    if primitive is None:
        factor = getattr(op, "factor", None)
        return Mask(lambda: factor) if _is_mask(factor) else None
    if primitive.reaches is not None:
        reaches = primitive.reaches[i]
        if reaches is None:
            return None
        made = Mask(lambda: reaches(*inputs))
        whole = _shape(inputs[0]) == () if op.selects else all([_shape(x) == () for x in inputs])
        return Mask(made, made) if whole else made
    found: Known = None
    if _by_element(op):
        for j in primitive.linear_in:
            if j != i and jumps[j]:
                found = both(found, Mask(lambda x=inputs[j]: np.not_equal(x, 0)))  # type: ignore[misc]
    return found


# ---------------------------------------------------------------------------------------------- both directions


def masks(d: Any, env: Sequence[Any], facts: Sequence[Any], jumps: bytearray) -> list[Any]:
    """For each box the masks of its inputs at which their slopes matter, of elementwise ones; ``None`` for the others.

    ``facts`` holds the derivative of each box, or ``None`` where it has none.
    """
    jumps = bytearray([j or _is_mask(v) for j, v in zip(jumps, env, strict=True)])
    taken, live = _taken(d, env, facts, jumps), _live(d, env, facts, jumps)
    return [
        [both(taken.get(outs[0]), live.get(i)) for i in ins] if op is not None and _by_element(op) else None
        for op, ins, outs in d.boxes
    ]


def _by_element(op: Any) -> bool:
    return bool(op.elementwise or op.selects)


def _moves(op: Any) -> bool:
    """Whether a linear operation copies elements, or adds them up."""
    primitive = getattr(op, "primitive", None)
    return primitive is not None and primitive.arity == 1 and (primitive.copies or primitive.adds)


def _joins(op: Any, fact: Any) -> bool:
    """Whether an operation, linear in all inputs at once, puts several arrays together."""
    primitive = getattr(op, "primitive", None)
    return primitive is not None and primitive.arity is None and primitive.copies and type(fact) is not tuple


def _taken(d: Any, env: Sequence[Any], facts: Sequence[Any], jumps: bytearray) -> dict[int, Known]:
    """For wires that are read, the elements that reach the result."""
    found: dict[int, Known] = dict.fromkeys(leaves(d.cod))
    for (op, ins, outs), fact in zip(reversed(d.boxes), reversed(facts), strict=True):
        if (fact is None and op is not None) or not any([wire in found for wire in outs]):
            continue  # no derivative goes through what jumps
        out = found.get(outs[0]) if len(outs) == 1 else None
        inputs, shape = [env[i] for i in ins], _shape(env[outs[0]])
        parts = None if out is None or len(ins) == 1 or not _joins(op, fact) else _parts(fact, out, shape)
        for i, wire in enumerate(ins):
            if type(fact) is tuple and fact[i] is None:
                continue
            new: Known = None
            if op is None:
                new = out
            elif _by_element(op):
                new = narrowed(both(out, _reach(op, i, inputs, [jumps[w] for w in ins])), shape, _shape(env[wire]))
            elif _moves(op) and (out is not None or _picks(op)):
                new = _pulled(_only(fact), out, shape)
            elif out is not None:
                new = out.gate if parts is None else _part(parts, i)
            found[wire] = either(found[wire], new) if wire in found else new
    return found


def _only(fact: Any) -> Any:
    return fact[0] if type(fact) is tuple else fact


def _pulled(linear: Any, out: Known, shape: tuple[int, ...]) -> Known:
    if linear is None:
        return None
    return Mask(
        lambda: np.greater(linear.T.apply(np.ones(shape) if out is None else _numbers(out(), shape)), 0),
        None if out is None else out.gate,
    )


def _parts(linear: Any, out: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask of what was put together, taken apart."""
    return Mask(lambda: linear.T.apply(_numbers(out(), shape)), out.gate)


def _part(parts: Mask, i: int) -> Mask:
    return Mask(lambda: np.greater(parts()[i], 0), parts.gate)


def _joined(linear: Any, masks: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Mask:
    """The masks of arrays as one of what they are put together to; 0 where nothing moves."""

    def make() -> Any:
        numbers = [np.full(s, m) if m in (0, 1) else _numbers(m(), s) for m, s in zip(masks, shapes, strict=True)]
        return np.greater(linear.apply(*numbers), 0)

    return Mask(make)


def _pushed(linear: Any, mask: Mask, shape: tuple[int, ...]) -> Known:
    return None if linear is None else Mask(lambda: np.greater(linear.apply(_numbers(mask(), shape)), 0), mask.gate)


def _numbers(mask: Any, shape: tuple[int, ...]) -> Any:
    return np.broadcast_to(np.where(mask, 1.0, 0.0), shape)


def _live(d: Any, env: Sequence[Any], facts: Sequence[Any], jumps: bytearray) -> dict[int, Known]:
    """For wires that depend on the domain, the elements that move with it."""
    active = d.active()
    found: dict[int, Known] = dict.fromkeys(leaves(d.dom))
    for (op, ins, outs), fact in zip(d.boxes, facts, strict=True):
        if (fact is None and op is not None) or not any([active[i] for i in ins]):
            continue
        new: Known = None
        if op is None:
            new = found.get(ins[0])
        elif len(outs) == 1 and _by_element(op):
            inputs = [env[i] for i in ins]
            given = [
                both(found.get(wire), _reach(op, i, inputs, [jumps[w] for w in ins]))
                for i, wire in enumerate(ins)
                if active[wire] and (type(fact) is not tuple or fact[i] is not None)
            ]
            if given:
                new = given[0]
                for other in given[1:]:
                    new = either(new, other)
        elif len(outs) == 1 and _moves(op):
            mask = found.get(ins[0])
            new = None if mask is None else _pushed(_only(fact), mask, _shape(env[ins[0]]))
        elif len(outs) == 1 and len(ins) > 1 and _joins(op, fact) and any([active[i] and found.get(i) for i in ins]):
            known = [(found.get(i) or 1.0) if active[i] else 0.0 for i in ins]
            new = _joined(fact, known, [_shape(env[i]) for i in ins])
        for wire in outs:
            found[wire] = either(found[wire], new) if wire in found else new
    return found
