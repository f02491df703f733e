"""The fourth derivative of a function of one number, by differentiating four times."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, nested


def program(np: Any, logsumexp: Any) -> Function:
    def f(x: Any) -> Any:
        return np.sin(x * x) * np.exp(x)

    return f


def by_hand(*, sin: Any = np.sin, cos: Any = np.cos, exp: Any = np.exp) -> Function:
    """By Leibniz: the derivatives of ``sin(x x)`` times binomial coefficients times ``exp x``."""

    def fourth(x: Any) -> Any:
        t = x * x
        s, c = sin(t), cos(t)
        first = 2 * x * c
        second = 2 * c - 4 * t * s
        third = -12 * x * s - 8 * t * x * c
        last = (16 * t * t - 12) * s - 48 * t * c
        return exp(x) * (s + 4 * first + 6 * second + 4 * third + last)

    return fourth


CASES = [
    Case("nested_4", "sin(x x) exp(x) on a number, four times differentiated", lambda: Data((0.7,)), program, by_hand,
         nested(4), also={"plain Python (math)": partial(by_hand, sin=math.sin, cos=math.cos, exp=math.exp)}, small=True),
]  # fmt: skip
