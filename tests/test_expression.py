"""Expressions against Python's own reading of the same text, and every kind of mistake with its place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad.errors import ParseError
from essence_ad.expression import parse

NAMES = ["x", "y"]
FUNCTIONS = {name: getattr(np, name) for name in ("sin", "cos", "exp")}


def python(text: str, **values: float) -> float:
    """What Python makes of the text: the oracle (the library itself never evaluates text)."""
    numbers = {name: np.float64(value) for name, value in values.items()}
    with np.errstate(all="ignore"):
        return float(eval(text, {"__builtins__": {}}, {**FUNCTIONS, "pi": np.pi, "e": np.e, **numbers}))


def texts() -> st.SearchStrategy[str]:
    """Expressions with all operators, brackets, spaces and calls. Numbers are written so that Python takes NumPy's."""
    space = st.sampled_from(["", " ", "  "])
    leaf = st.sampled_from(["x", "y", "pi", "e", "2.5", ".5", "1e-1", "3."])

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        binary = st.tuples(inner, space, st.sampled_from(["+", "-", "*", "/", "**"]), space, inner).map("".join)
        call = st.tuples(st.sampled_from(sorted(FUNCTIONS)), space, inner).map(lambda t: f"{t[0]}{t[1]}({t[2]})")
        return st.one_of(binary, binary, call, inner.map(lambda t: f"-{t}"), inner.map(lambda t: f"({t})"))

    return st.recursive(leaf, larger, max_leaves=12)


@given(texts(), st.floats(0.2, 2.0), st.floats(0.2, 2.0))
def test_precedence_is_pythons(text: str, x: float, y: float) -> None:
    try:
        expected = python(text, x=x, y=y)
    except (OverflowError, ZeroDivisionError, TypeError):
        return  # Python's own floats, or complex numbers, among constants: NumPy's convention is tested below
    program = parse(text, NAMES)
    with np.errstate(all="ignore"):
        found = float(program(x, y))
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@given(texts())
def test_what_is_printed_can_be_pasted_back(text: str) -> None:
    program = parse(text, NAMES)
    pasted = eval(repr(program), {**vars(essence_ad), "inf": np.inf, "nan": np.nan})
    with np.errstate(all="ignore"):
        assert float(pasted((0.7, 1.3))) == pytest.approx(float(program(0.7, 1.3)), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("cos(x*y) + sin(y)", "fork(multiply >> cos, exr >> sin) >> add"),
        ("2*x*3", "exl >> scale(2.0) >> scale(3.0)"),
        ("-x", "exl >> negative"),
        ("2*pi", f"const({2 * math.pi!r})"),
        ("(x+y)*sin(x + y)", "add >> fork(identity, sin) >> multiply"),
        ("mul(x, y)", "multiply"),
    ],
)
def test_the_combinators(text: str, printed: str) -> None:
    assert repr(parse(text, NAMES)) == printed


def test_the_domain_is_the_tuple_of_variables() -> None:
    assert str(parse("x*y - z", ["x", "y", "z"]).type) == "num × num × num -> num"
    assert str(parse("x*x", ["x"]).type) == "num -> num"
    assert parse("x*x", ["x"])(3.0) == 9.0
    assert str(parse("1/3", []).type) == "1 -> num"
    assert parse("1/3", [])(()) == 1 / 3
    assert parse("y - x", ["y", "x"])(5.0, 3.0) == 2.0


def test_a_subexpression_written_twice_is_one_box() -> None:
    once = parse("sin(x*y)", NAMES).diagram.boxes
    thrice = parse("sin(x*y) + sin( x * y ) + sin((x*y))", NAMES).diagram.boxes
    assert len(thrice) == len(once) + 2


def test_variables_may_have_any_letters() -> None:
    assert parse("θ_1*ω", ["θ_1", "ω"])(2.0, 3.0) == 6.0


def test_constants_follow_numpy() -> None:
    assert parse("1/0", [])(()) == np.inf
    assert np.isnan(parse("(0-8)**(1/3)", [])(()))
    assert parse("2**3**2", [])(()) == 512.0
    assert parse("1e999", [])(()) == np.inf


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("cos(x*) + 1", 6, "')'"),
        ("x +", 3, "too early"),
        ("-", 1, "too early"),
        ("x y", 2, "write * for a product"),
        ("2x", 1, "write * for a product"),
        ("x(y)", 0, "write * for a product"),
        ("pi(y)", 0, "write * for a product"),
        ("x^2", 1, "write ** for a power"),
        ("x == y", 2, "'='"),
        ("x // y", 3, "'/'"),
        ("x,y", 1, "','"),
        ("(x,y)", 2, "','"),
        ("(x", 0, "not closed"),
        ("1 + sin(x", 4, "not closed"),
        ("x)", 1, "')'"),
        ("()", 1, "')'"),
        ("sin", 0, "write its argument in brackets"),
        ("1 + sin()", 4, "takes 1 argument"),
        ("sin(x, y)", 0, "takes 1 argument"),
        ("multiply(x)", 0, "takes 2 arguments"),
        ("sin(, x)", 4, "','"),
        ("sin(x,)", 6, "')'"),
        ("x + z", 4, "z=1"),
        ("coss(x)", 0, "perhaps cos"),
        ("zzzz(x)", 0, "catalogue"),
        ("x.real", 1, "'.'"),
        ("x[0]", 1, "'['"),
        ("'x'", 0, '"\'"'),
        ("__import__('os')", 0, "no known function"),
        ("x\n+\n@", 4, "'@'"),
    ],
)
def test_mistakes_show_their_place(text: str, place: int, says: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, NAMES)
    message = str(caught.value)
    assert says in message
    shown, caret = message.splitlines()[2:4]
    assert caret == "    " + " " * place + "^"
    assert shown == "    " + text.replace("\n", " ")
    assert "found:" in message and "expected:" in message and "to do:" in message


@given(st.text("xy12+-*/(),. sincope^é\n", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        program = parse(text, NAMES)
    except ParseError:
        return
    assert str(program.type) == "num × num -> num"


def test_functions_that_no_expression_of_numbers_can_call() -> None:
    from essence_ad.primitives import catalogue

    variadic = [name for name, primitive in catalogue().items() if primitive.arity is None or primitive.outputs != 1]
    for name in variadic:
        with pytest.raises(ParseError, match="cannot be called"):
            parse(f"{name}(x, y)", NAMES)


def test_nothing_recurses_over_the_length() -> None:
    deep = 20_000
    assert parse("(" * deep + "x" + ")" * deep, ["x"])(3.0) == 3.0
    assert parse("-" * deep + "x", ["x"])(3.0) == 3.0
    assert parse("sin(" * deep + "x" + ")" * deep, ["x"])(0.0) == 0.0
    assert parse(" + ".join(["x"] * deep), ["x"])(1.0) == deep
    assert parse("**".join(["x"] * deep), ["x"])(1.0) == 1.0
