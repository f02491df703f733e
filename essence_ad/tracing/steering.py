"""What a recording knows besides its boxes: values at a point, by which Python code steers, and arrays changed by ``+=``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.errors import TracingError, ValueDependenceWarning
from essence_ad.operation import Constant, Scale
from essence_ad.spaces import reals
from essence_ad.structure import leaves
from essence_ad.tracing import source
from essence_ad.tracing.protocol import Overloaded

_warned: set[tuple[object, ...]] = set()


def warn(name: str) -> None:
    """Say once for each function of the user that its values steer it, with the line."""
    place = source.here()
    key = (name,) if place is None else (place.code.co_filename, place.code.co_firstlineno, place.code.co_qualname)
    if key in _warned:
        return
    where = source.found("a value").removeprefix("a value at ")
    text = (
        f"{name} is steered by its values, so it is recorded anew at every point, and its derivative is that of the branch "
        f"taken there ({where}); np.where, cond, while_, scan and fold can be recorded once"
    )
    file, line = ("", 0) if place is None else (place.code.co_filename, place.number)
    warnings.warn_explicit(text, ValueDependenceWarning, file, line)
    _warned.add(key)


class Run:
    """The boxes of a recording, run at its point as far as values are asked for."""

    __slots__ = ("_active", "_at", "_env", "_seen", "trace")

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self._env: list[Any] = []
        self._at = 0
        self._active: bytearray = bytearray()
        self._seen = 0

    def value(self, wire: int, use: str) -> Any:
        """What stands on a wire at the point; each box is run once, when it is first needed."""
        env = self._env
        env.extend([ZERO] * (self.trace.n_wires - len(env)))
        if self._at == 0:
            self._start(use)
        boxes = self.trace.boxes
        with np.errstate(all="ignore"):
            while self._at < len(boxes):
                op, ins, outs = boxes[self._at]
                self._at += 1
                result = env[ins[0]] if op is None else op.apply(*[env[i] for i in ins])
                for out, part in zip(outs, (result,) if len(outs) == 1 else result, strict=True):
                    env[out] = _concrete(part, use)
        return env[wire]

    def _start(self, use: str) -> None:
        tree, point = self.trace.point
        for x, value in zip(leaves(tree), leaves(reals(point)), strict=True):
            self._env[x.wire] = _concrete(value, use)

    def moves(self, wire: int) -> bool:
        """Whether a wire depends on an argument, of this recording or one outside of it, so that it has a derivative."""
        active = self._active
        active.extend(bytes(self.trace.n_wires - len(active)))
        if self._seen == 0:
            for x in leaves(self.trace.point[0]):
                active[x.wire] = x.space is None or not x.space.discrete
        for op, ins, outs in self.trace.boxes[self._seen :]:
            if op is None or not op.discrete:
                moving = any([active[i] for i in ins]) or (isinstance(op, Scale) and _moves_outside(op.factor))
            else:
                moving = isinstance(op, Constant) and _moves_outside(op.value)
            if moving:
                for out in outs:
                    active[out] = 1
        self._seen = len(self.trace.boxes)
        return bool(active[wire])


def _concrete(value: Any, use: str) -> Any:
    """A value in which nothing is traced: what stands for it at the point of the recording outside."""
    if isinstance(value, Overloaded) and value.abstract:
        return value.known(use, source.CHOICES, steers=True)
    return value


def _moves_outside(value: Any) -> bool:
    """Whether a constant is a traced array of an outer recording that has a derivative there."""
    owner = getattr(value, "owner", None)
    if owner is None:
        return False
    if owner.point is None:
        return True
    return not value.space.discrete and bool(owner.running().moves(value.wire))


class Changed:
    """The memory that ``+=`` would have changed in NumPy: an array, and those that look at its memory."""

    __slots__ = ("_base", "_changed", "_seen", "trace")

    def __init__(self, trace: Any) -> None:
        self.trace = trace
        self._base: dict[int, int] = {}
        self._changed: dict[int, Any] = {}
        self._seen = 0

    def mark(self, wire: int) -> None:
        """An array was changed here."""
        self._changed[self._memory(wire)] = source.here()

    def _memory(self, wire: int) -> int:
        for op, ins, outs in self.trace.boxes[self._seen :]:
            if op is not None and len(ins) == 1 and _is_view(op):
                for out in outs:
                    self._base[out] = self._base.get(ins[0], ins[0])
        self._seen = len(self.trace.boxes)
        return self._base.get(wire, wire)

    def require_fresh(self, values: Sequence[Any]) -> None:
        """An error where an array is used that ``+=`` changed under another name."""
        for value in values:
            if getattr(value, "owner", None) is not self.trace:
                continue
            place = self._changed.get(self._memory(value.wire))
            if place is not None:
                raise TracingError(
                    "a traced array was changed in place under another name, which this library does not do",
                    found=f"{source.found('its use')}, after the change at {place}: {place.text}",
                    expected="operations that give new arrays",
                    remedy="write y = y + a for y += a where y shares memory with another array, or x = update(x, index, a)",
                )  # fmt: skip


_VIEWS = frozenset({
    "reshape", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to", "flip", "diagonal", "real", "imag",
    "split", "rot90",
})  # fmt: skip


def _is_view(op: Any) -> bool:
    """Whether NumPy gives a view of its argument's memory: also indexing, by numbers and slices."""
    if op.name != "index":
        return op.name in _VIEWS
    key = op.params["key"]
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) for part in parts)
