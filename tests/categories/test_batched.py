"""The category of programs over an added axis: its laws, its arrows, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import (
    Batched,
    R,
    add,
    check_laws,
    const,
    cos,
    dup,
    exl,
    fork,
    identity,
    it,
    jam,
    mul,
    program,
    sin,
    sum,
)
from essence_ad.categories.batched import mapped, owned
from essence_ad.errors import NotAdditiveError, OptionError, ShapeError, StructureError

A, B = np.arange(6.0).reshape(3, 2), np.ones((3, 2))


def test_the_laws() -> None:
    counts = check_laws(Batched)
    assert len(counts) > 40 and min(counts.values()) > 0
    assert {"composition of three", "fork after unfork", "multiplication distributes"} <= counts.keys()


def test_a_program_runs_on_every_element() -> None:
    f = Batched(mul >> fork(cos, sum(axis=0)))
    c, s = f(A, B + 1)
    np.testing.assert_array_equal(c, np.cos(2 * A))
    np.testing.assert_array_equal(s, (2 * A).sum(1))
    np.testing.assert_array_equal(f((A, B + 1))[1], s)


def test_arrows_compose() -> None:
    f = Batched.compose(Batched(sin), Batched.exl())
    np.testing.assert_array_equal(f(A, B), np.sin(A))
    g = Batched.cross(Batched(sum(axis=0)), f)
    assert g(A, (A, B))[0].shape == (3,)


def test_a_function_waits_for_its_space() -> None:
    f = Batched(program(lambda x: x.sum(axis=-1) * x / x.shape[0]))  # the shape of one element
    np.testing.assert_array_equal(f(A), A.sum(1)[:, None] * A / 2)
    np.testing.assert_array_equal(Batched(program(lambda x: x.sum() * x).at(R[2]))(A), A.sum(1)[:, None] * A)


def test_constants_are_repeated() -> None:
    np.testing.assert_array_equal(Batched(fork(identity, const(2.0)) >> mul)(A), 2 * A)
    assert Batched(fork(const(2.0), exl))(A, B)[0].tolist() == [2, 2, 2]
    assert Batched(it)(A) == ()
    assert Batched(const(2.0))((), size=3).tolist() == [2, 2, 2]
    with pytest.raises(OptionError, match="size"):
        Batched(const(2.0))(())


def test_results_do_not_share_memory() -> None:
    a = A.copy()
    left, right = Batched(dup)(a)
    left[...] = 7
    assert not np.any(right == 7) and not np.any(a == 7)
    assert owned((a, a), ())[0] is a


def test_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 2\) and shape \(4, 2\)"):
        Batched(add)(A, np.ones((4, 2)))
    with pytest.raises(ShapeError, match="first axis"):
        Batched(add)(A, 1.0)
    with pytest.raises(NotAdditiveError):
        Batched(jam)
    with pytest.raises(StructureError):
        Batched(add)(A)


def test_a_value_with_something_done_to_its_arrays() -> None:
    assert mapped(lambda x: x + 1, {"a": [1.0, (2.0,)], "b": None}) == {"a": [2.0, (3.0,)], "b": None}
