"""Compilation without asking: an operator's function runs as it is, and is compiled when it meets the same spaces again.

What is kept is used only while everything that the user's function reads is what it was (``guards``). Arrays that it
reads are compared at every call, which costs as much as reading them; give large ones as arguments, or use ``compile``.
A function of which it cannot be told what it reads, and a program of more than ``LONG`` boxes, is never kept.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.compiler.compiled import Compiled, argument_space
from essence_ad.compiler.guards import Guard, guards
from essence_ad.compiler.simplify import simplify
from essence_ad.errors import EssenceError
from essence_ad.spaces import Space, pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace

REMEMBERED = 64  #: how many spaces an operator's function is kept for


LONG = 100_000  #: boxes of a program that is too long to be compiled without asking


class _Entry:
    """What is known of a function at one space."""

    __slots__ = ("compiled", "guards", "tried")

    def __init__(self) -> None:
        self.compiled: Compiled | None = None
        self.guards: list[Guard] = []
        self.tried = False


class Automatic:
    """A function of arrays that is compiled at the second call at a space, where that is safe.

    >>> import numpy as np
    >>> double = Automatic(lambda x: 2 * np.sin(x), np.sin)
    >>> [round(float(double(1.0)), 6) for _ in range(3)]
    [1.682942, 1.682942, 1.682942]
    >>> double.kept
    1
    """

    def __init__(self, function: Callable[..., Any], reads: Any) -> None:
        functools.update_wrapper(self, function)
        self.function, self.reads = function, reads
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def kept(self) -> int:
        """How many spaces have compiled code."""
        return sum(e.compiled is not None for e in self._entries.values())

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The function's result."""
        key = None if options else _marks(args)
        if key is None:
            return self.function(*args, **options)
        entry = self._entries.get(key)
        if entry is None:
            self._remember(key)
            return self.function(*args)
        compiled = entry.compiled
        if compiled is None:
            compiled = self._compile(entry, args)
            if compiled is None:
                return self.function(*args)
        for guard in entry.guards:
            if not guard.stands:
                self._entries.pop(key, None)
                return self.function(*args)
        return compiled(*args)

    def _remember(self, key: Any) -> None:
        with self._lock:
            self._entries[key] = _Entry()
            while len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)

    def _compile(self, entry: _Entry, args: tuple[Any, ...]) -> Compiled | None:
        """Compile at the spaces of the arguments; ``None`` where the function may not be kept."""
        with self._lock:
            if not entry.tried:
                entry.tried = True
                found = guards(self.reads)
                if found is not None:
                    space = argument_space([space_of(a) for a in args])
                    d = trace(self.function, space, spread=len(args) != 1).diagram
                    if len(d.boxes) <= LONG:
                        entry.guards, entry.compiled = found, Compiled(simplify(d))
        return entry.compiled


def automatic(reads: Any) -> Callable[[Callable[..., Any]], Automatic]:
    """A decorator for what an operator makes of a user's function: see ``Automatic``."""
    return lambda function: Automatic(function, reads)


def _marks(args: tuple[Any, ...]) -> Any:
    """A key for the spaces of arguments; ``None`` where some is not plain numbers and arrays."""
    marks: list[Any] = []
    for a in args:
        kind = type(a)
        if kind is float:
            marks.append(float)
        elif kind is np.ndarray:
            marks.append((a.shape, a.dtype))
        else:
            space = _plain_space(a)
            if space is None:
                return None
            marks.append(space)
    return tuple(marks)


def _plain_space(value: Any) -> Space | None:
    if hasattr(type(value), "__essence_call__"):
        return None
    try:
        space = space_of(value)
    except EssenceError:
        return None
    return space if _numeric(value) else None


def _numeric(value: Any) -> bool:
    """Whether the leaves of a value are NumPy's and Python's own numbers."""
    return all(isinstance(v, (float, int, np.ndarray, np.generic)) for v in leaves(pack(value)))
