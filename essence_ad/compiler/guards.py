"""What a Python function depends on besides its arguments, so that a recording of it is used only while that stands.

A function is safe to keep when everything that it reads is a number, a string, an array, a function, a module of
functions, a class of functions, or a tuple, list or dict of such. Anything else (objects, random generators, methods of
lists and dicts) may change without a trace, and is not kept. What libraries of ``_PURE`` define is taken to stay.
"""

from __future__ import annotations

import builtins
import dis
import functools
import types
from collections.abc import Callable, Sequence
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
    np.ufunc,
)
_PURE = ("numpy", "math", "cmath", "essence_ad", "operator", "builtins", "_operator")
_CHANGING = frozenset(
    {"random", "default_rng", "seed", "load", "fromfile", "loadtxt", "print", "open", "input", "breakpoint"}
    | {"globals", "locals", "vars", "eval", "exec", "__import__"}
)
_WRITERS = ("dataclasses", "attr", "collections", "reprlib")  #: of methods
#: What a class holds that says nothing of what it does.
_SILENT = frozenset({
    "__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__slots__", "__match_args__",
    "__orig_bases__", "__parameters__", "__firstlineno__", "__static_attributes__", "__classcell__", "__annotate__",
    "__annotate_func__", "__annotations_cache__", "__dataclass_fields__", "__dataclass_params__", "__attrs_attrs__",
    "__attrs_props__", "__attrs_base_of_slotted__", "__abstractmethods__", "_abc_impl", "__hash__",
})  # fmt: skip


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


class Held(NamedTuple):
    """A value that a function brings along, as a default or bound by ``partial``; it cannot be exchanged."""

    held: Any

    @property
    def stands(self) -> bool:
        """Always."""
        return True


class Body(NamedTuple):
    """A function that is called, with what it does and the defaults it had."""

    function: Any
    held: Any
    defaults: Any

    @property
    def stands(self) -> bool:
        """Whether neither was exchanged."""
        return self.function.__code__ is self.held and self.function.__defaults__ is self.defaults


class Items(NamedTuple):
    """A list or a dict that is read, and what it held."""

    container: Any
    held: tuple[Any, ...]

    @property
    def stands(self) -> bool:
        """Whether it still holds the same objects in the same places."""
        now = _items(self.container)
        return len(now) == len(self.held) and all([a is b for a, b in zip(now, self.held, strict=True)])


def _items(container: Any) -> tuple[Any, ...]:
    return tuple(container) if type(container) is list else (*container.keys(), *container.values())


Guard = Place | Contents | Held | Body | Items


def guards(function: Any, known: Sequence[Guard] = (), *, copy: bool = True) -> list[Guard] | None:
    """The places and arrays that a function reads, ``None`` where it reads something that may change unseen.

    Arrays that ``known`` guards hold are not copied once more; without ``copy`` the others are not either, and what
    comes is good for ``alike`` only.

    >>> guards(np.sin), guards(np.random.default_rng(0).normal) is None
    ([], True)
    """
    reader = _Reader({id(g.array): g for g in known if isinstance(g, Contents)}, copy)
    return reader.found if reader.read(function) else None


def alike(first: Sequence[Guard], second: Sequence[Guard]) -> bool:
    """Whether two functions of the same code, which have these guards, read the same things (which may have changed)."""
    return len(first) == len(second) and all(map(_alike, first, second))


def _alike(a: Guard, b: Guard) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, Contents):
        return a.array is b.array  # type: ignore[union-attr]
    if isinstance(a, Items):
        return a.container is b.container  # type: ignore[union-attr]
    if isinstance(a, Place) and a.name != b.name:  # type: ignore[union-attr]
        return False
    x, y = a.held, b.held
    if isinstance(a, Body):
        return x is y  # the defaults stand in the lists, too
    if isinstance(x, types.FunctionType):
        return type(y) is types.FunctionType and x.__code__ is y.__code__  # what they read stands in the lists, too
    return x is y or (type(x) is type(y) and isinstance(x, _ATOMS) and same(x, y))


class _Reader:
    """What was found while a function is looked through."""

    def __init__(self, known: dict[int, Contents], copy: bool) -> None:
        self.known, self.copy = known, copy
        self.found: list[Guard] = []
        self.seen: set[int] = set()

    def read(self, value: Any) -> bool:
        """Collect what a value depends on; false where that cannot be known."""
        if isinstance(value, np.ndarray):
            self.found.append(self.known.get(id(value)) or Contents(value, value.copy() if self.copy else None))
            return True
        if isinstance(value, _ATOMS):
            return True
        if isinstance(value, types.BuiltinFunctionType):  # a method that is bound to something may read that
            owner = value.__self__
            return owner is None or (isinstance(owner, types.ModuleType) and _pure(owner.__name__))
        if isinstance(value, Morphism):
            return not hasattr(value, "function") or self.read(value.function)
        if id(value) in self.seen:
            return True
        self.seen.add(id(value))
        if isinstance(value, tuple):
            return all(map(self.brought, value))
        if type(value) in (list, dict):
            self.found.append(Items(value, _items(value)))
            return all(map(self.read, _items(value)))
        if isinstance(value, functools.partial):
            self.found += [Place(value.keywords, name, held) for name, held in sorted(value.keywords.items())]
            return all(map(self.read, (value.func, *value.keywords.values()))) and all(map(self.brought, value.args))
        if isinstance(value, types.ModuleType):
            return _pure(value.__name__)
        if isinstance(value, type):
            return all(map(self.own, value.__mro__))
        if isinstance(value, types.FunctionType):
            return self.function(value)
        if hasattr(value, "__essence_reads__"):
            return self.read(value.__essence_reads__)
        function: Callable[..., Any] | None = getattr(value, "__wrapped__", None)  # as NumPy's dispatchers are
        return _pure(str(getattr(value, "__module__", "") or "")) and callable(value) and function is not None

    def brought(self, value: Any) -> bool:
        """A value that stays where it is."""
        if not isinstance(value, np.ndarray):
            self.found.append(Held(value))
        return self.read(value)

    def own(self, kind: type) -> bool:
        """What a class itself defines."""
        if _pure(kind.__module__) or kind.__module__ in ("typing", "abc", "enum", "collections.abc"):
            return True
        for name, value in vars(kind).items():
            if name in _SILENT or isinstance(value, _DESCRIPTORS) or _written(value):
                continue
            self.found.append(Place(vars(kind), name, value))
            inner = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            parts = (value.fget, value.fset) if isinstance(value, property) else (inner,)
            if not all(map(self.read, parts)):
                return False
        return True

    def function(self, f: types.FunctionType) -> bool:
        """Defaults, attributes, global names and the cells of a closure; of a function of a library, the cells."""
        places: list[tuple[Any, str | None, Any]] = []
        if not _pure(str(f.__globals__.get("__name__", ""))):
            names, globals_ = _names(f.__code__)
            if names & _CHANGING or not all(map(_pure, _imports(f.__code__))):
                return False
            self.found.append(Body(f, f.__code__, f.__defaults__))
            for name in sorted(globals_):
                if name in f.__globals__:
                    places.append((f.__globals__, name, f.__globals__[name]))
                elif hasattr(builtins, name):  # while no global name hides it
                    places.append((f.__globals__, name, None))
            places += [(f.__dict__, name, value) for name, value in sorted(f.__dict__.items())]
        if not all(map(self.brought, f.__defaults__ or ())):
            return False
        places += [(f.__kwdefaults__, name, value) for name, value in sorted((f.__kwdefaults__ or {}).items())]
        for cell in f.__closure__ or ():
            try:
                places.append((cell, None, cell.cell_contents))
            except ValueError:  # a name that is not bound yet
                return False
        self.found += [Place(*place) for place in places]
        return all([self.read(held) for _, _, held in places])


_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.WrapperDescriptorType)


def _pure(module: str) -> bool:
    """Whether what a module defines stays what it is."""
    return module.split(".", maxsplit=1)[0] in _PURE


def _written(value: Any) -> bool:
    """Whether a method of a class was written by ``dataclasses``, ``attrs`` or ``collections`` (and reads nothing)."""
    function = getattr(value, "__func__", value)
    if isinstance(function, types.FunctionType):
        home = str(function.__globals__.get("__name__", "")).split(".", maxsplit=1)[0]
        return home in _WRITERS or function.__code__.co_filename.startswith(("<string>", "<attrs"))
    return type(value).__module__ in ("collections", "_collections")  # the fields of a named tuple


@functools.lru_cache(maxsize=4096)
def _names(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a function and the functions inside it read, and those of them that are global."""
    names = frozenset(code.co_names)
    found = frozenset(i.argval for i in dis.get_instructions(code) if "GLOBAL" in i.opname or i.opname == "LOAD_NAME")
    for inner in _inner(code):
        more = _names(inner)
        names, found = names | more[0], found | more[1]
    return names, found


@functools.lru_cache(maxsize=4096)
def _imports(code: types.CodeType) -> frozenset[str]:
    """The modules that a function and the functions inside it import."""
    found = frozenset(i.argval for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME")
    return found.union(*map(_imports, _inner(code)))


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [c for c in code.co_consts if isinstance(c, types.CodeType)]
