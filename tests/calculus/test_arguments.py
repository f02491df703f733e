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
