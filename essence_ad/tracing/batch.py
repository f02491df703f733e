"""Batches: values that stand for one element each, and hold many of them along an axis that is not seen.

A function that is given batches does what it does to one element, and every call of a primitive is one call on all
elements (``primitives.Primitive.batched``). Batches nest with each other and with traces: the innermost binds, and what
a batch holds may be an array of an outer trace or an outer batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import Way
from essence_ad.errors import TracingError
from essence_ad.operation import fault
from essence_ad.primitives.primitive import Primitive
from essence_ad.spaces import Array, space_of
from essence_ad.tracing import source
from essence_ad.tracing.protocol import Level, Overloaded


class Batch(Overloaded):
    """One element of a batch, as far as its function can tell: the shape and dtype are those of one element.

    >>> with Batching(3) as batching:
    ...     x = batching.lift(np.array([1.0, 2.0, 3.0]))
    ...     y = batching.lower(2 * x)
    >>> x, y
    (<batched R, 3 elements>, array([2., 4., 6.]))
    """

    __slots__ = ("array", "level", "owner")

    def __init__(self, owner: Batching, array: Any) -> None:
        self.owner, self.array, self.level = owner, array, owner.level

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one element."""
        found: tuple[int, ...] = self.array.shape[1:]
        return found

    @property
    def dtype(self) -> Any:
        """The dtype."""
        return self.array.dtype

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The primitive at every element, in calls on the whole batch."""
        return self.owner.bind(primitive, inputs, params)

    def known(self, use: str, remedy: str = source.NUMBERS, *, steers: bool = False) -> Any:
        """An error: the elements of a batch have different values."""
        raise TracingError(
            f"a batched array was {use}, and its value is another one for each element", found=source.found(repr(self)),
            expected="operations on arrays, in an order that does not depend on values", remedy=remedy,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<batched {Array(self.shape, self.dtype)}, {self.owner.size} elements>"


class Batching(Level):
    """An added axis of a length, while functions run over it. Use it in a ``with``; its batches end with it."""

    __slots__ = ("size",)
    point: Any = None  #: no values by which Python code could steer, as a recording may have

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def lift(self, array: Any) -> Batch:
        """An array with the added axis in front as what stands for one element of it."""
        return Batch(self, array)

    def lower(self, value: Any) -> Any:
        """What a function gave for one element as an array with the added axis; what is the same for all is repeated."""
        if type(value) is Batch and value.owner is self:
            return value.array
        return np.broadcast_to(value, (self.size, *np.shape(value)))

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """A call of a primitive on values, at least one of them a batch of this axis."""
        if not self.open:
            raise TracingError(
                "a batched array was used after its batch ended", found=source.found("a leaked batched array"),
                expected="batched arrays used only inside the function that got them",
                remedy="return the array from the function; do not keep it in a global, a list or an attribute",
            )  # fmt: skip
        lifted = [type(x) is Batch and x.owner is self for x in inputs]
        given = [
            x.array if has else np.asarray(x) if type(x) in (list, tuple) else x
            for has, x in zip(lifted, inputs, strict=True)
        ]
        try:
            result = over(primitive, self.size, lifted, given, params)
        except (ValueError, TypeError, IndexError) as error:
            spaces = [space_of(x) for x in inputs]
            place = source.here()
            raise fault(primitive.name, spaces, error, line=None if place is None else str(place)) or error from error
        if isinstance(result, (tuple, list)):
            return tuple([Batch(self, part) for part in result])
        return Batch(self, result)


def over(primitive: Primitive, size: int, lifted: Sequence[bool], inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """The result of a primitive with an added axis of ``size`` in front, which those inputs have that are ``lifted``.

    >>> from essence_ad.primitives import catalogue
    >>> over(catalogue()["sum"], 2, [True], [np.ones((2, 3))], {"axis": 0, "keepdims": False})
    array([3., 3.])
    """
    return (primitive.way or one_by_one(primitive))(primitive.function, size, lifted, inputs, params)


def one_by_one(primitive: Primitive) -> Way:
    """The way of a primitive that states none: each element by itself, and the results stacked."""

    def way(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
        op = primitive.call(**options)
        several = isinstance(op.cod, tuple)
        if n == 0:
            spaces = [Array(tuple(np.shape(x)[has:]), np.result_type(x)) for has, x in zip(lifted, inputs, strict=True)]
            found = op.shape(*spaces)
            empty = [np.zeros((0, *s.shape), s.dtype) for s in (found if several else (found,))]
            return tuple(empty) if several else empty[0]
        rows = [op.apply(*[x[i] if has else x for has, x in zip(lifted, inputs, strict=True)]) for i in range(n)]
        return tuple([np.stack(parts) for parts in zip(*rows, strict=True)]) if several else np.stack(rows)

    return way
