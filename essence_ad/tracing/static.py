"""Static arguments: values that the function itself needs, as counts and names; a program for each of them."""

from __future__ import annotations

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from essence_ad.containers import describe
from essence_ad.errors import OptionError, TracingError
from essence_ad.kernel import is_overloaded
from essence_ad.operation import key
from essence_ad.tracing import source
from essence_ad.tracing.pickling import reduced

REMEMBERED = 64  #: for how many static values a function's programs are kept


class Static:
    """A function some of whose arguments are static: called, it is the program for their values, recorded once for each.

    ``given(n=3)`` is that program itself, to be composed and sent to categories.

    >>> import numpy as np
    >>> from essence_ad.tracing.program import Program
    >>> def power(x, n):
    ...     return x if n == 1 else x * power(x, n - 1)
    >>> powers = Static(power, ("n",), Program)
    >>> float(powers(2.0, 3)), float(powers(2.0, n=2)), powers.given(n=2)
    (8.0, 4.0, power)
    """

    def __init__(self, function: Callable[..., Any], static: tuple[int | str, ...], make: Callable[[Any], Any]) -> None:
        self.__name__ = type(function).__name__
        functools.update_wrapper(self, function)
        self.make = make  #: what makes a program of a function
        self.__essence_reads__ = function  # what a function that calls this one depends on
        self.function = function
        self.signature = inspect.signature(function)
        self.static = tuple([self._name(place) for place in static])
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def _name(self, place: int | str) -> str:
        """The name of a parameter, by its name or its place."""
        kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        names = [p.name for p in self.signature.parameters.values() if p.kind in kinds]
        if place in names:
            return str(place)
        if type(place) is int and -len(names) <= place < len(names):
            return names[place]
        raise OptionError(
            f"{self.__name__} has no such argument to be static", found=repr(place),
            expected=f"one of {', '.join(map(repr, names))}, or a place from 0 to {len(names) - 1}",
            remedy="name arguments that may be given by keyword",
        )  # fmt: skip

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value of the program for the static arguments, at the others."""
        try:
            bound = self.signature.bind(*args, **options)
        except TypeError as error:
            raise OptionError(
                f"{self.__name__} does not take these arguments", found=f"{len(args)} and {sorted(options)}",
                expected=f"{self.__name__}{self.signature}", remedy=f"as Python says: {error}",
            ) from error  # fmt: skip
        held = {name: bound.arguments.pop(name) for name in self.static if name in bound.arguments}
        rest = inspect.BoundArguments(_without(self.signature, held), bound.arguments)
        return self.given(**held)(*rest.args, **rest.kwargs)

    def given(self, **values: Any) -> Any:
        """The program for values of static arguments; those that are not given have their defaults."""
        for name, value in values.items():
            self._check(name, value)
        place = key(values)
        with self._lock:
            found = self._kept.get(place)
            if found is None:
                found = self._kept[place] = self.make(_Fixed(self.function, self.__name__, values))
                if len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(place)
        return found

    def _check(self, name: str, value: Any) -> None:
        if name not in self.static:
            raise OptionError(
                f"{name} is not a static argument of {self.__name__}", found=name,
                expected=f"one of {', '.join(map(repr, self.static))}", remedy="give it when the program is called",
            )  # fmt: skip
        if is_overloaded(value):
            raise TracingError(
                f"the static argument {name} of {self.__name__} is a traced array", found=source.found(repr(value)),
                expected="a value that is known: a number, a string, a tuple of them",
                remedy=f"pass it from outside of the traced function, or take {name} out of static",
            )  # fmt: skip
        try:
            hash(value)
        except TypeError:
            raise OptionError(
                f"the static argument {name} of {self.__name__} cannot be hashed", found=source.found(describe(value)),
                expected="a value that can be a key of a dict: a number, a string, a tuple of them",
                remedy=f"give a tuple in the place of a list or an array, or take {name} out of static",
            ) from None  # fmt: skip

    def __reduce__(self) -> Any:
        return reduced(self, self.function, (Static, (self.function, self.static, self.make)))

    def __repr__(self) -> str:
        return f"program({self.__name__}, static={self.static!r})"


class _Fixed:
    """A function with some of its arguments given, as a function of the others."""

    def __init__(self, function: Callable[..., Any], name: str, values: dict[str, Any]) -> None:
        self.function, self.values = function, values
        self.full = inspect.signature(function)
        self.__signature__ = _without(self.full, values)
        self.__name__, self.__essence_reads__ = name, function
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **options: Any) -> Any:
        given = {**self.__signature__.bind(*args, **options).arguments, **self.values}
        bound = inspect.BoundArguments(
            self.full, OrderedDict((n, given[n]) for n in self.full.parameters if n in given)
        )
        return self.function(*bound.args, **bound.kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fixed) and self._marks == other._marks

    def __hash__(self) -> int:
        return hash(self._marks)

    @property
    def _marks(self) -> Any:
        return self.function, key(self.values)

    def __reduce__(self) -> Any:
        return reduced(self, self.function, (_Fixed, (self.function, self.__name__, self.values)))


def _without(signature: inspect.Signature, names: Any) -> inspect.Signature:
    """A signature without some parameters; what follows an argument that was taken out may need its name."""
    kept = [p for p in signature.parameters.values() if p.name not in names]
    return signature.replace(parameters=kept)
