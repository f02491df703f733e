"""The same program, unedited, in every category; the vocabulary that each has from one method; wrong arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import (
    Additive,
    Begin,
    Both,
    Cont,
    D,
    Dual,
    Functions,
    Graphs,
    LinearMap,
    Matrices,
    R,
    Shapes,
    add,
    compose,
    concatenate,
    cos,
    count,
    cross,
    dup,
    exl,
    exp,
    exr,
    fork,
    identity,
    inj,
    inl,
    inr,
    it,
    jam,
    join,
    mul,
    program,
    proj,
    repl,
    scale,
    sin,
    space_of,
    sum_,
    swap,
    zero,
)
from essence_ad.category import BIPRODUCT, CARTESIAN, Category, LinearCategory, Waiting
from essence_ad.diagram import Diagram
from essence_ad.errors import (
    CompositionError,
    EssenceError,
    NeedsSpaceError,
    NotAdditiveError,
    NotLinearError,
    OptionError,
    ShapeError,
    StructureError,
)
from essence_ad.spaces import Product
from tests.strategies import LINEAR

EVERY = (
    Functions,
    Shapes,
    Graphs,
    *LINEAR,
    *map(D, LINEAR),
    Both(Functions, Shapes),
    Both(D(Additive), D(Dual(Matrices))),
)

sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
cos_sin_prod = mul >> fork(cos, sin)


def told(error: EssenceError) -> bool:
    """Whether an error says what was found, what was expected, and what to do."""
    return all(f"\n  {part}" in str(error) for part in ("found:    ", "expected: ", "to do:    "))


# ---------------------------------------------------------------------------------------------- one program, everywhere

Facts = dict[str, Any]


def value(f: Any, x: Any) -> Facts:
    return {"value": f(x)}


def value_and_matrix(f: Any, x: Any) -> Facts:
    y, df = f(x)
    return {"value": y, "matrix": df.matrix()}


def value_and_two_matrices(f: Any, x: Any) -> Facts:
    y, (df, dg) = f(x)
    assert np.array_equal(df.matrix(), dg.matrix())
    return {"value": y, "matrix": df.matrix()}


def two_values_and_matrices(f: Any, x: Any) -> Facts:
    (y, df), (z, dg) = f(x)
    assert np.array_equal(y, z) and np.allclose(df.matrix(), dg.matrix(), rtol=1e-15)
    return {"value": z, "matrix": dg.matrix()}


def space(f: Any, x: Any) -> Facts:
    return {"space": f(space_of(x))}


def value_and_space(f: Any, x: Any) -> Facts:
    return {"value": f.first(x), "space": f.second(space_of(x))}


def boxes(f: Any, x: Any) -> Facts:
    return {"boxes": dict(f.counts)}


READINGS: dict[str, tuple[Any, Callable[[Any, Any], Facts]]] = {
    "Functions": (Functions, value),
    "D(Additive)": (D(Additive), value_and_matrix),
    "D(Matrices)": (D(Matrices), value_and_matrix),
    "D(Dual(Additive))": (D(Dual(Additive)), value_and_matrix),
    "D(Dual(Matrices))": (D(Dual(Matrices)), value_and_matrix),
    "D(Cont(Additive, R))": (D(Cont(Additive, R)), value_and_matrix),
    "D(Cont(Matrices, R))": (D(Cont(Matrices, R)), value_and_matrix),
    "D(Begin(Additive, R))": (D(Begin(Additive, R)), value_and_matrix),
    "D(Begin(Matrices, R))": (D(Begin(Matrices, R)), value_and_matrix),
    "D(Both(Additive, Dual(Additive)))": (D(Both(Additive, Dual(Additive))), value_and_two_matrices),
    "Both(D(Additive), D(Dual(Matrices)))": (Both(D(Additive), D(Dual(Matrices))), two_values_and_matrices),
    "Both(Functions, Shapes)": (Both(Functions, Shapes), value_and_space),
    "Shapes": (Shapes, space),
    "Graphs": (Graphs, boxes),
}


def test_there_are_at_least_eight_categories() -> None:
    assert len(READINGS) >= 8
    assert len({repr(k) for k, _ in READINGS.values()}) == len(READINGS)


def about_mag_sqr(x: Any) -> Facts:
    a, b = x
    return {
        "value": a * a + b * b,
        "matrix": np.hstack([np.diag(np.ravel(2.0 * a)), np.diag(np.ravel(2.0 * b))]),
        "space": space_of(a),
        "boxes": {"multiply": 2, "add": 1},
    }


def about_cos_sin_prod(x: Any) -> Facts:
    a, b = x
    c, s = np.cos(a * b), np.sin(a * b)
    rows = [
        [np.diag(np.ravel(-s * b)), np.diag(np.ravel(-s * a))],
        [np.diag(np.ravel(c * b)), np.diag(np.ravel(c * a))],
    ]
    return {
        "value": (c, s),
        "matrix": np.block(rows),
        "space": space_of(a) ** 2,
        "boxes": {"multiply": 1, "cos": 1, "sin": 1},
    }


@pytest.mark.parametrize("x", [(3.0, 4.0), (np.array([1.0, -2.0, 0.5]), np.array([0.3, 2.0, -1.0]))], ids=["R", "R[3]"])
@pytest.mark.parametrize(
    ("f", "about"), [(mag_sqr, about_mag_sqr), (cos_sin_prod, about_cos_sin_prod)], ids=["magSqr", "cosSinProd"]
)
@pytest.mark.parametrize("name", READINGS)
def test_the_same_program_in_every_category(name: str, f: Any, about: Any, x: Any) -> None:
    k, read = READINGS[name]
    found, expected = read(k(f), x), about(x)
    assert found
    for what, fact in found.items():
        if what in ("space", "boxes"):
            assert fact == expected[what]
        else:
            assert np.allclose(fact, expected[what], rtol=1e-14, atol=1e-14)


PROGRAMS: dict[str, tuple[Any, Any, Any]] = {  # a linear program, its space, and its matrix
    "scale": (scale(3.0), R, [[3.0]]),
    "dup, join": (dup >> join(scale(2.0), scale(3.0)), R, [[5.0]]),
    "fork": (fork(scale(2.0), identity, scale(-1.0)), R, [[2.0], [1.0], [-1.0]]),
    "join": (join(scale(2.0), identity, scale(-1.0)), R**3, [[2.0, 1.0, -1.0]]),
    "jam": (jam, R * R, [[1.0, 1.0]]),
    "swap": (swap, R * R, [[0.0, 1.0], [1.0, 0.0]]),
    "exl": (exl, R * R, [[1.0, 0.0]]),
    "proj": (proj(1, 3), R**3, [[0.0, 1.0, 0.0]]),
    "inj": (inj(1, 3) >> sum_(3), R, [[1.0]]),
    "inl, inr": (cross(inl, inr) >> jam, R * R, [[1.0, 0.0], [0.0, 1.0]]),
    "zero": (fork(identity, zero) >> jam, R, [[1.0]]),
    "repl": (repl(3) >> sum_(3), R, [[3.0]]),
    "it": (fork(it, identity) >> exr, R, [[1.0]]),
    "add": (add, R * R, [[1.0, 1.0]]),
    "arrays": (dup >> cross(scale(np.array([1.0, 2.0])), identity) >> jam, R[2], [[2.0, 0.0], [0.0, 3.0]]),
    "rotation": (fork(join(scale(0.6), scale(-0.8)), join(scale(0.8), scale(0.6))), R * R, [[0.6, -0.8], [0.8, 0.6]]),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("k", LINEAR, ids=repr)
def test_the_same_linear_program_in_every_category_of_linear_maps(k: Any, name: str) -> None:
    f, source, expected = PROGRAMS[name]
    target = Shapes(f)(source)
    for arrow in [k(f.at(source))] if f is add else [k(f.at(source)), k(f)]:  # adding turned round copies to two shapes
        assert np.allclose(np.asarray(k.observe(arrow, source, target, None)), expected, rtol=1e-15)
        found = k.linear_map(arrow)
        x, v = source.random(np.random.default_rng(0)), target.random(np.random.default_rng(1))
        assert np.allclose(target.to_vector(found(x)), np.asarray(expected) @ source.to_vector(x))
        assert np.allclose(source.to_vector(found.T(v)), np.asarray(expected).T @ target.to_vector(v))


@pytest.mark.parametrize("k", [Additive, Matrices, Begin(Additive, R), Begin(Matrices, R)], ids=repr)
def test_forward_mode_takes_vectors_along(k: Any) -> None:
    f, source, _ = PROGRAMS["fork"]
    assert k(f.at(source))(2.0) == (4.0, 2.0, -2.0)


@pytest.mark.parametrize("k", [Dual(Additive), Dual(Matrices), Cont(Additive, R), Cont(Matrices, R)], ids=repr)
def test_reverse_mode_takes_covectors_back(k: Any) -> None:
    f, source, _ = PROGRAMS["fork"]
    assert k(f.at(source))((1.0, 10.0, 100.0)) == -88.0


# ---------------------------------------------------------------------------------------------- the vocabulary


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


WORDS: dict[str, tuple[Callable[[Any], Any], Any]] = {  # words of a category, and the program that says the same
    "compose": (lambda k: k.compose(k.scale(2.0), k.scale(3.0)), scale(3.0) >> scale(2.0)),
    "compose of three": (lambda k: k.compose(k.exl(), k.dup(), k.scale(3.0)), scale(3.0) >> dup >> exl),
    "compose of one": (lambda k: k.compose(k.scale(2.0)), scale(2.0)),
    "compose of none": (lambda k: k.compose(), identity),
    "cross": (lambda k: k.cross(k.scale(2.0), k.identity()), cross(scale(2.0), identity)),
    "structure": (lambda k: k.cross(k.exl(), k.compose(k.dup(), k.exr())), cross(exl, exr >> dup)),
    "proj": (lambda k: k.cross(k.proj(1, 2), k.repl(3)), cross(proj(1, 2), repl(3))),
    "it": (lambda k: k.cross(k.it(), k.identity()), cross(it, identity)),
    "wiring": (lambda k: k.wiring((0, 1), (1, (0, 0))), fork(exr, exl >> dup)),
    "primitive": (lambda k: k.primitive(-scale(2.0)), -scale(2.0)),
}
SUMS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "jam": (lambda k: k.compose(k.jam(), k.cross(k.scale(2.0), k.scale(3.0))), join(scale(2.0), scale(3.0))),
    "inl": (
        lambda k: k.compose(k.jam(), k.cross(k.identity(), k.zero()), k.inl()),
        inl >> cross(identity, zero) >> jam,
    ),
    "inj": (lambda k: k.compose(k.sum_(3), k.inj(1, 3)), inj(1, 3) >> sum_(3)),
    "inr": (lambda k: k.compose(k.exl(), k.inr()), inr >> exl),
    "add": (lambda k: k.add(k.scale(2.0), k.identity()), dup >> join(scale(2.0), identity)),
}


def start(f: Any) -> Any:
    """A space that a program starts from: numbers where it says no more."""

    def numbers(pattern: Any) -> Any:
        return Product(tuple(map(numbers, pattern))) if isinstance(pattern, tuple) else R

    return numbers(f.type.dom)


@pytest.mark.parametrize("word", {**WORDS, **SUMS})
@pytest.mark.parametrize("k", EVERY, ids=repr)
def test_the_words_say_what_programs_say(k: Any, word: str) -> None:
    make, f = {**WORDS, **SUMS}[word]
    if word in SUMS and "cocartesian" not in k.structure:
        with pytest.raises((NotAdditiveError, AttributeError)):
            make(k)
        return
    if word == "add" and not k.is_linear:
        return
    source = start(f)
    target = R if word == "inr" else Shapes(f)(source)
    point = source.random(np.random.default_rng(3))
    found, expected = [k.observe(arrow, source, target, point) for arrow in (make(k), k(f))]
    assert str(found) == str(expected)


# ---------------------------------------------------------------------------------------------- cost and length


@pytest.mark.parametrize("k", LINEAR, ids=repr)
def test_the_vocabulary_costs_what_programs_cost(k: Any) -> None:
    """However arrows were composed: pairwise from either side, or at once by the functor."""
    d, n = D(k), 50
    step = d.compose(d.primitive(mul.form), d.dup())
    left = right = step
    for _ in range(n - 1):
        left, right = d.compose(left, step), d.compose(step, right)

    def cost(arrow: Any) -> Any:
        return count(lambda x: k.linear_map(arrow(x)[1])(1.0), 1.0)

    expected = cost(d(compose(*[sqr] * n)))
    assert expected.value == 2.0**n and expected["multiply"] >= n
    for arrow in (left, right, d.compose(*[step] * n)):
        assert cost(arrow) == expected


LONG = (Functions, Shapes, Graphs, *LINEAR[:3], Cont(Additive, R), Begin(Additive, R), Both(Additive, Dual(Additive)))


def readings(k: Any, arrow: Any) -> list[Any]:
    """What depends on every box of an arrow from a number to a number."""
    if isinstance(k, Both):
        return [*readings(k.k1, arrow.first), *readings(k.k2, arrow.second)]
    if k is Graphs:
        return [sum(arrow.counts.values())]
    if k is Shapes:
        return [arrow(R)]
    if isinstance(k, D):
        y, df = arrow(0.5)
        return [y, *readings(k.k, df)]
    return [k.linear_map(arrow)(0.5) if k.is_linear else arrow(0.5)]


@pytest.mark.parametrize("k", [*LONG, *[D(k) for k in LONG if k.is_linear]], ids=repr)
def test_a_hundred_thousand_compositions(k: Any) -> None:
    """Nothing recurses over the length of a program."""
    n = 100_000
    found = readings(k, k(compose(*[scale(-1.0)] * n)))
    assert found == [n] if k is Graphs else set(found) <= {0.5, R}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("k", EVERY, ids=repr)
def test_deep_compositions_by_the_vocabulary(k: Any, side: str) -> None:
    n = 2 * sys.getrecursionlimit()
    step = k.scale(-1.0)
    arrow = step
    for _ in range(n - 1):
        arrow = k.compose(arrow, step) if side == "left" else k.compose(step, arrow)
    assert readings(k, arrow) == readings(k, k(compose(*[scale(-1.0)] * n)))


@pytest.mark.parametrize("k", [Functions, Shapes, *LINEAR, D(Additive), D(Dual(Additive))], ids=repr)
def test_deep_crosses_and_forks_by_the_vocabulary(k: Any) -> None:
    arrow = k.scale(-1.0)
    for _ in range(2 * sys.getrecursionlimit()):
        arrow = k.compose(k.exl(), k.cross(arrow, k.identity()), k.dup())
    assert readings(k, arrow) == readings(k, k.scale(-1.0))


# ---------------------------------------------------------------------------------------------- one's own, and wrong calls


def test_push_and_pull_of_every_category() -> None:
    d = fork(scale(2.0), identity).at(R).diagram
    for k in LINEAR:
        if isinstance(k, LinearCategory):
            pushed, pulled = k.push(d, k(scale(3.0).at(R))), k.pull(d, k(jam.at(R * R)))
            assert np.array_equal(k.linear_map(pushed).matrix(), [[6.0], [3.0]]), k
            assert np.array_equal(k.linear_map(pulled).matrix(), [[3.0]]), k


@pytest.mark.parametrize(
    "k", [Functions, Graphs, Shapes, D(Additive), Both(Functions, Additive), Both(Additive, Shapes)]
)
def test_what_is_no_category_of_linear_maps(k: Any) -> None:
    for over in (D, Dual, lambda k: Cont(k, R), lambda k: Begin(k, R)):
        with pytest.raises(OptionError, match="category of linear maps") as caught:
            over(k)
        assert told(caught.value) and repr(k) in str(caught.value)


@pytest.mark.parametrize("wrong", [3, "Additive", None, Dual, np.sin])
def test_what_is_no_category(wrong: Any) -> None:
    for over in (
        D,
        Dual,
        lambda k: Cont(k, R),
        lambda k: Begin(k, R),
        lambda k: Both(k, Additive),
        lambda k: Both(Additive, k),
    ):
        with pytest.raises(OptionError) as caught:
            over(wrong)
        assert told(caught.value)
    for over in (Cont, Begin):
        with pytest.raises(OptionError, match="takes a space"):
            over(Additive, wrong)


@pytest.mark.parametrize("k", LINEAR, ids=repr)
@pytest.mark.parametrize("f", [sin, mul, sqr, scale(2.0) >> sin, fork(identity, cos) >> add], ids=repr)
def test_what_is_not_linear(k: Any, f: Any) -> None:
    with pytest.raises(NotLinearError) as caught:
        k(f)
    assert told(caught.value)


@pytest.mark.parametrize("k", [Functions, *map(D, LINEAR)], ids=repr)
@pytest.mark.parametrize(
    ("x", "error"),
    [
        (1.0, StructureError),
        ((1.0, 2.0, 3.0), StructureError),
        (((1.0, 2.0), 3.0), StructureError),
        (None, StructureError),
        (np.ones(2), StructureError),
        ({"a": 1.0}, StructureError),
        (("a", 1.0), StructureError),
        ((object(), 1.0), StructureError),
        ((np.ones(2), np.ones(3)), ShapeError),
    ],
    ids=["number", "three", "nested", "none", "array", "dict", "text", "object", "shapes"],
)
def test_arguments_that_do_not_fit(k: Any, x: Any, error: type[EssenceError]) -> None:
    times = k.primitive(mul.form)
    for arrow in (k(mul), k.compose(k.identity(), times), k.compose(times, k.identity())):
        with pytest.raises(error) as caught:
            arrow(x)
        assert told(caught.value)


@pytest.mark.parametrize("k", [Additive, Matrices, Begin(Additive, R), Dual(Additive), Cont(Matrices, R)], ids=repr)
@pytest.mark.parametrize(
    ("x", "error"),
    [
        (1.0, StructureError),
        ((1.0, 2.0, 3.0), StructureError),
        (((1.0, 2.0), 3.0), StructureError),
        ((1.0, np.ones(3)), ShapeError),
        ((np.ones(1), np.ones(3)), ShapeError),
        (("a", 2.0), StructureError),
    ],
    ids=["number", "three", "nested", "broadcast", "one and three", "text"],
)
def test_vectors_that_do_not_fit(k: Any, x: Any, error: type[EssenceError]) -> None:
    """Sums of arrows add elements of one space: nothing is broadcast."""
    with pytest.raises((error, CompositionError)) as caught:
        k(dup if isinstance(k, (Dual, Cont)) else jam)(x)
    assert told(caught.value)


@pytest.mark.parametrize("k", LINEAR, ids=repr)
def test_arrows_between_known_spaces_that_do_not_fit(k: Any) -> None:
    """They are refused where they are composed, not where they are applied."""
    wide, narrow, two = k(scale(2.0).at(R[3])), k(scale(2.0).at(R)), k(jam.at(R * R))
    for make in (
        lambda: k.compose(wide, narrow),
        lambda: k.compose(narrow, wide),
        lambda: k.compose(two, narrow),
        lambda: k.add(wide, narrow),
        lambda: k.add(two, narrow),
    ):
        with pytest.raises(CompositionError) as caught:
            make()
        assert told(caught.value)
    assert k.is_arrow(k.compose(narrow, two)) and k.is_arrow(k.cross(wide, narrow))


def test_arrows_that_do_not_fit_through_one_at_no_known_space() -> None:
    """They are refused when the mismatch is known: by matrices at once, by others where they are applied."""
    for k in (Matrices, Dual(Matrices)):
        with pytest.raises(CompositionError):
            k.compose(k(scale(2.0).at(R)), k.scale(3.0), k(scale(2.0).at(R[3])))
    for k, x in ((Additive, np.ones(3)), (Dual(Additive), 1.0)):
        with pytest.raises(CompositionError):
            k.compose(k(scale(2.0).at(R)), k.scale(3.0), k(scale(2.0).at(R[3])))(x)


# ---------------------------------------------------------------------------------------------- programs that need shapes


@program
def mean(x: Any) -> Any:
    return np.sum(x) / x.shape[0]


@program
def differences(x: Any) -> Any:
    return x[1:] - x[:-1] if x.shape[0] > 1 else x


def test_a_program_that_needs_shapes_waits_for_its_argument() -> None:
    x = np.array([1.0, 2.0, 6.0])
    assert isinstance(Functions(mean), Waiting) and Functions(mean)(x) == 3.0
    y, df = D(Dual(Additive))(mean)(x)
    assert y == 3.0 and np.allclose(df(1.0), 1 / 3)
    assert Additive(differences)(x).tolist() == [1.0, 4.0]
    assert Shapes(differences)(R[5]) == R[4] and Shapes(mean)(R[5, 2]) == R
    assert "mean" in repr(Functions(mean))


def test_a_program_that_needs_shapes_has_no_arrow_before() -> None:
    for ask in (
        lambda: Functions.compose(Functions(mean), Functions(sin)),
        lambda: D(Additive).cross(D(Additive)(mean)),
        lambda: Graphs(mean).dot,
        lambda: Matrices(differences).matrix(),
    ):
        with pytest.raises(NeedsSpaceError, match="at") as caught:
            ask()
        assert told(caught.value)
    assert Graphs(mean.at(R[3])).counts["divide"] == 1
    assert np.array_equal(Matrices(differences.at(R[3])).matrix(), [[-1.0, 1.0, 0.0], [0.0, -1.0, 1.0]])
    assert not hasattr(Functions(mean), "_repr_html_")
