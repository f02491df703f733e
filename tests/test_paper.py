"""The paper as a checklist: each construction shown, by the numbers of the rows of the project's list of them.

Rows P are constructions of C. Elliott, The simple essence of automatic differentiation (ICFP 2018), rows F its claims, and
rows E its printed slips: each of those is put right here, and the printed version fails. Rows H are of his follow-up of
2020, rows R the questions of reviewers. ``paper_rows.py`` has all of them, and which are shown elsewhere or not at all.
"""

from __future__ import annotations

import functools
import math
import numbers
import re
import runpy
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import paper_figures
import pytest
from paper_questions import Tape
from taylor import Series, taylor

import essence_ad
from essence_ad import (
    Additive,
    Begin,
    Cont,
    D,
    Dual,
    Functions,
    Graphs,
    Matrices,
    R,
    Shapes,
    Unit,
    add,
    check_derivatives,
    check_laws,
    compile,
    compose,
    cond,
    const,
    cos,
    cost,
    count,
    cross,
    derived,
    divide,
    dot,
    draw,
    dup,
    exl,
    exp,
    exr,
    fork,
    grad,
    hessian,
    identity,
    inj,
    inl,
    inr,
    it,
    jacobian,
    jam,
    join,
    jvp,
    map_,
    matmul,
    mul,
    neg,
    outer,
    power,
    program,
    proj,
    repl,
    reverse,
    scale,
    scan,
    sin,
    space_of,
    sqrt,
    sum_,
    tanh,
    tensordot,
    to_combinators,
    value_and_grad,
    vmap,
    while_,
    zero,
)
from essence_ad import abs as absolute
from essence_ad import sum as total
from essence_ad.categories.graphs import GraphCategory
from essence_ad.category import LinearCategory
from essence_ad.compiler.association import matrix_chain
from essence_ad.diagram import Diagram
from essence_ad.drawing.picture import Picture
from essence_ad.errors import (
    CompositionError,
    DerivativeError,
    LawError,
    NotAdditiveError,
    NotLinearError,
    OptionError,
    StructureError,
)
from essence_ad.instances import hole, say
from essence_ad.laws import LAWS, Law
from essence_ad.linear_map import LinearMap, columns, matrix, rows
from essence_ad.spaces import Product
from essence_ad.tracing.counting import Counted, Tally
from essence_ad.tracing.program import trace
from tests import paper_rows
from tests.strategies import LINEAR, differences

ROOT = Path(__file__).resolve().parent.parent
ROWS: dict[str, Callable[[], None]] = {}

sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
cos_sin_prod = mul >> fork(cos, sin)
general = fork(mul >> sin, exl >> exp) >> mul  # sin(a b) exp(a)


def row(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """The test of a row."""

    def keep(check: Callable[[], None]) -> Callable[[], None]:
        assert name not in ROWS
        ROWS[name] = check
        return check

    return keep


def holds(k: Any, *names: str, examples: int = 3) -> None:
    """Laws, by name, in a category."""
    checked = check_laws(k, laws=[LAWS[name] for name in names], examples=examples)
    assert set(checked) == set(names) and min(checked.values()) >= 1


def fails(k: Any, left: Any, right: Any, source: Any, target: Any) -> None:
    """An equation that a category does not keep."""
    law = Law("as printed", "", frozenset({"category"}), source, target, left, right, linear=True)
    with pytest.raises(LawError, match="as printed"):
        check_laws(k, laws=[law])


def read(k: Any, f: Any, x: Any) -> tuple[Any, Any]:
    """Value and Jacobian from ``D(k)``."""
    y, df = D(k)(f)(x)
    found = k.observe(df, space_of(x), space_of(y), x)
    return y, found[0] if isinstance(found, tuple) else found


# ---------------------------------------------------------------------------------------------- sections 2 to 4


@row("P01")
def a_derivative_is_a_linear_map() -> None:
    y, df = D(Additive)(matmul)((np.ones((2, 3)), np.ones(3)))
    assert df.source == R[2, 3] * R[3] and df.target == R[2] == space_of(y)
    _, slope = D(Additive)(sin)(0.5)
    assert slope(1.0) == np.cos(0.5) and slope.matrix().shape == (1, 1) and slope.T(1.0) == np.cos(0.5)


@row("P02")
def the_limit_that_defines_it() -> None:
    x, direction = np.array([0.3, 0.7]), np.array([0.6, -0.8])
    y, df = D(Additive)(tanh)(x)
    quotients = [np.linalg.norm(np.tanh(x + e * direction) - y - df(e * direction)) / e for e in (1e-2, 1e-3, 1e-4)]
    ratios = [a / b for a, b in zip(quotients, quotients[1:], strict=False)]
    assert all(9 < r < 11 for r in ratios)  # linear in the length of the step


@row("P03")
def scalar_vector_matrix_and_complex_cases() -> None:
    assert read(Matrices, sqr, 3.0)[1].tolist() == [[6.0]]
    assert read(Matrices, fork(cos, sin), 0.0)[1].tolist() == [[-0.0], [1.0]]
    assert read(Matrices, mul, (3.0, 4.0))[1].tolist() == [[4.0, 3.0]]
    assert read(Matrices, sqr, 1 + 2j)[1].tolist() == [[2 + 4j]]  # linear over the complex numbers
    z = np.array([3.0 + 4.0j])
    y, df = D(Additive)(absolute)(z)  # linear over the reals only: a map, which has no matrix of complex numbers
    assert y.tolist() == [5.0] and df(np.array([1.0 + 0j])).tolist() == [0.6] and df(np.array([1j])).tolist() == [0.8]
    with pytest.raises(NotLinearError, match="real factors only"):
        D(Matrices)(absolute)(z)


@row("P04")
def partial_derivatives_by_injection_and_projection() -> None:
    x = (0.4, 0.9)
    f = fork(general, mul)
    y, df = D(Additive)(f)(x)
    entries = [[(Additive(proj(i, 2)) @ df @ Additive(inj(j, 2)))(1.0) for j in range(2)] for i in range(2)]
    a, b = x
    closed = [
        [(b * math.cos(a * b) + math.sin(a * b)) * math.exp(a), a * math.cos(a * b) * math.exp(a)],
        [b, a],
    ]
    assert np.allclose(entries, closed, rtol=1e-14) and np.allclose(df.matrix(), closed, rtol=1e-14)
    assert np.allclose(entries, differences(f, x, R * R, R * R), rtol=1e-8)
    assert y == f(x)


@row("P05")
def the_second_derivative_is_bilinear_and_symmetric() -> None:
    x, u, v = (0.4, 0.9), (1.0, 2.0), (-3.0, 0.5)
    first = program(lambda a, b: grad(lambda p: general(p))((a, b)))
    _, second = D(Additive)(first)(x)

    def applied(p: Any, q: Any) -> float:
        return float(np.dot(second(p), q))

    assert np.isclose(applied(u, v), applied(v, u))
    assert np.isclose(applied((2 * u[0], 2 * u[1]), v), 2 * applied(u, v))
    h = np.array(hessian(general)(x))
    assert np.allclose(h, h.T)


def _for_all_derivatives(*names: str) -> Callable[[], None]:
    def check() -> None:
        for k in LINEAR:
            holds(D(k), *names)

    return check


ROWS["P07"] = _for_all_derivatives("the chain rule", "the chain rule for three")
ROWS["P10"] = _for_all_derivatives("the derivative of a cross", "the derivative of a cross of three")
ROWS["P40"] = _for_all_derivatives("the cocartesian rule", "jam is natural", "join after inl", "join by cross and jam")


class Evaluations:
    """A function that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: float) -> float:
        self.calls += 1
        return math.sin(x)


@row("P08")
def the_derivative_alone_is_not_compositional() -> None:
    """``ad0 f = (f, der f)`` needs the value before, and evaluates it again for every arrow; ``ad`` does not."""

    def ad0(n: int) -> int:
        f = Evaluations()

        def value(i: int, x: float) -> float:
            return x if i == 0 else f(value(i - 1, x))

        def der(i: int, x: float) -> float:
            return 1.0 if i == 0 else math.cos(value(i - 1, x)) * der(i - 1, x)

        value(n, 0.5), der(n, 0.5)
        return f.calls

    assert [ad0(n) for n in (10, 20, 40)] == [10 + 45, 20 + 190, 40 + 780]  # n + n (n - 1) / 2
    for n in (10, 20, 40):
        assert count(D(Additive)(compose(*[sin] * n)), 0.5)["sin"] == n


@row("P09")
def each_primal_is_evaluated_once() -> None:
    f = compose(*[exp, tanh, exp])
    for k in LINEAR:
        counts = count(D(k)(f), 0.1)
        assert (counts["exp"], counts["tanh"]) == (2, 1), k
    nested = program(grad(lambda x: exp(tanh(x))))
    assert count(D(Additive)(nested), 0.1)["exp"] == 1 and count(D(Additive)(nested), 0.1)["tanh"] == 1


@row("P11")
def composition_and_cross_keep_linearity() -> None:
    rng = np.random.default_rng(0)
    x = (0.4, (0.9, rng.standard_normal(3)))
    f = cross(sin, cross(exp, tanh)) >> cross(identity, cross(identity, total) >> mul) >> mul
    _, df = D(Additive)(f)(x)
    space = space_of(x)
    u, v = space.random(rng), space.random(rng)
    assert np.isclose(df(space.add(u, space.scale(3.0, v))), df(u) + 3.0 * df(v))


@row("P12")
def linear_functions_are_their_own_derivatives() -> None:
    for k in LINEAR:
        holds(D(k), "a linear arrow is its own derivative", "exl is its own derivative", "dup is its own derivative")
    for m, n in [(1, 1), (2, 3), (4, 2)]:  # der fst (a, b) = fst, at every shape m × (m + n)
        a, b = np.ones(m), np.ones(n)
        assert read(Matrices, exl, (a, b))[1].tolist() == np.eye(m, m + n).tolist()


@row("P13")
def composing_what_does_not_fit_fails_at_construction() -> None:
    with pytest.raises(CompositionError) as caught:
        dup >> sin
    assert "dup" in str(caught.value) and "sin" in str(caught.value) and "num" in str(caught.value)
    with pytest.raises(CompositionError):
        Matrices.compose(Matrices(total.at(R[3])), Matrices(total.at(R[3])))


@row("P14")
def one_suite_of_laws_for_all() -> None:
    for k in (Functions, Additive, D(Dual(Additive))):
        holds(k, "left identity", "right identity", "associativity", "composition of three")


@row("P15")
def functors() -> None:
    """Each category is one: the functor from programs keeps identities and compositions; objects may be mapped."""
    f, g = fork(sin, cos), mul
    for k in (Functions, Shapes, D(Additive), D(Dual(Matrices))):
        one, two = k(f >> g), k.compose(k(g), k(f))
        assert repr(k.observe(one, R, R, 0.5)) == repr(k.observe(two, R, R, 0.5))
    assert Shapes(g)(R[3] * R) == R[3]  # the object R[3] stands for its arrays, and goes to its space


@row("P16")
def value_and_derivative_together() -> None:
    ad = D(Additive)
    y, df = ad(sin)(0.5)
    assert y == np.sin(0.5) and df(1.0) == np.cos(0.5)
    adf = ad.arrow(lambda a: (math.sin(a), Additive.scale(math.cos(a))))
    assert adf(0.5)[0] == y and adf(0.5)[1](1.0) == df(1.0)
    linear = ad.arrow(lambda a: (2.0 * a, Additive.scale(2.0)))
    assert linear(3.0)[0] == D(Additive)(scale(2.0))(3.0)[0]


@row("P17")
def composition_solved_from_the_homomorphism_equation() -> None:
    """``D (g . f) = D g . D f``, rewritten step by step until the right side says what ``.`` of ``D`` is."""
    a, f, g = 0.7, fork(sin, cos), mul
    der = {program_: lambda x, program_=program_: D(Matrices)(program_)(x)[1].matrix() for program_ in (f, g, f >> g)}
    steps: list[Callable[[], tuple[Any, Any]]] = [
        lambda: ((f >> g)(a), der[f >> g](a)),  # what D (g . f) is
        lambda: (g(f(a)), der[f >> g](a)),  # composition of functions
        lambda: (g(f(a)), der[g](f(a)) @ der[f](a)),  # the chain rule
        lambda: (lambda b: (g(b), der[g](b) @ der[f](a)))(f(a)),  # share b = f a
        lambda: (lambda b, df: (lambda c, dg: (c, dg @ df))(g(b), der[g](b)))(f(a), der[f](a)),  # D f and D g occur
        lambda: (lambda y, df: (y, df.matrix()))(*D(Matrices).compose(D(Matrices)(g), D(Matrices)(f))(a)),
    ]
    values = [step() for step in steps]
    for before, after in zip(values, values[1:], strict=False):
        assert np.allclose(before[0], after[0]) and np.allclose(before[1], after[1], rtol=1e-14)


@row("P18")
def wrong_derivatives_are_caught() -> None:
    wrong = D(Additive).arrow(lambda x: (x * x, Additive.scale(3 * x)))
    with pytest.raises(DerivativeError):
        check_derivatives(wrong, 2.0, order=1)
    check_derivatives(D(Additive).arrow(lambda x: (x * x, Additive.scale(2 * x))), 2.0, order=1)


@row("P19")
def monoidal_structure() -> None:
    for k in (Functions, *LINEAR[:4], D(Additive)):
        holds(k, "cross of identities", "cross of compositions", "cross is associative", "swap is natural",
              "assoc has an inverse", "swap is its own inverse", "the unit is a unit")  # fmt: skip


@row("P20")
def products_by_their_universal_property() -> None:
    """Existence (``exl . (f & g) = f``) and uniqueness (an arrow into a product is the fork of its parts)."""
    for k in (Functions, *LINEAR[:4], D(Additive)):
        holds(k, "exl after fork", "exr after fork", "fork after unfork", "fork of exl and exr")


@row("P21")
def functions_have_no_sums() -> None:
    for f in (jam, inl, inr, join(scale(2.0), scale(3.0)), zero, sum_(3), inj(0, 2)):
        with pytest.raises(NotAdditiveError, match="functions cannot be"):
            Functions(f)
        assert Additive(f) is not None


@row("P22")
def the_zero_needs_the_object_not_a_value() -> None:
    placed = Additive(zero)
    assert placed(5.0) == 0.0  # without an object, the number 0
    assert matrix(placed, R[2], R[3]).tolist() == [[0.0, 0.0]] * 3
    assert Matrices.observe(Matrices(zero), R[2], R * R, None).tolist() == [[0.0, 0.0]] * 2


@row("P23")
def derivatives_of_injections_and_sums() -> None:
    for k in LINEAR:
        holds(D(k), "inl is its own derivative", "inr is its own derivative", "jam is its own derivative")


@row("P24")
def derived_fork_and_join() -> None:
    f, g = scale(2.0), scale(3.0)
    assert fork(f, g)(1.0) == (dup >> cross(f, g))(1.0)
    for k in LINEAR:
        holds(k, "fork by cross and dup", "join by cross and jam")


@row("P25")
def fork_and_join_have_inverses_that_cost_nothing() -> None:
    h = Additive(cross(scale(2.0), scale(3.0)) >> jam >> scale(5.0) >> fork(scale(7.0), scale(2.0)))
    forked = derived.fork(Additive, *derived.unfork(Additive, h))
    joined = derived.join(Additive, *derived.unjoin(Additive, h))
    x = (1.0, 10.0)
    assert forked(x) == joined(x) == h(x)
    work = [count(f, x).total for f in (h, forked, joined)]
    assert work[0] == work[1] == work[2]


@row("P26")
def arithmetic_on_any_numbers() -> None:
    third, half = Fraction(1, 3), Fraction(1, 2)
    y, df = D(Matrices)(fork(mul, exl >> neg) >> add)((third, half))
    assert y == third * half - third and df.matrix().tolist() == [[half - 1, third]]
    for a, b in [(2.0, 3.0), (2j, 3.0), (np.array([1.0, 2.0]), 3.0), (third, half)]:
        assert np.all(add((a, b)) == a + b) and np.all(mul((a, b)) == a * b) and np.all(neg(a) == -a)


@row("P27")
def bilinear_functions() -> None:
    """``der f (a, b) (da, db) = f (da, b) + f (a, db)`` for a bilinear ``f``: from one kind of record."""
    rng = np.random.default_rng(1)
    cases = [
        (mul, (3,), (3,)), (matmul, (2, 3), (3, 4)), (outer, (2,), (3,)), (tensordot(axes=1), (2, 3), (3, 2)),
        (dot, (3,), (3,)),
    ]  # fmt: skip
    for f, p, q in cases:
        a, da, b, db = (rng.standard_normal(s) for s in (p, p, q, q))
        _, df = D(Additive)(f)((a, b))
        assert np.allclose(df((da, db)), f((da, b)) + f((a, db))), f


@row("P28")
def the_derivative_of_mul() -> None:
    """``der mul (a, b) = scale b ||| scale a``, over each ``k``."""
    for k in LINEAR:
        _, df = D(k)(mul)((3.0, 4.0))
        rule = derived.join(k, k.scale(4.0), k.scale(3.0))
        seen = [k.observe(arrow, R * R, R, (3.0, 4.0)) for arrow in (df, rule)]
        assert repr(seen[0]) == repr(seen[1]), k


@row("P29")
def the_exponential_is_shared() -> None:
    for k in LINEAR[:6]:
        assert count(D(k)(exp), 0.5)["exp"] == 1
        assert count(D(k)(sqrt), 0.5)["sqrt"] == 1 and count(D(k)(tanh), 0.5)["tanh"] == 1
    with np.errstate(all="ignore"):
        y, df = D(Additive)(sqrt)(0.0)
        assert y == 0.0 and df(1.0) == math.inf
        assert math.isnan(D(Additive)(sin)(math.nan)[1](1.0)) and D(Additive)(exp)(-math.inf)[1](1.0) == 0.0


@row("P30")
def division_powers_and_roots() -> None:
    x = (1.5, 0.4)
    for f in (divide, power, fork(exl, exr >> exp) >> divide):
        assert np.allclose(read(Matrices, f, x)[1], differences(f, x, R * R, R), rtol=1e-7)
    cube = identity**3
    assert np.allclose(read(Matrices, cube, 2.0)[1], [[12.0]])
    assert np.allclose(read(Matrices, cube, -2.0)[1], [[12.0]])


# ---------------------------------------------------------------------------------------------- sections 5 and 6


@row("P31")
def the_examples_in_categorical_form() -> None:
    """Three Python functions become exactly the programs that the paper prints for them."""

    def cos_sin(a: Any, b: Any) -> Any:
        p = a * b
        return np.cos(p), np.sin(p)

    traced = [program(lambda a: a * a), program(lambda a, b: a * a + b * b), program(cos_sin)]
    for function, printed, point in zip(
        traced, (sqr, mag_sqr, cos_sin_prod), (3.0, (3.0, 4.0), (0.3, 0.4)), strict=True
    ):
        term = to_combinators(function)
        source, target = space_of(point), space_of(printed(point))
        pictures = [Graphs.observe(Graphs(f), source, target, point) for f in (term, printed)]
        assert pictures[0] == pictures[1]
        assert term(point) == printed(point)
    assert str(to_combinators(traced[0])) == "dup >> multiply"


@row("P32")
def pictures_of_the_examples() -> None:
    assert dict(Graphs(mag_sqr).counts) == {"multiply": 2, "add": 1}
    assert dict(Graphs(cos_sin_prod).counts) == {"multiply": 1, "cos": 1, "sin": 1}


FIGURES = {  # operations and wires of Figures/*.dot in conal/essence-of-ad at 9232c26
    "add": (add, ["In.0 add.0", "In.1 add.1", "add.0 Out.0"]),
    "dup": (dup, ["In.0 Out.0", "In.0 Out.1"]),
    "fst": (exl, ["In.0 Out.0"]),
    "sqr": (sqr, ["In.0 multiply.0", "In.0 multiply.1", "multiply.0 Out.0"]),
    "magSqr": (
        mag_sqr,
        ["In.0 multiply.0", "In.0 multiply.1", "In.1 multiply.0", "In.1 multiply.1", "add.0 Out.0", "multiply.0 add.0",
         "multiply.0 add.1"],
    ),
    "cosSinProd": (
        cos_sin_prod,
        ["In.0 multiply.0", "In.1 multiply.1", "cos.0 Out.0", "multiply.0 cos.0", "multiply.0 sin.0", "sin.0 Out.1"],
    ),
}  # fmt: skip


@row("P34")
def the_figures_of_the_programs_themselves() -> None:
    for f, wires in FIGURES.values():
        d = Graphs(f).drawn
        made = {w: f"In.{i}" for i, w in enumerate(_flat(d.dom))}
        found = []
        for op, ins, outs in d.boxes:
            found += [f"{made[w]} {op.name}.{i}" for i, w in enumerate(ins)]
            made.update({w: f"{op.name}.{i}" for i, w in enumerate(outs)})
        found += [f"{made[w]} Out.{i}" for i, w in enumerate(_flat(d.cod))]
        assert sorted(found) == sorted(wires)


def _flat(pattern: Any) -> list[int]:
    return [w for p in pattern for w in _flat(p)] if isinstance(pattern, tuple) else [pattern]


@row("P35")
def derivatives_do_not_need_pictures() -> None:
    package = Path(essence_ad.__file__).parent
    calculating = [path for path in package.rglob("*.py") if path.parent.name != "drawing"]
    for picture in ("categories.graphs", "drawing."):
        using = {path.name for path in calculating if picture in path.read_text()}
        assert using <= {"__init__.py", "__main__.py", "graphs.py"}


# ---------------------------------------------------------------------------------------------- drawings


def _figure(name: str) -> Picture:
    """A figure; tests/examples/test_paper_figures.py compares all 26 with the paper's."""
    return paper_figures.figure(name)


def _shares_the_wires_of_the_value(name: str) -> None:
    """The linear map is a frame of its own, which reads wires of the value; the value is there once."""
    picture = _figure(name)
    shows = picture.scene.shows
    assert picture.panel.framed
    outside = [s.told for s in shows if s.kind == "box" and not s.linear]
    program, _ = paper_figures.PROGRAMS[name.split("-")[0]]
    slopes = {"negative"}  # minus the sine is a number of the point, too
    assert sorted(name for name in outside if name not in slopes) == sorted(Graphs(program).counts.elements())
    read = [shows[i].linear for s in shows if s.kind == "box" and s.linear for i, _ in s.reads]
    assert True in read and False in read


@row("P33")
def derivatives_are_drawn_as_boxes_that_share_wires() -> None:
    for name in ("magSqr-adf", "cosSinProd-adf"):
        _shares_the_wires_of_the_value(name)


@row("P57")
def derivatives_in_reverse_are_drawn_so_too() -> None:
    for name in ("magSqr-adr", "cosSinProd-adr"):
        _shares_the_wires_of_the_value(name)
        forward, back = _figure(name.replace("adr", "adf")).counts, _figure(name).counts
        assert forward["multiply"] == back["multiply"]  # the same scalings, read from the other side


@row("P63")
def gradients_are_drawn_without_a_frame() -> None:
    for name, most in (("magSqr-gradr", 5), ("cos-xpytz-gradr", 7)):
        picture = _figure(name)
        assert not picture.panel.framed and picture.counts.total() <= most
        assert [s.label for s in picture.scene.shows if s.kind == "output"][0] == "y"


@row("P36")
def the_recipe_for_a_category() -> None:
    """CONTRIBUTING, "A category": one method, for linear maps two; then the laws, which name each mistake."""

    class Listed(LinearCategory):
        """An arrow is a linear map in a list."""

        arrows = list

        def diagram(self, d: Diagram) -> Any:
            boxes = [(op[0] if isinstance(op, list) else op, ins, outs) for op, ins, outs in d.boxes]
            return [LinearMap(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))]

        def linear_map(self, arrow: Any) -> LinearMap:
            found: LinearMap = arrow[0]
            return found

    k = Listed()
    assert len(check_laws(k, examples=2)) > 80  # all that its structure implies
    assert D(k)(sqr)(3.0)[1][0](1.0) == 6.0  # it works as the k of D at once
    assert len(check_laws(D(k), examples=1)) > 80
    for word, wrong in (("exl", "exr"), ("inr", "inl"), ("identity", "zero"), ("compose", "cross")):
        mistaken = type("Mistaken", (Listed,), {word: lambda self, *a, wrong=wrong: getattr(Listed, wrong)(self, *a)})()
        with pytest.raises((LawError, CompositionError, StructureError)) as caught:
            check_laws(mistaken)
        assert word in str(caught.value) or word in ("compose", "inr")


# ---------------------------------------------------------------------------------------------- sections 7 to 10


@row("P37")
def the_same_program_over_many_categories() -> None:
    x = (0.4, 0.9)
    want = differences(general, x, R * R, R)
    assert len(LINEAR) >= 8
    for k in LINEAR:
        y, found = read(k, general, x)
        assert y == general(x) and np.allclose(found, want, rtol=1e-8), k


@row("P38")
def linear_arrows_in_both() -> None:
    """``linearD f f'`` takes the function and the arrow; the one program says both."""
    f = fork(scale(2.0), scale(3.0))
    ad = D(Dual(Matrices))
    by_hand = ad.arrow(lambda x: (f(x), ad.k(f)))
    for arrow in (ad(f), by_hand):
        y, df = arrow(1.0)
        assert y == (2.0, 3.0) and df.matrix().tolist() == [[2.0], [3.0]]


@row("P39")
def objects_are_checked() -> None:
    with pytest.raises(StructureError):
        D(Additive)(mul)(3.0)
    with pytest.raises(CompositionError, match="does not end where it should"):
        D(Additive).arrow(lambda x: (x, Additive(dup.at(R))))(1.0)


@row("P41")
def matrices_are_built_of_three_cases() -> None:
    """``scale``, ``|||`` (side by side) and ``&&&`` (one over the other), nested in any way."""
    k = Matrices
    s = k.scale

    def beside(*m: Any) -> Any:
        return derived.join(k, *m)

    def over(*m: Any) -> Any:
        return derived.fork(k, *m)

    assert s(2.0).matrix().tolist() == [[2.0]]
    assert beside(s(2.0), s(3.0)).matrix().tolist() == [[2.0, 3.0]]
    assert over(s(2.0), s(3.0)).matrix().tolist() == [[2.0], [3.0]]
    rows_of_columns = over(beside(s(1.0), s(2.0)), beside(s(3.0), s(4.0)))
    columns_of_rows = beside(over(s(1.0), s(3.0)), over(s(2.0), s(4.0)))
    assert rows_of_columns.matrix().tolist() == columns_of_rows.matrix().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    mixed = over(beside(over(s(1.0), s(2.0)), over(s(3.0), s(4.0))), beside(s(5.0), s(6.0)))
    assert mixed.matrix().tolist() == [[1.0, 3.0], [2.0, 4.0], [5.0, 6.0]]
    for category in LINEAR:
        holds(category, "a row times a column", "a column times a row", "rows of columns are columns of rows")


@row("P42")
def a_matrix_is_extracted_by_a_basis() -> None:
    """One pass for each unit of the domain; for the dual, of the codomain; the map itself takes the shorter way."""
    wide = total.at(R[5])
    _, df = D(Additive)(wide)(np.ones(5))
    passes: list[Any] = []
    (op, ins, outs) = df.diagram.boxes[0]
    spied = type(op)(
        op.name,
        lambda x: passes.append(x) or np.sum(x),
        lambda y: passes.append(y) or np.full(5, y),
        op.source,
        op.target,
    )
    d = type(df.diagram)(df.diagram.dom, df.diagram.cod, [(spied, ins, outs)], df.diagram.n_wires, R[5], R)
    assert matrix(Additive.diagram(d), R[5], R).tolist() == [[1.0] * 5] and len(passes) == 5
    passes.clear()
    assert matrix(Dual(Additive).diagram(d).arrow, R, R[5]).tolist() == [[1.0]] * 5 and len(passes) == 1
    passes.clear()
    assert Additive.diagram(d).matrix().tolist() == [[1.0] * 5] and len(passes) == 1


@row("P43")
def uses_of_derivatives() -> None:
    """Gradient descent, and the normals of a surface from its 3 × 2 Jacobian."""
    x = np.array([3.0, -2.0])
    for _ in range(100):
        x = x - 0.1 * grad(lambda p: total(p * p))(x)
    assert np.allclose(x, 0.0, atol=1e-8)
    sphere = fork(cross(cos, cos) >> mul, cross(sin, cos) >> mul, exr >> sin)  # longitude and latitude
    for u, v in [(0.3, 0.2), (1.0, -0.7)]:
        j = read(Matrices, sphere, (u, v))[1]
        assert j.shape == (3, 2)
        normal = np.cross(j[:, 0], j[:, 1])
        assert np.allclose(normal / np.linalg.norm(normal), sphere((u, v)))


@row("P44")
def free_vector_spaces() -> None:
    """The four building blocks: unit, identity, product, composition; and arrays, which are compositions of powers."""
    assert (Unit.dim, R.dim, (R * R[2]).dim, (R[2] ** 3).dim, R[3, 2].dim) == (0, 1, 3, 6, 6)
    for space in (Unit, R, R * R[2], R[2] ** 3, R[3, 2]):
        units = list(space.basis())
        assert len(units) == space.dim
        v = space.from_vector(np.arange(1.0, space.dim + 1))
        rebuilt = functools.reduce(
            space.add, [space.scale(space.dot(v, e), e) for e in units], space.zero()
        )  # index, then tabulate
        assert np.array_equal(space.to_vector(rebuilt), space.to_vector(v))


@row("P45")
def generalized_matrices_keep_their_blocks() -> None:
    _, df = D(Matrices)(cross(exp, matmul))((np.zeros(3), (np.ones((2, 3)), np.ones(3))))
    (e, *zeros), (none, by_matrix, by_vector) = df.blocks
    assert e.shape == (3,) and zeros == [None, None] and none is None
    assert by_matrix.shape == (2, 6) and by_vector.shape == (2, 3)
    assert df.source == R[3] * (R[2, 3] * R[3]) and df.matrix().shape == (5, 12)


@row("P46")
def a_matrix_remembers() -> None:
    """A map applied twice works twice; its matrix is computed once and then read."""
    calls: list[int] = []

    def slow(x: Any) -> tuple[Any, Any]:
        calls.append(1)
        return x * x, Matrices.scale(2 * x)

    f = D(Matrices).compose(*[D(Matrices).arrow(slow)] * 5)
    _, df = f(1.01)
    assert len(calls) == 5
    before = df.blocks
    assert [df(1.0) for _ in range(3)] == [before[0][0]] * 3 and len(calls) == 5


@row("P47")
def cheap_composition_or_cheap_extraction() -> None:
    x, n = np.ones(6), 4
    f = compose(*[tanh] * n, matmul @ fork(const(np.ones((6, 6))), identity))

    def extracted(k: Any) -> tuple[int, int]:
        _, df = D(k)(f)(x)
        before = count(lambda v: D(k)(f)(v), x).elements
        after = count(lambda v: D(k)(f)(v)[1].matrix(), x).elements
        return before, after - before

    functions, matrices = extracted(Additive), extracted(Matrices)
    assert functions[0] < matrices[0]  # composing functions costs nothing, multiplying matrices does
    assert functions[1] > matrices[1]  # and reading out is the reverse


@row("P48")
def the_matrix_chain() -> None:
    lengths = [10, 100, 5, 50, 7, 20]

    @functools.cache
    def fewest(i: int, j: int) -> int:
        if j == i + 1:
            return 0
        return min(fewest(i, m) + fewest(m, j) + lengths[i] * lengths[m] * lengths[j] for m in range(i + 1, j))

    plan = matrix_chain(lengths)
    assert plan.work.products == fewest(0, 5)
    assert repr(plan) == "((0 1) ((2 3) 4))"


@row("P49")
def association_is_chosen_when_the_program_is_compiled() -> None:
    wide, tall = np.ones((5, 100)) / 100, np.ones((80, 5))

    def f(x: Any) -> Any:
        return np.tanh(tall @ np.sin(wide @ np.exp(x)))

    def made(mode: str) -> int:
        d = compile(jacobian(f, mode=mode), R[100]).diagram
        found = d.spaces(R[100])
        return sum(
            found[o].dim for op, ins, outs in d.boxes for o in outs if ins and op.name not in ("reshape", "transpose")
        )

    compiled = compile(jacobian(f), R[100])  # the plan is made here, from shapes
    assert made("auto") < min(made("forward"), made("reverse"))
    x = np.linspace(0.0, 1.0, 100)
    np.testing.assert_allclose(compiled(x), jacobian(f, mode="forward")(x), rtol=1e-10)


@row("P50")
def a_planner_beside_forward_and_reverse() -> None:
    def f(a: Any, b: Any, c: Any, d: Any) -> Any:
        narrow = np.sin(a * b) * np.exp(c * d)
        return narrow * a, np.cos(narrow), narrow * narrow * d

    found = cost(f, 0.1, 0.2, 0.3, 0.4, argnums=(0, 1, 2, 3))
    assert found.elimination is not None
    assert found.elimination.numbers < min(found.forward.numbers, found.reverse.numbers)


@row("P51")
def reverse_is_not_always_best_for_a_gradient() -> None:
    lengths = [1, 100, 5, 1]  # from one number, through a wide and then a narrow map, to one number
    forward, reverse = 100 * 5 + 5, 5 * 100 + 100
    assert matrix_chain(lengths).work.products == forward < reverse


@row("P52")
def one_program_three_counts() -> None:
    wide, tall = np.ones((5, 100)), np.ones((80, 5))
    found = cost(lambda x: np.tanh(tall @ np.sin(wide @ np.exp(x))), np.ones(100))
    assert found.mixed is not None
    assert len({found.forward.total, found.reverse.total, found.mixed.total}) == 3
    assert found.chosen == "mixed"


# ---------------------------------------------------------------------------------------------- sections 11 to 14


@row("P53")
def continuations_cost_no_more_than_the_program() -> None:
    names = [law.name for law in LAWS.values() if law.reading == "continuation"]
    assert len(names) >= 10
    for k in (Additive, Matrices):
        holds(Cont(k, R), *names)
    for n in (1, 10, 100, 1000):
        f = compose(*[sqr] * n)
        counts = count(lambda x: D(Cont(Additive, R))(f)(x)[1](1.0), 1.0)  # noqa: B023
        assert counts["multiply"] + counts["add"] <= 5 * n


@row("P54")
def the_two_forms_of_exl_and_dup() -> None:
    """``exl = Cont (join . inl)`` and ``dup = Cont (jam . unjoin)`` say what ``cont exl`` and ``cont dup`` say."""
    k = Cont(Additive, R)
    h = Additive.scale(7.0)
    assert k.exl()(h)((2.0, 3.0)) == derived.join(Additive, h, Additive.zero())((2.0, 3.0)) == 14.0
    assert k.exl()(h)((2.0, 3.0)) == Additive.compose(h, Additive.exl())((2.0, 3.0))
    both = Additive(join(scale(2.0), scale(3.0)))
    optimised = derived.add(Additive, *derived.unjoin(Additive, both))
    assert k.dup()(both)(1.0) == optimised(1.0) == Additive.compose(both, Additive.dup())(1.0) == 5.0
    assert len(k.dup()(both).diagram.boxes) <= len(Additive.compose(both, Additive.dup()).diagram.boxes)


class Quaternion(numbers.Number):
    """Numbers whose products depend on their order."""

    __slots__ = ("parts",)

    def __init__(self, *parts: float) -> None:
        self.parts = parts

    def __mul__(self, other: Any) -> Quaternion:
        if not isinstance(other, Quaternion):
            return Quaternion(*[p * other for p in self.parts])
        a, b, c, d = self.parts
        e, f, g, h = other.parts
        return Quaternion(
            a * e - b * f - c * g - d * h, a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e,
        )  # fmt: skip

    def __rmul__(self, other: float) -> Quaternion:
        return Quaternion(*[other * p for p in self.parts])

    def __add__(self, other: Quaternion) -> Quaternion:
        return Quaternion(*[p + q for p, q in zip(self.parts, other.parts, strict=True)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quaternion) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


@row("P55")
def scalars_that_do_not_commute() -> None:
    """A continuation ``h`` after ``scale s`` multiplies by ``s`` from the right: ``h (s x) = (h s) x``."""
    i, j, k = Quaternion(0, 1, 0, 0), Quaternion(0, 0, 1, 0), Quaternion(0, 0, 0, 1)
    assert i * j == k and j * i == Quaternion(0, 0, 0, -1)
    forward = Additive(scale(i) >> scale(j))
    assert forward(k) == j * (i * k)
    for category in (Dual(Additive), Cont(Additive, R)):
        back = category(scale(i) >> scale(j))
        assert back(k) == (k * j) * i, category
        assert back(k) * k == k * forward(k)  # the covector pulled back, at a vector, is the covector at the image
    with pytest.raises(StructureError):
        Additive(scale(2.0))(object())


@row("P56")
def several_cotangents_at_once() -> None:
    f = cross(sin, exp) >> fork(mul, add, exl)
    x = (0.3, 0.7)
    r = R**3
    _, df = D(Cont(Additive, r))(f)(x)
    pulled = df(Additive(identity.at(r)))
    assert np.allclose(pulled.matrix(), read(Matrices, f, x)[1])
    with pytest.raises(StructureError, match="takes arrows"):
        df((1.0, 0.0, 0.0))


@row("P58")
def vectors_and_covectors() -> None:
    """``dot : u -> (u -o s)`` and its inverse, for numbers, products, powers, arrays and the unit."""
    rng = np.random.default_rng(2)
    for space in (R, R * R[2], R**3, R[2, 2], Unit):
        v, w = space.random(rng), space.random(rng)
        covector = rows(R, [space.pack(v)], space)
        assert np.isclose(covector(w), space.dot(v, w))
        assert np.array_equal(space.to_vector(covector.T(1.0)), space.to_vector(v))
    g = np.array([[2.0, 1.0], [1.0, 3.0]])  # another inner product: its gradient solves with it
    f = lambda p: total(p * p * p)
    x = np.array([1.0, 2.0])
    slope = grad(f)(x)
    riesz = np.linalg.solve(g, slope)
    w = np.array([0.5, -1.0])
    assert np.isclose(riesz @ g @ w, D(Additive)(program(f))(x)[1](w))


@row("P59")
def dot_is_a_homomorphism() -> None:
    """The lemma in six parts, of ``dot`` and ``dot^-1`` as functions, and the laws that follow from it."""

    def dot(space: Any, v: Any) -> Any:
        return rows(R, [space.pack(v)], space)

    def undot(h: Any) -> Any:
        return h.T(1.0)

    u, v = 2.0, np.array([3.0, 4.0])
    space = R * R[2]
    joined = derived.join(Additive, dot(R, u), dot(R[2], v))

    def seen(h: Any) -> Any:
        return matrix(h, space, R).tolist()

    assert seen(dot(space, (u, v))) == seen(joined)  # dot (u, v) = dot u ||| dot v
    assert undot(joined)[0] == u and undot(joined)[1].tolist() == v.tolist()  # dot^-1 (f ||| g) = (dot^-1 f, dot^-1 g)
    assert seen(dot(space, space.add((u, v), (u, v)))) == (2 * np.array(seen(dot(space, (u, v))))).tolist()  # linear
    assert np.all(undot(dot(R[2], v) + dot(R[2], v)) == 2 * v)
    assert undot(dot(R, u)) == u
    h = Additive(join(scale(2.0), scale(3.0)).at(R * R))
    assert matrix(dot(R * R, undot(h)), R * R, R).tolist() == matrix(h, R * R, R).tolist()
    holds(Dual(Additive), *[law.name for law in LAWS.values() if law.reading == "dual"])
    holds(Dual(Matrices), *[law.name for law in LAWS.values() if law.reading == "dual"])


@row("P60")
def forks_and_joins_are_dual() -> None:
    for k in (Additive, Matrices, Cont(Additive, R)):
        holds(Dual(k), "fork in the dual", "join in the dual")


@row("P61")
def duality_is_transposition() -> None:
    f = fork(join(scale(2.0), scale(3.0)), join(scale(5.0), scale(7.0)), exl)
    forward = Matrices(f).at(R * R).matrix()
    assert Dual(Matrices)(f.at(R * R)).arrow.matrix().tolist() == forward.T.tolist()
    assert Dual(Matrices)(f.at(R * R)).matrix().tolist() == forward.tolist()


@row("P62")
def the_dual_needs_no_matrices() -> None:
    n = 1_000_000
    x = np.linspace(0.0, 1.0, n)
    f = tanh >> sqr >> total
    reverse(f)(x)[1](1.0)
    tracemalloc.start()
    _, df = reverse(f)(x)
    gradient = df(1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert gradient.shape == (n,) and peak < 20 * 8 * n


@row("P64")
def beginnings() -> None:
    names = [law.name for law in LAWS.values() if law.reading == "beginning"]
    assert len(names) >= 10
    for k in (Additive, Matrices):
        holds(Begin(k, R), *names)
    for n in (1, 10, 100, 1000):
        f = compose(*[sqr] * n)
        counts = count(lambda x: D(Begin(Additive, R))(f)(x)[1](1.0), 1.0)  # noqa: B023
        assert counts["multiply"] + counts["add"] <= 5 * n


@row("P65")
def vectors_are_maps_from_scalars() -> None:
    """``(s -o a) ~ a``: a map of numbers is its image of 1."""
    rng = np.random.default_rng(3)
    for space in (R, R * R[2], R[2, 2]):
        v = space.random(rng)
        column = columns(R, [space.pack(v)], space)
        assert np.array_equal(space.to_vector(column(1.0)), space.to_vector(v))
        again = columns(R, [space.pack(column(1.0))], space)
        assert again.matrix().tolist() == column.matrix().tolist()


# ---------------------------------------------------------------------------------------------- section 15


@row("P67")
def indexed_structure() -> None:
    cartesian = [law.name for law in LAWS.values() if {"indexed", "cartesian"} <= law.structure]
    every = [law.name for law in LAWS.values() if "indexed" in law.structure]
    holds(Functions, *cartesian)
    for k in (
        Additive,
        Matrices,
        Dual(Additive),
        Cont(Additive, R),
        Begin(Additive, R),
        D(Additive),
        D(Dual(Matrices)),
    ):
        holds(k, *every)


@row("P68")
def indexed_forks_and_joins_have_inverses() -> None:
    for k in LINEAR:
        h = k(fork(scale(2.0), scale(3.0), scale(5.0)))
        again = derived.fork_i(k, 3, derived.unfork_i(k, 3, h))
        assert repr(k.observe(again, R, R**3, 0.0)) == repr(k.observe(h, R, R**3, 0.0))
        j = k(join(scale(2.0), scale(3.0), scale(5.0)))
        again = derived.join_i(k, 3, derived.unjoin_i(k, 3, j))
        assert repr(k.observe(again, R**3, R, None)) == repr(k.observe(j, R**3, R, None))


@row("P69")
def maps() -> None:
    """``fmap = crossI . replI``; the derivative of a map is diagonal, not dense."""
    assert map_(exp, 3) == cross(*[exp] * 3)
    _, df = D(Matrices)(map_(exp, 3))((0.0, 1.0, 2.0))
    assert [[b is not None for b in line] for line in df.blocks] == np.eye(3, dtype=bool).tolist()
    _, whole = D(Matrices)(exp)(np.arange(3.0))
    assert whole.blocks[0][0].shape == (3,)  # of an array: one diagonal


@row("P70")
def crosses_of_families() -> None:
    """The theorem crossF and the two lemmas of its proof, over several categories with biproducts."""
    for k in LINEAR:
        holds(D(k), "the derivative of a cross of three")
        holds(k, "fork as a sum", "join as a sum", "cross of three by fork")
    f, g, h, p = (
        hole(name, a, b) for name, a, b in [("f", "a", "b"), ("g", "a", "c"), ("h", "d", "b"), ("p", "d", "c")]
    )
    transpose = fork(cross(exl, exl), cross(exr, exr))
    zipped = Law(
        "cross of forks", "lemma crossZip", frozenset({"cartesian"}), ("a", "d"), (("b", "b"), ("c", "c")),
        cross(fork(f, g), fork(h, p)) >> transpose, fork(cross(f, h), cross(g, p)),
    )  # fmt: skip
    for k in (Functions, *LINEAR):
        assert check_laws(k, laws=[zipped], examples=3)


@row("P71")
def the_third_indexed_figure() -> None:
    """Left as an exercise: the indexed instances of ``Cont``."""
    every = [law.name for law in LAWS.values() if "indexed" in law.structure]
    for r in (R, R * R):
        holds(Cont(Additive, r), *every)
    k = Cont(Additive, R)
    h = Additive.scale(3.0)
    assert k.proj(1, 3)(h)((1.0, 10.0, 100.0)) == 30.0  # exI i = Cont (joinI . inI i)
    assert (
        k.inj(1, 3)(Additive(join(*[scale(s) for s in (2.0, 3.0, 5.0)])))(1.0) == 3.0
    )  # inI i = Cont (exI i . unjoinI)


@row("P72")
def products_of_different_arrows() -> None:
    f = cross(exp, mul, total)
    x = (0.0, (2.0, 3.0), np.ones(4))
    assert f(x) == (1.0, 6.0, 4.0)
    assert Shapes(f)(Product((R, R * R, R[4]))) == R**3
    assert np.allclose(read(Dual(Matrices), f, x)[1], differences(f, x, space_of(x), R**3), atol=1e-8)


@row("P74")
def terminal_and_initial() -> None:
    holds(Functions, "it is natural", "fork of nothing", "the unit is a unit")
    for k in LINEAR:
        holds(k, "it is natural", "the zero out of the unit is natural", "the unit is a unit of sums")
    assert Unit.dim == 0 and it(5.0) == () and Additive(join())(()) == 0.0


@row("P75")
def sums_of_arrows() -> None:
    for k in LINEAR:
        holds(
            k, "sums commute", "sums are associative", "zero is neutral", "an arrow after a sum", "a sum after an arrow"
        )
        both = k.add(k.scale(2.0), k.scale(3.0))
        assert repr(k.observe(both, R, R, 0.0)) == repr(k.observe(k.scale(5.0), R, R, 0.0))


@row("P76")
def the_adjoint_graph() -> None:
    """Pearlmutter and Siskind: the edges turned round, and fan-out exchanged with addition."""
    f = dup >> cross(scale(2.0), fork(scale(3.0), scale(5.0))) >> cross(identity, jam) >> jam
    pictures = GraphCategory(copies=True)
    one, turned = pictures(f), pictures(f.T)
    there, back = one.counts, turned.counts
    assert there["scale"] == back["scale"] == 3
    assert (there["dup"], there["+"]) == (back["+"], back["dup"]) != (0, 0)
    edges = [(a, b) for a, b in _edges(one.drawn)]
    assert sorted(edges) == sorted((_mirrored(b), _mirrored(a)) for a, b in _edges(turned.drawn))


def _edges(d: Any) -> list[tuple[str, str]]:
    made = dict.fromkeys(_flat(d.dom), "In")
    found = []
    for op, ins, outs in d.boxes:
        found += [(made[w], repr(op) if op.name == "scale" else op.name) for w in ins]
        made.update({w: repr(op) if op.name == "scale" else op.name for w in outs})
    return found + [(made[w], "Out") for w in _flat(d.cod)]


def _mirrored(name: str) -> str:
    return {"In": "Out", "Out": "In", "dup": "+", "+": "dup"}.get(name, name)


@row("P77")
def copying_is_seen_where_values_are_used_again() -> None:
    pictures = GraphCategory(copies=True)
    traced = program(lambda a, b: np.cos(a * b) * a)
    assert pictures(to_combinators(traced)).counts["dup"] == 1  # a, and nothing else, is used twice
    assert pictures(cos_sin_prod).counts["dup"] == 1 and pictures(mul).counts["dup"] == 0


# ---------------------------------------------------------------------------------------------- bulk operations


@row("P66")
def a_family_of_equal_arrows_is_one_call() -> None:
    """``crossI`` of ``n`` times one arrow: on an array, one call of NumPy for each primitive, in the derivative too."""
    f = program(lambda t: np.exp(t) * np.sin(t))
    for n in (3, 300):
        x = np.linspace(0.0, 1.0, n)
        assert dict(count(vmap(f), x).calls) == {"exp": 1, "sin": 1, "multiply": 1}
        calls = count(lambda x: D(Dual(Additive))(program(lambda t: vmap(f)(t)))(x)[1](np.ones_like(x)), x)
        assert calls["exp"] == calls["sin"] == 1 and calls.total <= 12
        assert np.allclose(vmap(f)(x), map_(f, n)(tuple(x)))
    assert count(map_(exp, 3), (1.0, 2.0, 3.0))["exp"] == 3  # a tuple is not an array: one call for each part


@row("P73")
def other_bulk_operations() -> None:
    """zipWith, fold, scan, gather, scatter and products of matrices: one primitive each, with derivative and transpose."""
    x, w = np.array([0.3, -0.7, 1.1]), np.array([2.0, 3.0, 5.0])
    places, m = np.array([2, 0, 2]), np.arange(6.0).reshape(2, 3)
    step = np.tri(3)
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (lambda x: x * w, np.diag(w)),  # zipWith
        (lambda x: np.sum(x), np.ones((1, 3))),  # fold
        (lambda x: np.cumsum(x), step),  # scan
        (lambda x: x[places], np.eye(3)[places]),  # gather; its transpose scatters
        (lambda x: m @ x, m),
    ]
    for f, jacobian_ in cases:
        assert count(program(f), x).total == 1
        _, df = D(Dual(Additive))(program(f))(x)
        assert df.matrix().tolist() == jacobian_.tolist()
        y = np.arange(1.0, len(jacobian_) + 1)
        assert np.allclose(df(y if len(y) > 1 else y[0]), jacobian_.T @ y)


# ---------------------------------------------------------------------------------------------- claims


@row("F7")
def nested_derivatives_are_safe() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(2.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(1.0) == 2.0


@row("F12")
def constants_in_every_category() -> None:
    """``const b = linearD (const b) zero``."""
    for k in LINEAR:
        y, df = D(k)(const(5.0))(2.0)
        assert y == 5.0
        seen = k.observe(df, R, R, 2.0)
        assert repr(seen) == repr(k.observe(k.zero(), R, R, 2.0))


@row("F13")
def pieces_need_not_be_differentiable() -> None:
    """``|x|`` twice over itself is smooth as a whole; the chain rule speaks of the pieces."""
    f = fork(absolute, absolute) >> mul  # x^2, of pieces with a kink
    assert [read(Additive, f, x)[1].tolist() for x in (-2.0, 0.0, 2.0)] == [[[-4.0]], [[0.0]], [[4.0]]]


@row("F14")
def plain_functions_in_and_gradients_out() -> None:
    f = lambda x: np.sum(np.sin(x) * x)
    x = np.array([0.5, 1.5])
    want = np.cos(x) * x + np.sin(x)
    assert np.allclose(grad(f)(x), want)
    for mode in ("forward", "reverse"):
        assert np.allclose(jacobian(f, mode=mode)(x), want)


@row("F4")
def higher_derivatives_at_a_polynomial_cost() -> None:
    """A series costs the square of its order (the cube, where sine and cosine make each other); nesting grows by a factor."""

    def series(f: Callable[[Any], Any], order: int) -> int:
        tally = Tally()
        taylor(f, Counted(0.3, tally), order)
        return sum(tally.calls.values())

    def nested(order: int) -> int:
        g: Any = lambda x: np.exp(x * x)
        for _ in range(order):
            g = grad(g)
        return count(g, 0.3).total

    assert series(lambda x: np.exp(x * x), 64) < 4.1 * series(lambda x: np.exp(x * x), 32)
    assert series(lambda x: np.exp(np.sin(x)), 64) < 8.1 * series(lambda x: np.exp(np.sin(x)), 32)
    counts = [nested(n) for n in range(3, 8)]
    assert all(2 * b > 3 * a for a, b in zip(counts, counts[1:], strict=False))


def _sizes(f: Any) -> tuple[int, int]:
    """Of the derivative of a program of one number: its boxes, and the operations of its formula written out."""
    d = trace(grad(f), R).diagram.pruned()
    written: dict[int, int] = {}
    for _, ins, outs in d.boxes:
        for out in outs:
            written[out] = written.get(out, 0) + 1 + sum(written.get(i, 0) for i in ins)
    assert isinstance(d.cod, int)
    return len(d.boxes), written[d.cod]


@row("F8")
def a_formula_without_sharing_blows_up() -> None:
    formulas = [_sizes(compose(*[sqr] * n))[1] for n in (4, 8, 12)]
    assert formulas[1] > 16 * formulas[0] and formulas[2] > 16 * formulas[1]


@row("F9")
def the_derivative_is_a_program_that_shares() -> None:
    for n in (4, 8, 12, 1000):
        boxes = len(trace(compose(*[sqr] * n), R).diagram.boxes)
        assert boxes == n and len(trace(grad(compose(*[sqr] * n)), R).diagram.pruned().boxes) <= 4 * n


@row("F10")
def a_tape_is_a_diagram() -> None:
    """The slopes on a classical tape are the scalings in the diagram that ``D(Dual(Additive))`` composes, in its order."""

    def f(x: Any, y: Any) -> Any:
        p = x * y
        return p.sin() * p + x

    a, b = 3.0, 4.0
    tape = Tape()
    result = f(tape.variable(a), tape.variable(b))
    slopes = tape.gradient(result)[:2]
    written = fork(mul >> fork(sin, identity) >> mul, exl) >> add
    y, df = D(Dual(Additive))(written)((a, b))
    assert y == result.value and np.allclose(df(1.0), slopes, rtol=1e-15)
    ours = [float(op.factor) for op, _, _ in df.arrow.diagram.boxes if op is not None and op.name == "scale"]
    theirs = [slope for entry in reversed(tape.entries) for _, slope in entry if slope != 1.0]
    assert sorted(ours) == sorted(theirs) and len(ours) == 5


@row("H4")
def one_order_is_made_from_those_before() -> None:
    """Order ``K`` of a series adds ``K`` steps to the orders before it; none of those is made again."""
    tally = Tally()
    y = np.exp(Series(lambda _, k: Counted(0.3, tally) if k == 0 else 1.0 if k == 1 else 0.0))
    made = []
    for k in range(1, 30):
        before = sum(tally.calls.values())
        y.term(k)
        made.append(sum(tally.calls.values()) - before)
        assert [y.term(i) for i in range(k)] and sum(tally.calls.values()) == before + made[-1]
    assert made[-1] <= 3 * 30 + 3 and tally.calls["exp"] == 1


@row("H5")
def pairs_in_and_pairs_out() -> None:
    """The threaded form takes a point with a tangent to a value with its tangent, is a functor, and nests."""

    def threaded(f: Any) -> Callable[[tuple[Any, Any]], tuple[Any, Any]]:
        return lambda pair: jvp(f, *pair)

    f, g = np.sin, np.exp
    pair = (0.3, 2.0)
    assert threaded(g)(threaded(f)(pair)) == threaded(lambda x: g(f(x)))(pair)
    (y, dy), (dy2, ddy) = jvp(lambda x, dx: threaded(np.sin)((x, dx)), (0.3, 2.0), (5.0, 0.0))
    assert np.allclose([y, dy, dy2, ddy], [f(0.3), 2 * np.cos(0.3), 5 * np.cos(0.3), -10 * np.sin(0.3)])


# ---------------------------------------------------------------------------------------------- reviewers


def _headings(page: str) -> list[str]:
    return re.findall(r"^##+ (.*)$", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.MULTILINE)


@row("R-A3")
def the_tutorial_begins_with_the_goal_and_ends_with_why() -> None:
    found = [heading.lower() for heading in _headings("tutorial.md")]
    order = [
        next(i for i, heading in enumerate(found) if word in heading)
        for word in ("goal", "one program", "three modes", "why")
    ]
    assert order == sorted(order) and order[0] == 0


@row("R-PC")
def operations_are_reported_apart_from_time() -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    (head,) = [line for line in page.splitlines() if line.startswith("| case | operations")]
    assert "compiled: value" in head and "derivative / value" in head
    assert "time: value" in head and "elements: ratio" in head


@row("R-B2")
def descent_in_a_hundred_thousand_dimensions() -> None:
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((20, 784)), rng.standard_normal((20, 2))

    def loss(weights: Any) -> Any:
        hidden = np.tanh(inputs @ weights["first"])
        return np.sum((hidden @ weights["second"] - targets) ** 2)

    weights = {"first": rng.standard_normal((784, 128)) / 28, "second": rng.standard_normal((128, 2)) / 11}
    assert sum(w.size for w in weights.values()) > 100_000
    step, first = value_and_grad(loss), loss(weights)
    for _ in range(30):
        _, slope = step(weights)
        weights = {name: w - 1e-3 * slope[name] for name, w in weights.items()}
    assert loss(weights) < 0.05 * first


@row("R-C1")
def newton_uses_the_hessian() -> None:
    def f(p: Any) -> Any:
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    x, distances = np.array([1.2, 1.4]), []
    for _ in range(6):
        x = x - np.linalg.solve(hessian(f)(x), grad(f)(x))
        distances.append(float(np.max(np.abs(x - 1.0))))
    assert distances[-1] < 1e-12
    near = [(a, b) for a, b in zip(distances, distances[1:], strict=False) if a < 0.1]
    assert len(near) >= 3 and all(b <= 200 * a * a + 1e-14 for a, b in near)  # the digits double


@row("R-C4")
def few_wires_cross() -> None:
    crossings = {name: figure.crossings for name, figure in paper_figures.figures().items()}
    for name, most in {"sqr-adr": 0, "sqr-gradr": 0, "magSqr": 0, "magSqr-gradr": 1, "magSqr-adr": 3}.items():
        assert crossings[name] <= most
    assert sum(crossings.values()) <= 70 and len(crossings) == 26


@row("R-D2")
def control_structure_is_a_box_that_holds_programs() -> None:
    def root(a: Any) -> Any:
        return while_(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)

    def branch(x: Any) -> Any:
        return cond(x > 0, np.sin, lambda t: t * t, x)

    def swing(x: Any) -> Any:
        return scan(lambda c, t: (np.sin(c) * t, c), x, np.ones(5))[0]

    for f, name, slope in ((root, "while_", 0.25), (branch, "cond", math.cos(4.0)), (swing, "scan", None)):
        drawn = draw(f, R)
        assert drawn.counts[name] == 1 and sum(drawn.counts.values()) <= 3
        (holder,) = [op for op, _, _ in trace(f, R).diagram.boxes if op is not None and op.name == name]
        assert len(holder.holds) == (1 if name == "scan" else 2)
        found = [jacobian(f, mode=mode)(4.0) for mode in ("forward", "reverse")]
        assert np.allclose(found, found[0])
        assert slope is None or np.isclose(found[0], slope)
        assert draw(f, R, mode="reverse").panel.framed


# ---------------------------------------------------------------------------------------------- printed slips


u, v = hole("u", "a", "b"), hole("v", "a", "c")
u2, v2 = hole("u", "a", "c"), hole("v", "b", "c")


@row("E1")
def the_abelian_identities_are_swapped() -> None:
    for k in LINEAR[:4]:
        holds(k, "fork as a sum", "join as a sum", "exl by join", "inl by fork", "dup as a sum", "jam as a sum")
    # as printed: u &&& v = u . exl + v . exr,  and  u ||| v = inl . u + inr . v
    fails(Additive, fork(u, v), fork(exl >> u, exr >> v) >> jam, "a", ("b", "c"))
    fails(Additive, join(u2, v2), fork(u2 >> inl, v2 >> inr) >> jam, ("a", "b"), "c")
    fails(Additive, exl, fork(identity, zero), ("a", "b"), "a")
    fails(Additive, inl, join(identity, zero), "a", ("a", "b"))
    fails(Additive, dup, fork(exl, exr) >> jam, "a", ("a", "a"))
    fails(Additive, jam, fork(inl, inr) >> jam, ("a", "a"), "a")


@row("E2")
def zip_belongs_to_the_parts() -> None:
    """``exI`` is a family of arrows, paired one by one with their derivatives; ``replI`` is one arrow."""
    for k in (Additive, Dual(Matrices)):
        parts = [D(k)(proj(i, 3)) for i in range(3)]  # zipWith linearD exI exI
        for i, part in enumerate(parts):
            y, df = part((5.0, 6.0, 7.0))
            assert y == (5.0, 6.0, 7.0)[i] and df.matrix().tolist() == [np.eye(3)[i].tolist()]
        y, df = D(k)(repl(3))(5.0)  # linearD replI replI
        assert y == (5.0, 5.0, 5.0) and df.matrix().tolist() == [[1.0]] * 3
    with pytest.raises(TypeError, match="not iterable"):
        [D(Additive).arrow(lambda x, df=df: (x, df)) for _, df in zip(repl(3), repl(3), strict=True)]  # type: ignore[call-overload]


def _says(k: Any, law: str) -> Any:
    """The right side of a law, said in a category beneath; the holes are identities."""
    right = LAWS[law].right
    return say(k, right, dict.fromkeys(["f", "g", "p", "k"], k.identity()), {"s": 2.0})


@row("E3")
def cont_is_monoidal_where_k_has_sums() -> None:
    """The cross of continuations is ``join . (f × g) . unjoin``: it needs sums of ``k``, not only products."""
    holds(Cont(Additive, R), "cross of continuations")
    assert _says(Additive, "cross of continuations") is not None
    with pytest.raises(NotAdditiveError):
        _says(Functions, "cross of continuations")
    with pytest.raises(OptionError):
        Cont(Functions, R)


@row("E4")
def cont_is_cartesian_where_k_has_sums() -> None:
    """``exl``, ``exr`` and ``dup`` of continuations are made of ``join``, ``inl``, ``inr`` and ``jam`` of ``k``."""
    for law in ("exl of continuations", "exr of continuations", "dup of continuations"):
        holds(Cont(Additive, R), law)
        with pytest.raises(NotAdditiveError):
            _says(Functions, law)
    for law in ("scale of continuations", "cont of an arrow"):  # those that ask nothing of ``k`` but composition
        assert _says(Functions, law) is not None


@row("E5")
def scaling_a_continuation_is_before_it() -> None:
    """``scale s = cont (scale s)``: ``h -> h . scale s``. The printed ``scale s`` after ``h`` acts on ``r``."""
    holds(Cont(Additive, R), "scale of continuations")
    s = np.array([2.0, 3.0])
    h = Additive(total.at(R[2]))
    arrow = Cont(Additive, R)(scale(s).at(R[2]))
    x = np.array([1.0, 10.0])
    assert arrow(h)(x) == 32.0
    printed = Additive.compose(Additive.scale(s), h)
    assert np.shape(printed(x)) == (2,)  # not even a number of r


@row("E6")
def the_dual_exchanges_what_it_asks() -> None:
    """``Dual k`` is cartesian where ``k`` is cocartesian, and the other way round."""
    holds(Dual(Additive), "exl in the dual", "dup in the dual", "inl in the dual", "jam in the dual")
    for law in ("exl in the dual", "exr in the dual", "dup in the dual", "fork in the dual"):
        with pytest.raises(NotAdditiveError):
            _says(Functions, law)  # functions are cartesian, which does not help
    for law in ("inl in the dual", "inr in the dual", "jam in the dual", "join in the dual"):
        assert _says(Functions, law) is not None  # what is printed asks for sums that are not needed


@row("E7")
def arithmetic_of_derivatives_asks_for_sums() -> None:
    """The derivative of ``add`` is ``jam``, that of ``negate`` is ``scale (-1)``: arrows of every ``k``."""
    for k in LINEAR:
        x = (3.0, 4.0)
        _, df = D(k)(add)(x)
        assert repr(k.observe(df, R * R, R, x)) == repr(k.observe(k.jam(), R * R, R, x))
        _, df = D(k)(neg)(3.0)
        assert repr(k.observe(df, R, R, 3.0)) == repr(k.observe(k.scale(-1.0), R, R, 3.0))
    with pytest.raises(NotAdditiveError):  # scaling alone does not give it
        Functions.jam()


@row("E8")
def indexed_joins_ask_for_sums() -> None:
    """``joinI`` needs ``CocartesianI``: functions have all of ``CartesianI`` and no ``joinI``."""
    arrows = [Functions.scale(2.0), Functions.scale(3.0)]
    assert derived.fork_i(Functions, 2, arrows.__getitem__)(1.0) == (2.0, 3.0)
    with pytest.raises(NotAdditiveError):
        derived.join_i(Functions, 2, arrows.__getitem__)
    linear = [Additive.scale(2.0), Additive.scale(3.0)]
    assert derived.join_i(Additive, 2, linear.__getitem__)((1.0, 1.0)) == 5.0


def _dot(space: Any, w: Any) -> Any:
    return rows(R, [space.pack(w)], space)


def _undot(h: Any) -> Any:
    return h.T(1.0)


@row("E9")
def turning_by_dot_gives_a_function() -> None:
    """``onDot`` of a continuation map takes vectors to vectors; it is not yet an arrow of ``k``."""
    f = fork(join(scale(2.0), scale(3.0)), join(scale(5.0), scale(7.0))).at(R * R)
    turned = lambda w: _undot(Cont(Additive, R)(f)(_dot(R * R, w)))
    assert turned((1.0, 10.0)) == (52.0, 73.0)
    assert not Additive.is_arrow(turned) and not Matrices.is_arrow(turned)
    arrow = Dual(Additive)(f).arrow  # what ``Dual`` holds is one
    assert Additive.is_arrow(arrow) and arrow((1.0, 10.0)) == turned((1.0, 10.0))


@row("E10")
def the_last_step_of_the_proof_of_as_dual() -> None:
    """``asDual (Cont g) = unDot . g . dot``; with ``unDot`` in both places nothing can be applied."""
    f = cross(scale(2.0), scale(3.0)).at(R * R)
    g = Cont(Additive, R)(f)
    w = (1.0, 10.0)
    assert _undot(g(_dot(R * R, w))) == Dual(Additive)(f)(w) == (2.0, 30.0)
    with pytest.raises(AttributeError):
        _undot(g(_undot(w)))
    # lemma crossZip, with f' where g' is printed twice
    a, b, c, d = (hole(n, "a", "b") for n in ("f", "f2", "g", "g2"))
    transpose = fork(cross(exl, exl), cross(exr, exr))
    left = cross(fork(a, b), fork(c, d)) >> transpose
    good = Law(
        "right",
        "",
        frozenset({"cartesian"}),
        ("a", "a"),
        (("b", "b"), ("b", "b")),
        left,
        fork(cross(a, c), cross(b, d)),
    )
    assert check_laws(Additive, laws=[good])
    fails(Additive, left, fork(cross(a, c), cross(d, d)), ("a", "a"), (("b", "b"), ("b", "b")))


@row("E11")
def which_way_to_multiply_a_chain() -> None:
    """Scalar domain: from the right (forward). Scalar codomain: from the left (reverse), not from the right."""

    def multiplications(shapes: list[tuple[int, int]], left: bool) -> int:
        total, shapes = 0, list(shapes)
        while len(shapes) > 1:
            at = 0 if left else len(shapes) - 2
            (m, n), (_, p) = shapes[at], shapes[at + 1]
            total += m * n * p
            shapes[at : at + 2] = [(m, p)]
        return total

    to_scalar = [(1, 50), (50, 50), (50, 50)]  # g . f . e with one component at the end
    from_scalar = [(50, 50), (50, 50), (50, 1)]
    assert multiplications(from_scalar, left=False) < multiplications(from_scalar, left=True)
    assert multiplications(to_scalar, left=True) < multiplications(to_scalar, left=False)  # as printed: the reverse

    layer = matmul @ fork(const(np.eye(50)), identity)
    f = compose(total, *[tanh @ layer] * 3)
    work = {k: count(lambda x: D(k)(f)(x)[1].matrix(), np.ones(50)).elements for k in (Dual(Matrices), Matrices)}  # noqa: B023
    assert work[Dual(Matrices)] < work[Matrices] / 3  # a matrix product counts the elements of its operands and result


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    ROWS[name]()


def test_every_row_of_the_checklist_has_a_test_or_a_stated_gap() -> None:
    assert len(paper_rows.ROWS) == 77 + 14 + 5 + 19 + 11
    assert {*ROWS, *paper_rows.ELSEWHERE, *paper_rows.SAME, *paper_rows.GAPS} == set(paper_rows.ROWS)
    assert not {*ROWS, *paper_rows.ELSEWHERE, *paper_rows.SAME} & set(paper_rows.GAPS)  # a gap that is closed is none
    assert set(paper_rows.SAME.values()) <= {*ROWS, *paper_rows.ELSEWHERE}
    assert all(len(reason.split()) >= 2 for reason in paper_rows.GAPS.values())


@pytest.mark.parametrize("name", paper_rows.ELSEWHERE)
def test_the_tests_that_stand_elsewhere_exist(name: str) -> None:
    file, test = paper_rows.ELSEWHERE[name].split("::")
    assert f"\ndef {test}(" in (ROOT / file).read_text(encoding="utf-8")


@functools.cache
def _maker() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "make_paper.py"))


def test_the_pictures_and_tables_of_the_chapter_are_what_its_command_makes() -> None:
    maker, remedy = _maker(), "run docs/make_paper.py"
    folder = ROOT / "docs" / "pictures" / "paper"
    assert {path.name for path in folder.iterdir()} == set(maker["PICTURES"]) and len(maker["PICTURES"]) >= 26
    for name, make in maker["PICTURES"].items():
        assert (folder / name).read_text(encoding="utf-8") == make(), f"{remedy}: {name} is old"
    page = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    assert maker["filled"](page, maker["TABLES"]) == page, remedy
    assert (
        maker["filled"](page, {"memory": lambda: "measured"}) != page
    )  # its place is there; the numbers are the machine's


def test_the_chapter_names_every_row_and_no_gap_is_hidden() -> None:
    page = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    plain = page.replace(_maker()["NO_BREAK"], "-")
    named = re.findall(r"^\| ([A-Z][\w-]*) \|.*\| (.+) \|$", plain, flags=re.MULTILINE)
    assert sorted(name for name, _ in named) == sorted(paper_rows.ROWS)
    assert {name for name, shown in named if shown.startswith("**gap**")} == set(paper_rows.GAPS)
    assert all(f"](pictures/paper/{name})" in page for name in _maker()["PICTURES"] if name != "control-while-test.svg")
