"""Batched: the same program over an added axis; an object is that of ``Functions`` with many elements in place of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.category import CARTESIAN, Category
from essence_ad.diagram import Diagram
from essence_ad.errors import OptionError, ShapeError
from essence_ad.inlining import Composed, run
from essence_ad.morphism import require_cartesian
from essence_ad.spaces import Product, Space, pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batching


class BatchedFunction(Composed):
    """An arrow of ``Batched``: call it with arrays that have the added axis in front, all of one length.

    >>> from essence_ad import Batched, R, matmul
    >>> f = Batched(matmul)
    >>> f, f(np.ones((5, 2, 3)), np.ones((5, 3))).shape
    (<function over an added axis; 1 box>, (5, 2))
    """

    __slots__ = ()

    def __call__(self, *args: Any, size: int | None = None) -> Any:
        """The values, with the added axis in front. ``size`` is its length, for arguments that hold no arrays.

        Raises ``ShapeError`` where the arrays differ in the length of the axis, or an element does not fit the program.
        """
        x = args[0] if len(args) == 1 else args
        with Batching(_size(x, size)) as batching:
            y = self.of_elements(mapped(batching.lift, x))
            return owned(mapped(batching.lower, y), x)

    def of_elements(self, x: Any) -> Any:
        """The value at an argument whose arrays are batches, or the same for all elements."""
        return run(self.diagram, x)

    def __repr__(self) -> str:
        n = len(self.diagram.boxes)
        return f"<function over an added axis; {n} box{'' if n == 1 else 'es'}>"


def _size(x: Any, size: int | None) -> int:
    """The length of the added axis."""
    found = {np.shape(leaf)[:1] for leaf in leaves(pack(x))}
    if size is not None:
        found.add((size,))
    if len(found) > 1 or () in found:
        raise ShapeError(
            "the arrays of a batch have one first axis in common",
            found=" and ".join([f"shape {np.shape(leaf)}" for leaf in leaves(pack(x))]),
            expected="one length", remedy="repeat what is the same for all with np.broadcast_to, or use vmap",
        )  # fmt: skip
    if not found:
        raise OptionError(
            "the argument holds no array that tells the length of the added axis", found=repr(x), expected="arrays",
            remedy="give it: f(x, size=n)",
        )  # fmt: skip
    ((n,),) = found
    return int(n)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """A user's value with a function done to each of its arrays.

    >>> mapped(np.shape, {"w": np.ones(2), "b": (1.0, 2.0)})
    {'w': (2,), 'b': ((), ())}
    """
    space = space_of(value)
    return unpacked(space, iter([function(leaf) for leaf in leaves(space.pack(value))]))


def unpacked(space: Space, parts: Any) -> Any:
    """The containers of a space with the next of some values in the place of each array."""
    if not isinstance(space, Product):
        return next(parts)
    return space.container.build([unpacked(p, parts) for p in space.parts])


def owned(value: Any, given: Any) -> Any:
    """A value of arrays that share no memory with what was given, or with each other: whoever gets it may change it."""
    seen = {id(_memory(x)) for x in leaves(pack(given))}

    def own(part: Any) -> Any:
        if not isinstance(part, np.ndarray):
            return part
        memory = _memory(part)
        if id(memory) in seen or not part.flags.writeable:
            return part.copy()
        seen.add(id(memory))
        return part

    return mapped(own, value)


def _memory(x: Any) -> Any:
    """The array whose memory an array looks at."""
    while isinstance(x, np.ndarray) and isinstance(x.base, np.ndarray):
        x = x.base
    return x


class BatchedCategory(Category):
    """Programs over an added axis. Every primitive is one call on all elements: no loop goes over them.

    What the program computes for one element it computes for each; constants are repeated. ``vmap`` is this category
    with a choice of axes.

    >>> from essence_ad import Batched, dup, mul
    >>> Batched(dup >> mul)(np.array([1.0, 2.0, 3.0]))
    array([1., 4., 9.])
    """

    name = "Batched"
    structure = CARTESIAN | {"general", "numeric"}
    arrows = BatchedFunction

    def diagram(self, d: Diagram) -> BatchedFunction:
        """The program to be run over an added axis; ``NotAdditiveError`` for programs that add arrows."""
        require_cartesian(d, "this program")
        return BatchedFunction(d)

    def argument(self, x: Any) -> Space:
        """The space of one element."""
        if not leaves(pack(x)):
            return space_of(x)
        with Batching(_size(x, None)) as batching:
            return space_of(mapped(batching.lift, x))

    def observe(self, arrow: BatchedFunction, source: Space, target: Space, point: Any) -> Any:
        """The values at a batch of the point and another one."""
        pair = mapped(lambda leaf: np.stack([leaf, 0.5 * leaf + 0.25]), point)
        return target.pack(arrow(pair, size=2))


Batched = BatchedCategory()
