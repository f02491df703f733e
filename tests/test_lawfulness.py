"""Every category keeps its laws; a broken one is told by the law's name, with the smallest instance that fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

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
    R,
    Shapes,
    Space,
    check_laws,
    exp,
    scale,
)
from essence_ad.categories.additive import AdditiveCategory
from essence_ad.categories.derivative import Derivative
from essence_ad.categories.functions import FunctionCategory
from essence_ad.categories.graphs import GraphCategory
from essence_ad.categories.matrices import MatrixCategory
from essence_ad.diagram import Diagram
from essence_ad.errors import LawError
from essence_ad.instances import hole
from essence_ad.lawfulness import FUNCTIONS, Failed, instances, same_view
from essence_ad.laws import LAWS, Law, laws_of
from tests.strategies import LINEAR

CATEGORIES = (
    Functions,
    Shapes,
    Graphs,
    *LINEAR,
    *[D(k) for k in LINEAR],
    Both(Functions, Additive),
    Both(Functions, Shapes),
    Both(D(Additive), D(Dual(Matrices))),
)


@pytest.mark.parametrize("k", CATEGORIES, ids=repr)
def test_every_category_keeps_its_laws(k: Any) -> None:
    """Row P14: one suite of laws, run over every category."""
    n = 2 if isinstance(k, D) else 4
    checked = check_laws(k, examples=n)
    assert set(checked) == {law.name for law in laws_of(k)}
    assert set(checked.values()) == {n}


@pytest.mark.parametrize(
    "k", [Functions, Additive, Matrices, D(Dual(Additive)), Begin(Matrices, R), Cont(Additive, R * R)], ids=repr
)
def test_laws_hold_on_drawn_instances(k: Any) -> None:
    assert check_laws(k, seed=1, examples=6)


# ---------------------------------------------------------------------------------------------- broken categories


class Backwards(AdditiveCategory):
    def compose(self, *arrows: Any) -> Any:
        return super().compose(*arrows[::-1])


class Crossed(AdditiveCategory):
    def cross(self, *arrows: Any) -> Any:
        return super().cross(*arrows[::-1])


class DoubledScale(AdditiveCategory):
    def scale(self, s: Any) -> Any:
        return super().scale(2 * s)


class ForgottenSum(AdditiveCategory):
    def jam(self) -> Any:
        return self.exl()


class FirstSummand(AdditiveCategory):
    """Keeps only the first of the boxes that make a wire."""

    def diagram(self, d: Diagram) -> Any:
        made: set[int] = set()
        boxes = []
        for op, ins, outs in d.boxes:
            if made.isdisjoint(outs):
                boxes.append((op, ins, outs))
                made.update(outs)
        return super().diagram(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))


class UnswappedPlaces(Dual):
    """A dual that swaps exl with inr."""

    def exl(self) -> Any:
        return self.arrow(self.k.inr())


class UnswappedCopies(Dual):
    """A dual that forgets to make dup of jam."""

    def dup(self) -> Any:
        return self.arrow(self.k.dup())


class UnturnedOrder(Dual):
    def compose(self, *arrows: Any) -> Any:
        return super().compose(*arrows[::-1])


class WrongPlace(Cont):
    def inl(self) -> Any:
        return self.inr()


class HalfSum(Begin):
    def jam(self) -> Any:
        return self.exl()


class TwiceDerivative(Derivative):
    __slots__ = ()

    def run(self, tree: Any, space: Space) -> Any:
        y, derivative, target = super().run(tree, space)
        return y, self.k.compose(self.k.scale(2.0), derivative), target


class Twice(D):
    """Derivatives twice too large."""

    def diagram(self, d: Diagram) -> Any:
        return TwiceDerivative(self.k, d)


class OuterOnly(D):
    """A chain rule that forgets the inner derivative."""

    def compose(self, *arrows: Any) -> Any:
        if len(arrows) != 2:
            return super().compose(*arrows)
        g, f = arrows
        return self.arrow(lambda x: g(f(x)[0]))


class SameParts(FunctionCategory):
    def exr(self) -> Any:
        return self.exl()


class SameColumns(MatrixCategory):
    def exr(self) -> Any:
        return self.exl()


class LostBox(GraphCategory):
    def compose(self, *arrows: Any) -> Any:
        return super().compose(*arrows[1:])


TOLD = [
    (
        Backwards(), "associativity",
        "a = R, d = R, b = R, c = R * R, f = scale(2.0), g = fork(scale(3.0), scale(5.0)), h = join(scale(7.0), scale(-1.0)), at 0.5",
    ),
    (
        Crossed(), "the functor agrees with the vocabulary (cross of compositions)",
        "a = R, c = R, e = R, b = R, d = R, f = scale(2.0), p = scale(3.0), u = scale(5.0), v = scale(7.0), at (0.5, 1.0)",
    ),
    (DoubledScale(), "scaling by one", "a = R, at 0.5"),
    (ForgottenSum(), "jam after inr", "a = R, at 0.5"),
    (
        FirstSummand(), "the functor agrees with the vocabulary (join by cross and jam)",
        "a = R, c = R, b = R, f = scale(2.0), g = scale(3.0), at (0.5, 1.0)",
    ),
    (UnswappedPlaces(Additive), "exl in the dual", "a = R, b = R, at (0.5, 1.0)"),
    (UnswappedCopies(Additive), "dup in the dual", "a = R, at 0.5"),
    (
        UnturnedOrder(Additive), "associativity",
        "a = R, d = R, b = R, c = R * R, f = scale(2.0), g = fork(scale(3.0), scale(5.0)), h = join(scale(7.0), scale(-1.0)), at 0.5",
    ),
    (WrongPlace(Additive), "inl of continuations", "r = R, a = R, b = R, k = join(scale(2.0), scale(3.0)), at 0.5"),
    (HalfSum(Additive), "jam of beginnings", "r = R, a = R, k = fork(scale(2.0), scale(3.0)), at (0.5, 1.0)"),
    (Twice(Additive), "identity is its own derivative", "a = R, at 0.5"),
    (OuterOnly(Additive), "left identity", "a = R, b = R, f = tanh, at 0.5"),
    (SameParts(), "dup then exl and exr", "a = R, b = R, at (0.5, 1.0)"),
    (SameColumns(), "dup then exl and exr", "a = R, b = R, at (0.5, 1.0)"),
    (LostBox(), "right identity", "a = R, b = R, f = tanh, at 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("k", "law", "instance"), TOLD, ids=lambda value: type(value).__name__)
def test_a_broken_category_is_told_by_the_law_with_the_smallest_instance(k: Any, law: str, instance: str) -> None:
    with pytest.raises(LawError) as caught:
        check_laws(k)
    assert (caught.value.law, str(caught.value.instance)) == (law, instance)
    message = str(caught.value)
    assert law in message and instance in message and "found:" in message and "expected:" in message


def test_both_results_are_told() -> None:
    with pytest.raises(LawError) as caught:
        check_laws(DoubledScale())
    assert (caught.value.found, caught.value.expected) == ("[[2.0]]", "[[1.0]]")


def test_a_side_that_fails_is_a_finding() -> None:
    class Refusing(AdditiveCategory):
        def dup(self) -> Any:
            raise ValueError("no copies here")

    with pytest.raises(LawError, match="ValueError: no copies here"):
        check_laws(Refusing(), laws=[LAWS["exl after dup"]])


# ---------------------------------------------------------------------------------------------- instances


def test_instances_grow() -> None:
    for law in LAWS.values():
        k: Any = {"continuation": Cont(Additive), "beginning": Begin(Additive)}.get(law.reading, Additive)
        found = list(instances(law, k, examples=6))
        assert len(found) == 6
        assert set(found[0].spaces.values()) <= {R}
        assert len({str(i) for i in found}) == 6 or not found[0].spaces


def test_instances_are_the_same_for_the_same_seed() -> None:
    law = LAWS["associativity"]
    assert [str(i) for i in instances(law, Functions, 3)] == [str(i) for i in instances(law, Functions, 3)]
    assert [str(i) for i in instances(law, Additive, 3)] != [str(i) for i in instances(law, Additive, 4)]


def test_instances_are_of_the_kind_that_the_category_takes() -> None:
    law = LAWS["left identity"]
    assert all(i.arrows["f"].is_linear for i in instances(law, Additive))
    assert not any(i.arrows["f"].is_linear for i in instances(law, Functions, examples=3))
    for plain in instances(law, Both(Functions, Additive)):
        assert plain.arrows["f"].is_linear and not any(plain.arrows["f"].diagram.misfits)
    assert [str(i.arrows["f"]) for i in instances(law, Functions, examples=1, functions=(exp,))] == ["exp"]
    assert len(FUNCTIONS) == 3


def test_a_law_of_ones_own() -> None:
    """A law is data: two programs with holes."""
    f = hole("f", "a", "a")
    commutes = Law(
        "arrows commute with themselves", "nowhere", frozenset({"category"}), "a", "a", f >> f >> f, f >> (f >> f)
    )
    assert check_laws(Additive, laws=[commutes], examples=4) == {commutes.name: 4}
    wrong = Law("arrows are identities", "nowhere", frozenset({"category"}), "a", "a", f, scale(2.0), linear=True)
    with pytest.raises(LawError, match="arrows are identities") as caught:
        check_laws(Additive, laws=[wrong])
    assert (
        str(caught.value.instance)
        == "a = R * R, f = fork(join(scale(2.0), scale(3.0)), join(scale(5.0), scale(7.0))), at (0.5, 1.0)"
    )


# ---------------------------------------------------------------------------------------------- views


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.1, False),
        (np.nan, np.nan, True),
        (np.zeros(2), np.zeros((2, 1)), False),
        ((1.0, "x"), (1.0, "x"), True),
        ((1.0, "x"), (1.0, "y"), False),
        ((1.0,), (1.0, 1.0), False),
        ("x", 1.0, False),
        (np.array([1, object], dtype=object), np.array([1, 2], dtype=object), False),
        (Failed(ValueError()), Failed(ValueError()), False),
        (1j, 1.0, False),
    ],
    ids=str,
)
def test_views(a: Any, b: Any, same: bool) -> None:
    assert same_view(a, b) is same and same_view(b, a) is same
