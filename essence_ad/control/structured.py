"""Values of any structure as the arrays that a loop carries, and what is asked of them: one space from step to step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.control.body import Body
from essence_ad.errors import DTypeError, EssenceError, ShapeError, StructureError
from essence_ad.spaces import Array, Product, Space, fits, reals, space_of
from essence_ad.tracing import source


class Missing:
    """What stands for an argument that is not given; ``None`` is a value, the empty product."""


def real(value: Any) -> Any:
    """A value with Python's integers as reals."""
    space = space_of(value)
    return space.unpack(reals(space.pack(value)))


def rebuilt(space: Space, parts: Sequence[Any]) -> Any:
    """A value of a structure from its arrays."""
    rest = iter(parts)

    def build(s: Space) -> Any:
        return tuple([build(p) for p in s.parts]) if isinstance(s, Product) else next(rest)

    return space.unpack(build(space))


def same(name: str, carry: Space, new: Any) -> Any:
    """What a step carries on, in the structure that it started with; an error where it is in another space."""
    space = space_of(new)
    if space == carry:
        return new
    try:
        again = carry.unpack(carry.pack(new))
    except StructureError:
        raise changes(name, carry, space, StructureError) from None
    if not fits(space_of(again), carry):
        raise changes(name, carry, space)
    return again


def changes(name: str, carry: Space, found: Space, kind: Any = ShapeError) -> EssenceError:
    """The error for a body that carries on in another space."""
    error: EssenceError = kind(
        f"the body of {name} changes the space of what it carries", found=source.found(f"{carry} becomes {found}"),
        expected="the same structure, shapes and dtypes after each step",
        remedy="start with a value of the space that the body gives, or convert with astype",
    )  # fmt: skip
    return error


def require_boolean(space: Space) -> None:
    """An error where a predicate gives no boolean."""
    if not isinstance(space, Array) or space.shape or space.dtype.kind != "b":
        raise DTypeError(
            "a predicate must give one boolean", found=source.found(repr(space)), expected="True or False, as a comparison gives",
            remedy="compare, x != 0, or reduce with np.any or np.all",
        )  # fmt: skip


def unequal(first: Space | None, second: Space | None) -> StructureError:
    """The error for branches that give different things."""
    return StructureError(
        "the two branches of cond give values of different spaces", found=source.found(f"{first} and {second}"),
        expected="one structure, the same shapes and dtypes", remedy="make both alike, for example with np.zeros_like or astype",
    )  # fmt: skip


def started(
    name: str, init: Any, record: Callable[[Space], Body], target: Callable[[Body], Space]
) -> tuple[Any, Space, Body]:
    """The value to start with, its space, and the body there: real or complex numbers are widened as the body widens them."""
    carry = space_of(init)
    found = record(carry)
    wide = _widened(name, carry, target(found))
    if wide != carry:
        init, carry = wide.unpack(_converted(wide, carry.pack(init))), wide
        found = record(carry)
        if _widened(name, carry, target(found)) != carry:
            raise changes(name, carry, target(found))
    return init, carry, found


def _widened(name: str, carry: Space, found: Space) -> Space:
    def widen(a: Space, b: Space) -> Space:
        if isinstance(a, Product) and isinstance(b, Product):
            return Product(tuple(map(widen, a.parts, b.parts)), a.container)
        assert isinstance(a, Array) and isinstance(b, Array)
        if a.dtype == b.dtype:
            return a
        if a.dtype.kind not in "fc" or b.dtype.kind not in "fc":
            raise changes(name, carry, found)
        return a.of(np.result_type(a.dtype, b.dtype))

    return widen(carry, found)


def _converted(space: Space, tree: Any) -> Any:
    if isinstance(space, Product):
        return tuple(map(_converted, space.parts, tree))
    assert isinstance(space, Array)
    dtype = getattr(tree, "dtype", None)
    return tree if dtype == space.dtype else tree.astype(space.dtype) if dtype is not None else space.dtype.type(tree)
