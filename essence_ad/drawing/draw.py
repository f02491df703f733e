"""``draw``: a program, or its derivative, as a picture."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.categories.matrices import Matrices, Matrix
from essence_ad.diagram import Diagram
from essence_ad.drawing.derivatives import forward_program, gradient_program, reverse_program, target_of
from essence_ad.drawing.picture import FOLD, Look, Picture
from essence_ad.drawing.scene import named
from essence_ad.errors import NeedsSpaceError, NotAProgramError, OptionError
from essence_ad.inlining import inline
from essence_ad.morphism import Morphism, from_diagram
from essence_ad.spaces import Product, R, Space, pack, reals, space_of
from essence_ad.structure import Arrow, Pattern, leaves
from essence_ad.tracing.program import Program, name_of, trace

MODES = ("program", "forward", "reverse", "gradient")


def draw(
    f: Any,
    at: Any = None,
    *,
    mode: str = "program",
    values: bool = False,
    along: Any = None,
    copies: bool = False,
    fold: int | None = FOLD,
    title: str | None = None,
) -> Picture:
    """The picture of a program: a morphism, a Python function, a diagram, a derivative, or what ``compile`` gave.

    ``at`` is a space, or a point; a function needs one. ``mode`` is ``"program"``, or what ``D`` makes of it at that
    space: ``"forward"`` (the linear map that takes ``dx`` to ``dy``), ``"reverse"`` (its transpose, from ``dy`` to
    ``dx``) or ``"gradient"`` (the rows of the Jacobian). The linear map stands in a frame and shares the wires of the
    value. With ``values=True`` numbers at the point stand on the wires; ``along`` is then the tangent, or the cotangent
    (ones, if it is not given). ``copies=True`` marks where a wire fans out. A program of more than ``fold`` boxes is
    folded: runs become boxes that say what is in them; ``fold=None`` shows all.

    Raises ``NeedsSpaceError`` for a function at no space, ``OptionError`` for options that do not fit together.

    >>> from essence_ad import cos, mul, sin
    >>> picture = draw(mul >> (cos & sin), (3.0, 4.0), mode="reverse", values=True)
    >>> picture, dict(picture.counts)
    (<picture of 8 boxes>, {'multiply': 5, 'cos': 1, 'sin': 1, 'subtract': 1})
    """
    if mode not in MODES:
        raise OptionError(
            f"there is no mode {mode}", found=repr(mode), expected=f"one of {MODES}", remedy="choose one of them"
        )
    subject = subject_of(f, at)
    if values and subject.point is None:
        raise OptionError(
            "values stand on the wires of a program at a point", found="values=True without a point",
            expected="a point", remedy="draw(f, x, values=True)",
        )  # fmt: skip
    if along is not None and (not values or mode not in ("forward", "reverse")):
        raise OptionError(
            "a tangent or cotangent is seen in the values of a derivative", found="along without them",
            expected='values=True and mode="forward" or "reverse"', remedy="leave it out, or ask for values",
        )  # fmt: skip
    look = Look(title=subject.name if title is None else title, fold=fold)
    if mode == "program":
        return Picture(
            subject.diagram, copies,
            attrs.evolve(
                look, inputs=subject.inputs, outputs=named(letter_of_result(subject.inputs), len(leaves(subject.diagram.cod))),
                point=subject.packed if values else None,
            ),
        )  # fmt: skip
    return _derivative(subject, mode, along, look, copies, values)


def _derivative(subject: Subject, mode: str, along: Any, look: Look, copies: bool, values: bool) -> Picture:
    f, space = subject.program, subject.known_space()
    x = subject.inputs or names("x", space)
    if mode == "gradient":
        d = gradient_program(f, space)
        y = names(letter_of_result(x), target_of(f, space))
        outputs = [*y, *[f"∂{row}/∂{column}" for row in y for column in x]]
        if len(outputs) != len(leaves(d.cod)):  # the rows of an array that stands on one wire
            outputs = named(letter_of_result(x), len(leaves(d.cod)))
        point = subject.packed if values else None
        return Picture(d, copies, attrs.evolve(look, inputs=x, outputs=outputs, point=point))
    d = forward_program(f, space) if mode == "forward" else reverse_program(f, space)
    target = target_of(f, space)
    tangents = space if mode == "forward" else target
    y = names(letter_of_result(x), target)
    dy = [f"d{name}" for name in y]
    dx = [f"d{name}" for name in x]
    point = None
    if values:
        vector = tangents.pack(along) if along is not None else ones(tangents)
        point = (subject.packed, vector)
    assert isinstance(d.dom, tuple)
    return Picture(
        d, copies,
        attrs.evolve(
            look, inputs=[*x, *(dx if mode == "forward" else dy)], outputs=[*y, *(dy if mode == "forward" else dx)],
            linear_from=frozenset(leaves(d.dom[1])), point=point,
            frame="linear map: dx to dy" if mode == "forward" else "its transpose: dy to dx",
        ),
    )  # fmt: skip


def ones(space: Space) -> Any:
    """The packed vector of ones."""
    return space.pack(space.from_vector(np.ones(space.dim)))


def letter_of_result(inputs: Sequence[str] | None) -> str:
    """What the value is called: ``y``, or ``z`` where that is an argument."""
    return "z" if inputs is not None and any(name[:1] == "y" for name in inputs) else "y"


def names(letter: str, space: Space) -> list[str]:
    """Names for the arrays of a space: ``x``; ``x0, x1``; or what a dict or a dataclass calls them.

    >>> names("x", R * (R * R)), names("x", space_of({"w": 1.0, "b": 2.0}))
    (['x0', 'x1.0', 'x1.1'], ['w', 'b'])
    """
    if not isinstance(space, Product):
        return [letter]
    keys = space.container.names
    out = []
    for i, part in enumerate(space.parts):
        name = str(keys[i]) if keys is not None else f"{letter}{i}" if not letter[-1:].isdigit() else f"{letter}.{i}"
        out += names(name, part)
    return out


# ---------------------------------------------------------------------------------------------- what is drawn


@attrs.frozen
class Subject:
    """A program that is drawn, with the space and the point where it is looked at, if they are known."""

    program: Morphism[Any, Any]
    diagram: Diagram
    space: Space | None
    point: Any
    name: str
    inputs: Sequence[str] | None

    @property
    def packed(self) -> Any:
        """The point on wires."""
        return reals(pack(self.point))

    def known_space(self) -> Space:
        """The space, or that of numbers at every end if none was given."""
        if self.space is not None:
            return self.space
        found = _numbers(self.program.type.dom)
        return found


def subject_of(f: Any, at: Any) -> Subject:
    """What a user's program, or function, at a space or a point is; an error for anything else."""
    space = at if isinstance(at, Space) else None if at is None else space_of(at)
    point = None if isinstance(at, Space) else at
    if isinstance(f, Diagram):
        f = from_diagram(f, Arrow(_pattern(f.dom), _pattern(f.cod)))
    inputs, of_program = (
        None,
        False,
    )  # an operator of a composed program has the name of its own code, which says nothing
    if not isinstance(f, Morphism):
        d = _diagram(f)
        if d is not None:
            f = from_diagram(d, Arrow(_pattern(d.dom), _pattern(d.cod)))
        elif not callable(f):
            raise NotAProgramError(
                "draw takes a program", found=type(f).__name__,
                expected="a morphism, a function on arrays, a diagram or an arrow of a category",
                remedy="give the function itself: draw(f, x), not draw(f(x))",
            )  # fmt: skip
        elif space is None:
            raise NeedsSpaceError(
                "a Python function is drawn at a space", found=f"draw({name_of(f)})", expected="a space or a point",
                remedy=f"draw({name_of(f)}, R[3]), or draw({name_of(f)}, x)",
            )  # fmt: skip
        else:
            of_program = isinstance(getattr(f, "__essence_reads__", None), Morphism)
            inputs, f = _parameters(f, space), trace(f, space)
    elif isinstance(f, Program) and space is not None:
        inputs = _parameters(f.function, space)
        f = f.program_at(space)
    d = f.diagram
    if space is not None:
        d = inline(d, space.pattern)
        d = Diagram(d.dom, d.cod, d.boxes, d.n_wires, space, d.cod_space)
        inputs = inputs or names("x", space)
    name = "" if of_program else getattr(f, "name", None) or ""
    return Subject(f, d, space, point, name, inputs)


def _diagram(f: Any) -> Diagram | None:
    """The diagram of an arrow of a category: of a matrix its blocks, of a dual arrow the arrow it stands for."""
    if isinstance(f, Matrix):
        return Matrices.linear_map(f).diagram
    found = getattr(f, "diagram", None)
    if isinstance(found, Diagram):
        return found
    arrow = getattr(f, "arrow", None)
    return _diagram(arrow) if arrow is not None and not callable(found) else None


def _pattern(wires: Pattern) -> Pattern:
    return tuple([_pattern(w) for w in wires]) if isinstance(wires, tuple) else "num"


def _numbers(pattern: Pattern) -> Space:
    """Numbers at every end of a type."""
    return Product(tuple([_numbers(p) for p in pattern])) if isinstance(pattern, tuple) else R


def _parameters(function: Callable[..., Any], space: Space) -> list[str] | None:
    """The names of a function's parameters, where it takes the parts of the space."""
    try:
        found = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    except (TypeError, ValueError):
        return None
    if any(p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in found):
        return None
    if len(found) == 1:
        return names(found[0].name, space)
    if not isinstance(space, Product) or len(space.parts) != len(found):
        return None
    return [name for p, part in zip(found, space.parts, strict=True) for name in names(p.name, part)]
