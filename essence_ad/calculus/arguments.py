"""Which function is differentiated, at which point, in which of its arguments: what all operators ask first."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from essence_ad.containers import describe
from essence_ad.diagram import Diagram
from essence_ad.errors import DTypeError, NotAProgramError, OptionError, StructureError
from essence_ad.linear_map import LinearMap
from essence_ad.morphism import Morphism
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.tracing.pickling import reduced
from essence_ad.tracing.program import as_program, name_of

Argnums = int | str | tuple[int | str, ...]  #: arguments by their places or names


class Derived:
    """The function that an operator makes of a user's: it has its name, and is pickled as the operator on it."""

    __essence_derivative__ = True

    def __init__(self, function: Callable[..., Any], f: Any, operator: Any, **options: Any) -> None:
        functools.update_wrapper(self, f)
        self.function, self.f = function, f
        self.__essence_reads__ = f  # what a function that calls this one depends on
        self.again = functools.partial(operator, **options)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The operator's answer at a point."""
        return self.function(*args, **options)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        return reduced(self, self.f, (self.again, (self.f,)))

    def __repr__(self) -> str:
        given = "".join([f", {name}={value!r}" for name, value in self.again.keywords.items()])
        return f"{self.again.func.__name__}({name_of(self.f)}{given})"


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


def in_arguments(f: Any, args: tuple[Any, ...], options: dict[str, Any], argnums: Argnums) -> tuple[Any, Any]:
    """``f`` as a function of the arguments ``argnums`` alone, the others held, and the point: one argument or a tuple."""
    single = isinstance(argnums, (int, str))
    places = _places(f, args, options, argnums)
    if single and len(args) == 1 and places == [0]:
        return (functools.partial(f, **options) if options else f), args[0]
    point = [options[place] if isinstance(place, str) else args[place] for place in places]
    return _holding(f, args, options, places, single), point[0] if single else tuple(point)


def _holding(f: Any, args: tuple[Any, ...], options: dict[str, Any], places: list[int | str], single: bool) -> Any:
    def function(point: Any) -> Any:
        full, named = list(args), dict(options)
        for place, part in zip(places, (point,) if single else point, strict=True):
            if isinstance(place, str):
                named[place] = part
            else:
                full[place] = part
        return f(*full, **named)

    function.__name__ = name_of(f)
    return function


def _places(f: Any, args: tuple[Any, ...], options: dict[str, Any], argnums: Argnums) -> list[int | str]:
    """Where the wanted arguments were given: the numbers of those by position, the names of those by keyword."""
    wanted = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    n = len(args)
    names = _names(f) if any(isinstance(i, str) for i in wanted) or (options and n == 0) else ()
    places = [_place(i, n, names, options) for i in wanted]
    if None in places or len(set(places)) != len(places) or not places:
        given = [*[f"{i}" for i in range(n)], *[repr(name) for name in names[:n]], *map(repr, options)]
        raise OptionError(
            "argnums names no such arguments",
            found=f"argnums={argnums!r} for {n} positional arguments" + (f" and {sorted(options)}" if options else ""),
            expected=f"one, or a tuple of different ones, of {', '.join(given)}" if given else "at least one argument",
            remedy="count the positional arguments from 0, or give the argument's name: argnums='x'",
        )  # fmt: skip
    return [place for place in places if place is not None]


def _place(wanted: Any, n: int, names: tuple[str, ...], options: dict[str, Any]) -> int | str | None:
    """Where one argument was given, ``None`` where it was not."""
    if isinstance(wanted, str):
        return wanted if wanted in options else names.index(wanted) if wanted in names[:n] else None
    if type(wanted) is not int:
        return None
    if -n <= wanted < n:
        return wanted % n
    return names[wanted] if n == 0 and 0 <= wanted < len(names) and names[wanted] in options else None


def _names(f: Any) -> tuple[str, ...]:
    """The names of the arguments that may be given by position."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple([p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)])


def require_continuous(operator: str, what: str, space: Space) -> None:
    """An error where a space has a part whose numbers cannot move a little: integers and booleans."""
    place, part = next(((p, s) for p, s in array_parts(space) if s.discrete), ("", None))
    if part is not None:
        raise DTypeError(
            f"{operator} needs real or complex numbers in its {what}{place}", found=f"dtype {part.dtype}",
            expected="a floating dtype (a Python int counts as a real)",
            remedy="convert with astype(float), or hold the part: close over it, or leave it out of argnums",
        )  # fmt: skip


def first_of_pair(operator: str, df: LinearMap) -> LinearMap:
    """The derivative of the value alone, where ``has_aux`` says that a function returns ``(value, more)``."""
    _, target = df.named()
    if not isinstance(target, Product) or len(target.parts) != 2 or target.container.names is not None:
        raise StructureError(
            f"{operator} needs a function that returns a pair", found=target,
            expected="a pair (value, more), as has_aux asks", remedy="return such a pair, or leave has_aux out",
        )  # fmt: skip
    return LinearMap(Diagram((0, 1), 0, (), 2, target, target.parts[0])) @ df


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
