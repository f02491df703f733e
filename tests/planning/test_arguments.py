"""Arguments of compiled code that do not fit: which one, what was compiled, what reads it, and where."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest

from essence_ad import R, compile, grad
from essence_ad.errors import DTypeError, ShapeError

BACKENDS = [
    "numpy",
    pytest.param("c", marks=pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")),
]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_argument_that_does_not_fit_is_named_with_its_reader_and_line(backend: str) -> None:
    f = compile(lambda x, w: x @ w, R[3, 3], R[3], backend=backend)
    with pytest.raises(
        ShapeError, match=r"array 2 of the arguments does not fit.*matmul reads it at test_arguments.py:\d+"
    ) as e:
        f(np.ones((3, 3)), np.ones(4))
    assert "R[3]" in str(e.value) and "(4,)" in str(e.value) and "compile(f, *examples)" in str(e.value)
    with pytest.raises(DTypeError, match="array 1 of the arguments"):
        f(np.ones((3, 3), complex), np.ones(3))
    assert f(np.ones((3, 3)), np.array([1, 2, 3])) == pytest.approx(np.full(3, 6.0))


def test_what_nobody_reads_and_what_is_traced() -> None:
    f = compile(lambda x, y: 2.0 * y, R[2], R)
    with pytest.raises(ShapeError, match="array 1 of the arguments does not fit what was compiled\n"):
        f(np.ones(3), 1.0)

    def through(y: Any) -> Any:
        return f(np.ones(2), y) * y

    assert grad(through)(3.0) == pytest.approx(12.0)
