"""How a call of NumPy becomes a call of a primitive: which arguments are arrays, and which are its options."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from essence_ad.errors import TracingError
from essence_ad.kernel import is_overloaded
from essence_ad.primitives import by_function, catalogue, standing_for
from essence_ad.primitives.indexing import Slot, gather
from essence_ad.primitives.primitive import Primitive
from essence_ad.tracing import rewrites, source
from essence_ad.tracing.arrangement import gathered
from essence_ad.tracing.source import in_place, unsupported

_NUMBERS = frozenset({float, int, complex, bool, np.ndarray, np.float64, np.float32, np.complex128, np.int64, np.bool_})
_REDUCTIONS = {
    (np.add, "reduce"): np.sum, (np.multiply, "reduce"): np.prod, (np.maximum, "reduce"): np.max, (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all, (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum, (np.multiply, "accumulate"): np.cumprod,
}  # fmt: skip
_IGNORED = {
    "order": ("C", "K", "A", None),
    "subok": (True, False),
    "copy": (True, False, None),
    "casting": ("same_kind",),
}
# In NumPy 2.0 reshape had another name for its option, and functions written in C did not tell their parameters.
_RENAMED = {"newshape": "shape"}
_UNTOLD = {
    np.concatenate: ("arrays", "axis", "out"), np.where: ("condition", "x", "y"), np.dot: ("a", "b", "out"),
    np.inner: ("a", "b"), np.vdot: ("a", "b"),
}  # fmt: skip


def operand(value: Any) -> bool:
    """Whether a value may stand beside an array in arithmetic."""
    kind = type(value)
    if kind in _NUMBERS:
        return True
    if isinstance(value, (list, tuple)):
        return True
    if is_overloaded(value):
        return True
    return hasattr(value, "dtype") or (isinstance(value, numbers.Number) and not hasattr(value, "__array_ufunc__"))


def leader(values: Sequence[Any]) -> Any:
    """The value among these that says what a call means: the one of the innermost level."""
    best: Any = None
    for value in values:
        if is_overloaded(value) and (best is None or value.level > best.level):
            best = value
    if best is None:
        raise TracingError(
            "no array among the arguments is traced", found=source.found("a call"), expected="a traced array",
            remedy="give the arrays by position",
        )  # fmt: skip
    return best


def static(value: Any) -> Any:
    """An option of a primitive, which must be known: traced values in it are refused, counted ones looked into."""
    if is_overloaded(value):
        return value.known("used as an index or an option", source.COUNTS)
    if isinstance(value, slice):
        return slice(static(value.start), static(value.stop), static(value.step))
    if type(value) in (tuple, list):
        return type(value)([static(v) for v in value])
    if type(value) is np.ndarray and value.flags.writeable:
        return value.copy()  # the user may change it later
    return value


# ---------------------------------------------------------------------------------------------- calls


def elementwise(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """A ufunc at its inputs, without options."""
    inputs = _arrays(inputs)
    first = leader(inputs)
    primitive = by_function().get(ufunc)
    if primitive is not None:
        return first.bind(primitive, inputs, {})
    return otherwise(ufunc, inputs, {})


def _arrays(inputs: Sequence[Any]) -> Any:
    """The inputs of a call, where lists may hold traced values."""
    for value in inputs:
        kind = type(value)
        if kind is list or kind is tuple:
            return [gathered(v) if isinstance(v, (list, tuple)) else v for v in inputs]
    return inputs


def power(base: Any, exponent: int | float) -> Any:
    """``x ** n`` as NumPy does it: squares, roots and reciprocals are themselves, so that derivatives stay finite at 0."""
    if exponent == 2:
        return elementwise(np.square, (base,))
    if exponent == 1:
        return base
    if exponent == 0 and not base.free:
        return np.ones_like(base)
    if exponent == 0.5:
        return elementwise(np.sqrt, (base,))
    if exponent == -1:
        return 1 / base
    return elementwise(np.power, (base, exponent))


def index(x: Any, key: Any) -> Any:
    """``x[key]``; traced integers in the key become inputs of the program."""
    parts = key if type(key) is tuple else (key,)
    if any(map(is_abstract, parts)):
        parts = tuple([_place(part) for part in parts])
        key = parts if type(key) is tuple else parts[0]
    inputs = [part for part in parts if is_abstract(part)]
    if not inputs:
        return x.bind(catalogue()["index"], (x,), {"key": static(key)})
    slots = iter(range(len(inputs)))
    filled = tuple([Slot(next(slots)) if is_abstract(part) else static(part) for part in parts])
    return gather(x, *inputs, key=filled)


def _place(part: Any) -> Any:
    """A part of a key: a traced mask is asked for its values, for the shape of the result depends on them."""
    if not is_abstract(part) or part.dtype.kind in "iu":
        return part
    return part.known(
        "used as an index, and only traced integers can be", source.CHOICES, steers=part.dtype.kind == "b"
    )


def is_abstract(value: Any) -> bool:
    """Whether a value stands for an array that is not known yet."""
    return is_overloaded(value) and value.abstract


def ufunc_call(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """A ufunc with options, or one of its methods."""
    if options.get("out") is not None:
        raise in_place(f"{ufunc.__name__}(..., out=...)", "leave out= away; for a += x write a = a + x")
    if options.get("where", True) is not True:
        raise in_place(f"{ufunc.__name__}(..., where=...)", f"write np.where(mask, np.{ufunc.__name__}(...), other)")
    options = {
        k: v for k, v in options.items() if k not in ("out", "where") and not (k in _IGNORED and v in _IGNORED[k])
    }
    if method == "__call__":
        dtype = options.pop("dtype", None)
        if options:
            return otherwise(ufunc, inputs, options)
        result = elementwise(ufunc, inputs)
        return result if dtype is None else result.astype(dtype)
    if method == "at":
        raise in_place(f"{ufunc.__name__}.at")
    if method == "outer" and len(inputs) == 2:
        a, b = inputs
        return elementwise(ufunc, (np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b))
    if (ufunc, method) in _REDUCTIONS:
        if len(inputs) > 1 or "axis" not in options:
            options = {"axis": 0, **options}
        return function_call(_REDUCTIONS[ufunc, method], inputs, options)
    if method in ("reduce", "accumulate") and len(inputs) <= 2 and not set(options) - {"axis", "keepdims"}:
        return stepwise(ufunc, method == "reduce", *inputs, **options)
    raise unsupported(ufunc, f"its method {method}")


def stepwise(ufunc: Any, reduce: bool, x: Any, axis: int = 0, *, keepdims: bool = False) -> Any:
    """A ufunc of two arguments along an axis, one element after another."""
    rows = np.moveaxis(x, axis, 0)
    if not len(rows):
        raise unsupported(ufunc, "an empty axis")
    found = [rows[0]]
    for i in range(1, len(rows)):
        found.append(elementwise(ufunc, (found[-1], rows[i])))
    if not reduce:
        return np.stack(found, axis=axis)
    return np.expand_dims(found[-1], axis) if keepdims else found[-1]


def function_call(function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """A function of NumPy, or a kernel of this library, at its arguments."""
    written = rewrites.variant(function, args, options)
    if written is not None:
        return written(*args, **options)
    primitive = by_function().get(function)
    if primitive is None:
        return otherwise(function, args, options)
    inputs, params = arguments(primitive, function, args, options)
    inputs = _arrays(inputs)
    return _container(function, primitive)(leader(inputs).bind(primitive, inputs, params))


@functools.cache
def _container(function: Any, primitive: Primitive) -> Callable[[Any], Any]:
    """How NumPy gives several results: a list where their number varies, a named tuple from ``slogdet``."""
    if function is np.linalg.slogdet:
        named: Any = type(np.linalg.slogdet(np.eye(1)))
        return lambda result: named(*result)
    return list if callable(primitive.outputs) else lambda result: result


def otherwise(function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
    """A function that NumPy does not have, one written with others, or an error."""
    primitive = standing_for(function)
    if primitive is not None and not options:
        return leader(args).bind(primitive, args, {})
    written = rewrites.table().get(function)
    if written is not None:
        try:
            _parameters(written).bind(*args, **options)
        except TypeError as error:
            raise unsupported(function, f"these arguments ({error})") from None
        return written(*args, **options)
    found = [value for value in _flat([*args, *options.values()]) if is_overloaded(value)]
    return leader(found).other(function, args, options)


@functools.cache
def _parameters(function: Any) -> inspect.Signature:
    return inspect.signature(function)


def array_remedy(x: Any) -> str:
    """What to do where something asked for a NumPy array: functions of SciPy written in Python always do."""
    name = source.asked_by_scipy()
    if name is None:
        if source.asked_by_vectorize():
            return source.ONE_BY_ONE
        return source.ARRAYS if x.free or x.dtype.kind not in "iu" else f"{source.PLACES}; {source.ARRAYS}"
    if name in catalogue():
        return f"call essence_ad.{name}, which is the same function and takes traced arrays; its options come first, by keyword"
    return f"scipy's {name} takes no traced arrays: write it with NumPy's functions, or give its derivative as a custom rule"


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if type(value) in (tuple, list):
            yield from _flat(value)
        else:
            yield value


# ---------------------------------------------------------------------------------------------- arguments


@functools.cache
def _signature(function: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of a function's parameters that may be positional, and the defaults of all."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return _UNTOLD[function], {}
    kinds = inspect.Parameter
    names = [p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    return tuple([_RENAMED.get(name, name) for name in names]), {p.name: p.default for p in parameters}


def arguments(
    primitive: Primitive, function: Callable[..., Any], args: Sequence[Any], options: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The array inputs and the bound options of a call, whatever way they were passed.

    >>> inputs, params = arguments(by_function()[np.sum], np.sum, (3.0, 0), {"keepdims": True})
    >>> inputs, params
    ([3.0], {'axis': 0, 'keepdims': True})
    """
    arity, declared = primitive.arity, primitive.options
    if len(args) == arity and not options:
        return list(args), primitive.call().params if declared else {}
    names, defaults = _signature(function)
    given = {**dict(zip(names, args, strict=False)), **{_RENAMED.get(k, k): v for k, v in options.items()}}
    inputs: list[Any] = []
    params: dict[str, Any] = {}
    dtype = None
    for name in sorted(given, key=lambda n: names.index(n) if n in names else len(names)):
        value = given[name]
        if name in declared:
            if value is not np._NoValue:
                params[name] = static(value)
        elif name in ("out", "where") and value is not None and value is not np._NoValue and value is not True:
            raise in_place(f"{function.__name__}(..., {name}=...)", f"leave {name}= away, and select with np.where")
        elif name in names and (arity is None or len(inputs) < arity):
            inputs.extend(value if arity is None and isinstance(value, (list, tuple)) else (value,))
        elif name == "dtype" and value is not None:
            dtype = np.dtype(value)
        elif not _harmless(name, value, defaults):
            raise unsupported(function, f"{name}=")
    for value in args[len(names) :]:  # those of *args
        if isinstance(value, str) and "subscripts" in declared:
            params["subscripts"] = value
        else:
            inputs.append(value)
    if arity is not None and len(inputs) != arity:
        raise unsupported(function, f"{len(inputs)} array{'' if len(inputs) == 1 else 's'}")
    if dtype is not None:
        inputs = [x.astype(dtype) if hasattr(x, "astype") else dtype.type(x) for x in inputs]
    return inputs, primitive.call(**params).params


def _harmless(name: str, value: Any, defaults: dict[str, Any]) -> bool:
    """Whether an argument that no primitive knows says nothing."""
    if value is None or value is np._NoValue or (name in _IGNORED and value in _IGNORED[name]):
        return True
    return name in defaults and type(value) is type(defaults[name]) and bool(value == defaults[name])
