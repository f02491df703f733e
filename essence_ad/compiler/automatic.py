"""Compilation without asking: an operator's function runs as it is, and is compiled when it meets the same spaces again.

What is kept is used only while everything that the user's function reads is what it was (``guards``). Arrays that it
reads are compared at every call, which costs as much as reading them; give large ones as arguments, or use ``compile``.
A function of which it cannot be told what it reads, and a program of more than ``LONG`` boxes, is never kept.
``grad(f)(x)`` with a new ``grad(f)``, or even a new ``f`` of the same code that reads the same, finds what was kept.
"""

from __future__ import annotations

import functools
import threading
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from essence_ad.compiler.compiled import Compiled, argument_space
from essence_ad.compiler.guards import Contents, Guard, Items, alike, guards
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import uncollected
from essence_ad.errors import EssenceError, NotCompiledWarning, TracingError
from essence_ad.spaces import Space, pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.pickling import reduced
from essence_ad.tracing.program import trace

REMEMBERED = 64  #: how many spaces an operator's function is kept for
SHARED = 256  #: how many functions are kept for new operators on them
VARIANTS = 8  #: and for how many spaces, and things that they read
LONG = 100_000  #: boxes of a program that is too long to be compiled without asking
LARGE = 1 << 20  #: bytes of arrays that a function reads, above which it is not kept for new operators


class _Entry:
    """What is known of a function at one space."""

    __slots__ = ("compiled", "guards", "tried", "why")

    def __init__(self) -> None:
        self.compiled: Compiled | None = None
        self.guards: list[Guard] = []
        self.tried = False
        self.why: EssenceError | None = None  #: why it could not be compiled, until somebody was told


class _Known(NamedTuple):
    """What is known of the functions of one code that read the same, at one space."""

    marks: Any
    guards: list[Guard]
    compiled: Compiled | None  #: ``None`` where it was met once
    hopeless: bool = False  #: whether it cannot be compiled
    new: bool = False  #: whether it has just been met


class _Shared:
    """What is known of functions by their code, so that a new operator on an equal function finds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: OrderedDict[Any, list[_Known]] = OrderedDict()

    def meet(self, place: Any, marks: Any, reads: Any) -> _Known:
        """What is known of a function, with the guards of this very one."""
        candidates = [k for k in self.found.get(place, ()) if k.marks == marks]
        mine = guards(reads, [g for k in candidates if k.compiled is not None for g in k.guards], copy=False)
        if mine is None:
            return _Known(marks, [], None, hopeless=True)
        for known in candidates:
            if alike(mine, known.guards) and (known.compiled is None or all(g.stands for g in mine)):
                if _changing(known.guards):  # the new guards hold what the list or dict is now
                    return known._replace(guards=mine, compiled=None, hopeless=True)
                return known._replace(guards=mine)
        self.put(place, _Known(marks, mine, None))
        return _Known(marks, mine, None, new=True)

    def put(self, place: Any, new: _Known) -> None:
        """Keep what is known of a function, in the place of what was known of one that is alike."""
        if sum(g.array.nbytes for g in new.guards if isinstance(g, Contents)) > LARGE:
            return
        with self.lock:
            others = [k for k in self.found.pop(place, []) if k.marks != new.marks or not alike(k.guards, new.guards)]
            self.found[place] = [*others[1 - VARIANTS :], new]
            while len(self.found) > SHARED:
                self.found.popitem(last=False)


def _changing(held: Iterable[Guard]) -> bool:
    """Whether a list or dict has changed since it was looked at: by the function, perhaps, each time that it runs."""
    return any(isinstance(g, Items) and not g.stands for g in held)


_shared = _Shared()


class Automatic:
    """A function of arrays that is compiled at the second call at a space, where that is safe.

    ``reads`` is the user's function, ``kind`` says what is made of it: functions of one kind share what they compiled.

    >>> import numpy as np
    >>> double = Automatic(lambda x: 2 * np.sin(x), np.sin)
    >>> [round(float(double(1.0)), 6) for _ in range(3)]
    [1.682942, 1.682942, 1.682942]
    >>> double.kept
    1
    """

    __essence_derivative__ = True

    def __init__(self, function: Callable[..., Any], reads: Any, kind: tuple[Any, ...] = ()) -> None:
        functools.update_wrapper(self, function)
        self.function, self.reads = function, reads
        self.__essence_reads__ = reads  # what a function that calls this one depends on
        self.again: Callable[[Any], Any] | None = None  #: what makes this of the user's function, for pickling
        self._place = _place(reads, kind) if kind else None
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        if self.again is None:
            return reduced(self, self.function, (Automatic, (self.function, self.reads)))
        return reduced(self, self.reads, (self.again, (self.reads,)))

    @property
    def kept(self) -> int:
        """How many spaces have compiled code."""
        return sum(e.compiled is not None for e in self._entries.values())

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The function's result."""
        marks = None if options else _marks(args)
        if marks is None:
            return self.function(*args, **options)
        entry = self._entries.get(marks)
        if entry is None:
            entry = self._remember(marks)
            if entry is None:
                return self.function(*args)
        compiled = entry.compiled
        if compiled is None:
            compiled = self._compile(entry, marks, args)
            if compiled is None:
                result = self.function(*args)
                if entry.why is not None:
                    self._tell(entry)
                return result
        for guard in entry.guards:
            if not guard.stands:
                self._entries.pop(marks, None)
                return self.function(*args)
        return compiled(*args)

    def _remember(self, marks: Any) -> _Entry | None:
        """A new entry; ``None`` where no such function has been met at these spaces."""
        entry, new = _Entry(), True
        if self._place is not None:
            _, entry.guards, entry.compiled, entry.tried, new = _shared.meet(self._place, marks, self.reads)
        with self._lock:
            self._entries[marks] = entry
            while len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)
        return None if new else entry

    def _compile(self, entry: _Entry, marks: Any, args: tuple[Any, ...]) -> Compiled | None:
        """Compile at the spaces of the arguments; ``None`` where the function may not be kept."""
        with self._lock:
            if not entry.tried:
                entry.tried = True
                found = None if _changing(entry.guards) else guards(self.reads)
                if found is not None:
                    compiled = self._staged(entry, args)
                    if not _changing(found):
                        entry.guards, entry.compiled = found, compiled
                    if self._place is not None:
                        _shared.put(self._place, _Known(marks, found, entry.compiled, entry.compiled is None))
        return entry.compiled

    def _staged(self, entry: _Entry, args: tuple[Any, ...]) -> Compiled | None:
        space = argument_space([space_of(a) for a in args])
        try:
            with uncollected():
                d = trace(self.function, space, spread=len(args) != 1).diagram
                return Compiled(simplify(d)) if len(d.boxes) <= LONG else None
        except TracingError:  # the function depends on values, which is told when it is run
            return None
        except EssenceError as error:
            entry.why = error
            return None

    def _tell(self, entry: _Entry) -> None:
        """A warning that what runs could not be compiled."""
        name = getattr(self.reads, "__name__", repr(self.reads))
        why, entry.why = entry.why, None
        warnings.warn(NotCompiledWarning(f"{name} is run as it is, and slower for it: {why}"), stacklevel=3)


def automatic(reads: Any, *kind: Any) -> Callable[[Callable[..., Any]], Automatic]:
    """A decorator for what an operator makes of a user's function: see ``Automatic``."""
    return lambda function: Automatic(function, reads, kind)


def _place(reads: Any, kind: tuple[Any, ...]) -> Any:
    """What functions share that may share compiled code: what is made of them, and their code or they themselves."""
    function = reads.func if isinstance(reads, functools.partial) else reads
    return kind, function.__code__ if isinstance(function, types.FunctionType) else _Same(reads)


class _Same:
    """A thing as a key: itself, and no other."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __hash__(self) -> int:
        return id(self.thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.thing is self.thing


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
