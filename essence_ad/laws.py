"""Every equation of the paper as data: two programs with holes, which a category must make equal.

``lawfulness.check_laws(k)`` holds a category to all that its structure implies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from essence_ad.category import Category
from essence_ad.instances import Objects, Program, hole, number
from essence_ad.morphism import (
    assoc,
    box,
    compose,
    cross,
    dup,
    exl,
    exr,
    fork,
    identity,
    inj,
    inl,
    inr,
    it,
    jam,
    join,
    proj,
    repl,
    scale,
    sum_,
    swap,
    unassoc,
    zero,
)
from essence_ad.primitives import catalogue


@attrs.frozen
class Law:
    """An equation between two programs with holes, from ``source`` to ``target``, objects that are letters.

    A category is held to it that has all of ``structure``. ``linear`` says that only linear arrows fill the holes.
    ``reading`` says how the right side is meant: ``same``; ``dual``, ``continuation``, ``beginning`` or ``derivative``
    are equations between a category and the ``k`` that it is made of, and the right side is in ``k``. For derivatives
    ``points`` tells at what point of the source the derivative of each arrow is taken.
    """

    name: str
    place: str  #: where in the paper
    structure: frozenset[str]
    source: Objects
    target: Objects
    left: Program
    right: Program
    linear: bool = False
    reading: str = "same"
    points: Mapping[str, Program] = {}

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


f, g, h = hole("f", "a", "b"), hole("g", "b", "c"), hole("h", "c", "d")
p, q = hole("p", "c", "d"), hole("q", "c", "e")
s, t = number("s"), number("t")


def _laws(place: str, structure: str, *rows: Any, linear: bool = False, reading: str = "same") -> list[Law]:
    words = frozenset(structure.split())
    return [
        Law(name, place, words, source, target, left, right, linear, reading, *points)
        for name, source, target, left, right, *points in rows
    ]


def _category() -> list[Law]:
    return _laws(
        "4.1", "category",
        ("left identity", "a", "b", f >> identity, f),
        ("right identity", "a", "b", identity >> f, f),
        ("associativity", "a", "d", (f >> g) >> h, f >> (g >> h)),
        ("composition of three", "a", "d", compose(h, g, f), f >> (g >> h)),
    )  # fmt: skip


def _monoidal() -> list[Law]:
    u, v = hole("u", "b", "e"), hole("v", "d", "a")
    return _laws(
        "4.2", "monoidal",
        ("cross of identities", ("a", "b"), ("a", "b"), cross(identity, identity), identity),
        ("cross of compositions", ("a", "c"), ("e", "a"), cross(f, p) >> cross(u, v), cross(f >> u, p >> v)),
        ("first and second", ("a", "c"), ("b", "d"), cross(f, identity) >> cross(identity, p), cross(f, p)),
    )  # fmt: skip


def _coherence() -> list[Law]:
    return _laws(
        "4.2", "monoidal cartesian",
        ("cross is associative", ("a", ("c", "b")), (("b", "d"), "c"),
         cross(f, cross(p, g)) >> assoc, assoc >> cross(cross(f, p), g)),
        ("assoc has an inverse", ("a", ("b", "c")), ("a", ("b", "c")), assoc >> unassoc, identity),
        ("unassoc has an inverse", (("a", "b"), "c"), (("a", "b"), "c"), unassoc >> assoc, identity),
        ("swap is natural", ("a", "c"), ("d", "b"), cross(f, p) >> swap, swap >> cross(p, f)),
        ("swap is its own inverse", ("a", "b"), ("a", "b"), swap >> swap, identity),
        ("swap by fork", ("a", "b"), ("b", "a"), swap, fork(exr, exl)),
        ("assoc by fork", ("a", ("b", "c")), (("a", "b"), "c"), assoc, fork(fork(exl, exr >> exl), exr >> exr)),
        ("dup is associative", "a", (("a", "a"), "a"), dup >> cross(identity, dup) >> assoc, dup >> cross(dup, identity)),
        ("swap after dup", "a", ("a", "a"), dup >> swap, dup),
    ) + _laws(
        "4.4", "cocartesian cartesian adding",
        ("jam is associative", ("a", ("a", "a")), "a", assoc >> cross(jam, identity) >> jam, cross(identity, jam) >> jam),
        ("jam after swap", ("a", "a"), "a", swap >> jam, jam),
        linear=True,
    )  # fmt: skip


def _cartesian() -> list[Law]:
    f2, w = hole("g", "a", "c"), hole("h", "a", ("b", "c"))
    rows = _laws(
        "4.3", "cartesian",
        ("exl after dup", "a", "a", dup >> exl, identity),
        ("exr after dup", "a", "a", dup >> exr, identity),
        ("dup then exl and exr", ("a", "b"), ("a", "b"), dup >> cross(exl, exr), identity),
        ("exl is natural", ("a", "c"), "b", cross(f, p) >> exl, exl >> f),
        ("exr is natural", ("a", "c"), "d", cross(f, p) >> exr, exr >> p),
        ("exl after fork", "a", "b", fork(f, f2) >> exl, f),
        ("exr after fork", "a", "c", fork(f, f2) >> exr, f2),
        ("fork of exl and exr", ("a", "b"), ("a", "b"), fork(exl, exr), identity),
        ("fork by cross and dup", "a", ("b", "c"), fork(f, f2), dup >> cross(f, f2)),
        ("cross by fork", ("a", "c"), ("b", "d"), cross(f, p), fork(exl >> f, exr >> p)),
        ("cross after fork", "a", ("d", "b"), fork(f2, f) >> cross(p, identity), fork(f2 >> p, f)),
    )  # fmt: skip
    rows += _laws(
        "4.3", "cartesian copying",
        ("dup is natural", "a", ("b", "b"), f >> dup, dup >> cross(f, f)),
        ("fork after an arrow", "a", ("d", "e"), f2 >> fork(p, q), fork(f2 >> p, f2 >> q)),
        ("fork after unfork", "a", ("b", "c"), fork(w >> exl, w >> exr), w),
    )  # fmt: skip
    return rows + _laws(
        "15", "cartesian terminal",
        ("it is natural", "a", (), f >> it, it),
        ("fork of nothing", "a", (), fork(), it),
        ("the unit is a unit", "a", "a", fork(identity, it) >> exl, identity),
    )  # fmt: skip


def _cocartesian() -> list[Law]:
    f2, w = hole("g", "c", "b"), hole("h", ("a", "b"), "c")
    u = hole("u", "d", "a")
    rows = _laws(
        "4.4", "cocartesian",
        ("jam after inl", "a", "a", inl >> jam, identity),
        ("jam after inr", "a", "a", inr >> jam, identity),
        ("jam after inl and inr", ("a", "b"), ("a", "b"), cross(inl, inr) >> jam, identity),
        ("inl is natural", "a", ("b", "d"), inl >> cross(f, p), f >> inl),
        ("inr is natural", "c", ("b", "d"), inr >> cross(f, p), p >> inr),
        ("join after inl", "a", "b", inl >> join(f, f2), f),
        ("join after inr", "c", "b", inr >> join(f, f2), f2),
        ("join of inl and inr", ("a", "b"), ("a", "b"), join(inl, inr), identity),
        ("join by cross and jam", ("a", "c"), "b", join(f, f2), cross(f, f2) >> jam),
        ("cross by join", ("a", "c"), ("b", "d"), cross(f, p), join(f >> inl, p >> inr)),
        ("join after cross", ("d", "c"), "b", cross(u, identity) >> join(f, f2), join(u >> f, f2)),
        linear=True,
    )  # fmt: skip
    rows += _laws(
        "4.4", "cocartesian adding",
        ("jam is natural", ("a", "a"), "b", jam >> f, cross(f, f) >> jam),
        ("join before an arrow", ("a", "c"), "d", join(f, f2) >> hole("r", "b", "d"),
         join(f >> hole("r", "b", "d"), f2 >> hole("r", "b", "d"))),
        ("join after unjoin", ("a", "b"), "c", join(inl >> w, inr >> w), w),
        linear=True,
    )  # fmt: skip
    return rows + _laws(
        "15", "cocartesian initial",
        ("the zero out of the unit is natural", (), "b", join() >> f, join()),
        ("the unit is a unit of sums", "a", "a", inl >> join(identity, join()), identity),
        linear=True,
    )  # fmt: skip


def _biproduct() -> list[Law]:
    f2, f3, f4, f5 = hole("h", "a", "c"), hole("g", "a", "b"), hole("k", "c", "b"), hole("h", "a", "b")
    after, before = hole("u", "b", "d"), hole("v", "d", "a")
    rows = _laws(
        "4.4", "cartesian biproduct",
        ("exl after inl", "a", "a", inl >> exl, identity),
        ("exr after inr", "a", "a", inr >> exr, identity),
        ("exl after inr", "a", "b", inr >> exl, zero),
        ("exr after inl", "a", "b", inl >> exr, zero),
        ("the identity as a sum", ("a", "b"), ("a", "b"), fork(exl >> inl, exr >> inr) >> jam, identity),
        linear=True,
    )  # fmt: skip
    rows += _laws(
        "the appendix on abelian categories, put right", "cartesian biproduct",
        ("fork as a sum", "a", ("b", "c"), fork(f, f2), fork(f >> inl, f2 >> inr) >> jam),
        ("join as a sum", ("a", "c"), "b", join(f, f4), fork(exl >> f, exr >> f4) >> jam),
        ("exl by join", ("a", "b"), "a", exl, join(identity, zero)),
        ("inl by fork", "a", ("a", "b"), inl, fork(identity, zero)),
        ("dup as a sum", "a", ("a", "a"), dup, fork(inl, inr) >> jam),
        ("jam as a sum", ("a", "a"), "a", jam, fork(exl, exr) >> jam),
        linear=True,
    )  # fmt: skip
    return rows + _laws(
        "the appendix on abelian categories", "cartesian biproduct copying adding",
        ("sums commute", "a", "b", fork(f, f3) >> jam, fork(f3, f) >> jam),
        ("sums are associative", "a", "b", fork(fork(f, f3) >> jam, f5) >> jam, fork(f, fork(f3, f5) >> jam) >> jam),
        ("zero is neutral", "a", "b", fork(f, zero) >> jam, f),
        ("an arrow after a sum", "a", "d", fork(f, f3) >> jam >> after, fork(f >> after, f3 >> after) >> jam),
        ("a sum after an arrow", "d", "b", before >> fork(f, f3) >> jam, fork(before >> f, before >> f3) >> jam),
        ("an arrow after zero", "a", "c", zero >> hole("g", "b", "c"), zero),
        ("zero after an arrow", "a", "c", f >> zero, zero),
        ("a row times a column", "a", "b", fork(f2, f) >> join(f4, identity), fork(f2 >> f4, f) >> jam),
        ("a column times a row", ("a", "c"), ("d", "b"), join(f, f4) >> fork(after, identity),
         fork(join(f >> after, f4 >> after), join(f, f4))),
        ("rows of columns are columns of rows", ("a", "d"), ("b", "c"),
         join(fork(f, f2), fork(before >> f, before >> f2)), fork(join(f, before >> f), join(f2, before >> f2))),
        linear=True,
    )  # fmt: skip


def _scalable() -> list[Law]:
    return _laws(
        "7", "scalable",
        ("scaling by one", "a", "a", scale(1.0), identity),
        ("scaling twice", "a", "a", scale(s) >> scale(t), scale(s * t)),
        ("scaling commutes with arrows", "a", "b", scale(s) >> f, f >> scale(s)),
        ("scaling a product", ("a", "b"), ("a", "b"), scale(s), cross(scale(s), scale(s))),
        ("scaling by a sum", "a", "a", scale(s + t), fork(scale(s), scale(t)) >> jam),
        linear=True,
    )  # fmt: skip


def _indexed() -> list[Law]:
    f1, f2 = hole("g", "a", "c"), hole("h", "a", "d")
    g1, g2 = hole("g", "c", "b"), hole("h", "d", "b")
    c1, c2 = hole("g", "c", "d"), hole("h", "b", "a")
    every = tuple([proj(i, 3) for i in range(3)])
    rows = _laws(
        "15", "cartesian indexed",
        ("part 0 of two", ("a", "b"), "a", proj(0, 2), exl),
        ("part 1 of three is natural", ("a", "c", "b"), "d", cross(f, c1, c2) >> proj(1, 3), proj(1, 3) >> c1),
        ("parts of copies", "a", "a", repl(3) >> proj(2, 3), identity),
        ("fork of all parts", ("a", "b", "c"), ("a", "b", "c"), fork(*every), identity),
        ("fork of three", "a", ("b", "c", "d"), fork(f, f1, f2), repl(3) >> cross(f, f1, f2)),
        ("a part of a fork", "a", "c", fork(f, f1, f2) >> proj(1, 3), f1),
        ("cross of three by fork", ("a", "c", "b"), ("b", "d", "a"), cross(f, c1, c2),
         fork(proj(0, 3) >> f, proj(1, 3) >> c1, proj(2, 3) >> c2)),
        ("identities in three places", ("a", "b", "c"), ("a", "b", "c"), cross(identity, identity, identity), identity),
    ) + _laws(
        "15", "cartesian indexed copying",
        ("copies are natural", "a", ("b", "b", "b"), f >> repl(3), repl(3) >> cross(f, f, f)),
    )  # fmt: skip
    return rows + _laws(
        "15", "cocartesian indexed",
        ("place 1 of two", "b", ("a", "b"), inj(1, 2), inr),
        ("place 1 of three is natural", "c", ("b", "d", "a"), inj(1, 3) >> cross(f, c1, c2), c1 >> inj(1, 3)),
        ("the sum of one place", "a", "a", inj(2, 3) >> sum_(3), identity),
        ("join of all places", ("a", "b", "c"), ("a", "b", "c"), join(*[inj(i, 3) for i in range(3)]), identity),
        ("join of three", ("a", "c", "d"), "b", join(f, g1, g2), cross(f, g1, g2) >> sum_(3)),
        ("a join of one place", "c", "b", inj(1, 3) >> join(f, g1, g2), g1),
        linear=True,
    ) + _laws(
        "15", "biproduct indexed",
        ("a part at its place", "a", "a", inj(1, 3) >> proj(1, 3), identity),
        ("another part at a place", "a", "b", inj(1, 3) >> proj(2, 3), zero),
        linear=True,
    )  # fmt: skip


def _numeric() -> list[Law]:
    add, mul, neg = (box(catalogue()[name].call()) for name in ("add", "multiply", "negative"))
    return _laws(
        "4.6", "general numeric",
        ("addition commutes", ("a1", "a1"), "a1", swap >> add, add),
        ("multiplication commutes", ("a1", "a1"), "a1", swap >> mul, mul),
        ("multiplication distributes", ("a1", ("a1", "a1")), "a1", cross(identity, add) >> mul,
         fork(cross(identity, exl) >> mul, cross(identity, exr) >> mul) >> add),
        ("negating scales by minus one", "a1", "a1", neg, scale(-1.0)),
        ("negating twice", "a1", "a1", neg >> neg, identity),
    )  # fmt: skip


def _dual() -> list[Law]:
    f2, f4 = hole("g", "a", "c"), hole("g", "c", "b")
    return _laws(
        "13", "dual",
        ("identity of the dual", "a", "a", identity, identity),
        ("composition in the dual", "a", "c", f >> g, g >> f),
        ("cross in the dual", ("a", "c"), ("b", "d"), cross(f, p), cross(f, p)),
        ("exl in the dual", ("a", "b"), "a", exl, inl),
        ("exr in the dual", ("a", "b"), "b", exr, inr),
        ("dup in the dual", "a", ("a", "a"), dup, jam),
        ("inl in the dual", "a", ("a", "b"), inl, exl),
        ("inr in the dual", "b", ("a", "b"), inr, exr),
        ("jam in the dual", ("a", "a"), "a", jam, dup),
        ("scale in the dual", "a", "a", scale(s), scale(s)),
        ("fork in the dual", "a", ("b", "c"), fork(f, f2), join(f, f2)),
        ("join in the dual", ("a", "c"), "b", join(f, f4), fork(f, f4)),
        ("zero in the dual", "a", "b", zero, zero),
        linear=True, reading="dual",
    )  # fmt: skip


def _continuations() -> list[Law]:
    def to(source: Objects) -> Program:
        return hole("k", source, "r")

    f2 = hole("g", "a", "c")
    return _laws(
        "12", "continuations",
        ("identity of continuations", "a", "a", identity, to("a")),
        ("composition of continuations", "a", "c", f >> g, f >> (g >> to("c"))),
        ("cont of an arrow", "a", "b", f, f >> to("b")),
        ("cross of continuations", ("a", "c"), ("b", "d"), cross(f, p),
         join(f >> inl >> to(("b", "d")), p >> inr >> to(("b", "d")))),
        ("exl of continuations", ("a", "b"), "a", exl, join(to("a"), zero)),
        ("exr of continuations", ("a", "b"), "b", exr, join(zero, to("b"))),
        ("dup of continuations", "a", ("a", "a"), dup, fork(inl >> to(("a", "a")), inr >> to(("a", "a"))) >> jam),
        ("inl of continuations", "a", ("a", "b"), inl, inl >> to(("a", "b"))),
        ("inr of continuations", "b", ("a", "b"), inr, inr >> to(("a", "b"))),
        ("jam of continuations", ("a", "a"), "a", jam, join(to("a"), to("a"))),
        ("scale of continuations", "a", "a", scale(s), scale(s) >> to("a")),
        ("fork of continuations", "a", ("b", "c"), fork(f, f2),
         fork(f >> inl >> to(("b", "c")), f2 >> inr >> to(("b", "c"))) >> jam),
        linear=True, reading="continuation",
    )  # fmt: skip


def _beginnings() -> list[Law]:
    def start(target: Objects) -> Program:
        return hole("k", "r", target)

    f4 = hole("g", "c", "b")
    return _laws(
        "14", "beginnings",
        ("identity of beginnings", "a", "a", identity, start("a")),
        ("composition of beginnings", "a", "c", f >> g, (start("a") >> f) >> g),
        ("begin of an arrow", "a", "b", f, start("a") >> f),
        ("cross of beginnings", ("a", "c"), ("b", "d"), cross(f, p),
         fork(start(("a", "c")) >> exl >> f, start(("a", "c")) >> exr >> p)),
        ("exl of beginnings", ("a", "b"), "a", exl, start(("a", "b")) >> exl),
        ("exr of beginnings", ("a", "b"), "b", exr, start(("a", "b")) >> exr),
        ("dup of beginnings", "a", ("a", "a"), dup, fork(start("a"), start("a"))),
        ("inl of beginnings", "a", ("a", "b"), inl, fork(start("a"), zero)),
        ("inr of beginnings", "b", ("a", "b"), inr, fork(zero, start("b"))),
        ("jam of beginnings", ("a", "a"), "a", jam, fork(start(("a", "a")) >> exl, start(("a", "a")) >> exr) >> jam),
        ("scale of beginnings", "a", "a", scale(s), start("a") >> scale(s)),
        ("join of beginnings", ("a", "c"), "b", join(f, f4),
         fork(start(("a", "c")) >> exl >> f, start(("a", "c")) >> exr >> f4) >> jam),
        linear=True, reading="beginning",
    )  # fmt: skip


def _derivatives() -> list[Law]:
    f2, c1 = hole("g", "a", "c"), hole("h", "b", "a")
    here = identity
    general = _laws(
        "3 and 7", "derivative",
        ("the chain rule", "a", "c", f >> g, f >> g, {"f": here, "g": f}),
        ("the chain rule for three", "a", "d", f >> g >> h, f >> g >> h, {"f": here, "g": f, "h": f >> g}),
        ("the derivative of a cross", ("a", "c"), ("b", "d"), cross(f, p), cross(f, p), {"f": exl, "p": exr}),
        ("the derivative of a fork", "a", ("b", "c"), fork(f, f2), fork(f, f2), {"f": here, "g": here}),
        ("the derivative of a cross of three", ("a", "c", "b"), ("b", "d", "a"), cross(f, p, c1), cross(f, p, c1),
         {"f": proj(0, 3), "p": proj(1, 3), "h": proj(2, 3)}),
        reading="derivative",
    )  # fmt: skip
    words: Sequence[tuple[str, Objects, Objects, Program]] = (
        ("identity", "a", "a", identity), ("exl", ("a", "b"), "a", exl), ("exr", ("a", "b"), "b", exr),
        ("dup", "a", ("a", "a"), dup), ("inl", "a", ("a", "b"), inl), ("inr", "b", ("a", "b"), inr),
        ("jam", ("a", "a"), "a", jam), ("scale", "a", "a", scale(s)),
        ("part 1 of three", ("a", "b", "c"), "b", proj(1, 3)), ("copies", "a", ("a", "a", "a"), repl(3)),
    )  # fmt: skip
    own = _laws(
        "4", "derivative",
        *[(f"{name} is its own derivative", a, b, word, word) for name, a, b, word in words],
        ("a linear arrow is its own derivative", "a", "b", f, f),
        ("the cocartesian rule", ("a", "c"), "b", join(f, hole("g", "c", "b")), join(f, hole("g", "c", "b"))),
        linear=True, reading="derivative",
    )  # fmt: skip
    return own + general


#: every law, by its name; those that are said with few words come first, so that a broken word is told by its own law
LAWS: dict[str, Law] = {
    law.name: law
    for law in [
        *_category(), *_monoidal(), *_dual(), *_continuations(), *_beginnings(), *_derivatives(),
        *_cartesian(), *_cocartesian(), *_biproduct(), *_scalable(), *_indexed(), *_coherence(), *_numeric(),
    ]
}  # fmt: skip


def laws_of(k: Category) -> list[Law]:
    """The laws that a category's structure implies.

    >>> from essence_ad import Additive, Functions
    >>> "jam after inl" in [law.name for law in laws_of(Functions)]
    False
    >>> "jam after inl" in [law.name for law in laws_of(Additive)]
    True
    """
    return [law for law in LAWS.values() if law.structure <= k.structure]
