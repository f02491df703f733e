"""The 26 figures of the paper, drawn by this library: programs, their derivatives forward and in reverse, and gradients.

    python examples/paper_figures.py             their operations, one line each
    python examples/paper_figures.py FOLDER      saves all of them there, as SVG

A name ends as in the paper: ``-adf`` is the derivative as a linear function (``D(Additive)``), ``-adr`` the same in
reverse (``D(Dual(Additive))``), ``-gradr`` the value with the rows of the Jacobian, ``-adrl`` the Jacobian of a function to
a pair, and ``-andInc`` the program that updates a value when some of its inputs change.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from essence_ad import Morphism, R, Space, add, const, cos, cross, draw, dup, exl, identity, mul, proj, sin
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram
from essence_ad.drawing.picture import Look, Picture
from essence_ad.spaces import Array, Product
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace

sqr = dup >> mul
PROGRAMS: dict[str, tuple[Morphism[Any, Any], Space]] = {
    "add": (add, R * R),
    "dup": (dup, R),
    "fst": (exl, R * R),
    "sqr": (sqr, R),
    "magSqr": (cross(sqr, sqr) >> add, R * R),
    "cosSinProd": (mul >> (cos & sin), R * R),
    "cos-2xx": (const(2.0) * identity * identity >> cos, R),
    "cos-xpytz": (proj(0, 3) + proj(1, 3) * proj(2, 3) >> cos, Product((R, R, R))),
}
ENDINGS = {"": "program", "-adf": "forward", "-adr": "reverse", "-gradr": "gradient", "-adrl": "gradient"}
NAMES = [
    "add",
    "add-adf",
    "add-adr",
    "add-gradr",
    "dup",
    "dup-adr",
    "dup-gradr",
    "fst",
    "fst-adr",
    "fst-gradr",
    "sqr",
    "sqr-adf",
    "sqr-adr",
    "sqr-gradr",
    "magSqr",
    "magSqr-adf",
    "magSqr-adr",
    "magSqr-gradr",
    "magSqr-andInc",
    "cosSinProd",
    "cosSinProd-adf",
    "cosSinProd-adr",
    "cosSinProd-gradr",
    "cosSinProd-adrl",
    "cos-2xx-gradr",
    "cos-xpytz-gradr",
]


def figure(name: str) -> Picture:
    """A figure of the paper by its name."""
    program, _, ending = name.rpartition("-") if name.rpartition("-")[0] in PROGRAMS else (name, "", "")
    f, space = PROGRAMS[program]
    if ending == "andInc":
        return incremental(f, space, name)
    return draw(f, space, mode=ENDINGS[f"-{ending}" if ending else ""], title=name)


def incremental(f: Morphism[Any, Any], space: Space, title: str) -> Picture:
    """The value of a program, and the update of it: from ``(changed, new)`` for each input to that of the value.

    Nothing that did not change is computed again: what a box makes is new only where something that it reads is.
    """
    d = f.diagram
    flag = Array((), np.dtype(bool))
    inputs = leaves(space.pattern)
    change = Product(tuple([Product((flag, R)) for _ in inputs]))

    def run(x: Any, changes: Any) -> Any:
        old: dict[int, Any] = dict(zip(leaves(d.dom), x, strict=True))
        news = dict(zip(leaves(d.dom), changes, strict=True))
        for op, ins, (out,) in d.boxes:
            old[out] = op.apply(*[old[i] for i in ins])
            flags = list(dict.fromkeys([news[i][0] for i in ins]))
            changed = flags[0] if len(flags) == 1 else np.logical_or(*flags)
            news[out] = changed, np.where(changed, op.apply(*[news[i][1] for i in ins]), old[out])
        (result,) = leaves(d.cod)
        return old[result], news[result]

    program = simplify(trace(run, Product((space, change))).diagram)
    return Picture(program, look=_look(program, title, len(inputs)))


def _look(d: Diagram, title: str, n: int) -> Look:
    assert isinstance(d.dom, tuple)
    names = [f"x{i}" for i in range(n)]
    changes = [text for name in names for text in (f"{name} changed", f"{name} new")]
    return Look(
        title=title, inputs=[*names, *changes], outputs=["y", "y changed", "y new"],
        linear_from=frozenset(leaves(d.dom[1])), frame="update",
    )  # fmt: skip


def figures() -> dict[str, Picture]:
    """All of them."""
    return {name: figure(name) for name in NAMES}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="The figures of the paper.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to save them (default: print their operations)")
    folder = parser.parse_args(arguments).folder
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for name, picture in figures().items():
        if folder is not None:
            picture.save(folder / f"{name}.svg")
        counts = ", ".join(f"{n} {what}" for what, n in sorted(picture.counts.items())) or "none"
        print(f"{name:18} {counts}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
