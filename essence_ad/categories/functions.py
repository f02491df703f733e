"""Functions: the category of plain functions (figure 1's ``(->)``), which evaluates."""

from __future__ import annotations

from typing import Any

from essence_ad.category import Category
from essence_ad.diagram import Diagram
from essence_ad.morphism import from_diagram, require_cartesian
from essence_ad.structure import Arrow


class FunctionCategory(Category):
    """Functions on values. A subclass that gives primitives another meaning overrides ``box``.

    >>> from essence_ad import Functions, dup, mul
    >>> float(Functions(dup >> mul)(3.0))
    9.0
    """

    name = "Functions"

    def diagram(self, d: Diagram) -> Any:
        """The function that runs the boxes in order, each once."""
        d = Diagram(d.dom, d.cod, [(op if op is None else self.box(op), i, o) for op, i, o in d.boxes], d.n_wires, d.dom_space, d.cod_space)
        require_cartesian(d, "this program")
        return Function(d)

    def box(self, op: Any) -> Any:
        """What a primitive does here: anything with ``apply``."""
        return op


class Function:
    """An arrow of ``Functions``: call it."""

    __slots__ = ("diagram", "program")

    def __init__(self, d: Diagram) -> None:
        self.diagram = d
        self.program: Any = from_diagram(d, Arrow(d.dom, d.cod))

    def __call__(self, *args: Any) -> Any:
        """The value at an argument."""
        return self.program(*args)

    def apply(self, *inputs: Any) -> Any:
        """The packed value: an arrow may be a box of a diagram."""
        return self.program(*inputs)


Functions = FunctionCategory()
