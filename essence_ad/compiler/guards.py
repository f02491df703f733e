"""What a Python function depends on besides its arguments, so that a recording of it is used only while that stands.

A function is safe to keep when everything that it reads is a number, a string, an array, a function, or a module of
functions. Anything else (objects, lists, random generators) may change without a trace, and is not kept.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from essence_ad.morphism import Morphism
from essence_ad.operation import same

_ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    np.generic,
    np.dtype,
    type,
    types.BuiltinFunctionType,
    np.ufunc,
)
_PURE = ("numpy", "math", "cmath", "essence_ad", "operator")
_CHANGING = frozenset(
    {"random", "default_rng", "seed", "load", "fromfile", "loadtxt", "print", "open", "input", "breakpoint"}
)


class Place(NamedTuple):
    """A place that is read, and what it held: a dict and a name, or a closure's cell and ``None``."""

    place: Any
    name: str | None
    held: Any

    @property
    def stands(self) -> bool:
        """Whether the place still holds the same object."""
        if self.name is None:
            return self.place.cell_contents is self.held
        return self.place.get(self.name) is self.held


_SMALL = 65_536  #: bytes of an array that are compared at once
_CHUNK = 8192  #: numbers of a larger one that are


class Contents(NamedTuple):
    """An array that is read, and what it held."""

    array: Any
    held: Any

    @property
    def stands(self) -> bool:
        """Whether the array holds the same bits, compared in pieces that stay in the cache."""
        a, b = self.array, self.held
        if a.nbytes <= _SMALL:
            return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()) or same(a, b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.nbytes % 8 or not a.flags.c_contiguous or a.dtype == object:
            return same(a, b)
        a, b = np.reshape(a, -1).view(np.uint64), np.reshape(b, -1).view(np.uint64)
        return all(np.array_equal(a[i : i + _CHUNK], b[i : i + _CHUNK]) for i in range(0, len(a), _CHUNK))


Guard = Place | Contents


def guards(function: Any) -> list[Guard] | None:
    """The places and arrays that a function reads, ``None`` where it reads something that may change unseen.

    >>> guards(np.sin), guards(np.random.default_rng(0).normal) is None
    ([], True)
    """
    found: list[Guard] = []
    return found if _read(function, found, set()) else None


def _read(value: Any, found: list[Guard], seen: set[int]) -> bool:
    """Collect what a value depends on; false where that cannot be known."""
    if isinstance(value, np.ndarray):
        found.append(Contents(value, value.copy()))
        return True
    if isinstance(value, (*_ATOMS, Morphism)):
        return not (isinstance(value, Morphism) and hasattr(value, "function")) or _read(value.function, found, seen)
    if id(value) in seen:
        return True
    seen.add(id(value))
    if isinstance(value, tuple):
        return all(_read(v, found, seen) for v in value)
    if isinstance(value, functools.partial):
        return not value.keywords and all(_read(v, found, seen) for v in (value.func, *value.args))
    if isinstance(value, types.ModuleType):
        return value.__name__.split(".")[0] in _PURE
    if isinstance(value, types.FunctionType):
        wrapped = getattr(value, "__wrapped__", None)
        if value.__module__ is not None and value.__module__.split(".")[0] in _PURE:
            return wrapped is None or _read(wrapped, found, seen)
        return _read_function(value, found, seen)
    function: Callable[..., Any] | None = getattr(value, "__wrapped__", None)  # as NumPy's dispatchers are
    module = str(getattr(value, "__module__", "") or "")
    return module.split(".", maxsplit=1)[0] in _PURE and callable(value) and function is not None


def _read_function(f: types.FunctionType, found: list[Guard], seen: set[int]) -> bool:
    names = _names(f.__code__)
    if names & _CHANGING:
        return False
    held: list[Any] = [*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()]
    for name in sorted(names & f.__globals__.keys()):
        found.append(Place(f.__globals__, name, f.__globals__[name]))
        held.append(f.__globals__[name])
    for cell in f.__closure__ or ():
        try:
            found.append(Place(cell, None, cell.cell_contents))
        except ValueError:  # a name that is not bound yet
            return False
        held.append(cell.cell_contents)
    return all(_read(v, found, seen) for v in held)


def _names(code: types.CodeType) -> set[str]:
    """The names that a function and the functions inside it read."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found
