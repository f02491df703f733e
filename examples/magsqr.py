"""The paper's own examples in every category: one program each, and what each category makes of it.

    python examples/magsqr.py            all five
    python examples/magsqr.py magSqr     one of them
    python examples/magsqr.py --dot      their graphs as well, as text for Graphviz

For each program come its space in ``Shapes``, its picture in ``Graphs``, its value in ``Functions``, and value and Jacobian
in the categories that differentiate, with the operations that both took together, counted as they happen. The last line
of a table has the counts of the paper's own figure, which was simplified; ours are not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad import (
    Additive,
    Begin,
    Both,
    Cont,
    D,
    Dual,
    Functions,
    Graphs,
    Matrices,
    Morphism,
    R,
    Shapes,
    Space,
    add,
    const,
    cos,
    count,
    dup,
    exl,
    exr,
    identity,
    mul,
    proj,
    sin,
    space_of,
)


@attrs.frozen
class Example:
    """A program of the paper, a point to look at it, and the counts of the paper's figure for value and gradient."""

    program: Morphism[Any, Any]
    point: Any
    figure: Mapping[str, int]


sqr = dup >> mul
EXAMPLES = {
    "sqr": Example(sqr, 3.0, {"multiply": 1, "add": 1}),
    "magSqr": Example((exl >> sqr & exr >> sqr) >> add, (3.0, 4.0), {"multiply": 2, "add": 3}),
    "cosSinProd": Example(mul >> (cos & sin), (-1.5, 0.4), {"multiply": 5, "cos": 1, "sin": 1, "negative": 2}),
    "cos(2xx)": Example(
        const(2.0) * identity * identity >> cos, -1.3, {"multiply": 5, "add": 1, "cos": 1, "sin": 1, "negative": 1}
    ),
    "cos(x+yz)": Example(
        proj(0, 3) + proj(1, 3) * proj(2, 3) >> cos,
        (0.5, 1.5, -2.0),
        {"multiply": 3, "add": 1, "cos": 1, "sin": 1, "negative": 3},
    ),
}


@attrs.frozen
class Reading:
    """What a category makes of a program at a point: value, Jacobian, and the operations that both took."""

    category: str
    value: Any
    jacobian: Any
    counts: Mapping[str, int]


def columns(derivative: Any, source: Space, target: Space) -> Any:
    """The images of the unit vectors: a derivative that runs forward gives the Jacobian by columns."""
    return [derivative(unit) for unit in source.basis()]


def rows(derivative: Any, source: Space, target: Space) -> Any:
    """The images of the unit covectors: a derivative that runs backward gives the Jacobian by rows."""
    return [derivative(unit) for unit in target.basis()]


def both(derivative: Any, source: Space, target: Space) -> Any:
    """Columns of the one derivative and rows of the other, which came from one run of the program."""
    forward, backward = derivative
    return columns(forward, source, target), rows(backward, source, target)


def itself(derivative: Any, source: Space, target: Space) -> Any:
    """The Jacobian, which is what an arrow between matrices is."""
    return derivative.matrix()


DIFFERENTIATING = (
    (D(Additive), columns),
    (D(Begin(Additive, R)), columns),
    (D(Dual(Additive)), rows),
    (D(Cont(Additive, R)), rows),
    (D(Matrices), itself),
    (D(Dual(Matrices)), itself),
    (D(Both(Additive, Dual(Additive))), both),
)


def assembled(read: Any, images: Any, source: Space, target: Space) -> Any:
    """The Jacobian as an array of shape ``(target.dim, source.dim)``."""
    if read is columns:
        return np.stack([target.to_vector(image) for image in images], axis=1)
    if read is rows:
        return np.stack([source.to_vector(image) for image in images])
    if read is both:
        by_columns, by_rows = (assembled(r, i, source, target) for r, i in zip((columns, rows), images, strict=True))
        assert np.allclose(by_columns, by_rows, rtol=1e-12)  # two categories, one derivative
        return by_columns
    return np.asarray(images)


def readings(example: Example) -> Iterator[Reading]:
    """The example in ``Functions`` and in every category that differentiates."""
    value = Functions(example.program)(example.point)
    yield Reading("Functions", value, None, count(Functions(example.program), example.point))
    source, target = space_of(example.point), space_of(value)
    for category, read in DIFFERENTIATING:

        def run(x: Any, category: Any = category, read: Any = read) -> Any:
            y, derivative = category(example.program)(x)
            return y, read(derivative, source, target)

        counts = count(run, example.point)
        y, images = counts.value
        yield Reading(repr(category), y, assembled(read, images, source, target), counts)


# ---------------------------------------------------------------------------------------------- what is printed

SHORT = {"multiply": "mul", "negative": "neg"}
MOVES = {"concatenate", "ravel", "reshape", "stack"}  # a matrix is laid out by these; they compute nothing


def operations(counts: Mapping[str, int]) -> str:
    """Counts as people write them.

    >>> operations({"cos": 1, "multiply": 5})
    '5 mul, 1 cos'
    """
    ordered = sorted(
        ((name, n) for name, n in counts.items() if name not in MOVES), key=lambda item: (-item[1], item[0])
    )
    return ", ".join(f"{n} {SHORT.get(name, name)}" for name, n in ordered)


def numbers(value: Any) -> str:
    """A number or an array, or a tuple of them, short enough for a table.

    >>> numbers((0.5, 2.0)), numbers(np.array([[1.0, 0.0]])), numbers(None)
    ('(0.5, 2)', '[[1, 0]]', '')
    """
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"({', '.join(map(numbers, value))})"
    if np.ndim(value):
        return f"[{', '.join(map(numbers, value))}]"
    return f"{value:.7g}"


def report(name: str, example: Example, dot: bool = False) -> str:
    """Everything about one example."""
    space, graph = space_of(example.point), Graphs(example.program)
    head = ("category", "value", "Jacobian", "operations for value and Jacobian")
    lines = [(r.category, numbers(r.value), numbers(r.jacobian), operations(r.counts)) for r in readings(example)]
    lines.append(("figure of the paper", "", "", operations(example.figure)))
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(4)]
    rule = tuple("-" * w for w in widths)
    return "\n".join(
        [
            f"{name} at {example.point}",
            f"  program  {example.program}",
            f"  type     {example.program.type}",
            f"  Shapes   {space} -> {Shapes(example.program)(space)}",
            f"  Graphs   {graph.dot if dot else f'{graph!r}, which --dot prints'}",
            "",
            *[
                "  ".join(c.ljust(w) for c, w in zip(("", *line), (0, *widths), strict=True)).rstrip()
                for line in (head, rule, *lines)
            ],
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="The paper's examples in every category.")
    parser.add_argument("example", nargs="*", metavar="NAME", help=f"some of {', '.join(EXAMPLES)} (default: all)")
    parser.add_argument("--dot", action="store_true", help="print their graphs as well, as text for Graphviz")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.example if name not in EXAMPLES]
    if unknown:
        parser.error(f"there is no example {', '.join(unknown)}: choose from {', '.join(EXAMPLES)}")
    for name in chosen.example or EXAMPLES:
        print(report(name, EXAMPLES[name], chosen.dot), end="\n\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
