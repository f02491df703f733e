"""Which function is differentiated, at which point, in which of its arguments: what all operators ask first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from essence_ad.containers import describe
from essence_ad.errors import DTypeError, NotAProgramError, OptionError
from essence_ad.morphism import Morphism
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.tracing.program import as_program, name_of


def require_program(operator: str, f: Any) -> None:
    """An error when ``f`` is neither a morphism nor a function."""
    if not callable(f):
        raise NotAProgramError(
            f"{operator} takes a program", found=describe(f), expected="a morphism or a function on arrays",
            remedy=f"give the function itself: {operator}(f, ...), not {operator}(f(x), ...)",
        )  # fmt: skip


def program_at(operator: str, f: Any, x: Any) -> Morphism[Any, Any]:
    """The program of a function of one argument at the space of ``x``, in which every number may move a little."""
    require_program(operator, f)
    require_continuous(operator, "argument", space_of(x))
    return as_program(f, (x,), at_point=True)


def in_arguments(f: Any, args: tuple[Any, ...], options: dict[str, Any], argnums: Any) -> tuple[Any, Any]:
    """``f`` as a function of the arguments ``argnums`` alone, the others held, and the point: one argument or a tuple."""
    if options:
        f = functools.partial(f, **options)
    places = _places(args, argnums)
    if isinstance(argnums, int):
        (place,) = places
        return (f if len(args) == 1 else _holding(f, args, places, lambda x: (x,))), args[place]
    point = tuple([args[i] for i in places])
    return _holding(f, args, places, tuple), point


def _holding(f: Any, args: tuple[Any, ...], places: list[int], parts: Callable[[Any], tuple[Any, ...]]) -> Any:
    def function(point: Any) -> Any:
        full = list(args)
        for place, part in zip(places, parts(point), strict=True):
            full[place] = part
        return f(*full)

    function.__name__ = name_of(f)
    return function


def _places(args: tuple[Any, ...], argnums: Any) -> list[int]:
    wanted = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    n = len(args)
    places = [i + n if i < 0 else i for i in wanted if type(i) is int and -n <= i < n]
    if len(places) != len(wanted) or len(set(places)) != len(places) or not places:
        raise OptionError(
            "argnums names no such arguments", found=f"argnums={argnums!r} for {n} positional arguments",
            expected=f"an int, or a tuple of different ints, from {-n} to {n - 1}" if n else "at least one argument",
            remedy="count the positional arguments from 0; arguments given by keyword are held",
        )  # fmt: skip
    return places


def require_continuous(operator: str, what: str, space: Space) -> None:
    """An error where a space has a part whose numbers cannot move a little: integers and booleans."""
    place, part = next(((p, s) for p, s in array_parts(space) if s.discrete), ("", None))
    if part is not None:
        raise DTypeError(
            f"{operator} needs real or complex numbers in its {what}{place}", found=f"dtype {part.dtype}",
            expected="a floating dtype (a Python int counts as a real)",
            remedy="convert with astype(float), or hold the part: close over it, or leave it out of argnums",
        )  # fmt: skip


def array_parts(space: Space, place: str = "") -> list[tuple[str, Array]]:
    """Where each array of a space stands, as one writes it after a value, with its space.

    >>> array_parts(space_of({"w": (1.0, 2.0)}))
    [("['w'][0]", R), ("['w'][1]", R)]
    """
    if isinstance(space, Array):
        return [(place, space)]
    assert isinstance(space, Product)
    names = space.container.names
    keys = range(len(space.parts)) if names is None else names
    written = [f"[{k!r}]" if names is None or issubclass(space.container.type, dict) else f".{k}" for k in keys]
    return [a for w, p in zip(written, space.parts, strict=True) for a in array_parts(p, place + w)]


def tree_of(space: Space, leaves: Iterator[Any]) -> Any:
    """The packed tree that has these values where the space has its arrays.

    >>> tree_of(space_of({"w": (1.0, 2.0)}), iter("ab"))
    (('a', 'b'),)
    """
    return tuple([tree_of(p, leaves) for p in space.parts]) if isinstance(space, Product) else next(leaves)
