"""The command line: ``python -m essence_ad explain "cos(x*y) + sin(y)" x=1 y=2``.

The library is imported inside the commands, so that help, the version and mistakes in the arguments are answered at once.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from essence_ad.morphism import Morphism

OK, WRONG_INPUT = 0, 1  # argparse itself leaves with 2 on wrong usage


class Reading(NamedTuple):
    """What one category says: the value, the derivative if it has one, and the operations that both took together."""

    words: str
    category: str
    value: float
    partials: list[float]
    operations: dict[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code: 0 when it is done, 1 for wrong input, 2 for wrong usage."""
    parser = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    # to argparse "-x*y" looks like an option; with a space before it, it is an expression
    options = parser.parse_args([f" {a}" if re.match("-[^-]", a) and a != "-h" else a for a in given])
    names = [name for name, _ in options.variables]
    if twice := next((name for name in names if names.count(name) > 1), None):
        parser.error(f"{twice} is given twice")
    from essence_ad.errors import EssenceError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # where a terminal has no ×
    try:
        run: Callable[[argparse.Namespace], None] = options.run
        run(options)
    except (EssenceError, OSError) as error:
        print(f"essence_ad {options.command}: {error}", file=sys.stderr)
        return WRONG_INPUT
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m essence_ad",
        description="Programs are morphisms, and a category is a way to run them.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain",
        help="an expression as combinators, its value, and its derivative in every category",
        description="Print an expression as combinators, its value, and its derivative in every category, "
        "with the operations that value and derivative take together.",
        epilog='for example: python -m essence_ad explain "cos(x*y) + sin(y)" x=1 y=pi/2',
        allow_abbrev=False,
    )
    explain.add_argument("expression", metavar="EXPRESSION", help="numbers, variables, + - * / **, brackets, functions")
    explain.add_argument(
        "variables", metavar="NAME=VALUE", nargs="*", type=_binding, help="a variable and where to differentiate"
    )
    output = explain.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead of text (nan and inf are strings)")
    output.add_argument("--graph", metavar="FILE", help="write the program as a graph in dot; - prints only the graph")
    explain.add_argument("--force", action="store_true", help="let --graph replace a file")
    explain.set_defaults(run=_explain)
    return parser


class _Version(argparse.Action):
    """Print the version, which only the package knows."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and leave."""
        import essence_ad

        print(f"essence_ad {essence_ad.__version__}")
        parser.exit(OK)


def _binding(text: str) -> tuple[str, str]:
    """``NAME=VALUE``, the value still as text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, as x=1")
    return name.strip(), value


# ---------------------------------------------------------------------------------------------- explain


def _explain(options: argparse.Namespace) -> None:
    import numpy as np

    from essence_ad.categories.graphs import Graphs
    from essence_ad.expression import parse

    point = {name: float(parse(value, ())(())) for name, value in options.variables}
    program = parse(options.expression, list(point))
    if options.graph == "-":
        print(Graphs(program).dot)
        return
    if options.graph is not None:
        with open(options.graph, "w" if options.force else "x", encoding="utf-8") as file:
            print(Graphs(program).dot, file=file)
    with np.errstate(all="ignore"):
        readings = _readings(program, list(point.values()))
    show = _as_json if options.json else _as_text
    print(show(options.expression, point, program, readings))


def _readings(program: Morphism[Any, Any], point: list[float]) -> list[Reading]:
    """The value alone, and then the derivative in every category."""
    import numpy as np

    from essence_ad.categories.additive import Additive
    from essence_ad.categories.begin import Begin
    from essence_ad.categories.cont import Cont
    from essence_ad.categories.derivative import D
    from essence_ad.categories.dual import Dual
    from essence_ad.categories.functions import Functions
    from essence_ad.categories.matrices import Matrices
    from essence_ad.containers import describe
    from essence_ad.errors import NotScalarError
    from essence_ad.tracing.counting import count

    n = len(point)
    x = point[0] if n == 1 else tuple(point)
    units = [1.0] if n == 1 else [tuple(float(i == j) for j in range(n)) for i in range(n)]

    def columns(df: Any) -> Any:
        return [df(unit) for unit in units]

    def row(df: Any) -> Any:
        return df(1.0)

    def blocks(df: Any) -> Any:
        return [0.0 if block is None else block for block in df.blocks[0]]

    derivatives: list[tuple[str, Any, Callable[[Any], Any]]] = [
        ("additive functions", D(Additive), columns),
        ("matrices", D(Matrices), blocks),
        ("forward", D(Begin(Additive)), columns),
        ("reverse", D(Dual(Additive)), row),
        ("continuations", D(Cont(Additive)), row),
    ]
    counts = count(Functions(program), x)
    if not isinstance(counts.value, float):  # NumPy's float64 is one
        raise NotScalarError(
            "the value of the expression is not a real number", found=describe(counts.value), expected="a real number",
            remedy="choose by where(...), reduce an array by sum(...), or write this program in Python",
        )  # fmt: skip
    answer = [Reading("value alone", repr(Functions), counts.value, [], dict(counts))]
    for words, category, read in derivatives if point else ():

        def run(x: Any, category: Any = category, read: Any = read) -> tuple[Any, Any]:
            value, derivative = category(program)(x)
            return value, read(derivative)

        counts = count(run, x)
        value, partials = counts.value
        answer.append(Reading(words, repr(category), value, list(map(float, np.ravel(partials))), dict(counts)))
    return answer


def _as_text(expression: str, point: dict[str, float], program: Morphism[Any, Any], readings: list[Reading]) -> str:
    lines = [
        f"expression  {expression.strip()}",
        f"program     {program}",
        f"type        {program.type}",
        f"at          {', '.join(f'{name} = {value:.12g}' for name, value in point.items()) or 'no variables'}",
        f"value       {readings[0].value:.12g}",
        "",
        "The derivative, and the operations that it and the value take together:",
        "",
    ]
    names = sorted({name for reading in readings for name in reading.operations})
    table = [["", "", *[f"d/d{name}" for name in point], *names, "total"]]
    for r in readings:
        partials = [f"{p:.8g}" for p in r.partials] or [""] * len(point)
        operations = [str(r.operations.get(name, "·")) for name in names]
        table.append([r.words, r.category, *partials, *operations, str(sum(r.operations.values()))])
    return "\n".join([*lines, *_aligned(table)])


def _aligned(table: list[list[str]]) -> list[str]:
    """The rows of a table, its first two columns to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _as_json(expression: str, point: dict[str, float], program: Morphism[Any, Any], readings: list[Reading]) -> str:
    alone, *derivatives = readings
    answer = {
        "expression": expression.strip(),
        "point": {name: _number(value) for name, value in point.items()},
        "program": repr(program),
        "type": str(program.type),
        "value": _number(alone.value),
        "operations": alone.operations,
        "derivatives": [
            {
                "mode": r.words,
                "category": r.category,
                "partials": {name: _number(p) for name, p in zip(point, r.partials, strict=True)},
                "operations": r.operations,
            }
            for r in derivatives
        ],
    }
    return json.dumps(answer, indent=2, ensure_ascii=False)


def _number(x: float) -> float | str:
    """A number that JSON has, or its name."""
    return float(x) if math.isfinite(x) else str(float(x))


if __name__ == "__main__":
    sys.exit(main())
