"""Shaping: what the shape rules refuse, what transposes are, and that nothing is copied or changed without need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import Additive, D, Dual, R, fork
from essence_ad.errors import OptionError, ShapeError
from essence_ad.primitives import shaping
from essence_ad.primitives.primitive import Primitive
from essence_ad.tracing.program import trace

FAMILY = [p for p in vars(shaping).values() if isinstance(p, Primitive)]


def test_all_are_linear_but_padding_which_may_add_a_constant() -> None:
    assert {p.name for p in FAMILY if not p.rule.linear} == {"pad"}
    f = essence_ad.pad(pad_width=1, constant_values=3.0)
    assert f(np.zeros(1)).tolist() == [3, 0, 3] and D(Additive)(f)(np.zeros(1))[1](np.ones(1)).tolist() == [0, 1, 0]


@given(st.permutations(range(4)))
def test_transposing_back(axes: list[int]) -> None:
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    f = essence_ad.transpose(axes=tuple(axes)).at(R[2, 3, 4, 5])
    np.testing.assert_array_equal(f.T(f(x)), x)


# Programs whose adjoint undoes them, since they only move elements.
PERMUTING = [
    ("reshape", {"shape": (3, 2)}), ("reshape", {"shape": -1, "order": "F"}), ("ravel", {}), ("transpose", {}), ("flip", {}), ("roll", {"shift": 5}),
    ("roll", {"shift": (1, -1), "axis": (0, 1)}), ("moveaxis", {"source": 0, "destination": 1}), ("swapaxes", {"axis1": 0, "axis2": -1}),
    ("expand_dims", {"axis": (0, 3)}), ("squeeze", {}), ("atleast_3d", {}), ("flip", {"axis": 0}), ("matrix_transpose", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), PERMUTING)
def test_moving_elements_there_and_back(name: str, options: dict[str, Any]) -> None:
    x = np.arange(6.0).reshape(2, 3)
    f: Any = getattr(essence_ad, name)
    f = (f(**options) if options else f).at(R[2, 3])
    np.testing.assert_array_equal(f.T(f(x)), x)


def test_what_is_copied_is_added_up() -> None:
    ones = {
        "tile": (essence_ad.tile(reps=3), [3, 3]), "repeat": (essence_ad.repeat(repeats=[2, 0]), [2, 0]),
        "edge": (essence_ad.pad(pad_width=2, mode="edge"), [3, 3]), "wrap": (essence_ad.pad(pad_width=(0, 3), mode="wrap"), [3, 2]),
        "broadcast_to": (essence_ad.broadcast_to(shape=(4, 2)), [4, 4]),
    }  # fmt: skip
    for name, (f, expected) in ones.items():
        y, df = D(Dual(Additive))(f)(np.array([1.0, 2.0]))
        assert df(np.ones(y.shape)).tolist() == expected, name


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("width", [1, (0, 2), ((1, 0), (2, 2))])
def test_padding_that_copies(mode: str, width: Any) -> None:
    x = np.arange(9.0).reshape(3, 3)
    f = essence_ad.pad(pad_width=width, mode=mode)
    y, df = D(Additive)(f)(x)
    np.testing.assert_array_equal(y, np.pad(x, width, mode=mode))
    np.testing.assert_array_equal(df(x), y)


def test_padding_names_axes() -> None:
    f = trace(lambda x: np.pad(x, {1: (1, 0)}), R[2, 2])
    y, df = D(Dual(Additive))(f)(np.ones((2, 2)))
    assert y.shape == (2, 3) and df(np.arange(6.0).reshape(2, 3)).tolist() == [[1, 2], [4, 5]]


def test_padding_in_other_ways_is_refused() -> None:
    with pytest.raises(OptionError, match="linear_ramp"):
        essence_ad.pad(pad_width=1, mode="linear_ramp")(np.ones(3))


def test_joining_and_cutting_undo_each_other() -> None:
    x = np.arange(12.0).reshape(2, 6)
    parts = essence_ad.split(indices_or_sections=(1, 3), axis=1)
    joined = parts >> essence_ad.concatenate(axis=1)
    np.testing.assert_array_equal(joined(x), x)
    np.testing.assert_array_equal(D(Dual(Additive))(joined)(x)[1](x), x)
    assert [p.shape for p in parts(x)] == [(2, 1), (2, 2), (2, 3)]
    back = D(Dual(Additive))(parts)(x)[1]((np.ones((2, 1)), np.zeros((2, 2)), 2 * np.ones((2, 3))))
    assert back.tolist() == [[1, 0, 0, 2, 2, 2]] * 2


def test_joining_takes_a_product_or_several_programs() -> None:
    f = fork(essence_ad.sin, essence_ad.cos) >> essence_ad.stack
    assert f(0.0).tolist() == [0, 1] and D(Additive)(f)(0.0)[1](1.0).tolist() == [1, 0]
    g = essence_ad.concatenate
    y, df = D(Dual(Additive))(g)((np.zeros(1), np.zeros(2)))
    first, second = df(np.array([1.0, 2.0, 3.0]))
    assert first.tolist() == [1] and second.tolist() == [2, 3]
    y, df = D(Additive)(g)((np.zeros(2),))
    assert df((np.ones(2),)).tolist() == [1, 1] and df.T(np.ones(2))[0].tolist() == [1, 1]


def test_joining_different_precision() -> None:
    y, df = D(Dual(Additive))(essence_ad.concatenate)((np.zeros(1, np.float32), np.zeros(1)))
    first, second = df(np.ones(2))
    assert y.dtype == np.float64 and first.dtype == np.float32 and second.dtype == np.float64


REFUSED = [
    ("reshape", {"shape": (4, 2)}, R[2, 3]), ("reshape", {"shape": (-1, 4)}, R[2, 3]), ("squeeze", {"axis": 0}, R[2, 3]),
    ("broadcast_to", {"shape": (4,)}, R[3]), ("transpose", {"axes": (0, 0)}, R[2, 3]), ("moveaxis", {"source": 3, "destination": 0}, R[2, 3]),
    ("expand_dims", {"axis": 5}, R[2]), ("split", {"indices_or_sections": 2}, R[3]), ("flip", {"axis": 2}, R[2]), ("diag", {}, R[2, 2, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "space"), REFUSED)
def test_shapes_that_do_not_fit_are_refused_before_and_while_running(
    name: str, options: dict[str, Any], space: Any
) -> None:
    f: Any = getattr(essence_ad, name)
    f = f(**options) if options else f
    for attempt in (lambda: f.at(space), lambda: f(np.zeros(space.shape))):
        with pytest.raises(ShapeError, match=name) as caught:
            attempt()
        assert str(space.shape) in str(caught.value) or repr(space) in str(caught.value)


@pytest.mark.parametrize("name", ["concatenate", "stack"])
def test_joining_what_does_not_fit(name: str) -> None:
    f = getattr(essence_ad, name)
    with pytest.raises(ShapeError, match=name):
        f((np.zeros((2, 2)), np.zeros((2, 3))))
    with pytest.raises(ShapeError, match=name):
        f.at(R[2, 2] * R[2, 3])


def test_reshaping_does_not_copy() -> None:
    x = np.arange(6.0)
    y, df = D(Dual(Additive))(essence_ad.reshape(shape=(2, 3)))(x)
    assert np.shares_memory(x, y)


def test_diagonals() -> None:
    x = np.arange(6.0).reshape(2, 3)
    y, df = D(Dual(Additive))(essence_ad.diagonal(offset=1))(x)
    assert y.tolist() == [1, 5] and df(np.array([1.0, 2.0])).tolist() == [[0, 1, 0], [0, 0, 2]]
    y, df = D(Dual(Additive))(essence_ad.diag(k=-1))(np.ones(2))
    assert y.shape == (3, 3) and df(np.arange(9.0).reshape(3, 3)).tolist() == [3, 7]
    assert D(Dual(Additive))(essence_ad.triu(k=1))(np.ones((2, 2)))[1](np.ones((2, 2))).tolist() == [[0, 1], [0, 0]]
