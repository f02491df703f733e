"""A broken law as two pictures: what both sides say on the smallest instance that fails, structure written as boxes."""

from __future__ import annotations

from typing import Any

from essence_ad.diagram import Diagram, Op
from essence_ad.drawing.draw import names
from essence_ad.drawing.picture import Sheet
from essence_ad.drawing.scene import named, scene
from essence_ad.drawing.svg import Panel
from essence_ad.drawing.text import shortened
from essence_ad.errors import LawError, OptionError
from essence_ad.functor import Builder, Wiring, flatten
from essence_ad.inlining import explicit
from essence_ad.structure import leaves, substitute

LONGEST = 90  #: characters of a line below a picture


def draw_failure(error: LawError) -> Sheet:
    """The law that ``check_laws`` found broken: its two sides, on the smallest instance that fails, beside each other.

    Structure (``exl``, ``dup``, ``swap``, ...) stands in boxes of its own, since a broken category may get it wrong.
    Below each side stands what was seen of it. Raises ``OptionError`` for an error that carries no programs.

    >>> from essence_ad import Additive, check_laws
    >>> class Forgetful(type(Additive)):
    ...     def exl(self):
    ...         return self.exr()
    >>> try:
    ...     check_laws(Forgetful(), examples=2)
    ... except LawError as error:
    ...     print(draw_failure(error))
    <2 pictures: dup then exl and exr does not hold>
    """
    if not isinstance(error, LawError) or error.sides is None:
        raise OptionError(
            "there is no law to draw", found=repr(error), expected="the LawError of check_laws",
            remedy="draw_failure(error), where check_laws(k) raised it",
        )  # fmt: skip
    instance: Any = error.instance
    ways = (
        ("left side", "right side") if error.sides[0] is not error.sides[1] else ("by the vocabulary", "by the functor")
    )
    panels: list[Panel] = []
    for side, program, seen in zip(ways, error.sides, (error.found, error.expected), strict=True):
        d = worded(program)
        ends = names("x", instance.source) if instance is not None else []
        shown = scene(d, inputs=ends if len(ends) == len(leaves(d.dom)) else named("x", len(leaves(d.dom))))
        notes = [shortened(f"{side}: {program}", LONGEST), shortened(f"seen: {seen}", LONGEST)]
        panels.append(Panel(shown, shown.layout(), side if panels else f"{error.law}: {side}", notes))
    return Sheet(panels, f"{error.law} does not hold")


class Word(Op):
    """A structural arrow as a box."""

    __slots__ = ("name",)
    kind = "box"
    linear = True

    def __init__(self, name: str) -> None:
        self.name = name


class Worded(Builder):
    """A builder that keeps structure as boxes, where others dissolve it into the naming of wires."""

    def wiring(self, w: Wiring, tree: Any) -> Any:
        """A box of the word's name, with a wire for each part that it makes."""
        table: dict[Any, Any] = {}
        stack = [(w.dom, tree)]
        while stack:
            pattern, part = stack.pop()
            if isinstance(pattern, tuple):
                stack.extend(zip(pattern, self.split(part, len(pattern)), strict=True))
            else:
                table[pattern] = part
        for variable in leaves(w.cod):
            table.setdefault(variable, 0)
        made = self._fresh(substitute(w.cod, table))
        self.boxes.append((Word(w.name), tuple(leaves(self.wired(tree))), tuple(leaves(made))))
        return made

    def _fresh(self, tree: Any) -> Any:
        return tuple([self._fresh(t) for t in tree]) if isinstance(tree, tuple) else self.wires(0)


def worded(program: Any) -> Diagram:
    """The diagram of a program with its structure as boxes.

    >>> from essence_ad import dup, exl
    >>> worded(dup >> exl).boxes
    ((dup, (0,), (1, 2)), (exl, (1, 2), (3,)))
    """
    return explicit(flatten(program, Worded()))
