"""Arithmetic as people type it, ``cos(x*y) + sin(y)``, read as a program; nothing is ever evaluated as Python.

Precedence is Python's. The reader keeps its own stack (it does not recurse, however deep the brackets are), and makes a
``Diagram`` in which a subexpression that is written twice is one box.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from essence_ad.diagram import Box, Diagram, Op
from essence_ad.errors import ParseError
from essence_ad.morphism import Morphism, from_diagram
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import REQUIRED, Constant, Primitive, Scale

CONSTANTS = {"pi": math.pi, "e": math.e}
ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power"}
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "negative": 3, "**": 4}
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/(),])|(?P<other>\S))"
)

Operand = float | int  #: a constant is a ``float``, a wire is an ``int``


def parse(text: str, variables: Sequence[str]) -> Morphism[Any, Any]:
    """The program that an expression says, from the tuple of its variables (from a number where there is one) to a number.

    Raises ``ParseError``, which shows the place, for anything but numbers, the variables, ``pi``, ``e``, brackets,
    ``+ - * / **`` and calls of primitives.

    >>> f = parse("cos(x*y) + sin(y)", ["x", "y"])
    >>> f
    fork(multiply >> cos, exr >> sin) >> add
    >>> f(0.0, 0.0) == 1.0
    np.True_
    """
    return _Reader(text, variables).program()


class Token(NamedTuple):
    """A piece of the text and where it stands."""

    kind: str
    text: str
    place: int


class _Waiting(NamedTuple):
    """An operator whose right side is still to come, or an open bracket (of a call, when it names a function)."""

    kind: str
    place: int
    function: Primitive | None = None
    below: int = 0  #: how many operands stood before a bracket


class _Reader:
    """Operands and waiting operators, while the text is read from left to right."""

    def __init__(self, text: str, variables: Sequence[str]) -> None:
        self.text = text
        self.variables = {name: wire for wire, name in enumerate(variables)}
        self.boxes: list[Box] = []
        self.made: dict[Any, int] = {}
        self.operands: list[Operand] = []
        self.waiting: list[_Waiting] = []

    # ------------------------------------------------------------------ the text

    def tokens(self) -> Iterator[Token]:
        """The pieces of the text."""
        for match in TOKEN.finditer(self.text):
            kind = match.lastgroup or "other"
            yield Token(kind, match[kind], match.start(kind))
        yield Token("end", "", len(self.text.rstrip()))

    def fail(self, place: int, what: str, found: str, expected: str, remedy: str) -> NoReturn:
        """An error that shows the place under the text."""
        shown = re.sub(r"\s", " ", self.text)
        raise ParseError(f"{what}\n\n    {shown}\n    {' ' * place}^", found=found, expected=expected, remedy=remedy)

    def program(self) -> Morphism[Any, Any]:
        """Read everything."""
        tokens = list(self.tokens())
        operand_next = True
        for number, token in enumerate(tokens):
            if operand_next:
                after = tokens[number + 1] if token.kind != "end" else token
                operand_next = self.operand(token, after)
            else:
                operand_next = self.operator(token)
        result = self.wire(self.operands.pop())
        dom = tuple(self.variables.values())
        d = Diagram(dom[0] if len(dom) == 1 else dom, result, self.boxes, len(self.variables) + len(self.boxes))
        return from_diagram(d)

    def operand(self, token: Token, after: Token) -> bool:
        """Read one token where a number, a name or a bracket may stand; whether the same may stand next."""
        opens = after.text == "("
        if token.kind == "number":
            self.operands.append(float(token.text))
        elif token.kind == "name" and opens:
            self.waiting.append(_Waiting("call", token.place, self.function(token)))
            return True
        elif token.kind == "name":
            self.operands.append(self.name(token))
        elif token.text == "-":
            self.waiting.append(_Waiting("negative", token.place))
            return True
        elif token.text == "(":
            if self.waiting and self.waiting[-1].kind == "call":
                call = self.waiting.pop()
                self.waiting.append(_Waiting("(", call.place, call.function, len(self.operands)))
                if after.text == ")":
                    self.arguments(self.waiting[-1], 0)
            else:
                self.waiting.append(_Waiting("(", token.place, None, len(self.operands)))
            return True
        else:
            self.unexpected(token, "a number, a name, - or (")
        return False

    def operator(self, token: Token) -> bool:
        """Read one token where an operator or the end of something may stand; whether an operand comes next."""
        if token.text in ARITHMETIC:
            strength = STRENGTH[token.text]
            self.reduce(strength if token.text == "**" else strength - 1)
            self.waiting.append(_Waiting(token.text, token.place))
            return True
        if token.kind == "end":
            self.reduce(0)
            if self.waiting:
                self.fail(
                    self.waiting[-1].place, "a bracket is not closed", "the end of the expression", ")",
                    "close the bracket, or take it away",
                )  # fmt: skip
            return False
        if token.text in (")", ","):
            self.reduce(0)
            if not self.waiting or (token.text == "," and self.waiting[-1].function is None):
                self.unexpected(token, "an operator or the end")
            if token.text == ",":
                return True
            bracket = self.waiting.pop()
            if bracket.function is not None:
                self.call(bracket)
            return False
        self.unexpected(token, "an operator, ) or the end")

    def unexpected(self, token: Token, expected: str) -> NoReturn:
        """An error about a token that cannot stand where it does."""
        if token.kind == "end":
            what = "the expression is empty" if not self.text.strip() else "the expression ends too early"
            self.fail(token.place, what, "the end of the expression", expected, "complete the expression")
        remedy = "write ** for a power" if token.text == "^" else "write * for a product"
        if token.kind not in ("name", "number") and token.text not in ("^", "("):
            remedy = "take it away, or write what is missing before it"
        self.fail(token.place, "the expression cannot be read here", repr(token.text), expected, remedy)

    # ------------------------------------------------------------------ names

    def name(self, token: Token) -> Operand:
        """A variable or a constant."""
        if token.text in self.variables:
            return self.variables[token.text]
        if token.text in CONSTANTS:
            return CONSTANTS[token.text]
        if token.text in catalogue():
            self.fail(
                token.place, f"{token.text} is a function and has no argument here", repr(token.text),
                f"{token.text}(...)", "write its argument in brackets",
            )  # fmt: skip
        known = [*self.variables, *CONSTANTS]
        self.fail(
            token.place, f"{token.text} has no value", repr(token.text), f"one of {', '.join(known)}",
            f"give it one: {token.text}=1",
        )  # fmt: skip

    def function(self, token: Token) -> Primitive:
        """A primitive that takes a fixed number of arrays and no option that must be given."""
        primitive = catalogue().get(token.text)
        if primitive is None:
            near = difflib.get_close_matches(token.text, catalogue(), 3)
            remedy = f"perhaps {' or '.join(near)}" if near else "see sorted(essence_ad.primitives.catalogue())"
            if token.text in self.variables or token.text in CONSTANTS:
                remedy = "write * for a product"
            self.fail(token.place, f"{token.text} is no known function", repr(token.text), "a primitive", remedy)
        needs = [name for name, value in primitive.options.items() if isinstance(value, str) and value == REQUIRED]
        if primitive.arity is None or needs or primitive.outputs != 1:
            self.fail(
                token.place, f"{token.text} cannot be called in an expression of numbers", repr(token.text),
                "a function of one or more numbers with one result", "write this program in Python",
            )  # fmt: skip
        return primitive

    # ------------------------------------------------------------------ boxes

    def reduce(self, strength: int) -> None:
        """Apply the waiting operators, back to an open bracket, that bind tighter than ``strength``."""
        while self.waiting and STRENGTH.get(self.waiting[-1].kind, 0) > strength:
            kind = self.waiting.pop().kind
            if kind == "negative":
                x = self.operands.pop()
                self.operands.append(-x if type(x) is float else self.box(catalogue()["negative"].call(), x))
            else:
                right = self.operands.pop()
                left = self.operands.pop()
                self.operands.append(self.arithmetic(kind, left, right))

    def arithmetic(self, sign: str, left: Operand, right: Operand) -> Operand:
        """One operation: on two constants its value, on a constant and a factor a scaling."""
        primitive = catalogue()[ARITHMETIC[sign]]
        if type(left) is float and type(right) is float:
            with np.errstate(all="ignore"):
                return float(primitive.function(np.float64(left), np.float64(right)))
        if sign == "*" and type(left) is float:
            return self.box(Scale(left), right)
        if sign == "*" and type(right) is float:
            return self.box(Scale(right), left)
        return self.box(primitive.call(), left, right)

    def call(self, bracket: _Waiting) -> None:
        """Apply a function to the operands in its brackets."""
        assert bracket.function is not None
        arguments = self.operands[bracket.below :]
        self.arguments(bracket, len(arguments))
        del self.operands[bracket.below :]
        self.operands.append(self.box(bracket.function.call(), *arguments))

    def arguments(self, bracket: _Waiting, found: int) -> None:
        """An error when a function is called with too many or too few arguments."""
        assert bracket.function is not None
        name, arity = bracket.function.name, bracket.function.arity
        if found != arity:
            self.fail(
                bracket.place, f"{name} takes {arity} argument{'s' * (arity != 1)}", f"{found}", f"{arity}",
                "separate arguments by commas",
            )  # fmt: skip

    def wire(self, x: Operand) -> int:
        """The wire of an operand; a constant becomes a box of its own."""
        return self.append(Constant(x), ()) if type(x) is float else int(x)

    def box(self, op: Op, *operands: Operand) -> int:
        """The wire that an operation makes; the same operation on the same operands is made once."""
        known = op, operands
        if known not in self.made:
            self.made[known] = self.append(op, tuple([self.wire(x) for x in operands]))
        return self.made[known]

    def append(self, op: Op, ins: tuple[int, ...]) -> int:
        """The wire of a new box."""
        wire = len(self.variables) + len(self.boxes)
        self.boxes.append((op, ins, (wire,)))
        return wire
