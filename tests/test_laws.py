"""The laws as data: well-formed, well-typed, and each found in the paper."""

from __future__ import annotations

from typing import Any

import pytest

from essence_ad import Additive, Begin, Cont, D, Dual, Functions, Graphs, Matrices, R, Shapes
from essence_ad.category import BIPRODUCT
from essence_ad.instances import fill, holes
from essence_ad.lawfulness import instances
from essence_ad.laws import LAWS, Law, laws_of
from essence_ad.structure import ground

WORDS = BIPRODUCT | {"general", "numeric", "dual", "continuations", "beginnings", "derivative"}
READERS: dict[str, Any] = {
    "same": Additive,
    "dual": Dual(Additive),
    "continuation": Cont(Additive),
    "beginning": Begin(Additive),
    "derivative": D(Additive),
}

# The equations of the paper, as the project's oracles list them (row "simple essence of AD", block "laws"), with the
# names that they have here. A law of all categories that a functor must keep has the name of the law it keeps.
ORACLE = {
    "D(id)=id": "identity is its own derivative",
    "D(g.f)=D(g).D(f)": "the chain rule",
    "D(f x g)=D(f) x D(g)": "the derivative of a cross",
    "cont(id)=id": "identity of continuations",
    "cont(g.f)=cont(g).cont(f)": "composition of continuations",
    "cont(f x g)=join.(.. x ..).unjoin": "cross of continuations",
    "exl=Cont(join.inl)": "exl of continuations",
    "dup=Cont(jam.unjoin)": "dup of continuations",
    "inl=Cont(exl.unjoin)": "inl of continuations",
    "jam=Cont(join.dup)": "jam of continuations",
    "scale s=Cont(scale s)": "scale of continuations",
    "id=Dual id": "identity of the dual",
    "Dual g.Dual f=Dual(f.g)": "composition in the dual",
    "Dual f x Dual g=Dual(f x g)": "cross in the dual",
    "exl=Dual inl": "exl in the dual",
    "dup=Dual jam": "dup in the dual",
    "inl=Dual exl": "inl in the dual",
    "jam=Dual dup": "jam in the dual",
    "Dual f &&& Dual g=Dual(f ||| g)": "fork in the dual",
    "Dual f ||| Dual g=Dual(f &&& g)": "join in the dual",
    "exl.inl=id": "exl after inl",
    "exr.inr=id": "exr after inr",
    "exl.inr=0": "exl after inr",
    "exr.inl=0": "exr after inl",
    "inl.exl + inr.exr=id": "the identity as a sum",
    "f ||| g=jam.(f x g)": "join by cross and jam",
    "f &&& g=(f x g).dup": "fork by cross and dup",
    "D(exl),D(exr),D(dup),D(inl),D(inr),D(jam) are linear: derivative is the map itself": "exl is its own derivative",
}


def test_every_equation_of_the_oracle_is_here() -> None:
    assert set(ORACLE.values()) <= set(LAWS)
    for word in ("exl", "exr", "dup", "inl", "inr", "jam"):
        assert f"{word} is its own derivative" in LAWS


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_laws_are_well_formed(law: Law) -> None:
    assert law.structure and law.structure <= WORDS, f"{law.name} needs {law.structure - WORDS}"
    assert law.place and law.reading in READERS
    types: dict[str, Any] = {}
    for hole in holes(law.left, law.right, *law.points.values()):
        assert types.setdefault(hole.name, (hole.source, hole.target)) == (hole.source, hole.target)
    assert set(law.points) <= set(types)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_both_sides_have_the_type_that_the_law_says(law: Law) -> None:
    for instance in instances(law, READERS[law.reading], examples=3):
        for side in (law.left, law.right):
            program = fill(side, instance.arrows, instance.numbers)
            if law.reading == "same" or side is law.left:
                source, target = instance.source.pattern, instance.target.pattern
                assert not ground(program.type.dom) or program.type.dom == source
                assert not ground(program.type.cod) or program.type.cod == target


def test_a_category_is_held_to_the_laws_of_its_structure() -> None:
    names = {
        k: {law.name for law in laws_of(k)} for k in (Functions, Additive, Dual(Additive), D(Additive), Shapes, Graphs)
    }
    assert "dup is natural" in names[Functions] and "jam after inl" not in names[Functions]
    assert "jam after inl" in names[Additive] and "addition commutes" not in names[Additive]
    assert "fork in the dual" in names[Dual(Additive)] and "fork in the dual" not in names[Additive]
    assert "the chain rule" in names[D(Additive)] and "addition commutes" in names[D(Additive)]
    assert "dup is natural" not in names[Graphs] and "scaling twice" not in names[Graphs]
    assert len(names[Shapes]) > 90
    assert {"cross of continuations"} <= {law.name for law in laws_of(Cont(Matrices, R[2]))}


def test_names_are_unique_and_printed_well() -> None:
    assert all(name == law.name for name, law in LAWS.items())
    assert str(LAWS["associativity"]) == "f >> g >> h = f >> g >> h"
    assert str(LAWS["fork by cross and dup"]) == "fork(f, g) = dup >> cross(f, g)"
    assert len(LAWS) > 140
