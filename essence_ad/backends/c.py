"""Straight-line C: a diagram of small arrays at known spaces, compiled by the C compiler of the machine.

Where a call of a NumPy function costs more than its work, in long chains of numbers and with small arrays, the whole
program is one function of C. Elementwise operations are fused into loops; what only moves elements becomes an index.
Arithmetic is that of IEEE 754 in float64, in the order of the program: the numbers are NumPy's, but for the last digits
of functions that the C library rounds in another way, and of sums, which are added in another order.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from essence_ad.diagram import Diagram
from essence_ad.errors import UnsupportedError
from essence_ad.native import HELPERS, PYTHON, TWO, literal, loaded
from essence_ad.planning.arguments import Argument
from essence_ad.planning.arguments import arguments as described
from essence_ad.planning.elements import Element, linear, narrowed, number, stored
from essence_ad.primitives.contractions import explicit
from essence_ad.primitives.primitive import Constant, Negate, Scale
from essence_ad.spaces import Array
from essence_ad.structure import Pattern, leaves

TYPES = {np.dtype(np.float64): "double", np.dtype(np.int64): "long long", np.dtype(np.bool_): "unsigned char"}
FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "exp": "exp",
    "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p", "sqrt": "sqrt",
    "cbrt": "cbrt", "absolute": "fabs", "fabs": "fabs", "arctan2": "atan2", "hypot": "hypot", "power": "pow",
    "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "rint", "copysign": "copysign", "fmax": "fmax",
    "fmin": "fmin", "fmod": "fmod",
}  # fmt: skip
INFIX = {
    "add": "({} + {})", "subtract": "({} - {})", "multiply": "({} * {})", "divide": "({} / {})", "negative": "(-{})",
    "positive": "{}", "square": "square({})", "reciprocal": "(1.0 / {})", "maximum": "maximum({}, {})",
    "minimum": "minimum({}, {})", "sign": "sign({})", "logaddexp": "logaddexp({}, {})", "where": "({} ? {} : {})",
    "ratio": "ratio({}, {})", "lead": "lead({}, {})",
    "share": "share({}, {})", "conjugate": "{}", "real": "{}", "rad2deg": "({} * 57.29577951308232)", "deg2rad": "({} * 0.017453292519943295)",
}  # fmt: skip
TESTS = {
    "equal": "({} == {})", "not_equal": "({} != {})", "less": "({} < {})", "less_equal": "({} <= {})",
    "greater": "({} > {})", "greater_equal": "({} >= {})", "logical_and": "({} && {})", "logical_or": "({} || {})",
    "logical_not": "(!{})", "isnan": "({0} != {0})", "isfinite": "({0} - {0} == 0)",
}  # fmt: skip
MOVES = frozenset({
    "reshape", "ravel", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to", "index", "take", "flip", "roll",
    "diagonal", "diag", "tril", "triu", "repeat", "tile", "atleast_1d", "atleast_2d", "atleast_3d", "matrix_transpose", "split",
    "array_split",
})  # fmt: skip
CONTRACTIONS = {
    ("matmul", 1, 1): "i,i->", ("matmul", 2, 1): "ij,j->i", ("matmul", 1, 2): "i,ij->j", ("matmul", 2, 2): "ij,jk->ik",
    ("dot", 1, 1): "i,i->", ("dot", 2, 1): "ij,j->i", ("dot", 1, 2): "i,ij->j", ("dot", 2, 2): "ij,jk->ik",
    ("inner", 1, 1): "i,i->", ("outer", 1, 1): "i,j->ij",
}  # fmt: skip
DEEP = 24  #: how deep expressions are nested
LARGE = 32_768  #: numbers that a program may hold: beyond them its time is that of the work, which NumPy does as well


class Source(NamedTuple):
    """Text of C, and of the function of Python that calls it."""

    text: str
    caller: str
    names: dict[str, Any]
    numbers: bool = True  #: nothing in it warns

    def function(self) -> Callable[..., Any]:
        """The function of the arrays on the domain."""
        space = {**self.names, "kernel": loaded(self.text)}
        exec(compile(self.caller, "<compiled>", "exec"), space)
        found: Callable[..., Any] = space.pop("compiled")  # so that nothing refers to itself
        return found


def write(d: Diagram) -> Source:
    """The source of a diagram.

    Raises ``UnsupportedError`` for a primitive without a form in C, for numbers that are neither float64, int64 nor
    booleans, and for more than ``LARGE`` of them.
    """
    return _Writer(d).source()


# ---------------------------------------------------------------------------------------------- the writer


class _Writer:
    def __init__(self, d: Diagram) -> None:
        self.d = d
        assert d.dom_space is not None
        self.spaces: list[Any] = d.spaces(d.dom_space)
        self.values: dict[int, Element] = {}
        self.lines: list[str] = []
        self.tables: list[str] = []
        self.used: set[str] = set()
        self.known: dict[int, Any] = {}  # constants
        self.held = 0
        self.reads = Counter([i for _, ins, _ in d.boxes for i in ins])
        self.reads.update(leaves(d.cod))

    def source(self) -> Source:
        """The function, and what calls it."""
        arguments = leaves(self.d.dom)
        for i, wire in enumerate(arguments):
            space = self.spaces[wire]
            if not space.shape and space.dtype == np.int64:
                raise _unsupported("an argument", "an integer", "a float, or an array of integers")
            self.kind(space, "an argument")
            self.values[wire] = stored(space, f"x{i}") if space.shape else number(space, f"x{i}")
        for op, ins, outs in self.d.boxes:
            self.box(op, ins, outs)
        results = leaves(self.d.cod)
        plain = [k for k, w in enumerate(results) if not self.spaces[w].shape]
        for k, wire in enumerate(results):
            self.result(k, wire)
        text = self.text(arguments, results, plain)
        return Source(text, *self.caller(arguments, results, plain))

    def kind(self, space: Any, what: Any) -> str:
        """The type in C of a space's numbers."""
        found = TYPES.get(space.dtype)
        if found is None:
            raise _unsupported(what, f"numbers of dtype {space.dtype}", "float64, int64 or booleans")
        return found

    def text(self, arguments: Sequence[int], results: Sequence[int], plain: Sequence[int]) -> str:
        """The whole text: of the arguments, the arrays come first, then those for results, then the numbers."""
        wanted = self.used | ({"log1p", "exp"} if self.used & {"logaddexp", "share"} else set())
        needed = [f for name, f in HELPERS.items() if name in self.used]
        externs = [f"extern double {f}(double{', double' * (f in TWO)});" for f in sorted(wanted - HELPERS.keys())]
        given = [
            (f"const {TYPES[self.spaces[w].dtype]} *x{i}") for i, w in enumerate(arguments) if self.spaces[w].shape
        ]
        outs = [f"{TYPES[self.spaces[w].dtype]} *y{k}" for k, w in enumerate(results) if k not in plain]
        arrays, n = [*given, *outs], len(given) + len(outs)
        numbers = [i for i, w in enumerate(arguments) if not self.spaces[w].shape]
        body = [
            f"Py_buffer b[{n + 1}];",
            f"for (long k = 0; k < {n}; k++)",
            f"    if (PyObject_GetBuffer(arguments[k], &b[k], k >= {len(given)})) {{ while (k--) PyBuffer_Release(&b[k]); return 0; }}",
            *[f"{name} = b[{k}].buf;" for k, name in enumerate(arrays)],
            *[f"double x{i} = PyFloat_AsDouble(arguments[{n + k}]);" for k, i in enumerate(numbers)],
            *self.lines,
            f"for (long k = 0; k < {n}; k++) PyBuffer_Release(&b[k]);",
            f"PyObject *numbers = PyTuple_New({len(plain)});",
            *[f"PyTuple_SetItem(numbers, {j}, PyFloat_FromDouble(y{k}));" for j, k in enumerate(plain)],
            "return numbers;",
        ]
        lines = [
            *externs,
            *needed,
            *self.tables,
            "PyObject *kernel(PyObject *self, PyObject *const *arguments, long n)",
            "{",
        ]
        return PYTHON + "\n".join([*lines, *[f"    {b}" for b in body], "}"]) + "\n"

    def caller(
        self, arguments: Sequence[int], results: Sequence[int], plain: Sequence[int]
    ) -> tuple[str, dict[str, Any]]:
        """A function of Python that checks the arguments, makes room for the results, and calls."""
        given = described(self.d, self.spaces)
        names: dict[str, Any] = {"np": np, "empty": np.empty}
        arrays = [f"x{i}" for i, w in enumerate(arguments) if self.spaces[w].shape]
        lines = [f"def compiled({', '.join(f'x{i}' for i in range(len(arguments)))}):"]
        for i, wire in enumerate(arguments):
            space = self.spaces[wire]
            names |= {f"shape_{i}": space.shape, f"dtype_{i}": space.dtype, f"step_{i}": (space.dtype.itemsize,)}
            names[f"converted_{i}"] = functools.partial(_converted, given[i])
            order = f"not x{i}.flags.c_contiguous" if len(space.shape) > 1 else f"x{i}.strides != step_{i}"
            test = f"type(x{i}) is not np.ndarray or x{i}.shape != shape_{i} or x{i}.dtype is not dtype_{i} or {order}"
            lines.append(f"    if {test if space.shape else f'type(x{i}) is not float'}: x{i} = converted_{i}(x{i})")
        parts = []
        for k, wire in enumerate(results):
            space = self.spaces[wire]
            if k in plain:
                text = f"numbers[{plain.index(k)}]"
                parts.append(text if space.dtype == np.float64 else f"np.{space.dtype.name}({text})")
                continue
            names |= {f"shape_y{k}": space.shape, f"dtype_y{k}": space.dtype}
            lines.append(f"    y{k} = empty(shape_y{k}, dtype_y{k})")
            arrays.append(f"y{k}")
            parts.append(f"y{k}")
        numbers = [f"x{i}" for i, w in enumerate(arguments) if not self.spaces[w].shape]
        lines.append(f"    numbers = kernel({', '.join([*arrays, *numbers])})")
        lines.append(f"    return {_tree(self.d.cod, iter(parts))}")
        return "\n".join(lines) + "\n", names

    def result(self, k: int, wire: int) -> None:
        """Statements that put a value where the caller finds it."""
        value = self.values[wire]
        if not value.space.shape:
            if value.space.dtype == np.int64:
                raise _unsupported("a result", "an integer", "a float, or an array of integers")
            self.lines.append(f"double y{k} = {value.at(())};")
            return
        self.loop(value.space.shape, lambda index: f"{stored(value.space, f'y{k}').at(index)} = {value.at(index)};")

    # ------------------------------------------------------------------ statements

    def loop(self, shape: Sequence[int], body: Callable[[list[str]], str]) -> None:
        """A statement for each index of a shape."""
        index = [f"i{k}" if n != 1 else "0" for k, n in enumerate(shape)]
        heads = [f"for (long i{k} = 0; i{k} < {n}; i{k}++) " for k, n in enumerate(shape) if n != 1]
        self.lines.append("".join(heads) + "{ " + body(index) + " }")

    def add_up(
        self, shape: Sequence[int], target: Callable[[list[str]], str], term: Callable[[list[str]], str]
    ) -> None:
        """A statement that adds a term for each index; along a last axis that is summed, in an order the compiler chooses."""
        last = len(shape) - 1
        if not shape or shape[last] == 1 or re.search(rf"\bi{last}\b", target([f"i{k}" for k in range(last + 1)])):
            self.loop(shape, lambda index: f"{target(index)} += {term(index)};")
            return
        row = f"for (long i{last} = 0; i{last} < {shape[last]}; i{last}++) "

        def body(index: list[str]) -> str:
            inner = [*index, f"i{last}"]
            return f'double s = 0; _Pragma("omp simd reduction(+:s)") {row}s += {term(inner)}; {target(inner)} += s;'

        self.loop(shape[:last], body)

    def hold(self, numbers: int, op: Any) -> None:
        """Count what the program holds."""
        self.held += numbers
        if self.held > LARGE:
            raise _unsupported(op, f"more than {LARGE} numbers", "a program of small arrays")

    def room(self, space: Array, op: Any, zeros: bool = False) -> str:
        """The name of a new array or number."""
        self.hold(space.dim, op)
        name, kind = f"v{len(self.lines)}", self.kind(space, op)
        size = f"[{max(space.dim, 1)}]" if space.shape else ""
        start = "" if not zeros else " = {0}" if space.shape else " = 0"
        self.lines.append(f"{kind} {name}{size}{start};")
        return name

    def store(self, wire: int) -> Element:
        """The value with memory of its own, which can be indexed in any way."""
        value = self.values[wire]
        if value.buffer or not value.space.shape:
            return value
        name = self.room(value.space, "an array")
        kept = self.values[wire] = stored(value.space, name)
        self.loop(value.space.shape, lambda index: f"{kept.at(index)} = {value.at(index)};")
        return kept

    # ------------------------------------------------------------------ boxes

    def box(self, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        """One operation."""
        name = op.name
        if isinstance(op, Constant):
            self.constant(op, outs[0])
        elif name in MOVES:
            self.moved(op, ins, outs)
        elif name in ("sum", "mean"):
            self.summed(op, ins[0], outs[0])
        elif (subscripts := self.subscripts(op, ins)) is not None:
            self.contracted(op, subscripts, ins, outs[0])
        elif name == "scatter_sum":
            self.scattered(op, ins, outs[0])
        elif name in ("concatenate", "stack"):
            self.joined(op, ins, outs[0])
        else:
            self.elementwise(op, ins, outs[0])

    def form(self, op: Any, space: Array) -> Callable[[list[str]], str]:
        """An elementwise operation on texts."""
        name = op.name
        if isinstance(op, Scale) and np.ndim(op.factor) == 0:
            return lambda given: f"({literal(float(op.factor))} * {given[0]})"
        if isinstance(op, Negate):
            name = "negative"
        if name == "astype":
            cast = "({} != 0)" if space.dtype == np.bool_ else f"(({self.kind(space, op)}) {{}})"
            return lambda given: cast.format(*given)
        params = getattr(op, "params", {})
        template = INFIX.get(name) or TESTS.get(name)
        if name in FUNCTIONS:
            template = FUNCTIONS[name] + ("({}, {})" if op.primitive.arity == 2 else "({})")
        if template is None or params:
            raise _unsupported(op, op.name, "an operation with a form in C")
        if space.dtype == np.int64 and name not in ("add", "subtract", "multiply", "negative", "positive", "where"):
            raise _unsupported(op, f"{op.name} of integers", "floats")
        called = template.partition("(")[0]
        if called and called != "{}":
            self.used.add(called)
        return lambda given: template.format(*given)

    def elementwise(self, op: Any, ins: tuple[int, ...], out: int) -> None:
        """A number, or a value that is written into the loop of its only reader."""
        space = self.spaces[out]
        self.kind(space, op)
        given = [self.values[i] if self.spaces[i].shape == space.shape else self.store(i) for i in ins]
        if isinstance(op, Scale) and np.ndim(op.factor):
            form: Callable[[list[str]], str] = lambda texts: INFIX["multiply"].format(*texts)
            given = [self.array_of(np.asarray(op.factor)), *given]
        else:
            form = self.form(op, space)
        floats = space.dtype == np.float64 and op.name not in TESTS
        first = 1 if op.name == "where" else 0
        casts = [floats and k >= first and v.space.dtype != np.float64 for k, v in enumerate(given)]

        def at(index: Sequence[str]) -> str:
            texts = [v.at(narrowed(index, v.space.shape)) for v in given]
            return form([f"((double) {t})" if c else t for t, c in zip(texts, casts, strict=True)])

        self.values[out] = Element(space, at, depth=1 + max([v.depth for v in given], default=0))
        if not space.shape:
            self.named(op, out)
        elif self.reads[out] != 1 or self.values[out].depth > DEEP:
            self.store(out)

    def named(self, op: Any, out: int) -> None:
        """A number in a variable of its own."""
        name, value = self.room(self.spaces[out], op), self.values[out]
        self.lines.append(f"{name} = {value.at(())};")
        self.values[out] = number(value.space, name)

    def constant(self, op: Any, out: int) -> None:
        """A number in the text, an array as a table."""
        space = self.spaces[out]
        self.kind(space, op)
        self.known[out] = op.value
        self.values[out] = self.array_of(np.asarray(op.value)) if space.shape else number(space, literal(op.value))

    def array_of(self, value: Any) -> Element:
        """A known array."""
        space = Array(value.shape, value.dtype)
        kind = self.kind(space, "a constant")
        self.hold(value.size, "a constant")
        return stored(space, self.table(kind, [literal(x) for x in value.ravel()]))

    def table(self, kind: str, texts: Sequence[str]) -> str:
        """The name of a table."""
        name = f"t{len(self.tables)}"
        self.tables.append(f"static const {kind} {name}[] = {{{', '.join(texts) or '0'}}};")
        return name

    def moved(self, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        """Elements at other places: found by moving their numbers, counted from one; zero is zero."""
        before = self.store(ins[0])
        if any(i not in self.known for i in ins[1:]):
            raise _unsupported(op, f"{op.name} at places that are not known", "places that are constants")
        marks = np.arange(1, before.space.dim + 1).reshape(before.space.shape)
        results = op.apply(marks, *[self.known[i] for i in ins[1:]])
        for out, result in zip(outs, (results,) if len(outs) == 1 else results, strict=True):
            self.kind(self.spaces[out], op)
            self.values[out] = Element(self.spaces[out], self.taken(before, np.asarray(result) - 1))
            if not self.spaces[out].shape:
                self.named(op, out)

    def taken(self, before: Element, positions: Any) -> Callable[[Sequence[str]], str]:
        """The elements at positions of a stored array, zero at those below 0."""
        if not before.space.shape:
            return lambda index: before.at(())
        at, name = self.positioned(positions), before.buffer
        if (positions < 0).any():
            return lambda index: f"({at(index)} < 0 ? 0 : {name}[{at(index)}])"
        return lambda index: f"{name}[{at(index)}]"

    def positioned(self, positions: Any) -> Callable[[Sequence[str]], str]:
        """Positions as an expression of the indices: with a step for each axis where they have one, a table elsewhere."""
        shape = positions.shape
        if positions.size == 0:
            return lambda index: "0"
        start, axes = int(positions.flat[0]), range(len(shape))
        steps = [int(np.take(positions, 1, axis=k).flat[0]) - start if shape[k] > 1 else 0 for k in axes]
        affine = np.full(shape, start)
        for step, along in zip(steps, np.indices(shape, sparse=True), strict=True):
            affine += step * along
        if np.array_equal(affine, positions):
            return lambda index: linear(zip(steps, index, strict=True), start)
        return stored(Array(shape), self.table("int", [str(p) for p in positions.ravel()])).at

    def summed(self, op: Any, source: int, out: int) -> None:
        """A sum over axes."""
        value, space = self.values[source], self.spaces[out]
        shape, axis = value.space.shape, op.params["axis"]
        if value.space.dtype != space.dtype or set(op.params) - {"axis", "keepdims"}:
            raise _unsupported(op, f"{op!r} of {value.space}", "sums of floats over axes")
        kept = np.sum(np.empty(shape), axis=axis, keepdims=True).shape
        name = self.room(space, op, zeros=True)
        self.put(name, space, value, np.broadcast_to(np.arange(space.dim).reshape(kept), shape), "+=")
        self.values[out] = stored(space, name) if space.shape else number(space, name)
        if op.name == "mean":
            n = value.space.dim // max(space.dim, 1)
            self.loop(space.shape, lambda index: f"{self.values[out].at(index)} /= {n}.0;")

    def subscripts(self, op: Any, ins: tuple[int, ...]) -> str | None:
        """A sum of products in the letters of ``einsum``; ``None`` for something else."""
        ranks = [len(self.spaces[i].shape) for i in ins]
        if op.name != "tensordot":
            found: str | None = CONTRACTIONS.get((op.name, *ranks))
            return op.params["subscripts"] if op.name == "einsum" else found
        axes = op.params["axes"]
        pairs = axes if isinstance(axes, tuple) else (range(ranks[0] - axes, ranks[0]), range(axes))
        first, second = (
            [a % n for a in np.atleast_1d(p).astype(int).tolist()] for p, n in zip(pairs, ranks, strict=True)
        )
        left, right = list("abcdefghijkl"[: ranks[0]]), list("mnopqrstuvwx"[: ranks[1]])
        for i, j in zip(first, second, strict=True):
            right[j] = left[i]
        kept = [c for c in left if c not in right], [c for c in right if c not in left]
        return "".join([*left, ",", *right, "->", *kept[0], *kept[1]])

    def contracted(self, op: Any, subscripts: str, ins: tuple[int, ...], out: int) -> None:
        """A sum of products."""
        space = self.spaces[out]
        given = [self.store(i) for i in ins]
        terms, result = explicit(subscripts, [len(v.space.shape) for v in given])
        size = {
            c: n for t, v in zip(terms, given, strict=True) for c, n in zip(t, v.space.shape, strict=True) if n != 1
        }
        if space.dtype != np.float64:
            raise _unsupported(op, f"{op.name} into {space}", "floats")
        target = self.room(space, op, zeros=True)
        summed = sorted({c for t in terms for c in t} - set(result))
        within = [sum(t.endswith(c) for t in terms if c in size) for c in (result[-1:] or "-", *summed[-1:])]
        letters = [*result, *summed] if len(within) < 2 or within[1] >= within[0] else [*summed, *result]

        def term(index: Sequence[str]) -> str:
            at = dict(zip(letters, index, strict=True))
            places = [
                [at[c] if n != 1 else "0" for c, n in zip(t, v.space.shape, strict=True)]
                for t, v in zip(terms, given, strict=True)
            ]
            return " * ".join([v.at(place) for v, place in zip(given, places, strict=True)])

        def to(index: Sequence[str]) -> str:
            at = dict(zip(letters, index, strict=True))
            return stored(space, target).at([at[c] for c in result]) if space.shape else target

        self.add_up([size.get(c, 1) for c in letters], to, term)
        self.values[out] = stored(space, target) if space.shape else number(space, target)

    def scattered(self, op: Any, ins: tuple[int, ...], out: int) -> None:
        """Values added at their places in zeros."""
        space = self.spaces[out]
        name = self.room(space, op, zeros=True)
        every = np.arange(space.dim).reshape(space.shape)
        for key, wire in zip(op.params["keys"], ins, strict=True):
            positions = np.asarray(every[key])
            self.put(name, space, self.values[wire], positions, "+=")
        self.values[out] = stored(space, name) if space.shape else number(space, name)

    def put(self, name: str, space: Array, value: Element, positions: Any, sign: str) -> None:
        """A statement that puts or adds a value at its positions in an array."""
        at = self.positioned(positions)

        def target(index: Sequence[str]) -> str:
            return f"{name}[{at(index)}]" if space.shape else name

        def term(index: Sequence[str]) -> str:
            return value.at(narrowed(index, value.space.shape))

        if sign == "+=" and space.dtype == np.float64:
            self.add_up(positions.shape, target, term)
        else:
            self.loop(positions.shape, lambda index: f"{target(index)} {sign} {term(index)};")

    def joined(self, op: Any, ins: tuple[int, ...], out: int) -> None:
        """Arrays side by side: each goes to where its numbers go."""
        space, start, marks = self.spaces[out], 0, []
        name = self.room(space, op)
        for i in ins:
            marks.append(np.arange(start, start + self.spaces[i].dim).reshape(self.spaces[i].shape))
            start += self.spaces[i].dim
        order = np.argsort(np.ravel(op.apply(*marks)), kind="stable")
        for wire, mark in zip(ins, marks, strict=True):
            self.put(name, space, self.values[wire], order[mark], "=")
        self.values[out] = stored(space, name)


def _tree(pattern: Pattern, parts: Any) -> str:
    return "(" + "".join(f"{_tree(p, parts)}, " for p in pattern) + ")" if isinstance(pattern, tuple) else next(parts)


def _converted(given: Argument, value: Any) -> Any:
    """An argument in the dtype and the layout of its space; an error where it does not fit."""
    given.check(value)
    return np.ascontiguousarray(value, given.space.dtype) if given.space.shape else float(value)


def _unsupported(op: Any, found: str, expected: str) -> UnsupportedError:
    name = op if isinstance(op, str) else op.name
    line = getattr(op, "line", None)
    return UnsupportedError(
        f"the C backend cannot write {name}" + (f" (in {line})" if line else ""), found=found, expected=expected,
        remedy='compile with backend="numpy", which takes every primitive',
    )  # fmt: skip
