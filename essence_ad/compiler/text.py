"""Programs as text that runs: the text, the objects that it names without defining them, and values written as literals."""

from __future__ import annotations

import functools
import keyword
import math
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from essence_ad.containers import describe
from essence_ad.primitives.indexing import Slot

SMALL = 12  #: numbers of an array that is written out


@attrs.frozen(repr=False, eq=False)
class Text:
    """Text of a program: ``str`` gives it, ``run()`` gives what it means, ``names`` are the objects given with it.

    >>> Text("add_one", lambda text, names: names[text], {"add_one": 1})
    add_one
    """

    text: str
    meaning: Callable[[str, dict[str, Any]], Any]  #: what the text says, run where the names are known
    names: Mapping[str, Any] = attrs.field(factory=dict)  #: objects too large, or of a kind, that cannot be written

    def run(self) -> Any:
        """What the text defines: a function for ``to_python``, a program for ``show``."""
        return self.meaning(self.text, dict(self.names))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


class Names:
    """Names for objects that text refers to; each object has one, and no name has two."""

    def __init__(self, taken: Mapping[str, Any] | set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.taken = set(taken)
        self.given: dict[str, Any] = {}
        self._known: dict[int, str] = {}

    def fresh(self, stem: str) -> str:
        """A name that nothing has yet."""
        name, n = stem, 1
        while name in self.taken:
            n += 1
            name = f"{stem}{n}" if not stem[-1:].isdigit() else f"{stem}_{n}"
        self.taken.add(name)
        return name

    def object(self, value: Any, stem: str) -> str:
        """The name of an object, which is kept with the text."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = self.fresh(stem)
            self.given[name] = value
        return name

    def comments(self) -> list[str]:
        """A line for each object that is given with the text."""
        return [f"# {name}: {_told(value)}" for name, value in self.given.items()]


def _told(value: Any) -> str:
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__qualname__", type(value).__qualname__))
    return describe(value)


def quoted(value: Any) -> str:
    """A key of a dict, strings in double quotes."""
    text = repr(value)
    return f'"{text[1:-1]}"' if text[:1] == "'" and '"' not in text else text


def identifier(name: str, otherwise: str = "f") -> str:
    """A name as Python allows it.

    >>> identifier("multiply.1"), identifier("<lambda>")
    ('multiply_1', 'f')
    """
    found = re.sub(r"\W+", "_", name.replace("ᵀ", "_T"))
    if not found.isidentifier() or name == "<lambda>":
        return otherwise
    return f"{found}_" if keyword.iskeyword(found) else found


# ---------------------------------------------------------------------------------------------- values


def literal(value: Any, prefix: str = "np.") -> str | None:
    """A value as Python writes it, ``None`` for large arrays and objects that have no such text.

    >>> literal(2.0), literal(np.inf), literal(np.zeros(3)), literal((1, slice(None, 2), ...))
    ('2.0', 'np.inf', 'np.zeros((3,))', '(1, slice(None, 2, None), ...)')
    >>> print(literal(np.arange(100.0)))
    None
    """
    write = functools.partial(literal, prefix=prefix)
    if value is None or value is Ellipsis or type(value) in (bool, int, str):
        return "..." if value is Ellipsis else repr(value)
    if type(value) in (float, complex):
        return _number(value, prefix)
    if isinstance(value, np.generic):
        inner = _number(value.item(), prefix)
        return f"{prefix}{type(value).__name__}({inner})" if value.dtype.kind in "biufc" else None
    if isinstance(value, np.dtype):
        return f"{prefix}{value.type.__name__}" if value == np.dtype(value.type) else f"{prefix}dtype({value.str!r})"
    if isinstance(value, slice):
        parts = [write(part) for part in (value.start, value.stop, value.step)]
        return None if None in parts else f"slice({', '.join(map(str, parts))})"
    if type(value) in (tuple, list):
        items = [write(part) for part in value]
        if None in items:
            return None
        text = ", ".join(map(str, items))
        return f"[{text}]" if type(value) is list else f"({text},)" if len(items) == 1 else f"({text})"
    return _array(value, prefix) if type(value) is np.ndarray else None


def _number(value: Any, prefix: str) -> str:
    if isinstance(value, complex):
        if math.isfinite(value.real) and math.isfinite(value.imag):
            return repr(value)
        return f"complex({_number(value.real, prefix)}, {_number(value.imag, prefix)})"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{prefix}nan" if math.isnan(value) else f"{'-' if value < 0 else ''}{prefix}inf"
    return repr(value)


def _array(value: Any, prefix: str) -> str | None:
    """An array of one number, a unit matrix, or a few numbers."""
    if value.dtype.kind not in "biufc":
        return None
    default = value.dtype == np.float64
    dtype = "" if default else f", {literal(value.dtype, prefix)}"
    if value.size and not np.signbit(np.real(value)).any():
        first = value.flat[0]
        if first in (0, 1) and (value == first).all():
            return f"{prefix}{'ones' if first else 'zeros'}({value.shape}{dtype})"
    if value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and np.array_equal(value, np.eye(len(value))):
        return f"{prefix}eye({len(value)}{'' if default else ', dtype=' + str(literal(value.dtype, prefix))})"
    if value.size and same_numbers(value):
        return f"{prefix}full({value.shape}, {_number(value.flat[0].item(), prefix)}{dtype})"
    if value.size > SMALL or not value.size:
        return None if value.size else f"{prefix}zeros({value.shape}{dtype})"
    plain = np.dtype(type(value.flat[0].item())) == value.dtype
    return f"{prefix}array({_nested(value.tolist(), prefix)}{'' if plain else dtype})"


def same_numbers(value: Any) -> bool:
    """Whether an array of more than one number holds one number everywhere, to the bit.

    >>> same_numbers(np.full(3, 2.5)), same_numbers(np.array([0.0, -0.0]))
    (True, False)
    """
    first = np.full(value.shape, value.flat[0], value.dtype)
    return bool(value.size > 1 and first.tobytes() == np.ascontiguousarray(value).tobytes())


def _nested(value: Any, prefix: str) -> str:
    if isinstance(value, list):
        return f"[{', '.join([_nested(v, prefix) for v in value])}]"
    return _number(value, prefix)


def option(names: Names, value: Any, stem: str) -> str:
    """An option of a primitive: written, or named where it cannot be.

    >>> option(Names(), (np.arange(2), 1), "key")
    '(np.array([0, 1]), 1)'
    """
    text = literal(value)
    if text is not None:
        return text
    if type(value) in (tuple, list):
        items = ", ".join([option(names, v, stem) for v in value])
        return f"[{items}]" if type(value) is list else f"({items}{',' if len(value) == 1 else ''})"
    return repr(value) if isinstance(value, Slot) else names.object(value, stem)


# ---------------------------------------------------------------------------------------------- functions


@functools.cache
def _numpy_names() -> dict[Any, str]:
    found: dict[Any, str] = {}
    for path, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        for name in dir(module):
            value = getattr(module, name)
            if not name.startswith("_") and callable(value) and not isinstance(value, type | types.ModuleType):
                better = f"{path}.{name}"
                shown = getattr(value, "__name__", name) == name
                if value not in found or (shown and not found[value].endswith(f".{value.__name__}")):
                    found[value] = better
    return found


def numpy_name(function: Any) -> str | None:
    """How a function of NumPy is called after ``import numpy as np``, ``None`` for another one.

    >>> numpy_name(np.absolute), numpy_name(np.linalg.det), numpy_name(numpy_name)
    ('np.absolute', 'np.linalg.det', None)
    """
    try:
        return _numpy_names().get(function)
    except TypeError:
        return None


def home(function: Any) -> tuple[str, str] | None:
    """The module and the name that a function can be imported by, ``None`` where it has none."""
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", "")
    found = sys.modules.get(module or "")
    if found is None and isinstance(function, np.ufunc):
        module, found = "scipy.special", sys.modules.get("scipy.special")
    return (str(module), name) if getattr(found, name, None) is function else None
