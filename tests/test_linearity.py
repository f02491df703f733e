"""Programs that are linear because constants are held, and programs that only look so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Cont,
    D,
    Dual,
    Matrices,
    R,
    Space,
    cos,
    dup,
    fork,
    identity,
    mul,
    program,
    scale,
    sin,
    take,
    zero,
)
from essence_ad import compile as compile_
from essence_ad.errors import NeedsSpaceError, NotLinearError
from essence_ad.linearity import explicit, held, transposed

A, S = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]]), np.array([[2.0, 1.0], [0.5, 3.0]])
LINEAR: dict[str, tuple[Callable[..., Any], Space]] = {
    "matmul": (lambda x: A @ x, R[3]), "from the left": (lambda x: x @ A.T, R[3]), "dot": (lambda x: np.dot(A, x), R[3]),
    "broadcast": (lambda x: A * x, R[3]), "quotient": (lambda x: x / 3.0, R[3]), "quotients": (lambda x: x / A, R[3]),
    "solve": (lambda x: np.linalg.solve(S, x), R[2]), "einsum": (lambda x: np.einsum("ij,j->i", A, x), R[3]),
    "chain": (lambda x: np.sum(A * x, axis=1)[::-1] / 2.0, R[3]), "difference": (lambda x: A @ x - S @ x[:2], R[3]),
    "reads": (lambda x: np.take(x, [0, 2, 2]), R[3]), "gathers": (lambda x: x[[1, 1]], R[3]), "outer": (lambda x: np.outer(x, [1.0, 2.0]), R[3]),
    "constants of their own": (lambda x: np.sin(A) @ x, R[3]),
    "several": (lambda x: (A @ x, x[0] * A[:, 0]), R[3]), "two arguments": (lambda x, y: A @ x + S @ y, R[3] * R[2]),
    "kron": (lambda x: np.kron(x, [1.0, 2.0]), R[2]), "twice": (lambda x: S @ (S @ x), R[2]), "complex": (lambda x: (1j * A) @ x, R[3]),
}  # fmt: skip
OTHERS: dict[str, tuple[Callable[..., Any], Space]] = {
    "square": (lambda x: x * x, R), "affine": (lambda x: A @ x + 1.0, R[3]), "a constant beside": (lambda x: (A @ x, A), R[3]),
    "divisor": (lambda x: 1.0 / x, R), "matrix of solve": (lambda x: np.linalg.solve(x, A), R[2, 2]), "sine": (lambda x: A @ np.sin(x), R[3]),
    "choice": (lambda x: A @ x * (x[0] > 0), R[3]), "constant": (lambda x: A[0], R[3]), "index": (lambda x: take(A[0], np.argmax(x)), R[3]),
    "both": (lambda x: (A @ x) @ (A @ x), R[3]),
}  # fmt: skip


def matrix(f: Any, space: Space) -> Any:
    """The images of the units, by evaluation alone."""
    flat = lambda y: np.concatenate([np.ravel(p) for p in (y if isinstance(y, tuple) else (y,))])  # noqa: E731
    return np.stack([flat(f(space.unpack(unit))) for unit in space.basis()], axis=1)


@pytest.mark.parametrize("name", LINEAR)
def test_products_with_constants_are_linear_and_have_a_transpose(name: str) -> None:
    f, space = LINEAR[name]
    p = program(f, *(space.parts if name == "two arguments" else [space]))
    expected = matrix(p, space)
    assert p.is_linear
    for found in (p, p.at(space)):
        assert found.is_linear
        for k in (Additive, Matrices):
            np.testing.assert_allclose(k.linear_map(k(found)).matrix(), expected, atol=1e-12)
    if not np.iscomplexobj(expected):
        np.testing.assert_allclose(Additive(p.T).matrix(), expected.T, atol=1e-12)
        np.testing.assert_allclose(Additive(p.at(space).T).matrix(), expected.T, atol=1e-12)
        np.testing.assert_allclose(Additive(p.T.T).matrix(), expected, atol=1e-12)
        np.testing.assert_allclose(Dual(Additive)(p).matrix(), expected, atol=1e-12)


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_not(name: str) -> None:
    f, space = OTHERS[name]
    p = program(f, space)
    assert not p.is_linear and held(p.diagram) is None and explicit(p.diagram) is p.diagram
    with pytest.raises(NotLinearError, match=r"has no transpose: \w+ occurs in it"):
        _ = p.T
    with pytest.raises(NotLinearError):
        Additive(p)


def test_without_a_space_the_transpose_needs_one() -> None:
    p = program(lambda x: A @ x)
    assert p.is_linear and p.at(R[3]).T(np.ones(2)).tolist() == A.sum(axis=0).tolist()
    with pytest.raises(NeedsSpaceError, match=r"because constants are held(.|\n)*f\.at\(R\[3\]\)\.T"):
        _ = p.T


def test_a_program_recorded_at_a_space_needs_no_other() -> None:
    p = program(lambda x: np.sum(x[1:]), R[3])
    assert p.T(2.0).tolist() == [0.0, 2.0, 2.0]
    with pytest.raises(NeedsSpaceError):
        _ = program(lambda x: np.sum(x)).T


def test_they_compile_and_their_derivative_is_themselves() -> None:
    p, x = program(lambda x: A @ x / 2.0, R[3]), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(compile_(p.at(R[3]), R[3])(x), p(x))
    np.testing.assert_allclose(compile_(p.T, R[2])(np.ones(2)), p.T(np.ones(2)))
    for k in (Additive, Dual(Additive), Cont(Additive, R)):
        np.testing.assert_allclose(D(k)(p)(x)[1].matrix() if k is Additive else A / 2.0, A / 2.0)


def test_combinators_are_as_linear_as_they_were() -> None:
    for f in (identity, dup, scale(2.0), fork(identity, zero)):
        assert f.is_linear and held(f.diagram) == {} and transposed(f.diagram).boxes == f.diagram.T.boxes
    assert not mul.is_linear and not (sin >> cos).is_linear
    assert (fork(identity, identity * 0.0 + 2.0) >> mul).is_linear is False


@given(st.lists(st.sampled_from(["S", "add", "scale", "divide", "shift", "square"]), min_size=1, max_size=6))
def test_what_is_found_linear_is_additive_and_homogeneous(steps: list[str]) -> None:
    do: dict[str, Callable[[Any], Any]] = {
        "S": lambda v: S @ v, "add": lambda v: v + v[::-1], "scale": lambda v: 2.5 * v, "divide": lambda v: v / np.array([2.0, 4.0]),
        "shift": lambda v: v + 1.0, "square": lambda v: v * v,
    }  # fmt: skip

    def f(v: Any) -> Any:
        for step in steps:
            v = do[step](v)
        return v

    assert program(f, R[2]).is_linear == (not {"shift", "square"} & set(steps))
