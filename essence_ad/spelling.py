"""How operations are written in NumPy: the shortest way that means the same, measured on small arrays.

Methods are called rather than the functions that look for them, a number beside an array is an array of no axes made
once, and views are written as keys. Text never comes from users: what cannot be read back exactly is a named object.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.errors import UnsupportedError
from essence_ad.operation import Negate, Scale
from essence_ad.planning.axes import is_basic, taken
from essence_ad.planning.scattering import scattering
from essence_ad.primitives.primitive import Call
from essence_ad.spaces import Array

INFIX = {
    "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "divide": "{} / {}", "negative": "-{}",
    "equal": "{} == {}", "not_equal": "{} != {}", "less": "{} < {}", "less_equal": "{} <= {}", "greater": "{} > {}",
    "greater_equal": "{} >= {}",
}  # fmt: skip
_IN_MATH = {"power": "pow", "absolute": "fabs"}  # where Python's name is not NumPy's, perhaps without the c of arc
SHORT = 256  #: arrays up to this size are summed by a product with ones, which costs less to call


class Names:
    """Objects that the text names, each under one name."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {"np": np, "math": math}
        self._names: dict[Any, str] = {}

    def object(self, value: Any, stem: str) -> str:
        """A name for an object."""
        bound = (
            (value.__self__, value.__name__)
            if hasattr(type(value), "__self__") and hasattr(value, "__name__")
            else None
        )
        known = self._names.get(id(value) if bound is None else (id(bound[0]), bound[1]))
        if known is None:
            known, n = stem, 1
            while known in self.found:
                n += 1
                known = f"{stem}_{n}"
            self.found[known] = value
            self._names[id(value) if bound is None else (id(bound[0]), bound[1])] = known
        return known

    def constant(self, value: Any) -> str:
        """A number in the text where it can be read back exactly, a named object otherwise."""
        if type(value) in (float, np.float64) and math.isfinite(value):
            return f"({float(value)!r})" if value < 0 or math.copysign(1.0, value) < 0 else repr(float(value))
        if type(value) is int:
            return f"({value})"
        return self.object(value, "constant")

    def number(self, value: Any, dtype: Any) -> str:
        """A number beside arrays of a dtype: an array of no axes, which takes NumPy less to read than a Python number."""
        text = repr(value if type(value) is int else float(value))
        known = self._names.get((text, dtype))
        if known is None:
            made = np.array(value, dtype)
            made.flags.writeable = False
            stem = "c" + text.replace("-", "m").replace(".", "_").replace("+", "")
            known = self._names[text, dtype] = self.object(made, stem if stem.isidentifier() else "constant")
        return known

    def option(self, value: Any) -> str:
        """An option: text where it can be read back, a named object otherwise."""
        if value is None or type(value) in (int, bool):
            return repr(value)
        if type(value) is tuple and all(type(v) is int for v in value):
            return repr(value)
        return self.object(value, "option")

    def ones(self, n: int, dtype: Any) -> str:
        """An array of ones."""
        key = ("ones", n, dtype)
        if key not in self._names:
            self._names[key] = self.object(np.ones(n, dtype), f"ones_{n}")
        return self._names[key]


def operands(
    op: Any, given: Sequence[str], spaces: Sequence[Array], out: Array, constants: Sequence[Any], names: Names
) -> list[str]:
    """The operands of an elementwise function; numbers beside arrays of the result's dtype are arrays of no axes."""
    values: list[tuple[str, Any]] = list(zip(given, constants, strict=True))
    kinds: list[Any] = [s.dtype for s in spaces]
    if isinstance(op, Scale):
        values.insert(0, (names.constant(op.factor), number(op.factor)))
        kinds.insert(0, None)
    rest = [k for k, (_, v) in zip(kinds, values, strict=True) if v is None]
    plain = out.dtype.kind == "f" and out.shape and all(k == out.dtype for k in rest)
    texts = []
    for text, value in values:
        if value is not None and plain and abs(value) < 1e30:
            text = names.number(value, out.dtype)
        elif type(value) is np.float64:
            text = names.number(value, value.dtype)  # a Python number would take the dtype of the arrays
        texts.append(text)
    return texts


def number(value: Any) -> Any:
    """A constant that is written beside arrays, ``None`` for others."""
    return value if type(value) in (int, float, np.float64) else None


def expression(
    op: Any,
    given: Sequence[str],
    spaces: Sequence[Array],
    shape: str,
    names: Names,
    *,
    whole: bool = True,
    rows: str = "",
) -> str:
    """A call of the operation's own function; ``shape`` is the text of the result's shape.

    ``whole`` says that the operands have these spaces, rather than some rows of them; ``rows`` is the key of the rows
    of a loop, where what is taken by a key is taken for these rows alone.
    """
    x = given[0] if given else ""
    rank = len(spaces[0].shape) if given else 0
    if isinstance(op, Scale):
        return f"{names.constant(op.factor)} * {x}"
    if isinstance(op, Negate):
        return f"np.negative({x})"
    if not isinstance(op, Call):
        raise lacking(op)
    if op.name == "index" and rank and (text := _taken(op.params["key"], x, spaces[0], rows, names)):
        return text
    if op.name == "scatter_sum" and (
        made := scattering(op.params, [s.shape for s in spaces], [s.dtype for s in spaces])
    ):
        return f"{names.object(made, 'scatter')}({', '.join(given)})"
    written: Callable[..., str | None] | None = _WRITTEN.get(op.name)
    text = written(op.params, x, rank, shape, names) if written is not None and rank else None
    if text is not None:
        return text
    if op.name == "sum" and rank:
        return summed(op.params, x, spaces[0], names, short=whole)
    if op.name == "matmul" and all([len(s.shape) <= 2 for s in spaces]):
        return f"{x}.dot({given[1]})"
    if op.name in ("max", "min") and rank and spaces[0].dim:
        keep = ", keepdims=True" if op.params["keepdims"] else ""
        return f"{extreme(op, names)}({x}, {names.option(op.params['axis'])}{keep})"
    function = op.primitive.function
    options = [f"{k}={names.option(v)}" for k, v in op.params.items()]
    part = "[0]" if isinstance(op.cod, tuple) and len(op.cod) == 1 else ""  # one wire holds the only part
    return f"{names.object(function, getattr(function, '__name__', op.name))}({', '.join([*given, *options])}){part}"


def extreme(op: Call, names: Names) -> str:
    """The reduction that ``max`` or ``min`` is."""
    function = np.maximum if op.name == "max" else np.minimum
    return names.object(function.reduce, f"{op.name}_reduce")


def kept_axes(op: Any, rank: int) -> tuple[int, ...] | None:
    """The axes that a reduction leaves, ``None`` for other operations."""
    if not isinstance(op, Call) or op.name not in ("sum", "max", "min"):
        return None
    axis = op.params["axis"]
    gone = tuple(range(rank)) if axis is None else normalize_axis_tuple(axis, rank)
    return tuple([a for a in range(rank) if op.params["keepdims"] or a not in gone])


def lacking(op: Any) -> UnsupportedError:
    """The error that NumPy source cannot be written for an operation."""
    line = getattr(op, "line", None)
    place = f" (in {line})" if line else ""
    return UnsupportedError(
        f"the NumPy backend cannot write {op.name}{place}", found=repr(op),
        expected="primitives, scalings and constants",
        remedy="call the function without compile, or write that line with primitives of the catalogue",
    )  # fmt: skip


def summed(params: Any, x: str, space: Array, names: Names, out: str = "", *, short: bool = False) -> str:
    """A sum over axes."""
    axis, keep, rank = params["axis"], params["keepdims"], len(space.shape)
    axes = tuple(range(rank)) if axis is None else normalize_axis_tuple(axis, rank)
    if short and space.dtype.kind == "f" and space.dtype.itemsize >= 4 and not keep and 0 < space.dim <= SHORT:
        if axes == (rank - 1,) and rank <= 2:
            return f"{x}.dot({names.ones(space.shape[-1], space.dtype)})"
        if rank == 2 and axes == (0,):
            return f"{names.ones(space.shape[0], space.dtype)}.dot({x})"
    place = "None" if len(axes) == rank and rank > 1 else repr(axes[0]) if len(axes) == 1 else repr(axes)
    rest = ", keepdims=True" if keep else ""
    if out:
        return f"{names.object(np.add.reduce, 'add_reduce')}({x}, {place}, None, {out}{rest})"
    return f"{names.object(np.add.reduce, 'add_reduce')}({x}, {place}{rest})"


def into(op: Any, given: Sequence[str], spaces: Sequence[Array], out: Array, rows: str, names: Names) -> str | None:
    """A statement that writes a result to an array called ``{}``, ``None`` where the operation makes one itself.

    ``rows`` is the key of the rows of a loop, where what is taken by a key is taken for these rows alone.
    """
    if not isinstance(op, Call):
        return None
    x = given[0]
    if op.name == "matmul" and min([len(s.shape) for s in spaces]) > 1 and spaces[0].shape[-1] == 1:
        return f"{names.object(np.multiply, 'multiply')}({x}, {given[1]}, {{}})"  # what matmul does not do by BLAS
    if op.name == "matmul" and min([len(s.shape) for s in spaces]) > 0:
        return f"{names.object(np.matmul, 'matmul')}({x}, {given[1]}, {{}})"
    if op.name == "sum" and spaces[0].dtype == out.dtype and spaces[0].shape:
        return summed(op.params, x, spaces[0], names, "{}")
    if op.name in ("max", "min") and spaces[0].shape and spaces[0].dim:
        keep = ", keepdims=True" if op.params["keepdims"] else ""
        return f"{extreme(op, names)}({x}, {names.option(op.params['axis'])}, None, {{}}{keep})"
    if op.name == "index":
        text = _taken(op.params["key"], x, spaces[0], rows, names)
        return text and f"{text[:-1]}, {{}}, 'clip')"
    if op.name == "where" and out.dtype == spaces[1].dtype == spaces[2].dtype and "{" not in "".join(given):
        return f"np.copyto({{0}}, {given[2]}); np.copyto({{0}}, {given[1]}, where={x})"
    return None


# ---------------------------------------------------------------------------------------------- views


def _transposed(params: Any, x: str, rank: int, shape: str, names: Names) -> str:
    axes = params["axes"]
    order = tuple(range(rank))[::-1] if axes is None else normalize_axis_tuple(axes, rank)
    return f"{x}.T" if order == tuple(range(rank))[::-1] else f"{x}.transpose{order!r}"


def _swapped(params: Any, x: str, rank: int, shape: str, names: Names) -> str:
    a, b = normalize_axis_tuple((params["axis1"], params["axis2"]), rank, allow_duplicate=True)
    return f"{x}.T" if rank == 2 and a != b else f"{x}.swapaxes({a}, {b})"


def _reshaped(params: Any, x: str, rank: int, shape: str, names: Names) -> str | None:
    return f"{x}.reshape({shape})" if params.get("order", "C") == "C" else None


def _expanded(params: Any, x: str, rank: int, shape: str, names: Names) -> str:
    axis = params["axis"]
    n = rank + (len(axis) if isinstance(axis, tuple) else 1)
    axes = normalize_axis_tuple(axis, n)
    parts = ["None" if i in axes else ":" for i in range(n)]
    while parts[-1] == ":":
        parts.pop()
    return f"{x}[{', '.join(parts)}]"


def _taken(key: Any, x: str, space: Array, rows: str, names: Names) -> str | None:
    """Parts that are taken along one axis, where all are there."""
    found = taken(key)
    if found is None:
        return None
    axis, places = found
    n = space.shape[axis]
    if not places.size or not n or places.min() < -n or places.max() >= n:
        return None
    places = np.where(places < 0, places + n, places).astype(np.intp) if places.min() < 0 else places
    return f"{x}.take({names.object(places, 'places')}{rows}, {axis})"


def _indexed(params: Any, x: str, rank: int, shape: str, names: Names) -> str:
    return f"{x}[{key_text(params['key']) or names.object(params['key'], 'key')}]"


_WRITTEN = {
    "transpose": _transposed, "swapaxes": _swapped, "reshape": _reshaped, "squeeze": _reshaped,
    "expand_dims": _expanded, "index": _indexed,
    "matrix_transpose": lambda params, x, rank, shape, names: f"{x}.T" if rank == 2 else f"{x}.swapaxes(-1, -2)",
}  # fmt: skip


def key_text(key: Any) -> str:
    """A key of numbers and slices as text, empty for another one."""
    if not is_basic(key):
        return ""
    parts = key if isinstance(key, tuple) else (key,)
    texts = []
    for part in parts:
        if isinstance(part, slice):
            if not all(type(v) in (int, NoneType) for v in (part.start, part.stop, part.step)):
                return ""
            ends = ["" if v is None else repr(v) for v in (part.start, part.stop, part.step)]
            texts.append(":".join(ends if ends[2] else ends[:2]))
        else:
            texts.append("..." if part is Ellipsis else repr(part))
    if isinstance(key, tuple) and len(texts) > 1 and "..." not in texts:
        while len(texts) > 1 and texts[-1] == ":":
            texts.pop()
        return ", ".join(texts)
    return ", ".join(texts) + ("," if isinstance(key, tuple) and len(parts) == 1 else "") or "()"


# ---------------------------------------------------------------------------------------------- numbers


def scalar(op: Any, given: Sequence[str], bare: Sequence[str], names: Names) -> str | None:
    """An operation on Python floats as an expression of Python, ``None`` where there is none."""
    if isinstance(op, Scale):
        return f"{names.constant(op.factor)} * {given[0]}"
    if isinstance(op, Negate):
        return f"-{given[0]}"
    if op.name in INFIX and op.cod == "num":
        return INFIX[op.name].format(*given)
    function = in_math(op.primitive) if isinstance(op, Call) and not op.params else None
    if function is not None:
        return f"{names.object(function, function.__name__)}({', '.join(bare)})"
    if op.name == "square":
        return f"{given[0]} * {given[0]}"
    if op.name == "reciprocal":
        return f"1.0 / {given[0]}"
    return None


@functools.cache
def in_math(primitive: Any) -> Any:
    """The function of ``math`` that is the primitive on numbers: it has the same name, and the same values on samples."""
    name = _IN_MATH.get(primitive.name, primitive.name)
    function = getattr(math, name, None) or getattr(math, name.replace("arc", "a"), None)
    if not callable(function) or primitive.arity not in (1, 2) or primitive.outputs != 1:
        return None
    domain = primitive.domain * primitive.arity
    for place in (0.1, 0.37, 0.63, 0.92):
        point = [low + (high - low) * ((place + i / 4) % 1) for i, (low, high) in enumerate(domain[: primitive.arity])]
        try:
            found, expected = function(*point), primitive.function(*point)
        except (TypeError, ValueError):
            return None
        if type(found) is not float or not math.isclose(found, expected, rel_tol=1e-14):
            return None
    return function
