"""Contractions: einsum in all its spellings, products of all ranks, and what their shape rules refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import Additive, D, Dual, R, fork
from essence_ad.errors import OptionError, ShapeError
from essence_ad.primitives.contractions import einsum, explicit
from essence_ad.tracing.program import trace

RNG = np.random.default_rng(0)


@given(st.data())
def test_any_einsum(data: st.DataObject) -> None:
    letters = "ijk"
    lengths = {"i": 2, "j": 3, "k": 1}
    parts = data.draw(st.lists(st.text(letters, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(parts)))
    output = data.draw(
        st.one_of(
            st.none(), st.permutations(used).map("".join).flatmap(lambda s: st.integers(0, len(s)).map(lambda n: s[:n]))
        )
    )
    subscripts = ",".join(parts) + ("" if output is None else f"->{output}")
    xs = tuple([RNG.standard_normal([lengths[c] for c in p]) for p in parts])
    f = essence_ad.einsum(subscripts=subscripts)
    np.testing.assert_allclose(f(xs), np.einsum(subscripts, *xs), atol=1e-12)
    y, df = D(Additive)(f)(xs)
    dx = tuple([RNG.standard_normal(x.shape) for x in xs])
    expected = np.sum(
        [np.einsum(subscripts, *[dx[j] if i == j else x for j, x in enumerate(xs)]) for i in range(len(xs))], axis=0
    )
    np.testing.assert_allclose(df(dx), expected, atol=1e-12)
    v = RNG.standard_normal(np.shape(y))[()]
    assert np.isclose(np.sum(expected * v), sum(np.sum(a * b) for a, b in zip(df.T(v), dx, strict=True)))


def test_subscripts_spelt_out() -> None:
    assert explicit("ij,jk", [2, 2]) == (["ij", "jk"], "ik")
    assert explicit("ba", [2]) == (["ba"], "ab") and explicit("ii", [2]) == (["ii"], "")
    assert explicit("...i, i...->...", [3, 2]) == (["ABi", "iB"], "AB")
    assert explicit("i,j->", [1, 1]) == (["i", "j"], "") and explicit(",", [0, 0]) == (["", ""], "")
    with pytest.raises(ValueError, match="2 operands"):
        explicit("ij", [2, 2])


def test_einsum_from_numpys_spelling() -> None:
    a, b = RNG.standard_normal((2, 3)), RNG.standard_normal((3, 2))
    f = trace(lambda a, b: np.einsum("ij,ji->", a, b), R[2, 3] * R[3, 2])
    back = D(Dual(Additive))(f)((a, b))[1](1.0)
    np.testing.assert_allclose(back[0], b.T)
    np.testing.assert_allclose(back[1], a.T)
    assert einsum(a, b, subscripts="ij,ji") == np.einsum("ij,ji", a, b)


def test_constant_operands_need_no_derivative() -> None:
    a = RNG.standard_normal((2, 3))
    f = fork(essence_ad.const(a), essence_ad.identity) >> essence_ad.einsum(subscripts="ij,j->i")
    np.testing.assert_allclose(D(Additive)(f)(np.ones(3))[1].matrix(), a)
    whole = fork(essence_ad.const(np.arange(6).reshape(2, 3)), essence_ad.identity) >> essence_ad.einsum(
        subscripts="ij,j->i"
    )
    np.testing.assert_allclose(D(Additive)(whole)(np.ones(3))[1].matrix(), np.arange(6).reshape(2, 3))


REFUSED = [
    ("matmul", {}, R[2, 3] * R[2, 3]), ("matmul", {}, R * R[3]), ("matmul", {}, R[2, 2, 3] * R[3, 3, 2]), ("dot", {}, R[2] * R[3]),
    ("dot", {}, R[2, 3] * R[2, 3]), ("inner", {}, R[2] * R[3]), ("tensordot", {"axes": 1}, R[2, 3] * R[2, 3]),
    ("tensordot", {"axes": ((0,), (5,))}, R[2] * R[2]), ("vdot", {}, R[2] * R[3]), ("einsum", {"subscripts": "ij,jk"}, R[2, 3] * R[2, 3]),
    ("einsum", {"subscripts": "i,jk"}, R[2, 3] * R[2, 3]), ("einsum", {"subscripts": "ij"}, R[2, 3] * R[2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "space"), REFUSED)
def test_shapes_that_do_not_fit_are_refused_before_and_while_running(
    name: str, options: dict[str, Any], space: Any
) -> None:
    f: Any = getattr(essence_ad, name)
    f = f(**options) if options else f
    for attempt in (lambda: f.at(space), lambda: f(tuple([np.zeros(s.shape) for s in space.parts]))):
        with pytest.raises(ShapeError, match=name):
            attempt()


def test_options_are_needed() -> None:
    with pytest.raises(OptionError, match="subscripts"):
        essence_ad.einsum((np.zeros(2), np.zeros(2)))
    with pytest.raises(OptionError, match="axis"):
        essence_ad.matmul(axis=0)


def test_no_conjugation_but_in_vdot() -> None:
    a, b = np.array([1 + 2j, 3j]), np.array([2 - 1j, 1 + 1j])
    for name, expected in [("dot", b), ("matmul", b), ("inner", b), ("vdot", np.conj(b))]:
        back, _ = D(Dual(Additive))(getattr(essence_ad, name))((a, b))[1](1.0 + 0j)
        np.testing.assert_allclose(back, expected)
    _, other = D(Dual(Additive))(essence_ad.vdot)((a, b))[1](1.0 + 0j)
    np.testing.assert_allclose(other, np.conj(a))


def test_trace_of_a_stack() -> None:
    y, df = D(Dual(Additive))(essence_ad.trace(axis1=1, axis2=2))(np.zeros((2, 2, 2)))
    assert df(np.array([1.0, 2.0])).tolist() == [[[1, 0], [0, 1]], [[2, 0], [0, 2]]]


def test_a_matrix_and_vectors() -> None:
    a, x = RNG.standard_normal((3, 2)), RNG.standard_normal(2)
    y, df = D(Additive)(essence_ad.matmul)((a, x))
    da, dx = RNG.standard_normal((3, 2)), RNG.standard_normal(2)
    np.testing.assert_allclose(df((da, dx)), da @ x + a @ dx)
    v = RNG.standard_normal(3)
    back = df.T(v)
    np.testing.assert_allclose(back[0], np.outer(v, x))
    np.testing.assert_allclose(back[1], a.T @ v)
