"""Structural types: what composing arrows must agree on, inferred while composing.

A type is a variable (an ``int``), ``NUM`` (one array of numbers), or a tuple of types (a product; ``()`` is the unit).
An arrow's type is a pair of such patterns, ``dup : 0 -> (0, 0)``. A purely structural arrow *is* its type: a variable
that is repeated on the right is copied, one that is missing there is discarded, one that is repeated on the left is
added up, and one that is missing on the left is zero. Turning the pattern round is therefore taking the transpose.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from essence_ad.errors import CompositionError

NUM: Final = "num"
Pattern = Any  # int | NUM | tuple[Pattern, ...]
Needs = tuple[tuple[Pattern, int, Pattern], ...]


class Arrow(NamedTuple):
    """The type of an arrow; ``needs`` holds ``(v, i, t)``: the product ``v``, of unknown length, has ``t`` at ``i``."""

    dom: Pattern
    cod: Pattern
    needs: Needs = ()

    def __str__(self) -> str:
        return f"{show(self.dom)} -> {show(self.cod)}"


def show(pattern: Pattern) -> str:
    """A pattern as people write it.

    >>> show((0, (NUM, 1))), show(()), show((0,))
    ('a × (num × b)', '1', '(a)')
    """
    if isinstance(pattern, tuple):
        inner = [f"({show(p)})" if isinstance(p, tuple) and len(p) > 1 else show(p) for p in pattern]
        return " × ".join(inner) if len(inner) > 1 else f"({inner[0]})" if inner else "1"
    if pattern == NUM:
        return NUM
    letter = "abcdefghijklmopqrstuvwxyz"[pattern % 25]
    return letter if pattern < 25 else f"{letter}{pattern // 25}"


def leaves(pattern: Pattern) -> list[Any]:
    """The leaves of a nested tuple, left to right, without recursion.

    >>> leaves((0, (1, ()), 2))
    [0, 1, 2]
    """
    if not isinstance(pattern, tuple):
        return [pattern]
    out: list[Any] = []
    stack = [pattern]
    while stack:
        top = stack.pop()
        if isinstance(top, tuple):
            stack.extend(reversed(top))
        else:
            out.append(top)
    return out


def substitute(pattern: Pattern, table: dict[Any, Any]) -> Pattern:
    """The pattern with each leaf looked up in a table."""
    if isinstance(pattern, tuple):
        return tuple([substitute(p, table) for p in pattern])
    return table.get(pattern, pattern)


def variables(pattern: Pattern) -> list[int]:
    """The distinct variables, in order of appearance."""
    return list(dict.fromkeys(leaf for leaf in leaves(pattern) if leaf is not NUM and leaf != NUM))


def apart(arrow: Arrow, offset: int) -> tuple[Arrow, int]:
    """The same type with its variables moved up by ``offset``, and the first number that is then free."""
    names = variables((arrow.dom, arrow.cod, tuple((v, t) for v, _, t in arrow.needs)))
    if not names:
        return arrow, offset
    table: dict[Any, Any] = {v: v + offset for v in names}
    moved = Arrow(
        substitute(arrow.dom, table),
        substitute(arrow.cod, table),
        tuple((substitute(v, table), i, substitute(t, table)) for v, i, t in arrow.needs),
    )
    return moved, max(table.values()) + 1


class Unifier:
    """Most general substitution that makes patterns equal; ``False`` where there is none."""

    def __init__(self) -> None:
        self.table: dict[int, Pattern] = {}

    def resolve(self, pattern: Pattern) -> Pattern:
        """The head of a pattern under the substitution so far."""
        while isinstance(pattern, int) and pattern in self.table:
            pattern = self.table[pattern]
        return pattern

    def full(self, pattern: Pattern) -> Pattern:
        """A pattern with the substitution carried out everywhere."""
        pattern = self.resolve(pattern)
        return tuple([self.full(p) for p in pattern]) if isinstance(pattern, tuple) else pattern

    def unify(self, a: Pattern, b: Pattern) -> bool:
        """Make two patterns equal."""
        work = [(a, b)]
        while work:
            a, b = work.pop()
            a, b = self.resolve(a), self.resolve(b)
            if a == b:
                continue
            if isinstance(a, int) or isinstance(b, int):
                var, other = (a, b) if isinstance(a, int) else (b, a)
                if isinstance(other, tuple) and var in leaves(self.full(other)):
                    return False
                self.table[var] = other
            elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
                work.extend(zip(a, b, strict=True))
            else:
                return False
        return True

    def settle(self, needs: Needs) -> Needs | None:
        """Use each need whose product is known by now; give back those that are not, ``None`` if one cannot be met."""
        waiting = list(needs)
        progress = True
        while progress:
            progress = False
            for need in list(waiting):
                product, i, part = need
                known = self.resolve(product)
                if isinstance(known, int):
                    continue
                if not isinstance(known, tuple) or i >= len(known) or not self.unify(known[i], part):
                    return None
                waiting.remove(need)
                progress = True
        return tuple(waiting)

    def arrow(self, dom: Pattern, cod: Pattern, needs: Needs) -> Arrow | None:
        """An arrow's type under the substitution, its variables numbered in order of appearance."""
        left = self.settle(needs)
        if left is None:
            return None
        dom, cod = self.full(dom), self.full(cod)
        left = tuple((self.full(v), i, self.full(t)) for v, i, t in left)
        table: dict[Any, Any] = {v: n for n, v in enumerate(variables((dom, cod, tuple((v, t) for v, _, t in left))))}
        return Arrow(
            substitute(dom, table),
            substitute(cod, table),
            tuple((substitute(v, table), i, substitute(t, table)) for v, i, t in left),
        )


def ground(pattern: Pattern) -> bool:
    """Whether no variable occurs."""
    return pattern == NUM or (isinstance(pattern, tuple) and all(map(ground, pattern)))


def compose_types(f: Arrow, g: Arrow, describe: Any) -> Arrow:
    """The type of ``f`` then ``g``; ``describe()`` gives both arrows for the error.

    >>> compose_types(Arrow(0, (0, 0)), Arrow((NUM, NUM), NUM), lambda: ("dup", "mul"))
    Arrow(dom='num', cod='num', needs=())
    """
    if f.cod == NUM and g.dom == NUM and f.dom == NUM and g.cod == NUM:  # the common case: a long scalar chain
        return g
    g_apart, _ = apart(g, apart(f, 0)[1])
    unifier = Unifier()
    if unifier.unify(f.cod, g_apart.dom):
        arrow = unifier.arrow(f.dom, g_apart.cod, f.needs + g_apart.needs)
        if arrow is not None:
            return arrow
    first, second = describe()
    raise CompositionError(
        f"cannot compose {first} with {second}: the boundaries do not fit",
        found=f"{first} : {f}   then   {second} : {g}",
        expected=f"the codomain {show(f.cod)} of the first to be the domain {show(g.dom)} of the second",
        remedy="put an arrow between them (exl, dup, assoc, ...), or change one of the two",
    )


def parallel_types(parts: tuple[Arrow, ...], shape: str, describe: Any) -> Arrow:
    """The type of ``cross``, ``fork`` (one common domain) or ``join`` (one common codomain) of several arrows."""
    if all(p.needs == () and ground(p.dom) and ground(p.cod) for p in parts):
        doms, cods = [p.dom for p in parts], [p.cod for p in parts]
        if shape == "cross":
            return Arrow(tuple(doms), tuple(cods))
        if shape == "fork" and all(d == doms[0] for d in doms):
            return Arrow(doms[0] if doms else 0, tuple(cods))
        if shape == "join" and all(c == cods[0] for c in cods):
            return Arrow(tuple(doms), cods[0] if cods else 0)
    offset, moved = 0, []
    for p in parts:
        arrow, offset = apart(p, offset)
        moved.append(arrow)
    unifier = Unifier()
    needs = tuple(n for p in moved for n in p.needs)
    dom: Pattern = tuple(p.dom for p in moved)
    cod: Pattern = tuple(p.cod for p in moved)
    fits = True
    if shape == "fork":
        dom = moved[0].dom if moved else 0
        fits = all(unifier.unify(dom, p.dom) for p in moved)
    elif shape == "join":
        cod = moved[0].cod if moved else 0
        fits = all(unifier.unify(cod, p.cod) for p in moved)
    answer = unifier.arrow(dom, cod, needs) if fits else None
    if answer is None:
        side = "domain" if shape == "fork" else "codomain"
        raise CompositionError(
            f"cannot {shape} arrows that have no common {side}",
            found="   and   ".join(f"{name} : {p}" for name, p in zip(describe(), parts, strict=True)),
            expected=f"one {side} for all of them",
            remedy=f"put an arrow {'before' if shape == 'fork' else 'after'} one of them, or use cross",
        )
    return answer
