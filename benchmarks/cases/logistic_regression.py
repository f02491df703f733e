"""Logistic regression on 100,000 rows of 100 features: two products of a matrix too large for the caches."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, value_and_gradient

ROWS, FEATURES = 100_000, 100


def data() -> Data:
    random = np.random.default_rng(100)
    X = random.normal(size=(ROWS, FEATURES))
    w = random.normal(size=FEATURES) / 10
    signs = np.where(random.uniform(size=ROWS) < 1 / (1 + np.exp(-(X @ w))), 1.0, -1.0)
    return Data((w + random.normal(size=FEATURES) / 100, X, signs))


def program(np: Any, logsumexp: Any) -> Function:
    def loss(w: Any, X: Any, signs: Any) -> Any:
        return np.sum(np.log1p(np.exp(-signs * (X @ w)))) / ROWS

    return loss


def by_hand() -> Function:
    def value_and_gradient(w: Any, X: Any, signs: Any) -> Any:
        e = X @ w
        e *= signs
        np.negative(e, out=e)
        np.exp(e, out=e)
        value = np.log1p(e).sum() / ROWS
        slope = e + 1
        np.divide(e, slope, out=e)
        e *= signs
        g = e @ X
        g *= -1 / ROWS
        return value, g

    return value_and_gradient


CASES = [
    Case("logistic", "logistic regression, 100,000 x 100", data, program, by_hand, value_and_gradient(0)),
]
