"""The catalogue of primitives, found by looking at the modules of this folder: one family a file.

``catalogue()["sin"]`` is a record; ``essence_ad.sin`` is the program made of it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
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
    """The primitive that stands for a function of NumPy, or a kernel of this library; names for functions of others."""
    found: dict[Any, Primitive] = {}
    for primitive in catalogue().values():
        for function in (primitive.function, *primitive.numpy):
            found[function] = primitive
    return found


def standing_for(function: Any) -> Primitive | None:
    """The primitive that stands for a function, also for one of a library that this one does not need.

    >>> import numpy as np
    >>> standing_for(np.sin).name, standing_for(np.isreal)
    ('sin', None)
    """
    found = by_function().get(function)
    if found is not None:
        return found
    name = getattr(function, "__name__", "")
    for library in _LIBRARIES:
        module = sys.modules.get(library)
        if module is not None and getattr(module, name, None) is function:
            return by_function().get(f"scipy.special.{name}")
    return None


_LIBRARIES = ("scipy.special", "scipy.special._ufuncs")  # the second has what SciPy's Python functions call
