"""Straight-line Python source on NumPy: a diagram at known spaces, written down statement by statement.

Numbers of float64 are Python floats and use ``math``; arrays use NumPy, and an elementwise result is written over an
operand of the same space that nobody reads again. Where ``math`` raises, NumPy gives NaN or infinity: then the same
program is run in its second form, on NumPy numbers alone.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

from essence_ad.diagram import Diagram
from essence_ad.errors import UnsupportedError
from essence_ad.primitives.primitive import Call, Constant, Negate, Scale
from essence_ad.spaces import Array
from essence_ad.structure import Pattern, leaves

_INFIX = {
    "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "divide": "{} / {}", "negative": "-{}",
    "equal": "{} == {}", "not_equal": "{} != {}", "less": "{} < {}", "less_equal": "{} <= {}", "greater": "{} > {}",
    "greater_equal": "{} >= {}",
}  # fmt: skip
_IN_MATH = {"power": "pow", "absolute": "fabs"}  # where Python's name is not NumPy's, perhaps without the c of arc
DEEP = 8  #: how deep expressions of numbers are nested in the text
_FLOAT = np.dtype(np.float64)


class Source(NamedTuple):
    """Text of a function of the arrays on the domain, and the objects that it names."""

    text: str
    names: dict[str, Any]
    numbers: bool  #: whether it holds Python numbers only, which say nothing of NaN and infinity

    def function(self, name: str = "compiled") -> Callable[..., Any]:
        """The function that the text defines."""
        space = dict(self.names)
        exec(compile(self.text, f"<{name}>", "exec"), space)
        found: Callable[..., Any] = space[name]
        return found


def write(d: Diagram, name: str = "compiled", *, fast: bool = True) -> Source:
    """The source of a diagram; ``fast`` lets numbers be Python floats."""
    return _Writer(d, fast).source(name)


class _Writer:
    def __init__(self, d: Diagram, fast: bool) -> None:
        self.d, self.fast = d, fast
        assert d.dom_space is not None
        self.spaces: list[Any] = d.spaces(d.dom_space)
        self.names: dict[str, Any] = {"np": np, "math": math}
        self.objects: dict[int, str] = {}
        self.text: dict[int, str] = {}  # what a wire is called
        self.lines: list[str] = []
        self.base: dict[int, int] = {}  # the wire whose memory a wire looks at
        self.last: dict[int, int] = {}
        self.made = {o for op, ins, outs in d.boxes for o in outs if ins and (_ufunc(op) or _owns(op))}
        outputs = leaves(d.cod)
        self.reads = Counter([i for _, ins, _ in d.boxes for i in ins])
        self.reads.update(outputs)
        self.depth: dict[int, int] = {}  # of the expression that a wire is called
        self.bare: dict[int, str] = {}  # that expression without its brackets
        for number, (op, ins, outs) in enumerate(d.boxes):
            for o in outs:
                self.base[o] = self.base.get(ins[0], ins[0]) if ins and _looks(op) else o
            for i in ins:
                self.last[self.base.get(i, i)] = number
        for o in outputs:
            self.last[self.base.get(o, o)] = len(d.boxes)
        self.mine: set[int] = set()  # arrays that this function made and may write over

    # ------------------------------------------------------------------ names

    def object(self, value: Any, stem: str) -> str:
        """A name for an object."""
        found = self.objects.get(id(value))
        if found is None:
            found, n = stem, 1
            while found in self.names:
                n += 1
                found = f"{stem}_{n}"
            self.names[found] = value
            self.objects[id(value)] = found
        return found

    def number(self, wire: int) -> bool:
        """Whether a wire holds a Python float in the fast form."""
        space = self.spaces[wire]
        return self.fast and space.shape == () and space.dtype == _FLOAT

    # ------------------------------------------------------------------ text

    def source(self, name: str) -> Source:
        """The whole function."""
        d = self.d
        arguments = leaves(d.dom)
        for i, wire in enumerate(arguments):
            self.text[wire] = f"x{i}"
            self.argument(f"x{i}", self.spaces[wire])
        for number, box in enumerate(d.boxes):
            self.box(number, *box)
        results = self.tree(d.cod, set())
        head = f"def {name}({', '.join(self.text[w] for w in arguments)}):\n"
        body = [*self.lines, f"return {results}"]
        wires = [*arguments, *[o for _, _, outs in d.boxes for o in outs]]
        return Source(head + "".join(f"    {line}\n" for line in body), self.names, all(map(self.number, wires)))

    def argument(self, name: str, space: Array) -> None:
        """A statement that lets an argument of the space pass, and converts or refuses any other."""
        if not space.shape and space.dtype == _FLOAT:
            kind = "float" if self.fast else "float64"
            self.names.setdefault("float64", np.float64)
            test = f"type({name}) is not {kind}"
        else:
            shape, dtype = self.object(space.shape, "shape"), self.object(space.dtype, "dtype")
            test = f"type({name}) is not np.ndarray or {name}.shape != {shape} or {name}.dtype is not {dtype}"
        convert = self.object(functools.partial(_converted, space, self.fast), "converted")
        self.lines.append(f"if {test}: {name} = {convert}({name})")

    def tree(self, pattern: Pattern, given: set[Any]) -> str:
        """The packed result; every array in it has memory of its own."""
        if isinstance(pattern, tuple):
            return "(" + "".join(f"{self.tree(p, given)}, " for p in pattern) + ")"
        memory = self.base.get(pattern, pattern)
        own = memory in self.made and memory not in given
        given.add(memory)
        text = self.bare.get(pattern, self.text[pattern])
        return text if own or not self.spaces[pattern].shape else f"np.array({text})"

    def box(self, number: int, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        """One statement."""
        if isinstance(op, Constant):
            self.text[outs[0]] = self.constant(op.value)
            return
        out = outs[0]
        if len(outs) > 1:
            target = ", ".join(self.fresh(o) for o in outs)
            self.lines.append(f"{target} = {self.general(op, ins)}")
            for o in outs:
                if self.number(o):
                    self.lines.append(f"{self.text[o]} = float({self.text[o]})")
            return
        if self.number(out):
            pure = all(map(self.number, ins))  # an array may be written over before the number is read
            self.define(
                out, self.scalar(op, ins), 1 + max([self.depth.get(i, 0) for i in ins], default=0) if pure else DEEP
            )
            return
        self.array(number, op, ins, out)

    def define(self, wire: int, expression: str, depth: int) -> None:
        """A number: written where it is read if that is once, in a statement of its own otherwise."""
        if self.reads[wire] == 1 and depth < DEEP:
            call = re.fullmatch(r"\w+\([^()]*\)", expression) is not None
            self.text[wire], self.depth[wire] = expression if call else f"({expression})", depth
            self.bare[wire] = expression
        else:
            self.lines.append(f"{self.fresh(wire)} = {expression}")

    def fresh(self, wire: int) -> str:
        """A new name for a wire."""
        self.text[wire] = f"v{wire}"
        return self.text[wire]

    def constant(self, value: Any) -> str:
        """A number in the text where it can be read back exactly, a named object otherwise."""
        if type(value) in (float, np.float64) and math.isfinite(value):
            return f"({float(value)!r})" if value < 0 or math.copysign(1.0, value) < 0 else repr(float(value))
        if type(value) is int:
            return f"({value})"
        return self.object(value, "constant")

    def scalar(self, op: Any, ins: tuple[int, ...]) -> str:
        """An expression with a float as its value."""
        if all(self.number(i) for i in ins):
            given = [self.text[i] for i in ins]
            if isinstance(op, Scale):
                return f"{self.constant(op.factor)} * {given[0]}"
            if isinstance(op, Negate):
                return f"-{given[0]}"
            if op.name in _INFIX and op.cod == "num":
                return _INFIX[op.name].format(*given)
            function = _in_math(op.primitive) if isinstance(op, Call) and not op.params else None
            if function is not None:
                arguments = [self.bare.get(i, self.text[i]) for i in ins]
                return f"{self.object(function, function.__name__)}({', '.join(arguments)})"
            if op.name == "square":
                return f"{given[0]} * {given[0]}"
            if op.name == "reciprocal":
                return f"1.0 / {given[0]}"
        if op.name == "where" and all(self.number(i) for i in ins[1:]) and self.spaces[ins[0]].shape == ():
            condition, yes, no = (self.text[i] for i in ins)
            return f"{yes} if {condition} else {no}"
        return f"float({self.general(op, ins)})"

    def general(self, op: Any, ins: tuple[int, ...]) -> str:
        """A call of the operation's own function."""
        given = [self.text[i] for i in ins]
        if isinstance(op, Scale):
            return f"{self.constant(op.factor)} * {given[0]}"
        if isinstance(op, Negate):
            return f"np.negative({given[0]})"
        if op.name == "index" and self.spaces[ins[0]].shape:
            return f"{given[0]}[{_key(op.params['key']) or self.object(op.params['key'], 'key')}]"
        if op.name == "sum" and self.spaces[ins[0]].shape:
            keep = ", keepdims=True" if op.params["keepdims"] else ""
            reduce = self.object(np.add.reduce, "add_reduce")
            return f"{reduce}({given[0]}, axis={self.option(op.params['axis'])}{keep})"
        if not isinstance(op, Call):
            raise UnsupportedError(
                f"the NumPy backend cannot write {op.name}", found=repr(op), expected="primitives, scalings and constants",
                remedy="evaluate this program with Functions",
            )  # fmt: skip
        function = op.primitive.function
        if op.name == "matmul" and all(len(self.spaces[i].shape) <= 2 for i in ins):
            function = np.dot
        options = [f"{k}={self.option(v)}" for k, v in op.params.items()]
        part = "[0]" if isinstance(op.cod, tuple) and len(op.cod) == 1 else ""  # one wire holds the only part
        return f"{self.object(function, getattr(function, '__name__', op.name))}({', '.join([*given, *options])}){part}"

    def option(self, value: Any) -> str:
        """An option: text where it can be read back, a named object otherwise."""
        if value is None or type(value) in (int, bool):
            return repr(value)
        if type(value) is tuple and all(type(v) is int for v in value):
            return repr(value)
        return self.object(value, "option")

    def array(self, number: int, op: Any, ins: tuple[int, ...], out: int) -> None:
        """A statement that makes an array."""
        space: Array = self.spaces[out]
        if op.name == "scatter_sum" and self.scattered(op, ins, out):
            return
        function = _ufunc(op)
        if function is None or space.shape == ():
            self.lines.append(f"{self.fresh(out)} = {self.general(op, ins)}")
            if space.shape and not _looks(op) and _owns(op):
                self.mine.add(out)
            return
        given = [self.text[i] for i in ins]
        if isinstance(op, Scale):
            given = [self.constant(op.factor), *given]
        over = self.reusable(number, ins, space)
        call = f"{self.object(function, function.__name__)}({', '.join(given)}"
        if over is None:
            self.lines.append(f"{self.fresh(out)} = {call})")
        else:
            self.text[out] = self.text[over]
            self.lines.append(f"{call}, out={self.text[over]})")
            self.base[out] = out
            self.mine.discard(over)
        self.mine.add(out)

    def scattered(self, op: Any, ins: tuple[int, ...], out: int) -> bool:
        """Statements that add each value at its place, where all places are slices."""
        keys = [_key(key) for key in op.params["keys"]]
        space: Array = self.spaces[out]
        if not space.shape or not all(keys):
            return False
        name = self.fresh(out)
        self.lines.append(f"{name} = np.zeros({space.shape!r}, {self.object(space.dtype, 'dtype')})")
        self.lines.extend(f"{name}[{key}] += {self.text[i]}" for key, i in zip(keys, ins, strict=True))
        self.mine.add(out)
        self.made.add(out)
        return True

    def reusable(self, number: int, ins: tuple[int, ...], space: Array) -> int | None:
        """An operand of the same space that this function made and nobody reads after this statement."""
        for i in ins:
            if i in self.mine and self.spaces[i] == space and self.last.get(self.base.get(i, i)) == number:
                return i
        return None


@functools.cache
def _in_math(primitive: Any) -> Any:
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


def _key(key: Any) -> str:
    """A key of numbers and slices as text, empty for another one."""
    parts = key if isinstance(key, tuple) else (key,)
    texts = []
    for part in parts:
        if isinstance(part, slice) and all(type(v) in (int, NoneType) for v in (part.start, part.stop, part.step)):
            ends = ["" if v is None else repr(v) for v in (part.start, part.stop, part.step)]
            texts.append(":".join(ends if ends[2] else ends[:2]))
        elif type(part) is int or part is None or part is Ellipsis:
            texts.append("..." if part is Ellipsis else repr(part))
        else:
            return ""
    return ", ".join(texts) + ("," if isinstance(key, tuple) and len(parts) == 1 else "")


def _ufunc(op: Any) -> Any:
    if isinstance(op, Scale):
        return np.multiply
    if isinstance(op, Negate):
        return np.negative
    function = op.primitive.function if isinstance(op, Call) else None
    elementwise = isinstance(function, np.ufunc) and function.signature is None
    return function if elementwise and not op.params else None


def _converted(space: Array, fast: bool, value: Any) -> Any:
    """An argument in the dtype of its space; an error where it does not fit."""
    space.check(value)
    if not space.shape and space.dtype == _FLOAT:
        return float(value) if fast else np.float64(value)
    return np.asarray(value, space.dtype)[()]


_VIEWS = frozenset({
    "reshape", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to", "ravel", "flip", "real", "imag",
    "index", "getitem", "take", "split", "array_split", "diagonal", "astype", "positive", "conjugate", "diag", "roll",
    "atleast_1d", "atleast_2d", "rot90",
})  # fmt: skip


def _looks(op: Any) -> bool:
    """Whether a result may share memory with the first operand."""
    return op is None or op.name in _VIEWS


_OWN = frozenset(
    {"matmul", "dot", "sum", "mean", "concatenate", "stack", "where", "prod", "cumsum", "outer", "tensordot"}
)


def _owns(op: Any) -> bool:
    """Whether a result is certainly a new array of its own."""
    return op.name in _OWN
