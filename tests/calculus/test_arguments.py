"""Which function, at which point, in which arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import R, errors, space_of
from essence_ad.calculus.arguments import (
    array_parts,
    in_arguments,
    program_at,
    require_continuous,
    require_program,
    tree_of,
)


def three(x: Any, y: Any, z: Any) -> Any:
    """A function of three arguments."""
    return x, y, z


def test_one_argument_is_given_as_it_is() -> None:
    function, point = in_arguments(np.sin, (2.0,), {}, 0)
    assert function is np.sin
    assert point == 2.0


def test_others_are_held() -> None:
    function, point = in_arguments(three, (1, 2), {"z": 3}, 1)
    assert point == 2
    assert function("new") == (1, "new", 3)
    function, point = in_arguments(three, (1, 2, 3), {}, (2, 0))
    assert point == (3, 1)
    assert function(("c", "a")) == ("a", 2, "c")


@pytest.mark.parametrize("argnums", [3, -4, (0, 3), (1, -2), (), True, 0.0])
def test_argnums_that_name_nothing(argnums: Any) -> None:
    with pytest.raises(errors.OptionError, match="for 3 positional arguments"):
        in_arguments(three, (1, 2, 3), {}, argnums)


def test_programs() -> None:
    require_program("grad", np.sin)
    require_program("grad", essence_ad.sin)
    with pytest.raises(errors.NotAProgramError, match="grad takes a program"):
        require_program("grad", 3)
    assert program_at("grad", essence_ad.sin, 1.0) is essence_ad.sin
    assert program_at("grad", np.sin, 1.0)(0.0) == 0.0


def test_continuous_spaces() -> None:
    require_continuous("grad", "argument", R * space_of(np.array([1, 2], object)))
    with pytest.raises(errors.DTypeError, match=r"in its argument\[1\]\['a'\]"):
        require_continuous("grad", "argument", space_of((1.0, {"a": np.arange(2)})))


def test_places_of_arrays() -> None:
    value = {"a": [1.0, (np.ones(2),)], "b": None}
    space = space_of(value)
    assert array_parts(space) == [("['a'][0]", R), ("['a'][1][0]", R[2])]
    assert tree_of(space, iter([5, 6])) == ((5, (6,)), ())


@pytest.mark.parametrize(
    ("argnums", "args", "options", "point", "seen"),
    [
        ("y", (1, 2, 3), {}, 2, (1, "new", 3)),
        ("y", (1,), {"z": 3, "y": 2}, 2, (1, "new", 3)),
        ("x", (), {"x": 1, "y": 2, "z": 3}, 1, ("new", 2, 3)),
        (0, (), {"x": 1, "y": 2, "z": 3}, 1, ("new", 2, 3)),
        (-1, (1, 2, 3), {}, 3, (1, 2, "new")),
        (["z"], (1, 2, 3), {}, (3,), (1, 2, "new")),
        (("z", 0), (1, 2), {"z": 3}, (3, 1), ("b", 2, "a")),
    ],
)
def test_arguments_may_be_named(argnums: Any, args: Any, options: Any, point: Any, seen: Any) -> None:
    function, found = in_arguments(three, args, options, argnums)
    assert found == point
    assert function("new" if not isinstance(point, tuple) else ("new",) if len(point) == 1 else ("a", "b")) == seen


def test_arguments_by_keyword_only_may_be_named() -> None:
    def f(x: Any, *, rate: Any = 1.0) -> Any:
        return rate * x * x

    for operator, answer in ((essence_ad.grad, 9.0), (essence_ad.jacobian, 9.0), (essence_ad.hessian, 0.0)):
        for _ in range(3):
            assert operator(f, argnums="rate")(3.0, rate=2.0) == answer


def test_names_that_no_argument_has_are_told_with_those_that_there_are() -> None:
    with pytest.raises(
        errors.OptionError, match=r"(?s)argnums='w' for 2 positional.*and \['z'\].*0, 1, 'x', 'y', 'z'.*name"
    ):
        in_arguments(three, (1, 2), {"z": 3}, "w")
    with pytest.raises(errors.OptionError, match="argnums='z'"):
        in_arguments(three, (1, 2), {}, "z")
    with pytest.raises(errors.OptionError, match="the same|different"):
        in_arguments(three, (1, 2), {}, ("x", 0))


def _noted(x: Any) -> Any:
    return np.sum(np.sin(x) * x), {"sum": np.sum(x), "twice": 2 * x}


def test_more_may_be_returned_beside_the_value_by_every_operator() -> None:
    x, v = np.array([0.3, 0.7]), np.array([1.0, -2.0])
    main = lambda x: _noted(x)[0]  # noqa: E731
    y, more = _noted(x)
    ad = essence_ad
    operators: dict[str, tuple[Any, Any]] = {
        "grad": (ad.grad(_noted, has_aux=True)(x), ad.grad(main)(x)),
        "jacobian": (ad.jacobian(_noted, has_aux=True)(x), ad.jacobian(main)(x)),
        "forward": (ad.jacobian(_noted, mode="forward", has_aux=True)(x), ad.jacobian(main)(x)),
        "hessian": (ad.hessian(_noted, has_aux=True)(x), ad.hessian(main)(x)),
    }
    for answer, expected in operators.values():
        np.testing.assert_allclose(answer[0], expected, atol=1e-15)
        np.testing.assert_equal(answer[1], more)
    value, slope, beside = ad.jvp(_noted, x, v, has_aux=True)
    assert (value, slope) == ad.jvp(main, x, v)
    np.testing.assert_equal(beside, more)
    value, pullback, beside = ad.vjp(_noted, x, has_aux=True)
    np.testing.assert_allclose(pullback(2.0), 2 * ad.grad(main)(x))
    np.testing.assert_equal(beside, more)
    value, linear, beside = ad.linearize(_noted, x, has_aux=True)
    assert value == y and linear(v) == pytest.approx(slope) and linear.matrix().shape == (1, 2)
    np.testing.assert_equal(beside, more)


def test_a_value_without_more_is_told() -> None:
    with pytest.raises(errors.StructureError, match=r"needs a function that returns a pair(.|\n)*leave has_aux out"):
        essence_ad.linearize(np.sin, 1.0, has_aux=True)
    with pytest.raises(errors.StructureError, match="jacobian needs a function that returns a pair"):
        essence_ad.jacobian(lambda x: {"a": x, "b": x}, has_aux=True)(1.0)


def test_operators_show_what_they_are() -> None:
    assert repr(essence_ad.grad(three, argnums="x")) == "grad(three, argnums='x', has_aux=False)"
    assert essence_ad.grad(three).__doc__ == three.__doc__ and essence_ad.grad(three).__name__ == "three"


DTYPES = ["float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_operator_keeps_the_precision_of_its_argument(dtype: str) -> None:
    """float32 stays float32, with Python's numbers beside it; at the first call, and when it is compiled."""
    ad = essence_ad
    f = lambda x: np.sum(np.sin(x) * 2.0 + x * x / 3)  # noqa: E731
    g = lambda x: np.exp(0.5 * x) * x  # noqa: E731
    x = np.array([0.25, 0.5], dtype)
    for _ in range(3):
        answers = [
            ad.grad(f)(x), ad.value_and_grad(f)(x)[0], ad.jacobian(g)(x), ad.jacobian(g, mode="reverse")(x), ad.hessian(f)(x),
            ad.hvp(f, x, x), ad.jvp(g, x, x)[1], ad.vjp(g, x)[1](x), ad.linearize(g, x)[1](x), ad.program(g)(x), ad.compile(g, x)(x),
        ]  # fmt: skip
        assert [np.result_type(a) for a in answers] == [np.dtype(dtype)] * len(answers)
    assert type(ad.grad(lambda x: np.sin(x) * 2.0)(x[0])) is np.dtype(dtype).type


def test_mixed_arguments_have_gradients_of_their_own_dtypes() -> None:
    x, y, z = np.ones(2, "f4"), np.ones(2), np.ones(2, "c8")
    found = essence_ad.grad(lambda x, y: np.sum(x * y), argnums=(0, 1))(x, y)
    assert [g.dtype.str for g in found] == ["<f4", "<f8"]
    found = essence_ad.grad(lambda x, z: np.sum(np.real(x * z)), argnums=("x", "z"))(x, z)
    assert [g.dtype.str for g in found] == ["<f4", "<c8"]


@pytest.mark.parametrize("x", [np.arange(3), np.int64(3), np.array([True]), {"a": np.arange(2)}], ids=range(4))
@pytest.mark.parametrize("operator", ["grad", "jacobian", "hessian", "linearize", "vjp"])
def test_integers_are_refused_and_the_remedy_told(operator: str, x: Any) -> None:
    f = lambda x: np.sum(x["a"] if isinstance(x, dict) else x) * 1.0  # noqa: E731
    take = getattr(essence_ad, operator)
    with pytest.raises(errors.DTypeError, match=r"needs real or complex numbers in its argument(.|\n)*astype\(float\)"):
        _ = take(f, x) if operator in ("linearize", "vjp") else take(f)(x)


@pytest.mark.parametrize("z", [0.3 + 0.4j, -1.2 - 0.5j])
def test_holomorphic_functions_have_complex_derivatives_in_every_operator(z: complex) -> None:
    ad = essence_ad
    f, first, second = lambda z: np.exp(z) * z, (1 + z) * np.exp(z), (2 + z) * np.exp(z)  # noqa: E731
    assert ad.grad(f)(z) == pytest.approx(first) and ad.grad(ad.grad(f))(z) == pytest.approx(second)
    assert ad.jacobian(f)(z) == pytest.approx(first) and ad.hessian(f)(z) == pytest.approx(second)
    assert ad.jvp(f, z, 1j)[1] == pytest.approx(1j * first) and ad.vjp(f, z)[1](1.0) == pytest.approx(first)
    matrix = ad.jacobian(lambda v: f(v) * v[0])(np.array([z, 2 * z]))
    assert matrix[0, 0] == pytest.approx(first * z + f(z)) and matrix[0, 1] == 0 and matrix.dtype == complex
