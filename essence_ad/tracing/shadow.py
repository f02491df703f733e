"""Shadows: arrays of which only the space is known, and which count what is done to them: costs without numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.batching import shape_of
from essence_ad.errors import TracingError
from essence_ad.primitives.contractions import letters
from essence_ad.primitives.primitive import Call, Primitive
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.tracing import source
from essence_ad.tracing.protocol import Overloaded

CALL = 500  #: elements that are worked on in the time that a call of NumPy costs by itself
NUMBER = 50  #: the same for an operation on single numbers, written out in Python
PRODUCTS = 16  #: products that a contraction adds up in the time of one element
_PYTHON = (bool, int, float, complex)
_VIEWS = frozenset({  # what NumPy answers without touching the elements
    "reshape", "ravel", "transpose", "matrix_transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to",
    "flip", "diagonal", "split", "array_split", "atleast_1d", "atleast_2d", "atleast_3d",
})  # fmt: skip


@attrs.define
class Work:
    """Counted work: calls on arrays and the elements that they work on, products of contractions, work on numbers.

    >>> Work(2, 300) + Work(1, 50, 1000)
    Work(calls=3, elements=350, products=1000, numbers=0)
    """

    calls: int = 0
    elements: int = 0
    products: int = 0
    numbers: int = 0

    @property
    def total(self) -> int:
        """One number to compare by: as many elements as could be worked on in the time."""
        return CALL * self.calls + self.elements + self.products // PRODUCTS + NUMBER * self.numbers

    def __add__(self, other: Work) -> Work:
        return Work(*[a + b for a, b in zip(attrs.astuple(self), attrs.astuple(other), strict=True)])

    def __mul__(self, times: int) -> Work:
        return Work(*[times * a for a in attrs.astuple(self)])

    def include(self, other: Work) -> None:
        """Add other work to this."""
        both = self + other
        self.calls, self.elements, self.products, self.numbers = attrs.astuple(both)

    def count(self, call: Call, inputs: Sequence[Any], found: Any) -> None:
        """Add a call that gives these spaces."""
        if not any(map(shape_of, inputs)) and not isinstance(found, tuple) and not found.shape:
            self.numbers += 1
            return
        self.calls += 1
        products = _products(call, inputs)
        if products is None:
            self.elements += _elements(call, inputs, found)
        else:
            self.products += products


class Shadow(Overloaded):
    """An array of a space, of unknown value, that writes what is done to it, and to what comes of it, to tallies.

    >>> work = Work()
    >>> np.sum(np.ones((4, 3)) @ Shadow(Array((3,)), work))
    <shadow of R>
    >>> work
    Work(calls=2, elements=4, products=12, numbers=0)
    """

    __slots__ = ("one", "space", "tallies")
    level = 1 << 59

    def __init__(self, space: Array, *tallies: Work, one: bool = False) -> None:
        self.space, self.tallies = space, tallies
        self.one = one  #: whether it stands for the number 1, by which nobody multiplies

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.space.shape

    @property
    def dtype(self) -> Any:
        """The dtype."""
        return self.space.dtype

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The shadow of the result, counted."""
        call = primitive.call(**params)
        found = result_space(call, inputs)
        tallies = tuple({id(t): t for x in inputs if isinstance(x, Shadow) for t in x.tallies}.values())
        for tally in tallies:
            tally.count(call, inputs, found)
        return tuple([Shadow(s, *tallies) for s in found]) if isinstance(found, tuple) else Shadow(found, *tallies)

    def known(self, use: str, remedy: str = source.NUMBERS, *, steers: bool = False) -> Any:
        """An error: a shadow has no value."""
        raise TracingError(
            f"an array was {use}, and costs are counted from shapes alone", found=source.found(repr(self)),
            expected="operations on arrays, in an order that does not depend on values", remedy=remedy,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<shadow of {self.space}>"


def shadow(space: Space, tally: Work) -> Any:
    """The packed value of shadows that a space has."""
    if isinstance(space, Product):
        return tuple([shadow(p, tally) for p in space.parts])
    assert isinstance(space, Array)
    return Shadow(space, tally)


def result_space(call: Call, inputs: Sequence[Any]) -> Any:
    """The space of what a call gives; Python numbers take the dtype that they meet."""
    dtypes = [x.dtype for x in inputs if hasattr(x, "dtype")]
    spaces = [Array((), np.result_type(*dtypes, x)) if type(x) in _PYTHON else space_of(x) for x in inputs]
    return call.shape(*spaces)


def _products(call: Call, inputs: Sequence[Any]) -> int | None:
    """How many products a contraction adds up, ``None`` for other calls."""
    shapes = [shape_of(x) for x in inputs]
    named = letters(call, [len(s) for s in shapes])
    if named is None:
        return None
    lengths: dict[str, int] = {}
    for part, shape in zip(named[0], shapes, strict=True):
        for letter, n in zip(part, shape, strict=True):
            lengths[letter] = max(n, lengths.get(letter, 1)) if n else 0
    return math.prod(lengths.values())


def _elements(call: Call, inputs: Sequence[Any], found: Any) -> int:
    """How many elements a call works on: those of its result, or those that it reads."""
    made: int = sum([s.dim for s in found]) if isinstance(found, tuple) else found.dim
    if call.name in _VIEWS or (call.name == "index" and _basic(call.params["key"])):
        return 0
    return made if call.primitive.copies else max([made, *[math.prod(shape_of(x)) for x in inputs]])


def _basic(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, (list, np.ndarray)) for part in parts)
