"""Programs as values: building, types, options, linearity, wrong calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import (
    Additive,
    Functions,
    R,
    add,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    exp,
    fork,
    identity,
    inj,
    inl,
    it,
    jam,
    join,
    mul,
    proj,
    scale,
    sin,
    sum,
    zero,
)
from essence_ad.errors import (
    CompositionError,
    DTypeError,
    NeedsSpaceError,
    NotAdditiveError,
    NotLinearError,
    OptionError,
    ShapeError,
    StructureError,
)

x = np.array([0.3, -1.2, 2.0])


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (sin + cos, np.sin(x) + np.cos(x)),
        (sin - 2, np.sin(x) - 2),
        (2 - sin, 2 - np.sin(x)),
        (sin * cos, np.sin(x) * np.cos(x)),
        (3 * sin, 3 * np.sin(x)),
        (sin * x, np.sin(x) * x),
        (x * sin, np.sin(x) * x),
        (x + sin, np.sin(x) + x),
        (sin / exp, np.sin(x) / np.exp(x)),
        (1 / exp, 1 / np.exp(x)),
        (sin**2, np.sin(x) ** 2),
        (2.0**sin, 2.0 ** np.sin(x)),
        (-sin, -np.sin(x)),
        (cos @ sin, np.cos(np.sin(x))),
        (sin >> cos, np.cos(np.sin(x))),
        (compose(exp, cos, sin), np.exp(np.cos(np.sin(x)))),
        (compose(sin), np.sin(x)),
        (compose(), x),
        ((sin & cos) >> mul, np.sin(x) * np.cos(x)),
    ],
)
def test_operators(f: Any, expected: Any) -> None:
    assert np.allclose(f(x), expected, rtol=0, atol=0)
    assert np.array_equal(Functions(f)(x), f(x))


def test_join_operator() -> None:
    assert Additive(scale(2.0) | scale(3.0))((1.0, 1.0)) == 5.0


def test_types_are_inferred() -> None:
    assert str((dup >> mul).type) == "num -> num"
    assert str((dup >> exl).type) == "a -> a"
    assert str(fork(sin, identity).type) == "num -> num × num"
    assert str(it.type) == "a -> 1"
    assert str(fork(proj(0), proj(1)).type) == "a -> b × c"
    with pytest.raises(CompositionError, match="boundaries") as caught:
        _ = dup >> sin
    assert "a × a" in str(caught.value) and "num -> num" in str(caught.value)
    with pytest.raises(CompositionError):
        fork(sin, mul)
    with pytest.raises(CompositionError):
        _ = sin >> proj(0)


def test_linearity() -> None:
    assert (scale(2.0) >> dup >> jam).is_linear and add.is_linear and (-identity).is_linear
    assert not mul.is_linear and not (sin >> scale(2.0)).is_linear and not const(1.0).is_linear
    assert fork(sin, identity).is_linear is False and (fork(sin, identity) >> proj(1, 2)).is_linear
    with pytest.raises(NotLinearError, match="sin"):
        _ = (scale(2.0) >> sin).T
    with pytest.raises(NeedsSpaceError, match="at"):
        _ = sum.T
    assert np.array_equal(sum.at(R[3]).T(2.0), [2.0, 2.0, 2.0])
    with pytest.raises(NeedsSpaceError):
        _ = proj(1).T
    assert Additive(proj(1, 2).T)(3.0) == (0.0, 3.0)


def test_constants_are_copied() -> None:
    value = np.ones(2)
    f = const(value)
    value[0] = 7.0
    assert np.array_equal(f(0.0), [1.0, 1.0])
    with pytest.raises(ValueError):
        f(0.0)[0] = 5.0
    assert const((1.0, (2.0,)))(0.0) == (1.0, (2.0,))


def test_options() -> None:
    assert np.array_equal(sum(np.ones((2, 3)), axis=0), [2.0, 2.0, 2.0])
    assert sum(axis=0)(keepdims=True)(np.ones((2, 3))).shape == (1, 3)
    with pytest.raises(OptionError, match="axes"):
        sum(axes=0)
    with pytest.raises(OptionError):
        (sin >> sum)(axis=0)
    with pytest.raises(OptionError):
        sin()
    with pytest.raises(OptionError):
        proj(-1)
    with pytest.raises(OptionError):
        inj(3, 3)
    with pytest.raises(OptionError, match="const"):
        fork(sin, 2.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("f", [jam, zero, inl, inj(0, 2), join(identity, identity), cross(sin, jam)])
def test_functions_do_not_add(f: Any) -> None:
    with pytest.raises(NotAdditiveError, match="Additive"):
        Functions(f)
    with pytest.raises(NotAdditiveError):
        f((1.0, 2.0))


def test_wrong_arguments() -> None:
    with pytest.raises(ShapeError, match="multiply") as caught:
        mul((np.ones(2), np.ones(3)))
    assert "(2,)" in str(caught.value) and "(3,)" in str(caught.value)
    with pytest.raises(StructureError):
        mul(1.0)
    with pytest.raises(StructureError):
        mul((1.0, 2.0, 3.0))
    with pytest.raises(DTypeError):
        sin(np.array(["a"]))
    with pytest.raises(StructureError):
        sin("a")
    with pytest.raises(TypeError):
        _ = sin >> np.cos
    with pytest.raises(TypeError):
        _ = sin & 2


def test_nan_and_infinity_pass_without_new_warnings() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(exp(np.nan)) and exp(np.inf) == np.inf


def test_immutable() -> None:
    f = fork(sin, cos >> exp) >> mul
    with pytest.raises(AttributeError):
        f.form = "x"  # type: ignore[misc]


def test_inputs_are_not_mutated() -> None:
    a = x.copy()
    (fork(sin, identity) >> mul >> scale(3.0))(a)
    assert np.array_equal(a, x)
