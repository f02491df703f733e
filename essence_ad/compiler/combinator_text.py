"""``show``: a program as combinators, in lines that people read, and back from that text."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np

from essence_ad import morphism
from essence_ad.compiler.python_text import diagram_of, in_doubles
from essence_ad.compiler.text import Names, Text, identifier, literal, option
from essence_ad.diagram import Diagram
from essence_ad.functor import Wiring
from essence_ad.morphism import Morphism
from essence_ad.operation import Constant, Negate, Scale
from essence_ad.primitives import catalogue
from essence_ad.primitives.indexing import Slot
from essence_ad.primitives.primitive import Call, Open
from essence_ad.structure import leaves
from essence_ad.term import Term, factors, postorder, unflatten
from essence_ad.wires import Projection

_WORDS = (
    "assoc", "compose", "const", "cross", "dup", "exl", "exr", "fork", "identity", "inj", "inl", "inr", "it", "jam", "join",
    "proj", "repl", "scale", "sum_", "swap", "unassoc", "zero",
)  # fmt: skip
WIDE = 88  #: letters of a line
SHORT = 24  #: letters of an arrow that others stand beside
DEEP = 40  #: letters that lines are indented by at most


def show(f: Any, *spaces_or_examples: Any, simplified: bool = True) -> Text:
    """A program, an ordinary function or a derivative as combinators: ``f >> g``, ``fork(f, g)`` and the primitives.

    A program of combinators is shown as it was written, with traced functions written out in it. With spaces (or
    examples), one for each argument, the program is recorded there and simplified. The text can be pasted where the
    names of this library are known; arrays too large to be written are in ``.names``, and ``.run()`` gives the program.

    Raises ``NeedsSpaceError`` where an ordinary function needs shapes and no space is given.

    >>> from essence_ad import R, grad
    >>> show(lambda a, b: a * a + b * b)
    fork(fork(exl, exl) >> multiply, fork(exr, exr) >> multiply) >> add
    >>> show(grad(lambda a: a * a * a), R)
    dup >> multiply >> fork(dup >> add, identity) >> add
    """
    written = isinstance(f, Morphism) and not spaces_or_examples
    d = None if written else diagram_of(f, spaces_or_examples, simplified)
    names = Names(set(_vocabulary()))
    writer = _Writer(_opened(f) if d is None else unflatten(d), names, d is not None and in_doubles(d))
    text = "\n".join(writer.lines())
    return Text("\n".join([text, *names.comments()]), _run, names.given)


def _run(text: str, names: dict[str, Any]) -> Any:
    known = {**_vocabulary(), **names}
    exec(f"_shown = (\n{text}\n)", known)
    return known["_shown"]


@functools.cache
def _vocabulary() -> dict[str, Any]:
    """The names that the text uses: those of the library, and NumPy for values."""
    return {**morphism.primitives(), **{w: getattr(morphism, w) for w in _WORDS}, "np": np, "Slot": Slot}


def _opened(f: Morphism[Any, Any]) -> Term:
    """The term that a program was written as, traced functions and recorded derivatives as terms in it."""
    done: dict[int, Term] = {}
    for node in postorder(f):
        form = node.form
        if isinstance(form, Diagram):
            done[id(node)] = unflatten(form)
        elif isinstance(form, Wiring) and not _is_word(form, node.name):
            done[id(node)] = unflatten(
                Diagram(form.dom, form.cod, (), 1 + max(leaves((form.dom, form.cod)), default=0))
            )
        else:
            done[id(node)] = Term(form, tuple([done[id(p)] for p in node.parts]), node.name)
    return done[id(f)]


def _is_word(form: Wiring, name: str | None) -> bool:
    """Whether the name of a wiring says in the vocabulary what it is."""
    found = re.fullmatch(r"(\w+)(?:\(([\d, ]+)\))?", name or "")
    if found is None:
        return False
    known = _vocabulary().get(found[1])
    if found[2] and callable(known):
        known = known(*[int(n) for n in found[2].split(",")])
    return isinstance(known, Morphism) and known.form == form


# ---------------------------------------------------------------------------------------------- lines


class _Writer:
    """The lines of a term: on one line what fits, one part a line what does not."""

    def __init__(self, root: Term, names: Names, plain: bool) -> None:
        self.root, self.names, self.plain = root, names, plain
        self.parts: dict[int, list[Any]] = {}  #: of every node; the factors of a composition
        self.flat: dict[int, str | None] = {}  #: the text of a node, where that is no longer than a line
        stack = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                self.flat[id(node)] = self.text(node)
            elif id(node) not in self.parts:
                self.parts[id(node)] = factors(node) if node.form == "compose" else list(node.parts)
                stack.append((node, True))
                stack.extend([(p, False) for p in reversed(self.parts[id(node)])])

    def text(self, node: Term) -> str | None:
        """A node on one line, ``None`` where that is too long."""
        inner = [self.flat[id(p)] for p in self.parts[id(node)]]
        if not inner:
            return self.leaf(node)
        if None in inner or sum([len(str(t)) + 2 for t in inner]) > WIDE:
            return None
        joined = (" >> " if node.form == "compose" else ", ").join(map(str, inner))
        text = joined if node.form == "compose" else f"{node.form}({joined})"
        return text if len(text) <= WIDE else None

    def leaf(self, node: Term) -> str:
        """One arrow: a word, a primitive with its options, a constant, or a name for what has no text."""
        op = node.form
        if isinstance(op, Wiring):
            return str(node.name)
        if isinstance(op, str):
            return f"{op}()"
        if type(op) is Scale:
            return f"scale({self.value(op.factor)})"
        if isinstance(op, Constant):
            return f"const({self.value(op.value)})"
        if isinstance(op, Projection | Negate):
            return repr(op)
        if isinstance(op, Call | Open) and catalogue().get(op.name) is op.primitive:
            given = ", ".join([f"{k}={option(self.names, v, k)}" for k, v in op.options().items()])
            return f"{op.name}({given})" if given else op.name
        return self.names.object(morphism.box(op), identifier(op.name, "operation"))

    def value(self, value: Any) -> str:
        """A constant as text, or its name."""
        if self.plain and isinstance(value, np.float64 | np.complex128):
            value = value.item()
        return literal(value) or self.names.object(value, "A")

    # ------------------------------------------------------------------ lines

    def lines(self) -> list[str]:
        """The whole text."""
        whole = self.flat[id(self.root)]
        if whole is not None:
            return [whole]
        chain = self.root.form == "compose"
        lines: list[str] = []
        stack: list[Any] = [(self.root, 4 if chain else 0, "", "")]
        while stack:
            top = stack.pop()
            if isinstance(top, str):
                lines.append(top)
                continue
            node, indent, before, after = top
            text, parts = self.flat[id(node)], self.parts[id(node)]
            if text is not None and (not parts or indent + len(before) + len(text) + len(after) <= WIDE):
                lines.append(f"{' ' * indent}{before}{text}{after}")
            elif indent > DEEP:
                lines.append(f"{' ' * indent}{before}{self.unbroken(node)}{after}")
            elif node.form == "compose":
                stack.extend(reversed(self.chain(parts, indent, before, after)))
            else:
                lines.append(f"{' ' * indent}{before}{node.form}(")
                stack.extend(reversed([*self.listed(parts, indent + 4), f"{' ' * indent}){after}"]))
        return ["(", *lines, ")"] if chain else lines

    def chain(self, steps: list[Any], indent: int, before: str, after: str) -> list[Any]:
        """A composition over several lines, as many steps on each as fit."""
        out: list[Any] = []
        line = ""
        for i, step in enumerate(steps):
            text, sign = self.flat[id(step)], ">> " if i else before
            if text is not None and line and indent + len(line) + len(text) + 4 <= WIDE:
                line += f" >> {text}"
                continue
            if line:
                out.append(f"{' ' * indent}{line}")
            line = "" if text is None else f"{sign}{text}"
            if text is None:
                out.append((step, indent, sign, after if i == len(steps) - 1 else ""))
        return [*out, f"{' ' * indent}{line}{after}"] if line else out

    def listed(self, parts: list[Any], indent: int) -> list[Any]:
        """The arrows of a fork, one a line, short ones together."""
        out: list[Any] = []
        for part in parts:
            text = self.flat[id(part)]
            if text is None or len(text) > SHORT:
                out.append((part, indent, "", ","))
            elif out and isinstance(out[-1], str) and len(out[-1]) + len(text) + 2 <= WIDE:
                out[-1] += f" {text},"
            else:
                out.append(f"{' ' * indent}{text},")
        return out

    def unbroken(self, node: Term) -> str:
        """A node on one line, however long."""
        out: list[str] = []
        stack: list[Any] = [node]
        while stack:
            top = stack.pop()
            text = top if isinstance(top, str) else self.flat[id(top)]
            if text is not None:
                out.append(text)
                continue
            chain = top.form == "compose"
            items: list[Any] = []
            for p in self.parts[id(top)]:
                items += [" >> " if chain else ", ", p]
            stack.extend(reversed(items[1:] if chain else [f"{top.form}(", *items[1:], ")"]))
        return "".join(out)
