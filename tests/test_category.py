"""The vocabulary that every category has from one method, and what it says to wrong arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import (
    Additive,
    Both,
    D,
    Functions,
    Graphs,
    LinearMap,
    Matrices,
    R,
    Shapes,
    add,
    concatenate,
    exp,
    mul,
    sin,
)
from essence_ad.category import BIPRODUCT, CARTESIAN, Category, LinearCategory
from essence_ad.diagram import Diagram
from essence_ad.errors import CompositionError, NotAdditiveError, NotLinearError, OptionError
from tests.strategies import LINEAR

EVERY = (Functions, Shapes, Graphs, *LINEAR, D(Additive), D(Matrices), Both(Functions, Shapes))


def test_the_vocabulary_on_functions() -> None:
    k = Functions
    assert k.identity()(5.0) == 5.0
    assert k.compose()(5.0) == 5.0
    assert k.compose(k(exp), k(sin))(0.0) == 1.0
    assert k.cross(k.scale(2.0), k.scale(3.0))((1.0, 1.0)) == (2.0, 3.0)
    assert (k.exl()((1.0, 2.0)), k.exr()((1.0, 2.0)), k.dup()(3.0)) == (1.0, 2.0, (3.0, 3.0))
    assert (k.proj(1, 3)((1.0, 2.0, 3.0)), k.repl(3)(1.0), k.it()(1.0)) == (2.0, (1.0, 1.0, 1.0), ())


def test_the_vocabulary_on_linear_maps() -> None:
    k = Additive
    assert (k.inl()(1.0), k.inr()(1.0), k.jam()((1.0, 2.0))) == ((1.0, 0.0), (0.0, 1.0), 3.0)
    assert (k.inj(1, 3)(5.0), k.sum_(3)((1.0, 2.0, 3.0)), k.zero()(5.0)) == ((0.0, 5.0, 0.0), 6.0, 0.0)
    assert k.add(k.scale(2.0), k.scale(3.0))(1.0) == 5.0
    assert k.wiring((0, (1, 2)), (2, 0))((1.0, (2.0, 3.0))) == (3.0, 1.0)


def test_primitives_as_arrows() -> None:
    assert Functions.primitive(mul.form)((3.0, 4.0)) == 12.0
    assert Functions.primitive(mul)((3.0, 4.0)) == 12.0
    joined = Functions.compose(Functions.primitive(concatenate.form), Functions.dup())(np.ones(2))
    assert joined.tolist() == [1.0] * 4


@pytest.mark.parametrize("word", ["inl", "inr", "jam", "zero"])
def test_functions_have_no_sums(word: str) -> None:
    """Row P21: asking plain functions for jam is told clearly."""
    with pytest.raises(NotAdditiveError, match="Additive"):
        getattr(Functions, word)()


@pytest.mark.parametrize("k", [k for k in LINEAR if isinstance(k, LinearCategory)], ids=repr)
def test_categories_of_linear_maps_take_linear_programs(k: Any) -> None:
    with pytest.raises(NotLinearError, match="not linear"):
        k(mul)


@pytest.mark.parametrize("k", EVERY, ids=repr)
def test_wrong_arguments(k: Any) -> None:
    arrow = k.scale(2.0)
    assert k.is_arrow(arrow) and not k.is_arrow(2.0) and not k.is_arrow(sin)
    with pytest.raises(CompositionError, match="takes arrows of"):
        k.compose(arrow, sin)
    with pytest.raises(CompositionError, match="takes arrows of"):
        k.cross(2.0, arrow)
    with pytest.raises(OptionError, match="@program"):
        k(lambda x: x)
    for i, n in [(3, 3), (-1, 2), (0, 0)]:
        with pytest.raises(OptionError, match=f"part {i} of {n}"):
            k.proj(i, n)


@pytest.mark.parametrize("k", EVERY, ids=repr)
def test_arrows_and_categories_say_what_they_are(k: Any) -> None:
    assert repr(k) and "object at" not in repr(k) and "object at" not in repr(k.scale(2.0))
    assert eval(repr(k), {**vars(essence_ad)}) == k


def test_structure() -> None:
    assert Functions.structure >= CARTESIAN and "cocartesian" not in Functions.structure
    assert all(k.structure >= BIPRODUCT for k in LINEAR)
    assert Both(Functions, Additive).structure == CARTESIAN
    assert Category().structure == CARTESIAN


def test_a_category_is_one_method() -> None:
    class Boxes(Category):
        """An arrow is the number of boxes."""

        arrows = int

        def diagram(self, d: Diagram) -> int:
            return sum([op if isinstance(op, int) else 1 for op, _, _ in d.boxes if op is not None])

    k = Boxes()
    assert k(sin >> exp) == 2 and k.compose(3, 4) == 7 and k.cross(1, 2) == 3 and k.dup() == 0
    assert k.ends(5) == (None, None)
    with pytest.raises(NotImplementedError):
        k.observe(1, R, R, 1.0)
    with pytest.raises(NotImplementedError):
        Category().diagram(sin.diagram)


def test_a_linear_category_is_two_methods() -> None:
    class Lists(LinearCategory):
        """An arrow is a linear map in a list."""

        arrows = list

        def diagram(self, d: Diagram) -> Any:
            boxes = [(op[0] if isinstance(op, list) else op, ins, outs) for op, ins, outs in d.boxes]
            return [LinearMap(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))]

        def linear_map(self, arrow: Any) -> LinearMap:
            found: LinearMap = arrow[0]
            return found

    k = Lists()
    y, (df,) = D(k)(mul)((3.0, 4.0))
    assert y == 12.0 and df.matrix().tolist() == [[4.0, 3.0]]
    (pushed,) = k.push(add.diagram, k.from_linear_map(D(Additive)(sin)(0.0)[1]))
    assert pushed.diagram.boxes
    assert k.observe(k.add(k.scale(2.0), k.scale(3.0)), R, R, 0.0).tolist() == [[5.0]]
    assert k.ends([df]) == (R * R, R)
    (pulled,) = k.pull(mul_by(2.0), k.scale(5.0))
    assert pulled(1.0) == 10.0


def mul_by(s: float) -> Diagram:
    d: Diagram = Additive.scale(s).diagram
    return d
