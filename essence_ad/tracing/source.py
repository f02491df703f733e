"""Where in the user's code an operation was written, found without reading source until somebody asks."""

from __future__ import annotations

import functools
import linecache
import os
import sys
from types import CodeType
from typing import Any

import numpy as np

from essence_ad.errors import TracingError, UnsupportedError

CHOICES = (
    "choose with np.where(condition, a, b), or with cond(condition, f, g, x); loop with while_, scan or fold; or give the "
    "plain function to grad, jvp, ..., which follow the branch that is taken at their point"
)
NUMBERS = (
    "use NumPy's functions, np.sin and not math.sin, and keep the result an array; for y[i] = x write y = update(y, i, x), or "
    "collect parts with np.stack; print outside the function"
)
ARRAYS = (
    "it is an array already: leave np.asarray out; collect parts with np.stack([a, b]), np.concatenate or "
    "np.array([a, b], like=x), not by writing into an array; update(x, index, value) gives a changed copy"
)
PLACES = "np.take_along_axis(table, i, axis=0) takes traced places in any table, np.choose and np.where choose between arrays"
ONE_BY_ONE = (
    "np.vectorize calls its function with NumPy's numbers: call it with the whole array and branch with np.where, or use "
    "essence_ad.vmap(f)(x), or np.stack([f(v) for v in x])"
)
COUNTS = (
    "np.take(x, i) of a traced x and essence_ad.take(table, i) take traced integers; keep counts that steer the program out "
    "of its arguments: by a closure, functools.partial, or program(f, static='n'); loop with while_ where values decide"
)

UPDATES = "make a new array: x = update(x, index, value), np.where(mask, new, x), np.concatenate, np.stack"

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = os.path.dirname(os.path.dirname(os.path.abspath(np.__file__)))
_SCIPY = os.path.join(_LIBRARIES, "scipy") + os.sep
_SKIPPED = (_PACKAGE, os.path.join(_LIBRARIES, "numpy") + os.sep, _SCIPY, functools.__file__, "<__array_function__")
_inside: dict[str, bool] = {}


class Place:
    """A line of a user's function: the code and the place in it; file and number are looked up when shown."""

    __slots__ = ("code", "offset")

    def __init__(self, code: CodeType, offset: int) -> None:
        self.code, self.offset = code, offset

    @property
    def number(self) -> int:
        """The line number."""
        for start, end, line in self.code.co_lines():
            if start <= self.offset < end and line is not None:
                return line
        return self.code.co_firstlineno

    @property
    def text(self) -> str:
        """The line itself, where its file can be read."""
        return linecache.getline(self.code.co_filename, self.number).strip()

    def __str__(self) -> str:
        return f"{os.path.basename(self.code.co_filename)}:{self.number}"

    def __repr__(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def here() -> Place | None:
    """The innermost line outside this library and NumPy.

    >>> def f():
    ...     return here()
    >>> f().code.co_name
    'f'
    """
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        inside = _inside.get(code.co_filename)
        if inside is None:
            inside = _inside[code.co_filename] = code.co_filename.startswith(_SKIPPED)
        if not inside:
            return Place(code, frame.f_lasti)
        frame = frame.f_back  # type: ignore[assignment]
    return None


def defined(function: Any) -> str:
    """A function with the line that it is defined at.

    >>> defined(defined).startswith("defined at source.py:"), defined(np.sin)
    (True, 'sin')
    """
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    name, code = getattr(function, "__name__", type(function).__name__), getattr(function, "__code__", None)
    return name if code is None else f"{name} at {os.path.basename(code.co_filename)}:{code.co_firstlineno}"


def found(what: str) -> str:
    """What was met, with the user's line where there is one.

    >>> found("bool(x)").startswith("bool(x)")
    True
    """
    place = here()
    if place is None:
        return what
    return f"{what} at {place}: {place.text}" if place.text else f"{what} at {place}"


def asked_by_scipy() -> str | None:
    """The name of the function of SciPy, written in Python, that the user's line calls; ``None`` where it calls none."""
    frame, name = sys._getframe(1), None
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_SCIPY):
            name = code.co_name
        elif name is not None and not code.co_filename.startswith(_SKIPPED):
            break
        frame = frame.f_back  # type: ignore[assignment]
    return name


def asked_by_vectorize() -> bool:
    """Whether ``np.vectorize`` is what the user's line calls."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_SKIPPED):
        if isinstance(frame.f_locals.get("self"), np.vectorize):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def unsupported(function: Any, argument: str = "") -> UnsupportedError:
    """The error for a call that no primitive stands for, with the user's line."""
    name = getattr(function, "__name__", str(function))
    module = str(getattr(function, "__module__", "") or _home(function))
    full = f"{module}.{name}"
    return UnsupportedError(
        f"{full} with {argument} is not known to this library" if argument else f"{full} is not known to this library",
        found=found(f"{name}({argument or '...'})"),
        expected="one of the functions in essence_ad.primitives.catalogue()",
        remedy=f"leave {argument} out, or do it by a call of its own" if argument
        else f"write {name} with functions that are known, or add a primitive for it (one record, see CONTRIBUTING.md)",
    )  # fmt: skip


def _home(ufunc: Any) -> str:
    """The library that a ufunc, which does not say it, belongs to."""
    name, scipy = getattr(ufunc, "__name__", ""), sys.modules.get("scipy.special")
    return "scipy.special" if scipy is not None and getattr(scipy, name, None) is ufunc else "numpy"


def in_place(what: str, remedy: str = UPDATES) -> TracingError:
    """The error for writing into an array."""
    return TracingError(
        "a traced array cannot be changed in place", found=found(what), expected="operations that give new arrays",
        remedy=remedy,
    )  # fmt: skip
