"""The catalogue of primitives, found by looking at the modules of this folder: one family a file.

``catalogue()["sin"]`` is a record; ``essence_ad.sin`` is the program made of it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any

from essence_ad.errors import NotPicklableError
from essence_ad.primitives.primitive import Primitive


@functools.cache
def catalogue() -> dict[str, Primitive]:
    """Every primitive by its name and its other names.

    >>> catalogue()["mul"] is catalogue()["multiply"]
    True
    """
    found: dict[str, Primitive] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, Primitive):
                for name in (value.name, *value.aliases):
                    found[name] = value
    return found


def primitive_named(name: str) -> Primitive:
    """The record of a name; what a pickled program finds its primitives by."""
    return catalogue()[name]


def reduced(primitive: Primitive) -> Any:
    """How a record is pickled: by its name."""
    if catalogue().get(primitive.name) is primitive:
        return primitive_named, (primitive.name,)
    raise NotPicklableError(
        f"the primitive {primitive.name} is not in the catalogue, and cannot be pickled", found=primitive.name,
        expected="a primitive that every process finds by its name",
        remedy="make the program anew in the other process: pickle an importable function that makes it",
    )  # fmt: skip


@functools.cache
def by_function() -> dict[Any, Primitive]:
    """The primitive that stands for a function of NumPy (or a kernel of this library)."""
    found: dict[Any, Primitive] = {}
    for primitive in catalogue().values():
        for function in (primitive.function, *primitive.numpy):
            found[function] = primitive
    return found
