"""One operation as a Python expression: operators, methods and NumPy's names, with as few brackets as Python needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType, NoneType
from typing import Any, NamedTuple

import numpy as np

from essence_ad.compiler.text import home, identifier, literal, numpy_name, option
from essence_ad.operation import Negate, Scale
from essence_ad.primitives.indexing import Slot
from essence_ad.primitives.primitive import Call
from essence_ad.wires import Projection

ATOM = 9  #: how tightly a name or a call binds; a comparison 0, a sum 1, a product 2, a sign 3, a power 4
_OPERATORS = {
    "add": ("+", 1), "subtract": ("-", 1), "multiply": ("*", 2), "divide": ("/", 2), "matmul": ("@", 2), "power": ("**", 4),
    "equal": ("==", 0), "not_equal": ("!=", 0), "less": ("<", 0), "less_equal": ("<=", 0), "greater": (">", 0),
    "greater_equal": (">=", 0),
}  # fmt: skip
_NUMPYS = frozenset({"/", "**"})  # of two Python numbers these raise where NumPy gives infinity or NaN


class Written(NamedTuple):
    """An expression, how tightly it binds, whether it may be a number of Python's, and whether it is a constant."""

    text: str
    binds: int = ATOM
    python: bool = False
    constant: bool = False

    @classmethod
    def atom(cls, text: str, python: bool = False) -> Written:
        """A name or a call."""
        return cls(text, ATOM, python)

    @classmethod
    def infix(cls, sign: str, a: Written, b: Written, binds: int = 1) -> Written:
        """Two expressions with an operator between them; ``a - (b + c)`` keeps its brackets, and so its rounding."""
        left = a.within(ATOM if binds == 4 else max(binds, 1))
        return cls(f"{left} {sign} {b.within(ATOM if binds == 4 else binds + 1)}", binds, a.python and b.python)

    @property
    def simple(self) -> bool:
        """Whether this is a name."""
        return self.text.isidentifier()

    def within(self, binds: int) -> str:
        """The text where something that binds so tightly stands around it."""
        return self.text if self.binds >= binds else f"({self.text})"


def call(writer: Any, op: Any, given: Sequence[Written], spaces: Sequence[Any], out: Any) -> Written:
    """The expression of an operation at expressions; ``writer`` keeps the imports and names that it needs."""
    if isinstance(op, Scale):
        return Written.infix("*", writer.constant(op.factor), given[0], 2)
    if isinstance(op, Negate):
        return Written(f"-{given[0].within(3)}", 3, given[0].python)
    if isinstance(op, Projection):
        return Written.atom(f"{given[0].within(ATOM)}[{op.i}]")
    if not isinstance(op, Call):
        return _function(writer.names.object(op.apply, identifier(op.name, "operation")), given)
    special = _SPECIAL.get(op.name)
    found = None if special is None else special(writer, op, given, spaces)
    if found is None and not op.params and op.name in _OPERATORS:
        sign, binds = _OPERATORS[op.name]
        python = given[0].python and given[1].python
        if not (sign == "@" and any(g.python for g in given)) and not (python and sign in _NUMPYS):
            found = Written.infix(sign, given[0], given[1], binds)
    if found is None and op.name == "negative":
        found = Written(f"-{given[0].within(3)}", 3, given[0].python)
    return _general(writer, op, given) if found is None else found


def _function(name: str, arguments: Sequence[Written]) -> Written:
    return Written.atom(f"{name}({', '.join([a.text for a in arguments])})")


def _general(writer: Any, op: Call, given: Sequence[Written]) -> Written:
    """A call by NumPy's name, or by that of the function in this library."""
    primitive = op.primitive
    name = next((n for n in map(numpy_name, (primitive.function, *primitive.numpy)) if n is not None), None)
    if op.name == "take" and given[0].constant and not given[1].constant:
        name = None
    options = [f"{k}={_option(writer, v, k)}" for k, v in op.options().items()]
    values = [g.text for g in given]
    if name is None:
        name = _imported(writer, primitive.function, op.name)
    elif primitive.arity is None:
        values = [f"[{', '.join(values)}]"]
    return Written.atom(f"{name}({', '.join([*values, *options])}){_only(op)}")


def _only(op: Call) -> str:
    """What takes the only part of a result that is a list of one."""
    return "[0]" if op.cod == ("num",) else ""


def _imported(writer: Any, function: Any, name: str) -> str:
    """The name of a function that NumPy does not have, with its import."""
    place = home(function)
    if place is None:
        return str(writer.names.object(function, identifier(name, "operation")))
    writer.imported(*place)
    return place[1]


def _option(writer: Any, value: Any, stem: str) -> str:
    text = option(writer.names, value, stem)
    if "Slot(" in text:
        writer.imported(Slot.__module__, "Slot")
    return text


# ---------------------------------------------------------------------------------------------- operations with a form of their own


def key_text(writer: Any, key: Any, indices: Sequence[Written] = ()) -> str:
    """What stands between the brackets of ``x[...]``."""
    parts = key if isinstance(key, tuple) else (key,)
    texts = []
    for part in parts:
        if isinstance(part, slice):
            ends = ["" if v is None else literal(v) or "" for v in (part.start, part.stop, part.step)]
            texts.append(":".join(ends if ends[2] else ends[:2]))
        elif isinstance(part, Slot):
            texts.append(indices[part.number].text)
        elif isinstance(part, EllipsisType):
            texts.append("...")
        else:
            texts.append(_option(writer, part, "rows"))
    return ", ".join(texts) or "()"


def _index(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    return Written.atom(f"{given[0].within(ATOM)}[{key_text(writer, op.params['key'])}]")


def _gather(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    if given[0].constant:  # NumPy's own array does not take traced integers
        return None
    return Written.atom(f"{given[0].within(ATOM)}[{key_text(writer, op.params['key'], given[1:])}]")


def _astype(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    dtype = np.dtype(op.params["dtype"])
    x = given[0].within(ATOM) if not given[0].python else f"np.positive({given[0].text})"
    if dtype.kind in "fiu" and (spaces[0] is None or spaces[0].dtype.kind == "c"):
        x = f"np.real({given[0].text})"
    return Written.atom(f"{x}.astype({literal(dtype)})")


def _square(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    return None if given[0].python else Written(f"{given[0].within(ATOM)} ** 2", 4)


def _transpose(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    return Written.atom(f"{given[0].within(ATOM)}.T") if op.params["axes"] is None and not given[0].python else None


def _positional(*options: str) -> Callable[..., Written | None]:
    """NumPy's function with these options by position."""

    def write(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
        bound = [_option(writer, op.params[name], name) for name in options]
        rest = [f"{k}={_option(writer, v, k)}" for k, v in op.options().items() if k not in options]
        return Written.atom(f"np.{op.name}({', '.join([*[g.text for g in given], *bound, *rest])}){_only(op)}")

    return write


def _einsum(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    values = [repr(op.params["subscripts"]), *[g.text for g in given]]
    if op.params["optimize"] is not False:
        values.append(f"optimize={op.params['optimize']!r}")
    return Written.atom(f"np.einsum({', '.join(values)})")


def _clip(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    return _function("np.clip", given)


def _scatter(writer: Any, op: Call, given: Sequence[Written], spaces: Sequence[Any]) -> Written | None:
    """Values put into zeros: a stack of numbers, or the sum of what is padded."""
    shape = op.params["shape"]
    keys = [key if isinstance(key, tuple) else (key,) for key in op.params["keys"]]
    if len(shape) == 1 and shape[0] <= 8 and all(len(k) == 1 and type(k[0]) is int for k in keys):
        places: list[Written] = [Written("0.0", ATOM, True)] * shape[0]
        for (i,), value in zip(keys, given, strict=True):
            places[i] = value if places[i].text == "0.0" else Written.infix("+", places[i], value)
        return Written.atom(f"np.stack([{', '.join([p.text for p in places])}])")
    parts = [_padded(key, value, space, shape) for key, value, space in zip(keys, given, spaces, strict=True)]
    if None in parts:
        return None
    total, *rest = [p for p in parts if p is not None]
    for part in rest:
        total = Written.infix("+", total, part)
    return total


def _padded(key: tuple[Any, ...], value: Written, space: Any, shape: tuple[int, ...]) -> Written | None:
    """A value at a block of places, with zeros around it; ``None`` for places that are no block."""
    if space is None or not shape or not all(type(k) is int or _steps_by_one(k) for k in key) or not space.dim:
        return None
    widths, inner = [], []
    for n, part in zip(shape, [*key, *[slice(None)] * (len(shape) - len(key))], strict=True):
        if type(part) is int:
            start, stop = part % n, part % n + 1
        else:
            start, stop, _ = part.indices(n)
        widths.append((start, n - stop))
        inner.append(stop - start)
    kept = tuple([m for m, part in zip(inner, [*key, *[None] * len(shape)], strict=False) if type(part) is not int])
    if kept != space.shape:
        return None
    text = value.text if tuple(inner) == space.shape else f"np.reshape({value.text}, {tuple(inner)})"
    return Written.atom(f"np.pad({text}, {widths[0] if len(widths) == 1 else tuple(widths)})")


def _steps_by_one(part: Any) -> bool:
    return isinstance(part, slice) and part.step in (None, 1) and all(
        type(v) in (int, NoneType) for v in (part.start, part.stop)
    )  # fmt: skip


_SPECIAL: dict[str, Callable[..., Written | None]] = {
    "index": _index, "gather": _gather, "astype": _astype, "square": _square, "transpose": _transpose, "einsum": _einsum,
    "clip": _clip, "scatter_sum": _scatter, "reshape": _positional("shape"), "broadcast_to": _positional("shape"),
    "expand_dims": _positional("axis"), "moveaxis": _positional("source", "destination"),
    "swapaxes": _positional("axis1", "axis2"), "tile": _positional("reps"), "repeat": _positional("repeats"),
    "roll": _positional("shift"), "split": _positional("indices_or_sections"), "pad": _positional("pad_width"),
    "array_split": _positional("indices_or_sections"),
}  # fmt: skip
