"""Taylor series from slopes: closed forms, and nested derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import taylor as module
from taylor import taylor

from essence_ad import grad
from essence_ad.errors import UnsupportedError


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (np.exp, lambda k: 1 / math.factorial(k)),
        (np.sin, lambda k: math.sin(k * math.pi / 2) / math.factorial(k)),
        (lambda x: 1 / (1 - x), lambda k: 1.0),
        (lambda x: np.log1p(x), lambda k: 0.0 if k == 0 else -((-1.0) ** k) / k),
        (lambda x: np.sqrt(1 + x), lambda k: math.prod((0.5 - j) / (j + 1) for j in range(k))),
        (lambda x: np.sum(np.stack([x, 1.0 + x * x, 3.0])), lambda k: [4.0, 1.0, 1.0][k] if k < 3 else 0.0),
    ],
    ids=["exp", "sin", "quotient", "log1p", "sqrt", "stack"],
)
def test_closed_forms(f: Any, exact: Any) -> None:
    assert taylor(f, 0.0, 12) == pytest.approx([exact(k) for k in range(13)], abs=1e-12)


def test_nested_derivatives() -> None:
    w = np.array([[0.5, -1.0], [0.3, 0.8]])

    def f(x: Any) -> Any:
        return np.sum(np.tanh(w @ np.stack([x, x * x])) / (2.0 - np.cos(x)))

    derivatives, g = [], f
    for k in range(5):
        derivatives.append(float(g(0.4)) / math.factorial(k))
        g = grad(g)
    assert taylor(f, 0.4, 4) == pytest.approx(derivatives, rel=1e-10)


def test_what_has_no_series_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnsupportedError, match="cumprod has no power series"):
        taylor(lambda x: np.cumprod(np.stack([x, x])), 1.0, 3)
    module.main()
    assert "arctan(x) at 0" in capsys.readouterr().out
