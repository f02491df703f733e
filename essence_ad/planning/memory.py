"""Memory that a compiled program works in: places shared by arrays that are not needed at the same time, kept between calls.

An array of 128 KB or more is given back to the system when it is freed, and asking for it again costs more than most
work on it. So intermediate arrays stand in one block; each call that runs has a block to itself, and puts it back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

KEPT = 1 << 26  #: bytes of a block that is kept between calls; a larger one is given back after each
LINE = 64  #: bytes of a cache line, where places begin


class Places:
    """Places in a block, each with the size of the largest array that stands there at some time.

    >>> places = Places()
    >>> a, b = places.take(100), places.take(50)
    >>> places.free(a)
    >>> places.take(80) == a, places.sizes
    (True, [100, 50])
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._free: list[int] = []

    def take(self, size: int) -> int:
        """A free place for an array of so many bytes: the smallest that is large enough, or the largest, made larger."""
        fitting = [p for p in self._free if self.sizes[p] >= size]
        if fitting:
            place = min(fitting, key=self.sizes.__getitem__)
        elif self._free:
            place = max(self._free, key=self.sizes.__getitem__)
            self.sizes[place] = size
        else:
            self.sizes.append(size)
            return len(self.sizes) - 1
        self._free.remove(place)
        return place

    def free(self, place: int) -> None:
        """Nothing stands there any more."""
        self._free.append(place)


class Item(NamedTuple):
    """An array of the block: one at a place, or a view of an earlier one."""

    name: str
    place: int  #: -1 for a view
    shape: tuple[int, ...]
    order: tuple[int, ...]  #: the axes, from the one with the longest steps in memory to the shortest
    dtype: Any
    axis: int | None  #: the axis of the rows of a loop
    source: str = ""
    look: Callable[[Any, int], Any] | None = None  #: the view of the source, for so many rows


class Part(NamedTuple):
    """The arrays of one section: for ``rows`` rows, ``step`` at a time, or once for all where there are no rows."""

    items: list[Item]
    names: list[str]  #: those that the text reads
    rows: int = 0
    step: int = 0


class Memory:
    """Blocks that are free, and how a new one is made."""

    def __init__(self, places: Places, parts: list[Part], *, keep: bool = True) -> None:
        self.parts, self.keep = parts, keep
        self.offsets, self.size = [], 0
        for number, size in enumerate(places.sizes):
            self.offsets.append(self.size)
            self.size += -(-size // LINE) * LINE + LINE * (1 + number % 3)  # never the same place in each page
        self.blocks: list[Any] = []

    def take(self) -> Any:
        """The arrays of a free block, or of a new one."""
        try:
            return self.blocks.pop()
        except IndexError:
            return self.made()

    def give(self, arrays: Any) -> None:
        """Put a block back."""
        if self.keep and self.size <= KEPT:
            self.blocks.append(arrays)

    def made(self) -> list[Any]:
        """For each part its arrays in a new block; for a loop such a list for each step, with the slice and its length."""
        room = np.empty(self.size + LINE, np.uint8)
        start = -room.__array_interface__["data"][0] % LINE
        room = room[start : start + self.size]
        made: list[Any] = []
        for part in self.parts:
            if not part.rows:
                made.append(self.arrays(room, part, 0))
                continue
            lengths = {min(part.step, part.rows - s) for s in range(0, part.rows, part.step)}
            arrays = {n: self.arrays(room, part, n) for n in lengths}
            steps = []
            for s in range(0, part.rows, part.step):
                n = min(part.step, part.rows - s)
                steps.append((slice(s, s + n), n, *arrays[n]))
            made.append(steps)
        return made

    def arrays(self, room: Any, part: Part, rows: int) -> tuple[Any, ...]:
        """The arrays of a part for so many rows."""
        made: dict[str, Any] = {}
        for item in part.items:
            if item.look is not None:
                made[item.name] = item.look(made[item.source], rows)
                continue
            shape = tuple([rows if i == item.axis else n for i, n in enumerate(item.shape)])
            physical = tuple([shape[i] for i in item.order])
            count = int(np.prod(physical, dtype=int))
            offset = self.offsets[item.place]
            flat = room[offset : offset + count * item.dtype.itemsize].view(item.dtype)
            back = tuple([item.order.index(i) for i in range(len(shape))])
            made[item.name] = flat.reshape(physical).transpose(back)
        return tuple([made[name] for name in part.names])


class Room:
    """What stands where in the memory of a program, while it is written down."""

    def __init__(self) -> None:
        self.places = Places()
        self.parts = [Part([], [])]
        self._part = 0
        self._place: dict[int, int] = {}  # of wires that stand in the memory
        self._home: dict[int, tuple[int, str]] = {}  # the part and the name of wires that are arrays of the memory
        self._steps: dict[int, Any] = {}  # an array of one number, with the shape and steps of a wire's
        self._outside: tuple[dict[int, tuple[int, str]], dict[int, Any]] = {}, {}

    @property
    def used(self) -> bool:
        """Whether anything stands in the memory."""
        return bool(self.places.sizes)

    def memory(self, *, keep: bool = True) -> Memory:
        """The memory that was planned."""
        return Memory(self.places, self.parts, keep=keep)

    def begin(self, rows: int, step: int) -> int:
        """A loop begins: the number of its part."""
        self._outside = dict(self._home), dict(self._steps)
        self.parts.append(Part([], [], rows, step))
        self._part = len(self.parts) - 1
        return self._part

    def end(self) -> None:
        """The loop ends."""
        self._part = 0
        stored = {w: home for w, home in self._home.items() if home[0] == 0}
        self._home, self._steps = {**stored, **self._outside[0]}, {**self._steps, **self._outside[1]}

    def outside(self, wire: int, shape: tuple[int, ...], dtype: Any) -> None:
        """A wire whose array does not stand in the memory and is laid out row by row."""
        self._home.pop(wire, None)
        self._steps[wire] = _laid_out(shape, dtype, tuple(range(len(shape))))

    def inside(
        self,
        wire: int,
        shape: tuple[int, ...],
        dtype: Any,
        like: tuple[int, ...] = (),
        kept: tuple[int, ...] | None = None,
    ) -> None:
        """A wire whose array NumPy makes, laid out as the operands are."""
        self._home.pop(wire, None)
        self._steps[wire] = _laid_out(shape, dtype, self._order(shape, like, kept))

    def place(
        self, wire: int, name: str, shape: tuple[int, ...], dtype: Any, axis: int | None, like: tuple[int, ...] = (), *,
        kept: tuple[int, ...] | None = None, outer: bool = False,
    ) -> str:  # fmt: skip
        """A place for the array of a wire, laid out as an operand of the same shape is; its name.

        ``kept``: the axes of the operand that the result has, where it does not have all.
        """
        order = self._order(shape, like, kept)
        place = self.places.take(int(np.prod(shape, dtype=int)) * dtype.itemsize)
        part = 0 if outer else self._part
        self._place[wire], self._home[wire] = place, (part, name)
        self._steps[wire] = _laid_out(shape, dtype, order)
        self.parts[part].items.append(Item(name, place, shape, order, dtype, axis))
        self.parts[part].names.append(name)
        return name

    def view(self, wire: int, source: int, look: Callable[[Any, int], Any], name: str) -> bool:
        """Whether a wire is a view that the memory can hold; it then does."""
        if source not in self._steps:
            return False
        view = _seen(look, self._steps[source], self.parts[self._part].step)
        if view is None:
            return False
        self._steps[wire] = view
        part, below = self._home.get(source, (-1, ""))
        if part != self._part:
            self._home.pop(wire, None)
            return False
        self._home[wire] = part, name
        self.parts[part].items.append(Item(name, -1, (), (), None, None, below, look))
        self.parts[part].names.append(name)
        return True

    def has(self, wire: int) -> bool:
        """Whether a wire stands in the memory."""
        return wire in self._place

    def contiguous(self, wire: int) -> bool:
        """Whether the array of a wire is laid out row by row, without gaps."""
        return wire in self._steps and bool(self._steps[wire].flags.c_contiguous)

    def moved(self, old: int, base: int, new: int) -> None:
        """A wire is written over another, which looks at the memory of ``base``."""
        for wire, table in ((base, self._place), (old, self._home), (old, self._steps)):
            known: dict[int, Any] = table
            if wire in known:
                known[new] = known.pop(wire)

    def free(self, wire: int) -> bool:
        """The array of a wire is not needed any more; whether it stood in the memory."""
        place = self._place.pop(wire, None)
        if place is not None:
            self.places.free(place)
        return place is not None

    def _order(self, shape: tuple[int, ...], like: tuple[int, ...], kept: tuple[int, ...] | None) -> tuple[int, ...]:
        for wire in like:
            steps = self._steps.get(wire)
            if steps is not None and (kept is not None or steps.shape == shape):
                axes = kept or tuple(range(len(shape)))
                return tuple(sorted(range(len(shape)), key=lambda i: -abs(steps.strides[axes[i]])))
        return tuple(range(len(shape)))


def _laid_out(shape: tuple[int, ...], dtype: Any, order: tuple[int, ...]) -> Any:
    """An array of one number with the steps of an array whose axes stand in memory in this order."""
    steps = [0] * len(shape)
    step = dtype.itemsize
    for axis in reversed(order):
        steps[axis] = step
        step *= max(shape[axis], 1)
    return as_strided(np.zeros(1, dtype), shape, steps, writeable=False)


def _seen(look: Callable[[Any, int], Any], array: Any, rows: int) -> Any:
    """The view of an array, ``None`` where it is not one."""
    try:
        return look(array, rows)
    except (ValueError, AttributeError):
        return None


def unmoved(a: Any, shape: tuple[int, ...]) -> Any:
    """An array with another shape and the same memory; ``ValueError`` where its elements would have to move."""
    if _NEW:
        return np.reshape(a, shape, copy=False)
    view = a.view()
    view.shape = shape
    return view


_NEW = "copy" in inspect.signature(np.reshape).parameters  # since NumPy 2.1
