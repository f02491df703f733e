"""What every stage of the compiler may rely on in a program that it is given, checked between stages in the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from essence_ad.diagram import Diagram
from essence_ad.errors import EssenceError, IllFormedError
from essence_ad.spaces import Product, Space, fits
from essence_ad.structure import Pattern, leaves


def check(d: Diagram, stage: str, *, live: bool = False, knows: Callable[[Any], bool] | None = None) -> Diagram:
    """The diagram itself; ``IllFormedError`` where it breaks a rule of straight-line programs.

    Every wire is made once, before it is read; boxes take and give as many wires as their operations say; the shape
    rules lead from the space of the domain to that of the codomain. ``live`` asks that every box is needed for the
    result, ``knows`` that the target has every operation.

    >>> from essence_ad import R, sin
    >>> from essence_ad.compiler.compiled import staged
    >>> check(staged(sin >> sin, R), "staging").n_wires
    3
    """
    made = set(leaves(d.dom))
    if len(made) != len(leaves(d.dom)):
        raise _ill(stage, "the domain", "a wire twice", "a wire for each argument")
    for number, (op, ins, outs) in enumerate(d.boxes):
        box = f"box {number}, {op!r}"
        for wire in ins:
            if wire not in made:
                raise _ill(stage, box, f"it reads wire {wire}", "a wire that was made before")
        for wire in outs:
            if wire in made:
                raise _ill(stage, box, f"it makes wire {wire} again", "each wire made once")
            if not 0 <= wire < d.n_wires:
                raise _ill(stage, box, f"wire {wire} of {d.n_wires}", "a wire of the program")
            made.add(wire)
        if op is not None:
            _arity(stage, box, op, ins, outs)
            if knows is not None and not knows(op):
                raise _ill(stage, box, op.name, "an operation that the target has")
    for wire in leaves(d.cod):
        if wire not in made:
            raise _ill(stage, "the codomain", f"wire {wire}", "a wire that was made")
    if live and len(d.pruned().boxes) != len(d.boxes):
        raise _ill(stage, "the program", "boxes that nobody needs", "boxes that the result depends on")
    if d.dom_space is not None:
        _spaces(stage, d)
    return d


def _arity(stage: str, box: str, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> None:
    takes = len(op.dom) if isinstance(op.dom, tuple) else None if op.dom == 0 and len(ins) != 1 else 1
    gives = len(op.cod) if isinstance(op.cod, tuple) else 1
    if takes is not None and takes != len(ins):
        raise _ill(stage, box, f"{len(ins)} inputs", f"{takes}")
    if gives != len(outs):
        raise _ill(stage, box, f"{len(outs)} outputs", f"{gives}")


def _spaces(stage: str, d: Diagram) -> None:
    assert d.dom_space is not None
    try:
        env = d.spaces(d.dom_space)
    except EssenceError as error:
        raise _ill(stage, "the shapes", str(error), "shapes that every operation takes") from error
    if d.cod_space is not None and not _agrees(d.cod, d.cod_space, env):
        found = [env[w] for w in leaves(d.cod)]
        raise _ill(stage, "the codomain", f"the spaces {found}", f"{d.cod_space}")


def _agrees(pattern: Pattern, space: Space, env: list[Any]) -> bool:
    if isinstance(pattern, tuple):
        parts = space.parts if isinstance(space, Product) else ()
        return len(parts) == len(pattern) and all(_agrees(p, s, env) for p, s in zip(pattern, parts, strict=True))
    return bool(fits(env[pattern], space))


def _ill(stage: str, where: str, found: str, expected: str) -> IllFormedError:
    return IllFormedError(
        f"the program after {stage} is not well formed: {where}", found=found, expected=expected,
        remedy="this is a fault of essence_ad; please report the program that leads to it",
    )  # fmt: skip
