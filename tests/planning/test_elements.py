"""Elements of arrays as text: what the text says is where NumPy has the element."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad.planning.elements import linear, narrowed, number, stored
from essence_ad.spaces import Array


@pytest.mark.parametrize("shape", [(4,), (2, 3), (3, 1, 2)])
def test_a_stored_array_is_indexed_row_by_row(shape: tuple[int, ...]) -> None:
    flat = np.arange(np.prod(shape))
    names = [f"i{k}" for k in range(len(shape))]
    text = stored(Array(shape), "a").at(names)
    for index in np.ndindex(shape):
        assert eval(text, {"a": flat, **dict(zip(names, index, strict=True))}) == flat.reshape(shape)[index]


def test_numbers_sums_and_broadcasting() -> None:
    assert number(Array((2,)), "2.5").at(["i"]) == "2.5"
    assert linear([]) == "0" and linear([(2, "0"), (5, "i")], 0) == "5 * i"
    assert narrowed(["i", "j", "k"], ()) == []
