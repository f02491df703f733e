"""``check_derivatives`` says nothing of what is right, and names what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, Begin, Cont, D, Dual, R, errors, scale
from essence_ad.calculus.checking import check_derivatives
from essence_ad.calculus.gradient import grad
from essence_ad.diagram import Diagram
from essence_ad.linear_map import LinearMap
from essence_ad.morphism import box
from essence_ad.operation import LinearOp
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Elementwise, Linear, Primitive
from essence_ad.tracing.program import program

# ---------------------------------------------------------------------------------------------- right ones


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    "f", [np.sin, essence_ad.sin, program(np.sin), grad(np.sin)], ids=["ufunc", "morphism", "program", "grad"]
)
def test_right_derivatives_pass(f: Any, order: int) -> None:
    check_derivatives(f, 0.7, order=order, tolerance=1e-8)


def test_several_structured_arguments() -> None:
    def f(p: Any, x: Any) -> Any:
        return {"y": np.sin(p["w"] * x) + p["b"], "n": x * 2.0}

    check_derivatives(f, {"w": np.array([1.0, -0.5]), "b": 3.0}, np.array([0.3, 0.4]))


def test_complex_arguments() -> None:
    z = np.array([0.3 - 0.2j, 1.0 + 0.5j])
    check_derivatives(lambda t: t * np.exp(t), z, tolerance=1e-7)
    check_derivatives(lambda t: np.real(t * np.conj(t)), z)
    check_derivatives(lambda t: t * np.conj(t), z)
    check_derivatives(lambda t: np.exp(1j * t), 0.4)


def test_single_precision() -> None:
    check_derivatives(lambda t: np.sin(t) * t, np.float32(0.7))


def test_many_components_are_sampled() -> None:
    check_derivatives(lambda t: np.sum(t * t * t), np.linspace(-1, 1, 500), order=1)


def test_infinite_and_undefined_slopes_pass() -> None:
    check_derivatives(lambda t: t**0.5, 0.0, order=1)


def kinked(x: Any) -> Any:
    """The absolute value, by the primitives at hand."""
    return np.where(x > 0, x, -x)


def test_kinks_pass_where_the_stated_slope_lies_between_the_sides() -> None:
    check_derivatives(kinked, 0.0)
    check_derivatives(kinked, 0.3)
    wrong = Primitive("wrong", np.absolute, Elementwise(lambda x, y: 2 + 0 * x))
    with pytest.raises(errors.DerivativeError, match="between -1 and 1"):
        check_derivatives(box(wrong.call()), 0.0, order=1)


def test_integer_parts_of_the_value_are_left_out() -> None:
    check_derivatives(lambda t: (t * t, t > 0), 0.5)


# ---------------------------------------------------------------------------------------------- wrong ones


def primitive(slope: Any) -> Any:
    """sin with a slope of our own, as a morphism."""
    return box(Primitive("sine", np.sin, Elementwise(slope)).call())


def test_a_wrong_slope_is_found() -> None:
    f = primitive(lambda x, y: np.cos(x) + 1e-4)
    with pytest.raises(errors.DerivativeError) as caught:
        check_derivatives(f, 0.5)
    assert (
        str(caught.value).splitlines()[0]
        == "the forward derivative of the value by argument disagrees with differences"
    )
    assert float(caught.value.found) == pytest.approx(np.cos(0.5) + 1e-4)
    assert float(caught.value.expected) == pytest.approx(np.cos(0.5))
    with pytest.raises(errors.DerivativeError, match="the reverse derivative"):
        check_derivatives(f, 0.5, modes=["reverse"])
    check_derivatives(f, 0.5, tolerance=1e-3)


def test_the_component_is_named() -> None:
    wrong = primitive(lambda x, y: y)
    f = essence_ad.cross(essence_ad.sin, wrong)
    with pytest.raises(errors.DerivativeError, match=r"of the value\[1\]\[0\] by argument\[1\]\[0\]"):
        check_derivatives(f, np.ones(2), np.ones(2), modes=("forward",))
    with pytest.raises(errors.DerivativeError, match=r"of a weighted sum of the value by argument\[1\]\[0\]"):
        check_derivatives(f, np.ones(2), np.ones(2), modes=("reverse",))


def test_a_wrong_second_derivative_is_found_at_the_second_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue()["cos"].rule, "slopes", (lambda x, y: np.sin(x),))  # the sign is wrong
    check_derivatives(np.sin, 0.5, order=1)
    with pytest.raises(errors.DerivativeError, match="the forward derivative of the forward derivative of the value"):
        check_derivatives(np.sin, 0.5)
    with pytest.raises(errors.DerivativeError, match="of a weighted sum of the reverse derivative of the value"):
        check_derivatives(np.sin, 0.5, modes=("reverse",))


def test_a_wrong_transpose_is_found() -> None:
    twice = box(LinearOp("twice", lambda v: 2 * v, lambda v: 2.00001 * v, (R[2],), (R[2],)))
    check_derivatives(twice, np.ones(2), modes=("forward",))
    with pytest.raises(errors.DerivativeError, match="is not the transpose"):
        check_derivatives(twice, np.ones(2), tolerance=1e-4, order=1)
    with pytest.raises(errors.DerivativeError, match="the reverse derivative"):
        check_derivatives(twice, np.ones(2), modes=("reverse",), tolerance=1e-8)


def test_a_wrong_adjoint_of_a_primitive_is_found() -> None:
    total = Primitive("total", np.sum, Linear(lambda v, space: np.broadcast_to(v, space.shape) * 0.5))
    with pytest.raises(errors.DerivativeError, match="the reverse derivative"):
        check_derivatives(box(total.call()), np.ones(3))


def test_nan_is_wrong_where_there_is_a_slope() -> None:
    with pytest.raises(errors.DerivativeError) as caught:
        check_derivatives(primitive(lambda x, y: 0 * x + np.nan), 0.5)
    assert caught.value.found == "nan"


# ---------------------------------------------------------------------------------------------- arrows by hand


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Cont(Additive, R), Begin(Additive, R)], ids=str)
def test_arrows_written_by_hand(k: Any) -> None:
    right = D(k).arrow(lambda x: (np.sin(x), k.scale(np.cos(x))))
    check_derivatives(right, 0.5, order=3)
    wrong = D(k).arrow(lambda x: (np.sin(x), k.scale(x)))
    with pytest.raises(errors.DerivativeError, match="derivative of the value by argument"):
        check_derivatives(wrong, 0.5)


def test_an_arrow_by_hand_with_two_arguments() -> None:
    def product(p: Any) -> Any:
        x, y = p
        boxes = [(scale(y).form, (0,), (2,)), (scale(x).form, (1,), (2,))]
        return x * y, LinearMap(Diagram((0, 1), 2, boxes, 3, R * R, R))

    check_derivatives(D(Additive).arrow(product), 2.0, 3.0)


def test_arrows_that_cannot_be_recorded_are_checked_to_the_first_order() -> None:
    import math

    arrow = D(Additive).arrow(lambda x: (math.sin(x), Additive.scale(math.cos(x))))
    check_derivatives(arrow, 0.5, order=1)
    with pytest.raises(errors.TracingError, match="order=1"):
        check_derivatives(arrow, 0.5)


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "options", [{"order": 0}, {"order": 1.5}, {"modes": "forward"}, {"modes": ()}, {"modes": ("auto",)}], ids=str
)
def test_unknown_options(options: Any) -> None:
    with pytest.raises(errors.OptionError, match="check_derivatives"):
        check_derivatives(np.sin, 1.0, **options)


def test_bad_arguments() -> None:
    with pytest.raises(errors.NotAProgramError):
        check_derivatives(1.0, 1.0)
    with pytest.raises(errors.DTypeError):
        check_derivatives(np.sin, np.arange(3))
