"""``cost``: counts of a program and of the ways to its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, compile, errors, mul
from essence_ad.calculus.cost import cost
from essence_ad.calculus.gradient import value_and_grad
from essence_ad.calculus.jacobian import jacobian
from essence_ad.tracing.counting import count

rng = np.random.default_rng(0)
WIDE, TALL = rng.normal(size=(5, 100)), rng.normal(size=(80, 5))


def narrow(x: Any) -> Any:
    """100 numbers, 5 of them, 80."""
    return np.tanh(TALL @ np.tanh(WIDE @ np.sin(x)))


def test_of_a_program_that_is_narrow_in_the_middle() -> None:
    found = cost(narrow, np.ones(100))
    assert found.chosen == "mixed"
    assert found.mixed is not None
    assert found.value.calls == 5 and found.value.products == 5 * 100 + 80 * 5
    assert found.mixed.total < min(found.forward.total, found.reverse.total)
    assert found.gradient is None
    x = rng.normal(size=100)
    hand = (1 - narrow(x) ** 2)[:, None] * TALL @ ((1 - np.tanh(WIDE @ np.sin(x)) ** 2)[:, None] * WIDE * np.cos(x))
    np.testing.assert_allclose(jacobian(narrow)(x), hand, atol=1e-12)


def test_the_program_that_is_compiled_is_the_cheaper_one() -> None:
    """Elements of all arrays that are made, by the boxes of the compiled programs."""

    def made(mode: str) -> int:
        d = compile(jacobian(narrow, mode=mode), R[100]).diagram
        spaces = d.spaces(d.dom_space)
        return sum(
            spaces[o].dim for op, _, outs in d.boxes for o in outs if op.name not in ("const", "reshape", "transpose")
        )

    assert made("auto") < min(made("forward"), made("reverse"))


@pytest.mark.parametrize(("sizes", "chosen"), [((7, 300), "forward"), ((300, 7), "reverse")])
def test_tall_and_wide(sizes: tuple[int, int], chosen: str) -> None:
    first, last = rng.normal(size=(50, sizes[0])), rng.normal(size=(sizes[1], 60))
    between = rng.normal(size=(60, 50))

    def f(x: Any) -> Any:
        return last @ np.sin(between @ np.sin(first @ x))

    found = cost(f, np.ones(sizes[0]))
    assert found.chosen == chosen
    assert found.mixed is None
    assert getattr(found, chosen).total < max(found.forward.total, found.reverse.total)
    assert chosen in repr(found) and f"R[{sizes[0]}] -> R[{sizes[1]}]" in repr(found)


def test_of_one_number_it_is_the_gradient() -> None:
    found = cost(lambda x: np.sum(np.sin(x) * x), np.ones(1000))
    assert found.gradient == found.reverse
    assert found.chosen == "reverse"
    counted = count(value_and_grad(lambda x: np.sum(np.sin(x) * x)), np.ones(1000)).total
    assert abs(found.value.calls + found.slopes.calls + found.gradient.calls - counted) <= 3
    assert found.gradient.elements + found.slopes.elements <= 4 * found.value.elements


def test_several_arguments() -> None:
    x, y = np.ones(4), np.ones(5)
    found = cost(lambda x, y: np.outer(x, y), x, y, argnums=(0, 1))
    assert repr(found).startswith("R[4] * R[5] -> R[4, 5]")
    assert cost(lambda x, y: np.outer(x, y), x, y, argnums=1).source == R[5]
    assert cost(mul, (2.0, 3.0)).chosen == "reverse"


def test_nothing_is_run() -> None:
    """A program on arrays of eight gigabytes is counted all the same."""
    big = np.broadcast_to(1.0, (10**6, 1000))

    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * 2.0)

    assert cost(f, big).value.elements == 3 * 10**9


def test_bad_input() -> None:
    with pytest.raises(errors.DTypeError, match="in its argument"):
        cost(np.sin, np.arange(3))
    with pytest.raises(errors.DTypeError, match="in its value"):
        cost(lambda x: x > 0, np.ones(3))
    with pytest.raises(errors.NotAProgramError):
        cost(1.0, 2.0)
