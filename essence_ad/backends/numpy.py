"""Straight-line Python source on NumPy: a diagram at known spaces, written down statement by statement.

Numbers of float64 are Python floats and use ``math``; arrays use NumPy. A small elementwise result is written over an
operand of the same space that nobody reads again; larger ones stand in memory that is kept between calls and shared by
arrays that are not needed at the same time (``planning.memory``). Long runs along one axis go in parts that stay in the
cache (``planning.loops``). Results have memory of their own. Where ``math`` raises, NumPy gives NaN or infinity: then
the same program is run in its second form, on NumPy numbers alone.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import re
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from essence_ad.diagram import Diagram
from essence_ad.planning import facts
from essence_ad.planning.arguments import Argument
from essence_ad.planning.arguments import arguments as described
from essence_ad.planning.facts import Facts
from essence_ad.planning.loops import Section
from essence_ad.planning.memory import Room, unmoved
from essence_ad.planning.sharing import looks, owns, ufunc
from essence_ad.primitives.primitive import Call, Constant, Negate, Scale
from essence_ad.spaces import Array
from essence_ad.spelling import Names, expression, into, kept_axes, key_text, operands, scalar
from essence_ad.structure import Pattern, leaves

DEEP = 8  #: how deep expressions of numbers are nested in the text
_REDUCTIONS = ("sum", "max", "min")
_LOOKS = ("transpose", "swapaxes", "moveaxis", "matrix_transpose", "expand_dims", "index")  # never a copy
LONG = 200  #: boxes of a program from which names are used again
TRACED = 1 << 20  #: characters of a text whose lines are not kept for tracebacks
_FLOAT = np.dtype(np.float64)
_places = itertools.count()


class Source(NamedTuple):
    """Text of a function of the arrays on the domain, and the objects that it names."""

    text: str
    names: dict[str, Any]
    numbers: bool  #: whether it holds Python numbers only, which say nothing of NaN and infinity

    def function(self, name: str = "compiled") -> Callable[..., Any]:
        """The function that the text defines; a traceback through it shows its lines."""
        space, place = dict(self.names), f"<{name} {next(_places)}>"
        exec(compile(self.text, place, "exec"), space)
        found: Callable[..., Any] = space.pop(name)  # so that nothing refers to itself, and memory is freed at once
        if len(self.text) < TRACED:
            linecache.cache[place] = len(self.text), None, self.text.splitlines(keepends=True), place
            weakref.finalize(found, linecache.cache.pop, place, None)
        return found


def write(d: Diagram, name: str = "compiled", *, fast: bool = True, keep: bool = True) -> Source:
    """The source of a diagram; ``fast`` lets numbers be Python floats, ``keep`` lets memory be kept between calls."""
    return _Writer(d, fast, keep).source(name)


def knows(op: Any) -> bool:
    """Whether source can be written for an operation."""
    return op.whole or isinstance(op, (Call, Constant, Scale, Negate))


class _Writer(Facts):
    def __init__(self, d: Diagram, fast: bool, keep: bool = True) -> None:
        super().__init__(d, fast)
        self.keep = keep
        self.names = Names()
        self.text: dict[int, str] = {}  # what a wire is called
        self.lines: list[str] = []
        self.before: list[str] = []  # statements before the loop
        self.depth: dict[int, int] = {}  # of the expression that a wire is called
        self.bare: dict[int, str] = {}  # that expression without its brackets
        self.made: set[int] = set()  # arrays that this function made, each with memory of its own
        self.mine: set[int] = set()  # those that it may write over
        self.full: dict[int, str] = {}  # whole arrays of which a loop makes the rows
        self.numbers = {o for _, ins, (o, *rest) in self.d.boxes if ins and not rest and self.number(o)}
        self.reuse = len(self.d.boxes) > LONG and not self.schedule.axis
        self.pending = Counter(self.reads)  # how many statements that are not written yet read a wire
        self.waiting: dict[int, list[int]] = {}  # what numbers that are written where they are read read themselves
        self.spare: list[str] = []  # names of numbers that are not needed any more
        self.lent: dict[int, int] = {}  # arrays that stand in the memory of a result, and that result
        self.room = Room()
        self.loop: Section | None = None

    # ------------------------------------------------------------------ text

    def source(self, name: str) -> Source:
        """The whole function."""
        arguments, given = leaves(self.d.dom), described(self.d, self.spaces)
        for i, wire in enumerate(arguments):
            self.text[wire] = f"x{i}"
            self.argument(f"x{i}", given[i])
            self.room.outside(wire, self.spaces[wire].shape, self.spaces[wire].dtype)
        start = len(self.lines)
        for section in self.schedule.sections:
            if section.rows:
                self.looped(section)
            for number in () if section.rows else section.boxes:
                self.box(number)
        results = self.tree(self.d.cod, set())
        if self.room.used:
            memory = self.names.object(self.room.memory(keep=self.keep), "memory")
            named = self.room.parts[0].names
            self.lines[start:start] = [
                f"work = {memory}.take()",
                *([f"{', '.join(named)}, = work[0]"] if named else []),
            ]
            self.lines += [f"results = {results}", f"{memory}.give(work)", "return results"]
        else:
            self.lines.append(f"return {results}")
        head = f"def {name}({', '.join([f'x{i}' for i in range(len(arguments))])}):\n"
        wires = [*arguments, *[o for _, _, outs in self.d.boxes for o in outs]]
        text = head + "".join([f"    {line}\n" for line in self.lines])
        numbers = all(map(self.number, wires)) and not any([op is not None and op.whole for op, _, _ in self.d.boxes])
        return Source(text, self.names.found, numbers)

    def argument(self, name: str, given: Argument) -> None:
        """A statement that lets an argument of the space pass, and converts or refuses any other."""
        space = given.space
        if not space.shape and space.dtype == _FLOAT:
            kind = "float" if self.fast else "float64"
            self.names.found.setdefault("float64", np.float64)
            test = f"type({name}) is not {kind}"
        else:
            self.names.found["ndarray"] = np.ndarray
            dtype = self.names.object(space.dtype, "dtype")
            test = f"type({name}) is not ndarray or {name}.shape != {space.shape!r} or {name}.dtype is not {dtype}"
        convert = self.names.object(functools.partial(_converted, given, self.fast), "converted")
        self.lines.append(f"if {test}: {name} = {convert}({name})")

    def tree(self, pattern: Pattern, given: set[Any]) -> str:
        """The packed result; every array in it has memory of its own."""
        if isinstance(pattern, tuple):
            return "(" + "".join([f"{self.tree(p, given)}, " for p in pattern]) + ")"
        memory = self.base_of(pattern)
        own = memory in self.made and memory not in given
        given.add(memory)
        text = self.bare.get(pattern, self.text[pattern])
        return text if own or not self.spaces[pattern].shape else f"np.array({text})"

    def shape_text(self, wire: int) -> str:
        """The shape as text, in a loop with the number of its rows."""
        axis = self.schedule.axis.get(wire) if self.loop else None
        parts = ["rows" if i == axis else repr(n) for i, n in enumerate(self.spaces[wire].shape)]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def look(self, op: Any, out: int) -> Callable[[Any, int], Any] | None:
        """A view as a function of the array and the number of rows, ``None`` for what may be a copy."""
        shape, axis = self.spaces[out].shape, self.schedule.axis.get(out) if self.loop else None
        if op.name in ("reshape", "squeeze") and op.params.get("order", "C") == "C":
            return lambda a, rows: unmoved(a, tuple([rows if i == axis else n for i, n in enumerate(shape)]))
        return (lambda a, rows: op.apply(a)) if op.name in _LOOKS else None

    # ------------------------------------------------------------------ loops

    def looped(self, section: Section) -> None:
        """A loop over parts of an axis."""
        outer, texts = self.lines, dict(self.text)
        self.loop, self.lines, self.before = section, [], []
        part = self.room.begin(section.rows, section.step)
        for wire in dict.fromkeys([i for n in section.boxes for i in self.d.boxes[n][1]]):
            if wire in self.schedule.axis and self.made_in(wire) is not section:
                self.rows_of(wire)
        for n in section.boxes:
            (out,) = self.d.boxes[n][2]
            if out in self.stored and out not in self.piece:
                self.store(out)
        for n in section.boxes:
            self.box(n)
        targets = ", ".join(["part", "rows", *self.room.parts[part].names])
        outer += [*self.before, f"for {targets} in work[{part}]:", *[f"    {line}" for line in self.lines]]
        self.lines, self.loop = outer, None
        self.room.end()
        self.text.update({**texts, **self.full})

    def rows_of(self, wire: int) -> None:
        """A statement that takes the rows of an array from outside the loop."""
        axis, whole = self.schedule.axis[wire], self.text[wire]
        name = f"{whole}_rows" if whole.isidentifier() else f"v{wire}_rows"
        self.lines.append(f"{name} = {whole}[{':, ' * axis}part]")
        self.text[wire] = name
        self.room.outside(wire, self.shape(wire), self.spaces[wire].dtype)

    def shape(self, wire: int) -> tuple[int, ...]:
        """The shape of a wire, in a loop that of the rows of one step."""
        shape: tuple[int, ...] = self.spaces[wire].shape
        axis = self.schedule.axis.get(wire) if self.loop else None
        return shape if axis is None or self.loop is None else (*shape[:axis], self.loop.step, *shape[axis + 1 :])

    def store(self, wire: int) -> None:
        """The whole array of which the loop makes the rows."""
        space = self.spaces[wire]
        name = self.full[wire] = f"v{wire}_all"
        if self.base_of(wire) in self.whole or wire in self.base:
            self.made.add(wire)
            self.base.pop(wire, None)
            self.before.append(f"{name} = np.empty({space.shape!r}, {self.names.object(space.dtype, 'dtype')})")
        else:
            self.room.place(wire, name, space.shape, space.dtype, None, outer=True)

    # ------------------------------------------------------------------ boxes

    def box(self, number: int) -> None:
        """One statement."""
        op, ins, outs = self.d.boxes[number]
        now, out = self.time[number], outs[0]
        if isinstance(op, Constant):
            self.text[out] = self.names.constant(op.value)
            self.room.outside(out, self.spaces[out].shape, self.spaces[out].dtype)
        elif len(outs) > 1:
            target = ", ".join([self.fresh(o) for o in outs])
            self.lines.append(f"{target} = {self.general(op, ins, out)}")
            self.lines += [f"{self.text[o]} = float({self.text[o]})" for o in outs if self.number(o)]
            if op.passing:
                self.made.update([o for o in outs if self.spaces[o].shape])
        elif self.loop and out in self.schedule.sums:
            self.added(op, ins, out)
        elif self.number(out):
            pure = all(map(self.number, ins))  # an array may be written over before the number is read
            depth = 1 + max([self.depth.get(i, 0) for i in ins], default=0) if pure else DEEP
            self.define(out, self.scalar(op, ins), depth, ins)
        else:
            self.array(now, op, ins, out)
        if out not in self.numbers:
            self.consumed(ins)
        for base in self.ending.get(now, ()):
            self.over(base)

    def over(self, base: int) -> None:
        """Nobody reads an array any more."""
        if self.lent.pop(base, None) is not None:
            return
        if not self.room.free(base) and base in self.mine and not self.loop and base in self.text:
            if (
                self.spaces[base].dim * self.spaces[base].dtype.itemsize >= facts.LARGE
                and self.text[base].isidentifier()
            ):
                self.lines.append(f"del {self.text[base]}")

    def define(self, wire: int, expression: str, depth: int, ins: tuple[int, ...]) -> None:
        """A number: written where it is read if that is once, in a statement of its own otherwise."""
        if self.reads[wire] == 1 and depth < DEEP and wire not in self.schedule.early:
            call = re.fullmatch(r"\w+\([^()]*\)", expression) is not None
            self.text[wire], self.depth[wire] = expression if call else f"({expression})", depth
            self.bare[wire] = expression
            if self.reuse:
                self.waiting[wire] = [r for i in ins for r in self.waiting.pop(i, None) or (i,)]
            return
        self.consumed(ins)
        self.lines.append(f"{self.fresh(wire)} = {expression}")

    def consumed(self, ins: tuple[int, ...]) -> None:
        """A statement read these wires: the names of numbers that no other reads are free, in a long program."""
        if not self.reuse:
            return
        for wire in [r for i in ins for r in self.waiting.pop(i, None) or (i,)]:
            self.pending[wire] -= 1
            if not self.pending[wire] and wire in self.numbers and wire in self.maker:
                self.spare.append(self.text[wire])

    def fresh(self, wire: int) -> str:
        """A new name for a wire, in a long program that of a number that is not needed any more."""
        self.text[wire] = self.spare.pop() if self.spare and wire in self.numbers else f"v{wire}"
        return self.text[wire]

    def scalar(self, op: Any, ins: tuple[int, ...]) -> str:
        """An expression with a float as its value."""
        if all([self.number(i) for i in ins]):
            given = [self.text[i] for i in ins]
            text = scalar(op, given, [self.bare.get(i, self.text[i]) for i in ins], self.names)
            if text is not None:
                return text
        if op.name == "where" and all([self.number(i) for i in ins[1:]]) and self.spaces[ins[0]].shape == ():
            condition, yes, no = (self.text[i] for i in ins)
            return f"{yes} if {condition} else {no}"
        return f"float({self.general(op, ins, None)})"

    def general(self, op: Any, ins: tuple[int, ...], out: int | None) -> str:
        """A call of the operation's own function."""
        given = [self.text[i] for i in ins]
        if op.whole:
            keep = self.keep and not op.passing
            functions = [write(held, fast=self.fast, keep=keep).function() for held in op.holds]
            return (
                f"{self.names.object(op.runner(functions, self.fast), op.name.replace('.', '_'))}({', '.join(given)})"
            )
        shape = "()" if out is None else self.shape_text(out)
        rows = "[part]" if self.loop and out in self.schedule.axis else ""
        spaces = [self.spaces[i] for i in ins]
        return expression(op, given, spaces, shape, self.names, whole=self.loop is None, rows=rows)

    def added(self, op: Any, ins: tuple[int, ...], out: int) -> None:
        """What a loop adds up."""
        name, space = self.fresh(out), self.spaces[out]
        if self.number(out):
            self.before.append(f"{name} = 0.0")
            self.lines.append(f"{name} += {self.scalar(op, ins)}")
            return
        zero = f"np.zeros({space.shape!r}, {self.names.object(space.dtype, 'dtype')})"
        self.before.append(f"{name} = {zero if space.shape else self.names.object(space.dtype.type(0), 'zero')}")
        self.lines.append(f"{name} += {self.general(op, ins, out)}")
        if not space.shape:
            return
        self.made.add(out)
        self.mine.add(out)

    # ------------------------------------------------------------------ arrays

    def array(self, now: int, op: Any, ins: tuple[int, ...], out: int) -> None:
        """Statements that make an array."""
        space: Array = self.spaces[out]
        if out in self.assembly and (self.loop is None or out in self.schedule.axis):
            self.assembled(out)
            return
        function = ufunc(op)
        if function is None and looks(op) and out not in self.stored:
            look = self.look(op, out)
            if look is None or not self.room.view(out, ins[0], look, self.fresh(out)):
                self.lines.append(f"{self.fresh(out)} = {self.general(op, ins, out)}")
            return
        given = [self.text[i] for i in ins]
        spaces = [self.spaces[i] for i in ins]
        if function is not None and space.shape:
            given = operands(op, given, spaces, space, [self.values.get(i) for i in ins], self.names)
            target = self.target(out, self.reusable(now, ins, out), ins)
            if target:
                given.append(f"out={target}" if function in (np.maximum, np.minimum) else target)  # as NumPy asks
            call = f"{self.names.object(function, function.__name__)}({', '.join(given)})"
            self.lines.append(call if target else f"{self.fresh(out)} = {call}")
            self.own(out)
            return
        shape = self.spaces[ins[0]].shape if ins else ()
        rows = "[part]" if self.loop and out in self.schedule.axis else ""
        written = into(op, given, spaces, space, rows, self.names)
        like = ins if op.name in _REDUCTIONS or op.name == "where" else ()
        target = self.target(out, None, like, kept_axes(op, len(shape)), elsewhere=written is None)
        if target and written:
            rows_first = out not in self.stored or self.schedule.axis[out] == 0
            plain = out not in self.piece and rows_first and self.room.contiguous(out)
            if op.name == "matmul" and plain and all([len(s.shape) == 2 for s in spaces]):
                written = f"{given[0]}.dot({given[1]}, {{}})"
            self.lines.append(written.format(target))
        elif target:
            self.lines.append(f"np.copyto({target}, {self.general(op, ins, out)})")
        else:
            self.lines.append(f"{self.fresh(out)} = {self.general(op, ins, out)}")
            if not (space.shape and owns(op)):
                return
        self.own(out)

    def own(self, out: int) -> None:
        """An array with memory of its own was made."""
        if out not in self.piece and out not in self.stored:
            self.made.add(out)
            self.mine.add(out)

    def target(
        self,
        out: int,
        over: int | None,
        like: tuple[int, ...],
        kept: tuple[int, ...] | None = None,
        *,
        elsewhere: bool = False,
    ) -> str:
        """The name of the memory that an array is to be written to, empty where it gets new memory.

        ``elsewhere``: the operation makes new memory itself, so that only memory that is given counts.
        """
        space = self.spaces[out]
        if out in self.piece:
            return self.named(out, *self.piece[out])
        if self.loop and out in self.stored:
            name = self.fresh(out)
            self.lines.append(f"{name} = {self.full[out]}[{':, ' * self.schedule.axis[out]}part]")
            self.room.outside(out, self.shape(out), space.dtype)
            return name
        if out in self.lenders and out in self.text:
            return self.text[out]
        if over is not None:
            if self.base_of(over) in self.lent:
                self.lent[out] = self.lent.pop(self.base_of(over))
            self.text[out] = self.text[over]
            self.mine.discard(self.base_of(over))
            self.room.moved(over, self.base_of(over), out)
            return self.text[out]
        large = space.dim * space.dtype.itemsize >= facts.LARGE and out not in self.whole
        in_loop = self.loop is not None and out in self.schedule.axis
        if elsewhere or space.dtype == object or not space.shape or not (large or in_loop):
            self.room.inside(out, self.shape(out), space.dtype, like, kept)
            return ""
        if not in_loop and self.borrowed(out):
            return self.text[out]
        axis = self.schedule.axis.get(out) if self.loop else None
        return self.room.place(out, self.fresh(out), self.shape(out), space.dtype, axis, like, kept=kept)

    def borrowed(self, out: int) -> bool:
        """Whether an array can stand in the memory of a result that is made when it is not needed any more."""
        space, busy = self.spaces[out], set(self.lent.values())
        for lender in self.lenders:
            whole = self.spaces[lender]
            free = lender not in busy and self.last.get(out, 0) < self.time[self.maker[lender]]
            if not free or whole.dtype != space.dtype or whole.dim < space.dim:
                continue
            if lender not in self.text:
                dtype = self.names.object(whole.dtype, "dtype")
                self.lines.append(f"{self.fresh(lender)} = np.empty({whole.shape!r}, {dtype})")
                self.room.outside(lender, whole.shape, whole.dtype)
            part = "" if whole.dim == space.dim else f"[:{space.dim}]"
            self.lines.append(f"{self.fresh(out)} = {self.text[lender]}.reshape(-1){part}.reshape({space.shape!r})")
            self.room.outside(out, space.shape, space.dtype)
            self.lent[out] = lender
            return True
        return False

    def reusable(self, now: int, ins: tuple[int, ...], out: int) -> int | None:
        """An operand of the same space that this function made and nobody reads after this statement."""
        section, space = self.made_in(out), self.spaces[out]
        for i in ins:
            base = self.base_of(i)
            if base not in self.mine or self.spaces[i] != space or self.last.get(base) != now:
                continue
            if i in self.fixed or (
                i != base and (self.spaces[base].dim != space.dim or self.spaces[base].dtype != space.dtype)
            ):
                continue
            lender = self.lent.get(base)
            if lender is not None and self.last.get(out, 0) >= self.time[self.maker[lender]]:
                continue
            if not (self.room.has(base) and out in self.whole) and (self.loop is None or self.made_in(base) is section):
                return i
        return None

    # ------------------------------------------------------------------ arrays put together

    def named(self, piece: int, whole: int, key: Any) -> str:
        """The place of a part of an array that is put together."""
        self.begin(whole)
        name = self.fresh(piece)
        if not self.room.view(piece, whole, lambda a, rows: a[key], name):
            self.lines.append(f"{name} = {self.text[whole]}[{key_text(key)}]")
        return name

    def begin(self, whole: int) -> None:
        """The memory of an array that is put together, with zeros where nothing goes."""
        if whole in self.text:
            return
        made, space = self.assembly[whole], self.spaces[whole]
        target = self.target(whole, None, ())
        if not target:
            kind = "empty" if made.gaps == () else "zeros"
            dtype = self.names.object(space.dtype, "dtype")
            self.lines.append(f"{self.fresh(whole)} = np.{kind}({self.shape_text(whole)}, {dtype})")
        elif made.gaps is None:
            self.lines.append(f"{target}.fill(0)")
        else:
            self.lines += [f"{target}[{key_text(gap)}] = 0" for gap in made.gaps]
        self.own(whole)

    def assembled(self, out: int) -> None:
        """Statements that put the parts that are not there yet into an array."""
        self.begin(out)
        for number, (wire, key, added) in enumerate(self.assembly[out].parts):
            place = f"{self.text[out]}[{key_text(key)}]"
            if self.piece.get(wire, (None,))[0] == out:
                continue
            if added and self.spaces[wire].shape:
                self.lines += [f"v{out}_{number} = {place}", f"v{out}_{number} += {self.text[wire]}"]
            else:
                self.lines.append(f"{place} {'+=' if added else '='} {self.text[wire]}")


def _converted(given: Argument, fast: bool, value: Any) -> Any:
    """An argument in the dtype of its space; an error where it does not fit."""
    given.check(value)
    space = given.space
    if not space.shape and space.dtype == _FLOAT:
        return float(value) if fast else np.float64(value)
    return np.asarray(value, space.dtype)[()]
