"""Containers: how a user writes a product, as a tuple, list, dict, named tuple, dataclass or attrs class."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np


class Zero:
    """The zero of a space that nobody has named yet: it adds and scales for nothing, and no array is made for it."""

    def __repr__(self) -> str:
        return "ZERO"

    def __reduce__(self) -> str:
        return "ZERO"


ZERO = Zero()


@attrs.frozen
class Container:
    """How a user wrote a product: the class and, where parts have names, the names."""

    type: type
    names: tuple[Any, ...] | None = None

    def children(self, value: Any) -> tuple[Any, ...]:
        """The parts of a value, in order."""
        if self.names is None:
            return tuple(value) if value is not None else ()
        if isinstance(value, dict):
            return tuple(value[n] for n in self.names)
        return tuple(getattr(value, n) for n in self.names)

    def build(self, parts: Sequence[Any]) -> Any:
        """A value with these parts."""
        if self.type is type(None):
            return None
        if self.names is None:
            return self.type(parts)
        if issubclass(self.type, dict):
            return self.type(zip(self.names, parts, strict=True))
        return self.type(**dict(zip(self.keywords(), parts, strict=True)))

    def keywords(self) -> tuple[Any, ...]:
        """The names by which the type is called with its parts: those of ``attrs`` may have an alias."""
        if not attrs.has(self.type):
            return self.names or ()
        aliases = {a.name: a.alias for a in attrs.fields(self.type)}
        return tuple([aliases[n] for n in self.names or ()])


TUPLE = Container(tuple)


PLAIN = frozenset({float, int, complex, bool, np.ndarray, np.float64, np.float32, np.complex128, Zero})


def container_of(value: Any) -> Container | None:
    """How a value is a product, ``None`` where it is a leaf."""
    kind = type(value)
    if kind in PLAIN:
        return None
    if kind is tuple:
        return TUPLE
    if isinstance(value, list):
        return Container(kind)
    if isinstance(value, dict):
        return Container(kind, tuple(value))
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return Container(kind, tuple(kind._fields))
    if value is None:
        return Container(kind)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Container(kind, tuple(f.name for f in dataclasses.fields(value) if f.init))
    if attrs.has(kind):
        return Container(kind, tuple(a.name for a in attrs.fields(kind) if a.init))
    return None


def describe(value: Any) -> str:
    """A value for a message: its structure or its shape and dtype, never its numbers."""
    found = container_of(value)
    if found is not None:
        names = f" with {list(found.names)}" if found.names is not None else f" of {len(found.children(value))}"
        return _article(f"{found.type.__name__}{names}")
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array of shape {tuple(value.shape)} and dtype {value.dtype}"
    return _article(type(value).__name__)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"
