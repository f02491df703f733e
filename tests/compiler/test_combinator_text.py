"""Programs shown as combinators: the paper's terms for the paper's functions, lines of a readable width, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    R,
    Space,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    fork,
    grad,
    hessian,
    it,
    jam,
    join,
    linearize,
    mul,
    program,
    proj,
    scale,
    show,
    sin,
    sum,
    swap,
    zero,
)
from essence_ad.compiler.combinator_text import WIDE
from essence_ad.compiler.compiled import staged
from essence_ad.compiler.simplify import simplify
from essence_ad.errors import NeedsSpaceError
from essence_ad.functor import flatten
from essence_ad.morphism import Morphism
from tests.strategies import points, typed_linear_programs, typed_programs

LARGE = np.arange(100.0)


def sqr(a: Any) -> Any:
    return a * a


def mag_sqr(a: Any, b: Any) -> Any:
    return sqr(a) + sqr(b)


def cos_sin_prod(x: Any, y: Any) -> Any:
    z = x * y
    return np.cos(z), np.sin(z)


def normal(text: str) -> str:
    """The normal form: ``f `compose` g`` read from left to right, a fork of one arrow with itself as ``dup``."""
    for same in ("identity", "exl", "exr"):
        text = text.replace(f"fork({same}, {same})", f"{same} >> dup")
    return text.replace("identity >> ", "").replace("add", "addC").replace("multiply", "mulC")


@pytest.mark.parametrize(
    ("f", "printed"),
    [
        # section "Examples" of essence-of-ad.lhs: sqr = mulC . (id △ id)
        (sqr, "dup >> mulC"),
        # magSqr = addC . (mulC . (exl △ exl) △ mulC . (exr △ exr))
        (mag_sqr, "fork(exl >> dup >> mulC, exr >> dup >> mulC) >> addC"),
        # cosSinProd = (cosC △ sinC) . mulC
        (cos_sin_prod, "mulC >> fork(cos, sin)"),
    ],
    ids=["sqr", "magSqr", "cosSinProd"],
)
def test_the_papers_functions_become_the_terms_that_it_prints(f: Any, printed: str) -> None:
    spaces = [R] * f.__code__.co_argcount
    for shown in (show(f), show(program(f)), show(f, *spaces), show(f, *spaces, simplified=False)):
        assert normal(str(shown)) == printed


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (dup >> mul >> fork(sin, cos), "dup >> multiply >> fork(sin, cos)"), ((dup >> mul) >> (sin >> cos), "dup >> multiply >> sin >> cos"),
        (cross(sin, scale(2.0)) >> swap >> exl, "cross(sin, scale(2.0)) >> swap >> exl"), (it, "it"), (jam.T, "dup"),
        (join(scale(2.0), zero), "join(scale(2.0), zero)"), (const(np.ones(3)), "const(np.ones((3,)))"), (sum(axis=0), "sum(axis=0)"),
        (program(lambda x, y: (y, x)), "fork(exr, exl)"), (program(sqr) >> sin, "dup >> multiply >> sin"), (proj(1), "proj(1)"),
        (proj(1, 3), "proj(1, 3)"), (proj(1, 3).T, "fork(zero, identity, zero)"),
        (linearize(sin, 0.0)[1], "scale(1.0)"), (cross(), "cross()"),
    ],
)  # fmt: skip
def test_programs_are_shown_as_they_were_written(f: Any, text: str) -> None:
    assert str(show(f)) == repr(show(f)) == text


def test_what_is_shown_fits_a_line_or_has_several() -> None:
    text = show(hessian(lambda x: x[0] * x[1] ** 2), R[2])
    lines = str(text).splitlines()
    assert len(lines) > 5 and lines[0] == "(" and lines[-1] == ")"
    assert all(len(line) <= WIDE or " >> " not in line.removeprefix("    >> ") for line in lines), (
        "one operation is not broken, more are"
    )
    assert str(show(compose(*[sin] * 30))).splitlines()[2].startswith("    >> sin >> sin")


def test_arrays_that_are_too_large_are_given_with_the_text() -> None:
    text = show(lambda x: np.sin(LARGE + x), R)
    assert str(text) == "fork(const(A), identity) >> add >> sin\n# A: an array of shape (100,) and dtype float64"
    np.testing.assert_array_equal(text.run()(1.0), np.sin(LARGE + 1.0))


def test_operations_without_a_text_are_given_with_it() -> None:
    x = np.array([[2.0, 1.0], [0.0, 1.0]])
    text = show(linearize(np.linalg.inv, x)[1])
    assert text.names
    np.testing.assert_allclose(Additive(text.run())(x), -np.linalg.inv(x), atol=1e-12)


def test_a_function_that_needs_shapes_needs_a_space() -> None:
    with pytest.raises(NeedsSpaceError, match="no space was given"):
        show(lambda x: x[0])


def test_a_constant_is_made_where_it_is_read_and_not_carried_along() -> None:
    assert "exl" not in str(show(lambda x: np.sin(x * LARGE[:3]) @ LARGE[:3] * 2.0 - LARGE[:3], R[3]))


def size(f: Any, source: Space) -> int:
    """The operations of a program after simplification."""
    return len(simplify(staged(f, source)).boxes)


@given(typed_programs, st.data())
def test_what_is_shown_can_be_read_back(ends: Any, data: Any) -> None:
    source, target, f = ends
    x = data.draw(points(source))
    for text in (show(f), show(f, source), show(program(lambda p: f(p)), source)):
        back = text.run()
        np.testing.assert_allclose(target.to_vector(back(x)), target.to_vector(f(x)), rtol=1e-12, atol=1e-12)
        assert size(back, source) <= size(f, source)


@given(typed_linear_programs, st.data())
def test_linear_programs_can_be_read_back(ends: Any, data: Any) -> None:
    source, target, f = ends
    x = data.draw(points(source))
    back: Morphism[Any, Any] = show(f).run()
    np.testing.assert_allclose(target.to_vector(Additive(back)(x)), target.to_vector(Additive(f)(x)), atol=1e-12)
    assert len(flatten(back).boxes) <= len(flatten(f).boxes)


def test_derivatives_can_be_read_back() -> None:
    f = lambda x: np.sum(np.sin(x[:2]) * x[1:]) / (1.0 + x @ x)  # noqa: E731
    x, text = np.array([0.3, -0.4, 1.2]), show(grad(f), R[3])
    np.testing.assert_allclose(text.run()(x), grad(f)(x), rtol=1e-12)
    assert len(text.run().diagram.boxes) <= len(show(grad(f), R[3], simplified=False).run().diagram.boxes)
    assert str(show(grad(sqr), R)) == "dup >> add"
