"""Loops as combinators: the operation of a loop whose body is a program that knows its type and no space yet."""

from __future__ import annotations

from typing import Any

from essence_ad.control.scan import Scan
from essence_ad.diagram import Box, Diagram
from essence_ad.errors import CompositionError
from essence_ad.inlining import explicit, inline
from essence_ad.morphism import Morphism, box, fork, identity
from essence_ad.structure import NUM, Arrow, Pattern, Unifier, leaves


def as_scan(
    name: str, f: Morphism[Any, Any], n: int | None = None, length: int | None = None, reverse: bool = False
) -> Any:
    """The program of a loop over a program: ``scan`` from ``(init, xs)`` to ``(carry, ys)``, and those that are like it."""
    if name == "scan":
        dom, cod = _typed(name, f, (0, 1), (0, 2))
        d, (c, x), (_, y) = flat(f, dom), dom, cod
        return box(Scan(d, len(leaves(c)), len(leaves(x)), length, reverse, (c, x), (c, y)), None)
    if name == "fold":
        dom, cod = _typed(name, f, (0, 1), 0)
        c, x = dom
        return box(Scan(flat(f, dom), len(leaves(c)), len(leaves(x)), None, False, (c, x), cod))
    if name == "iterate":
        dom, cod = _typed(name, f, 0, 0)
        return box(Scan(flat(f, dom), len(leaves(dom)), 0, n, False, dom, cod))
    dom, cod = _typed(name, f, 0, 1)
    return box(Scan(flat(f, dom), 0, len(leaves(dom)), None, False, dom, cod))


def as_while(predicate: Morphism[Any, Any], body: Morphism[Any, Any]) -> tuple[Diagram, Diagram, Pattern]:
    """The bodies of a loop while a predicate holds, and the type of what it carries."""
    unifier = Unifier()
    asked, step = (Arrow(_moved(f.type.dom, n), _moved(f.type.cod, n)) for f, n in ((predicate, 1), (body, 1001)))
    pairs = ((step.dom, 0), (step.cod, 0), (asked.dom, 0), (asked.cod, NUM))
    if not all([unifier.unify(a, b) for a, b in pairs]):
        raise CompositionError(
            f"while_ cannot take {predicate} and {body}: their boundaries do not fit",
            found=f"{predicate} : {predicate.type}   and   {body} : {body.type}", expected="a -> num   and   a -> a",
            remedy="put an arrow before or after one of them",
        )  # fmt: skip
    dom = _ground(unifier.full(0))
    return flat(predicate, dom), flat(body, dom), dom


def as_cond(predicate: Morphism[Any, Any], f: Morphism[Any, Any], g: Morphism[Any, Any]) -> tuple[Any, ...]:
    """The bodies of a choice, its type, and the program that puts the boolean beside its argument."""
    both = fork(predicate, f, g)  # an error where they have no common domain
    unifier = Unifier()
    _, first, second = both.type.cod
    if not unifier.unify(first, second):
        raise CompositionError(
            f"cond cannot choose between {f} and {g}: they end in different objects",
            found=f"{f} : {f.type}   and   {g} : {g.type}", expected="one codomain", remedy="put an arrow after one of them",
        )  # fmt: skip
    dom, cod = _ground(unifier.full(both.type.dom)), _ground(unifier.full(first))
    return flat(f, dom), flat(g, dom), dom, cod, fork(predicate, identity)


def as_body(f: Morphism[Any, Any]) -> tuple[Diagram, Pattern, Pattern]:
    """A program as a body, and its type."""
    dom, cod = _ground(f.type.dom), _ground(f.type.cod)
    return flat(f, dom), dom, cod


def _typed(name: str, f: Morphism[Any, Any], dom: Pattern, cod: Pattern) -> tuple[Any, Any]:
    """The boundaries of a body that must be of a form, with one array for each variable that is left."""
    unifier = Unifier()
    offset = 1 + max([v for v in leaves((f.type.dom, f.type.cod)) if isinstance(v, int)], default=-1)
    wanted = _moved(dom, offset), _moved(cod, offset)
    if not (unifier.unify(f.type.dom, wanted[0]) and unifier.unify(f.type.cod, wanted[1])):
        forms = {
            "scan": "(carry, x) -> (carry, y)",
            "fold": "(carry, x) -> carry",
            "iterate": "x -> x",
            "while_": "x -> x",
        }
        raise CompositionError(
            f"{name} cannot take {f}: its boundaries do not fit", found=f"{f} : {f.type}",
            expected=f"a program {forms.get(name, 'of that form')}", remedy="put an arrow before or after it",
        )  # fmt: skip
    return _ground(unifier.full(wanted[0])), _ground(unifier.full(wanted[1]))


def _moved(pattern: Pattern, offset: int) -> Pattern:
    if isinstance(pattern, tuple):
        return tuple([_moved(p, offset) for p in pattern])
    return pattern + offset if isinstance(pattern, int) else pattern


def _ground(pattern: Pattern) -> Pattern:
    return tuple([_ground(p) for p in pattern]) if isinstance(pattern, tuple) else NUM


def flat(f: Morphism[Any, Any], dom: Pattern) -> Diagram:
    """A program as a body: a wire for each array, sums as boxes."""
    d = explicit(inline(f.diagram, dom))
    boxes: list[Box] = list(d.boxes)
    return Diagram(tuple(leaves(d.dom)), tuple(leaves(d.cod)), boxes, d.n_wires)
