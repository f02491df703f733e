"""Indexing: every kind of key, repeated places, and the cost of reading one array many times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.diagram import Diagram
from essence_ad.errors import OptionError, ShapeError
from essence_ad.kernel import scatter_sum
from essence_ad.morphism import Morphism, from_diagram
from essence_ad.primitives import catalogue, indexing
from essence_ad.primitives.indexing import Slot, gather, index, scatter
from essence_ad.tracing.program import trace


@given(st.data())
def test_any_key_and_its_adjoint(data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    key = data.draw(
        st.one_of(
            hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
            hnp.integer_array_indices(shape),
            hnp.arrays(bool, shape),
        )
    )
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    y, df = D(Additive)(essence_ad.index(key=key))(x)
    np.testing.assert_array_equal(y, x[key])
    v = rng.standard_normal(np.shape(y))[()]
    expected = np.zeros(shape)
    np.add.at(expected, key, v)
    np.testing.assert_allclose(df.T(v), expected)
    np.testing.assert_array_equal(essence_ad.index(key=key).at(R[shape])(x), x[key])


def test_places_that_are_read_twice_are_added_up() -> None:
    y, df = D(Dual(Additive))(essence_ad.index(key=np.array([0, 0, 2])))(np.array([1.0, 2.0, 3.0]))
    assert y.tolist() == [1, 1, 3] and df(np.array([1.0, 10.0, 100.0])).tolist() == [11, 0, 100]


def test_a_key_stays_as_it_was() -> None:
    key = np.array([0, 2])
    f = trace(lambda x: x[key], R[3])
    y = f(np.arange(3.0))
    assert y.tolist() == [0, 2] and key.tolist() == [0, 2]
    before = np.arange(3.0)
    y, df = D(Dual(Additive))(f)(before)
    df(np.ones(2))
    assert before.tolist() == [0, 1, 2]


def test_errors_name_the_operation_and_the_shape() -> None:
    with pytest.raises(ShapeError, match=r"index.*\n.*\(3,\)"):
        essence_ad.index(key=3)(np.zeros(3))
    with pytest.raises(ShapeError, match="index"):
        essence_ad.index(key=(0, 0)).at(R[3])
    with pytest.raises(OptionError, match="key"):
        essence_ad.index(np.zeros(3))


# ---------------------------------------------------------------------------------------------- the cost of many reads


def neighbours(n: int) -> Morphism[Any, Any]:
    """The sum of ``x[i] x[i + 1]``, one read at a time."""
    read, times = catalogue()["index"], catalogue()["multiply"].call()
    boxes: list[Any] = [(read.call(key=i), (0,), (1 + i,)) for i in range(n)]
    boxes += [(times, (1 + i, 2 + i), (n + 1 + i,)) for i in range(n - 1)]
    plus, total, at = catalogue()["add"].call(), n + 1, 2 * n
    for i in range(1, n - 1):
        boxes.append((plus, (total, n + 1 + i), (at,)))
        total, at = at, at + 1
    return from_diagram(Diagram(0, total, boxes, at))


# "index_loop" of the project's own list of programs whose cost tells implementations apart: x_i = sin(i / 10) + 1.5,
# with its values and gradients by closed form.
INDEX_LOOP = {
    250: (686.060217798284, [1.5998334166468282, 3.1986693307950613, 3.395353623308168], 747.5387945745109),
    1000: (2752.9116774773197, [1.5998334166468282, 3.1986693307950613, 3.395353623308168], 3000.8476172886726),
}


@pytest.mark.parametrize("n", INDEX_LOOP)
def test_a_loop_over_an_array(n: int) -> None:
    value, head, total = INDEX_LOOP[n]
    y, df = D(Dual(Additive))(neighbours(n))(np.sin(0.1 * np.arange(n)) + 1.5)
    gradient = df(1.0)
    np.testing.assert_allclose(y, value, rtol=1e-12)
    np.testing.assert_allclose(gradient[:3], head, rtol=1e-12)
    np.testing.assert_allclose(gradient.sum(), total, rtol=1e-12)


def test_many_reads_are_scattered_by_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The elements written on the way back are counted: as many as were read, and the array once."""
    written: list[int] = []

    def counted(*values: Any, keys: Any, shape: Any) -> Any:
        written.append(int(np.prod(shape)) + sum(np.size(v) for v in values))
        return scatter_sum(*values, keys=keys, shape=shape)

    monkeypatch.setattr(indexing, "scatter_sum", counted)
    counts = []
    for n in (100, 200, 400, 800):
        written.clear()
        y, df = D(Dual(Additive))(neighbours(n))(np.ones(n))
        df(1.0)
        assert len(written) == 1
        counts.append(written[0])
    assert counts == [200, 400, 800, 1600]


def test_the_gradient_of_many_reads_is_a_program_of_linear_size() -> None:
    n = 50
    f = neighbours(n)
    gradient = trace(lambda x: D(Dual(Additive))(f)(x)[1](1.0), R[n])
    names = [op.name for op, _, _ in gradient.diagram.boxes if op is not None]
    assert names.count("scatter_sum") == 1 and len(names) < 5 * n
    x = np.linspace(0, 1, n)
    hessian = D(Additive)(gradient)(x)[1].matrix()
    np.testing.assert_array_equal(hessian, np.eye(n, k=1) + np.eye(n, k=-1))


def test_contributions_of_other_kinds_meet_the_scattered_ones() -> None:
    f = trace(lambda x: x[0] * x[1] + np.sum(x * x) + x[np.array([2, 2])].sum(), R[3])
    x = np.array([1.0, 2.0, 3.0])
    assert D(Dual(Additive))(f)(x)[1](1.0).tolist() == [4.0, 5.0, 8.0]


def test_single_precision_is_kept_when_many_contributions_meet() -> None:
    y, df = D(Dual(Additive))(neighbours(4))(np.ones(4, np.float32))
    assert df(np.float32(1)).dtype == np.float32


# ---------------------------------------------------------------------------------------------- kernels


def test_places_that_are_arguments_themselves() -> None:
    x, places = np.array([1.0, 2.0, 3.0]), np.array([2, 0, 2])
    assert gather(x, places, key=(Slot(0),)).tolist() == [3, 1, 3]
    assert scatter(np.ones(3), places, key=(Slot(0),), shape=(3,)).tolist() == [1, 0, 2]
    assert index(2.0, key=None).tolist() == [2.0]
    f = trace(lambda x: np.take(x, np.argmax(x)), R[3])
    assert D(Dual(Additive))(f)(x)[1](1.0).tolist() == [0, 0, 1]


def test_take_with_places_out_of_range() -> None:
    x = np.arange(3.0)
    take = essence_ad.take
    for mode, expected in [("wrap", [0, 2, 0]), ("clip", [1, 0, 1])]:
        f = take(mode=mode)
        y, df = D(Dual(Additive))(f)((x, np.array([5, -4])))
        np.testing.assert_array_equal(y, np.take(x, [5, -4], mode=mode))
        back, _ = df(np.ones(2))
        expected = np.zeros(3)
        np.add.at(expected, np.take(np.arange(3), [5, -4], mode=mode), 1)
        np.testing.assert_array_equal(back, expected)
    with pytest.raises(ShapeError, match="take"):
        take((x, np.array([5])))
