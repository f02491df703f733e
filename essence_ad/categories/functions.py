"""Functions: the category of plain functions (figure 1's ``(->)``), which evaluates."""

from __future__ import annotations

from typing import Any

from essence_ad.category import CARTESIAN, Category
from essence_ad.diagram import Diagram, Op
from essence_ad.inlining import Composed, run
from essence_ad.morphism import from_diagram, require_cartesian
from essence_ad.spaces import Space, pack
from essence_ad.structure import Arrow


class Function(Composed):
    """An arrow of ``Functions``: call it with an argument; several make a tuple.

    >>> from essence_ad import Functions, add, exp
    >>> f = Functions(add)
    >>> f, float(f(1.0, 2.0)), f((1.0, 2.0)) == 3.0
    (<function add>, 3.0, np.True_)
    """

    __slots__ = ()

    def __call__(self, *args: Any) -> Any:
        """The value at an argument.

        Raises ``StructureError`` where its structure does not fit, and ``ShapeError`` or ``DTypeError`` where its
        arrays do not.
        """
        return run(self.diagram, args[0] if len(args) == 1 else args)

    def apply(self, *inputs: Any) -> Any:
        """The packed value at a packed argument."""
        return self(*inputs)

    def __repr__(self) -> str:
        d = self.diagram
        text = repr(from_diagram(d, Arrow(d.dom, d.cod))) if len(d.boxes) < 50 else f"of {len(d.boxes)} boxes"
        return f"<function {text}>"


class Meaning(Op):
    """A primitive with another meaning: a box that applies a function of its own."""

    __slots__ = ("cod", "dom", "function", "name")

    def __init__(self, op: Op, function: Any) -> None:
        self.function, self.name, self.dom, self.cod = function, op.name, op.dom, op.cod

    def apply(self, *inputs: Any) -> Any:
        """The function's result."""
        return self.function(*inputs)


class FunctionCategory(Category):
    """Functions on values. A category of another kind of numbers is a subclass that overrides ``box``.

    >>> from essence_ad import Functions, dup, mul
    >>> float(Functions(dup >> mul)(3.0))
    9.0
    """

    name = "Functions"
    structure = CARTESIAN | {"general", "numeric"}
    arrows = Function

    def diagram(self, d: Diagram) -> Function:
        """The function that runs the boxes in order, each once; ``NotAdditiveError`` for programs that add arrows."""
        require_cartesian(d, "this program")
        boxes = [(self._meaning(op), ins, outs) for op, ins, outs in d.boxes]
        return Function(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))

    def _meaning(self, op: Any) -> Any:
        if op is None or isinstance(op, Function):
            return op
        found = self.box(op)
        return found if hasattr(found, "apply") else Meaning(op, found)

    def box(self, op: Op) -> Any:
        """What a primitive does here: a function of its inputs, or an operation."""
        return op

    def observe(self, arrow: Any, source: Space, target: Space, point: Any) -> Any:
        """The value at the point."""
        return pack(arrow(point))


Functions = FunctionCategory()
