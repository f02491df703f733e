"""``to_python``: a program as Python that people read, with NumPy's names and a let for what is used twice."""

from __future__ import annotations

import builtins
import contextlib
import dis
import functools
import inspect
import keyword
import sys
from collections import Counter
from types import CodeType, FrameType
from typing import Any

import numpy as np

from essence_ad.compiler.compiled import argument_space, staged
from essence_ad.compiler.python_bodies import holding
from essence_ad.compiler.python_calls import Written, call
from essence_ad.compiler.simplify import simplify
from essence_ad.compiler.text import Names, Text, identifier, literal, quoted
from essence_ad.containers import TUPLE, Container
from essence_ad.diagram import Diagram
from essence_ad.errors import NeedsSpaceError, OptionError
from essence_ad.linear_map import LinearMap
from essence_ad.morphism import Morphism
from essence_ad.operation import Constant, same
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import Pattern, leaves
from essence_ad.tracing.program import Program, name_of, trace
from essence_ad.tracing.source import Place

WIDE = 100  #: letters of a line
INLINE = 36  #: letters of an expression that is written where it is used
_DOUBLE = (np.dtype(np.float64), np.dtype(np.complex128))
_TAKEN = {*keyword.kwlist, *dir(builtins), "np"}


def to_python(f: Any, *spaces_or_examples: Any, name: str | None = None, simplified: bool = True) -> Text:
    """A program, an ordinary function or a derivative as Python source: one assignment for each value that is shared.

    With spaces (or examples), one for each argument, the program is recorded there and simplified; a program of
    combinators may do without, then each variable of its type is one array. The text needs ``import numpy as np`` and
    nothing else; the few operations that NumPy lacks are imported from this library by name. Arrays too large to be
    written are in ``.names``, and ``.run()`` gives the function that the text defines.

    Raises ``NeedsSpaceError`` where the text depends on shapes and no space is given.

    >>> import numpy as np
    >>> from essence_ad import R, grad
    >>> def wave(x, y):
    ...     z = x * y
    ...     return np.sin(z) + z
    >>> print(to_python(grad(wave), R, R, name="slope"))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def slope(x, y):
        return y * (1.0 + np.cos(y * x))
    <BLANKLINE>
    >>> float(to_python(grad(wave), R, R).run()(0.0, 3.0))
    6.0
    """
    d = diagram_of(f, spaces_or_examples, simplified)
    function = inspect.unwrap(getattr(f, "function", f)) if callable(f) else None
    if name is None:
        plain = isinstance(f, LinearMap) or (isinstance(f, Morphism) and f.name is None)
        name = "f" if plain else identifier(name_of(f))
    text, names = _Writer(d, function, len(spaces_or_examples) > 1, _codes_running()).write(name)
    return Text(text, functools.partial(_run, name=name), names)


def _run(text: str, names: dict[str, Any], *, name: str) -> Any:
    exec(compile(text, f"<{name}>", "exec"), names)
    return names[name]


def diagram_of(f: Any, spaces_or_examples: tuple[Any, ...], simplified: bool) -> Diagram:
    """What ``show`` and ``to_python`` write: a program as it is, or as recorded and simplified at spaces."""
    if isinstance(f, LinearMap):
        return f.diagram
    if not callable(f):
        raise OptionError(
            "a program or a function was expected", found=type(f).__name__, expected="something to call",
            remedy="give a morphism, a function on arrays, or a linear map",
        )  # fmt: skip
    if not spaces_or_examples:
        return (f if isinstance(f, Morphism) else Program(f)).diagram
    spaces = [s if isinstance(s, Space) else space_of(s) for s in spaces_or_examples]
    if isinstance(f, Morphism) and not isinstance(f, Program):
        d = staged(f, argument_space(spaces))
    else:
        python = f.function if isinstance(f, Program) else f
        d = trace(python, argument_space(spaces), spread=True if len(spaces) > 1 else None).diagram
    return simplify(d) if simplified else d


def in_doubles(d: Diagram) -> bool:
    """Whether every number is known to be of double precision, so that one of NumPy's may be written as Python's."""
    if d.dom_space is None:
        return False
    return all(s is None or s.dtype.kind not in "fc" or s.dtype in _DOUBLE for s in d.spaces(d.dom_space))


def _codes_running() -> set[CodeType]:
    """The code that called us, whose variables are no names for values in the program."""
    found = set()
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found.add(frame.f_code)
        frame = frame.f_back
    return found


class _Writer:
    def __init__(self, d: Diagram, function: Any, spread: bool, running: set[CodeType]) -> None:
        self.d, self.function, self.spread, self.running = d, function, spread, running
        self.spaces: list[Any] = [None] * d.n_wires if d.dom_space is None else d.spaces(d.dom_space)
        self.plain = in_doubles(d)
        self.names = Names(_TAKEN)
        self.imports: dict[str, set[str]] = {}
        self.above: list[str] = []
        self.lines: list[str] = []
        self.wires: dict[int, Written] = {}
        self.temporaries = 0
        self.missing: Counter[int] = Counter()  # how many summands of a wire are still to come
        self.uses: Counter[int] = Counter(leaves(d.cod))
        for _, ins, outs in d.boxes:
            self.uses.update(ins)
            self.missing.update(outs)

    # ------------------------------------------------------------------ the whole

    def write(self, name: str) -> tuple[str, dict[str, Any]]:
        """The text and the objects that go with it."""
        self.names.taken.add(name)
        head = ", ".join(self.parameters())
        for op, ins, outs in self.d.boxes:
            self.box(op, ins, outs)
        result = self.result(self.d.cod, self.d.cod_space)
        body = [*self.lines, *_wrapped(f"return {result}", result)]
        top = [
            "import numpy as np",
            *[f"from {home} import {', '.join(sorted(names))}" for home, names in sorted(self.imports.items())],
        ]
        constants = [*self.above, *self.names.comments()]
        return "\n".join(
            [*top, *([""] if constants else []), *constants, "", "", f"def {name}({head}):", *[f"    {x}" for x in body], ""]
        ), self.names.given  # fmt: skip

    def parameters(self) -> list[str]:
        """The parameters; those that are products are taken apart in the first lines."""
        d = self.d
        given = _parameter_names(self.function)
        if not isinstance(d.dom, tuple) or not self.several(len(d.dom)):
            name = self.names.fresh(given[0] if given else "x")
            self.argument(name, d.dom, d.dom_space)
            return [name]
        found = []
        spaces: Any = d.dom_space.parts if isinstance(d.dom_space, Product) else [None] * len(d.dom)
        fits = len(given) >= len(d.dom)
        for i, (pattern, space) in enumerate(zip(d.dom, spaces, strict=True)):
            name = self.names.fresh(given[i] if fits else "xyz"[i] if len(d.dom) <= 3 else f"x{i}")
            self.argument(name, pattern, space)
            found.append(name)
        return found

    def several(self, n: int) -> bool:
        """Whether the parts of the domain are several arguments and not one product."""
        if isinstance(self.d.dom_space, Product) and self.d.dom_space.container != TUPLE:
            return False
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            return n > 1
        if isinstance(self.function, Morphism) or self.spread:
            return n > 1 or self.spread
        try:
            signature.bind(None)
        except TypeError:
            return True
        return False

    def argument(self, name: str, pattern: Pattern, space: Space | None) -> None:
        """A value that the function is given, on the wires of a pattern."""
        if not isinstance(pattern, tuple):
            number = isinstance(space, Array) and space.shape == ()
            self.contribute(pattern, Written.atom(name, python=number or space is None))
            return
        container = space.container if isinstance(space, Product) else TUPLE
        parts: Any = space.parts if isinstance(space, Product) else [None] * len(pattern)
        if container.names is None:
            names = [
                self.names.fresh(f"{name}_{i}" if name[-1].isdigit() else f"{name}{i}") for i in range(len(pattern))
            ]
            if names:
                self.lines.append(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {name}")
        else:
            names = []
            for key in container.names:
                own = self.names.fresh(identifier(str(key), f"{name}_part"))
                access = f"{name}[{quoted(key)}]" if issubclass(container.type, dict) else f"{name}.{key}"
                self.lines.append(f"{own} = {access}")
                names.append(own)
        for own, p, s in zip(names, pattern, parts, strict=True):
            self.argument(own, p, s)

    def result(self, pattern: Pattern, space: Space | None) -> str:
        """The expression that the function returns."""
        if not isinstance(pattern, tuple):
            return self.value(pattern, space).text
        container = space.container if isinstance(space, Product) else TUPLE
        spaces: Any = space.parts if isinstance(space, Product) else [None] * len(pattern)
        parts = [self.result(p, s) for p, s in zip(pattern, spaces, strict=True)]
        return self.build(container, parts)

    def build(self, container: Container, parts: list[str]) -> str:
        """A user's structure around expressions."""
        kind = container.type
        if kind is type(None):
            return "None"
        if kind is tuple:
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if kind is list:
            return f"[{', '.join(parts)}]"
        names = container.names or ()
        if kind is dict:
            return "{" + ", ".join([f"{quoted(n)}: {p}" for n, p in zip(names, parts, strict=True)]) + "}"
        shown = self.names.object(kind, identifier(kind.__name__, "Result"))
        if container.names is None:
            return f"{shown}([{', '.join(parts)}])"
        if issubclass(kind, dict):
            return f"{shown}({self.build(Container(dict, container.names), parts)})"
        keys = container.keywords()
        return f"{shown}({', '.join([f'{n}={p}' for n, p in zip(keys, parts, strict=True)])})"

    # ------------------------------------------------------------------ boxes

    def imported(self, module: str, name: str) -> None:
        """Have a name imported."""
        self.imports.setdefault(module, set()).add(name)
        self.names.taken.add(name)

    def inside(self, d: Diagram) -> _Writer:
        """A writer for a function inside this one: names and imports are shared."""
        inner = _Writer(d, self.function, self.spread, self.running)
        inner.names, inner.imports, inner.above = self.names, self.imports, self.above
        return inner

    def box(self, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
        """The expression of a box, or the statement where it has several results."""
        if holding(self, op, ins, outs):
            return
        if op is None:
            written = self.value(ins[0])
        elif isinstance(op, Constant):
            written = self.constant(op.value)
        else:
            spaces = [self.spaces[i] for i in ins]
            written = call(self, op, [self.value(i) for i in ins], spaces, self.spaces[outs[0]] if outs else None)
        if len(outs) == 1 and not (isinstance(getattr(op, "cod", None), tuple) and not outs):
            self.missing[outs[0]] -= 1
            self.contribute(outs[0], written, op, ins)
            return
        names = [self.temporary() for _ in outs]
        self.lines.append(f"{', '.join(names)} = {written.text}")
        for wire, own in zip(outs, names, strict=True):
            self.missing[wire] -= 1
            self.contribute(wire, Written.atom(own))

    def contribute(self, wire: int, written: Written, op: Any = None, ins: tuple[int, ...] = ()) -> None:
        """One value more on a wire; after the last one it gets a name, where it is used twice or long."""
        before = self.wires.get(wire)
        if before is not None:
            written = Written.infix("+", before, written)
        self.wires[wire] = written
        if self.missing[wire] > 0 or written.simple or isinstance(op, Constant):
            return
        own = self.variable(op)
        most = WIDE - 11 if wire == self.d.cod else INLINE
        if own is None and self.uses[wire] <= 1 and len(written.text) <= most:
            return
        stem = own or self.told(op, ins)
        name = self.temporary() if stem is None else self.names.fresh(stem)
        self.lines.append(f"{name} = {written.text}")
        self.wires[wire] = Written.atom(name, python=written.python)

    def value(self, wire: int, target: Space | None = None) -> Written:
        """What stands on a wire; zeros where nothing made it."""
        found = self.wires.get(wire)
        if found is None:
            space = self.spaces[wire] or target
            if not isinstance(space, Array):
                raise NeedsSpaceError(
                    "a zero is written at a space", found="a program with zero in it, at no known space",
                    expected="a space for each argument", remedy="name the space: to_python(f, R[3])",
                )  # fmt: skip
            found = self.constant(np.zeros(space.shape, space.dtype)[()])
        return found

    def constant(self, value: Any) -> Written:
        """A constant: a literal, the user's own name for it, or a name of ours."""
        if isinstance(value, np.generic) and self.plain and type(value.item()) in (float, complex, bool):
            value = value.item()
        text = literal(value)
        python = type(value) in (float, int, complex, bool)
        if text is not None and (np.ndim(value) == 0 or len(text) <= INLINE):
            return Written(text, 3 if text.startswith("-") else 9, python, constant=True)
        if not isinstance(value, np.ndarray | np.generic | list | tuple) and text is None and not np.isscalar(value):
            return Written(self.names.object(value, "c"), constant=True)
        known = self.names._known.get(id(value))
        if known is None and text is not None:
            known = self.names._known[id(value)] = self.names.fresh(self.users_name(value) or "A")
            self.above.append(f"{known} = {text}")
        return Written(known or self.names.object(value, self.users_name(value) or "A"), constant=True)

    def users_name(self, value: Any) -> str | None:
        """What the user's function calls an array that it reads from outside."""
        code = getattr(self.function, "__code__", None)
        if code is None or not isinstance(value, np.ndarray):
            return None
        read: dict[str, Any] = {n: self.function.__globals__.get(n) for n in code.co_names}
        for name, cell in zip(code.co_freevars, self.function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # a name that is not bound yet
                read[name] = cell.cell_contents
        read |= {p.name: p.default for p in inspect.signature(self.function).parameters.values()}
        for name, held in read.items():
            if isinstance(held, np.ndarray) and same(held, value):
                return name
        return None

    # ------------------------------------------------------------------ names of values

    def variable(self, op: Any) -> str | None:
        """The variable that the user's line gives this value to."""
        place = getattr(op, "line", None)
        if not isinstance(place, Place) or place.code in self.running:
            return None
        return assigned(place.code, place.offset)

    def temporary(self) -> str:
        """A name that tells nothing."""
        self.temporaries += 1
        while f"t{self.temporaries}" in self.names.taken:
            self.temporaries += 1
        return self.names.fresh(f"t{self.temporaries}")

    def told(self, op: Any, ins: tuple[int, ...]) -> str | None:
        """A name that tells how the value was made, where that is short: ``sin_x``."""
        if op is not None and len(ins) == 1:
            below = self.value(ins[0])
            if below.text.isidentifier() and "_" not in below.text and len(below.text) <= 6 and op.name.isidentifier():
                return f"{op.name}_{below.text}" if op.name not in ("scale", "index", "negative") else None
        return None


@functools.cache
def _stores(code: CodeType) -> dict[int, str]:
    found: dict[int, str] = {}
    before: int | None = None
    for instruction in dis.get_instructions(code):
        if (before is not None and instruction.opname.startswith("STORE_FAST")) or instruction.opname == "STORE_DEREF":
            value = instruction.argval
            name = value[0] if isinstance(value, tuple) else value
            if before is not None and isinstance(name, str):
                found[before] = name
        if instruction.opname != "CACHE":
            before = instruction.offset
    return found


def assigned(code: CodeType, offset: int) -> str | None:
    """The local variable that gets the result of the instruction at a place, ``None`` where none does.

    >>> def f(x):
    ...     y = abs(x)
    ...     return y
    >>> {assigned(f.__code__, i) for i in range(len(f.__code__.co_code))} == {None, "y"}
    True
    """
    name = _stores(code).get(offset)
    return name if name is not None and name.isidentifier() and name != "_" else None


def _parameter_names(function: Any) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    if isinstance(function, Morphism) and not isinstance(function, Program):
        return []
    kinds = inspect.Parameter
    return [p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]


def _wrapped(line: str, result: str) -> list[str]:
    """A last line in several where it is too long and a tuple or a list."""
    if len(line) <= WIDE or result[:1] not in "([{" or result[-1:] not in ")]}":
        return [line]
    parts, depth, start = [], 0, 1
    for i, letter in enumerate(result[:-1]):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return [line]
        if letter == "," and depth == 1:
            parts.append(result[start : i + 1].strip())
            start = i + 1
    last = result[start:-1].strip()
    return [f"return {result[0]}", *[f"    {p}" for p in [*parts, *([f"{last},"] if last else [])]], result[-1]]
