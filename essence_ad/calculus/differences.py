"""The derivative of a curve by differences of its values alone: what stated derivatives are checked against."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

STEPS = 14
FIRST_STEP = 0.05
COMPLEX_STEP = 1e-30
ROUNDING = 8 * float(np.finfo(np.float64).eps)

Curve = Callable[[complex], Any]  #: from a number to a vector


@attrs.frozen
class Slope:
    """A slope known within ``error``; where a kink makes the two sides differ, any slope from ``low`` to ``high``.

    The error is infinite where the differences do not settle: nothing is known there.
    """

    low: Any
    high: Any
    error: Any

    @property
    def value(self) -> Any:
        """The middle."""
        return (self.low + self.high) / 2

    def dot(self, weights: Any) -> Slope:
        """The slope of a weighted sum of the components."""
        ends = np.stack([weights * self.low, weights * self.high])
        known = weights != 0
        error = np.sum(np.abs(weights[known]) * self.error[known])
        return Slope(np.sum(np.min(ends, axis=0)[known]), np.sum(np.max(ends, axis=0)[known]), error)


def slope(curve: Curve, scale: float = 1.0, *, complex_step: bool = True) -> Slope:
    """The slope of a curve at 0: Richardson's extrapolation of central differences, made exact by a complex step.

    The complex step counts only where the curve takes complex numbers and the step agrees with the differences.

    >>> found = slope(lambda t: np.array([np.exp(3 * t), abs(t)]))
    >>> found.low.round(12).tolist(), found.high.round(12).tolist()
    ([3.0, -1.0], [3.0, 1.0])
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = FIRST_STEP * scale / 2.0 ** np.arange(STEPS)
        middle = curve(0.0)
        right, left = (np.stack([curve(sign * h) for h in steps]) for sign in (1.0, -1.0))
        found = _one_sided(middle, right, left, steps, _richardson(right, left, steps))
        exact = _complex_step(curve, scale) if complex_step else None
    if exact is None:
        return found
    agrees = np.abs(exact - found.value) <= 10 * found.error + 1e-8 * (1 + np.abs(exact))
    agrees &= found.low == found.high
    pick = [np.where(agrees, exact, side) for side in (found.low, found.high)]
    return Slope(pick[0], pick[1], np.where(agrees, ROUNDING * np.abs(exact), found.error))


def _richardson(right: Any, left: Any, steps: Any) -> tuple[Any, Any]:
    """For each component the entry of Romberg's table that differs least from its neighbours, and that difference.

    An entry must also lie where the finest differences do: those of wide steps may agree by chance.
    """
    wide = steps[:, None]
    column = (right - left) / (2 * wide)
    noise = ROUNDING * np.maximum(np.abs(right), np.abs(left)) / wide
    finest, spread = column[-1], 4 * np.abs(column[-1] - column[-2]) + noise[-1]
    best, error = finest, np.full(column.shape[1:], np.inf)
    for power in range(1, len(steps)):
        finer = column[1:] + (column[1:] - column[:-1]) / (4.0**power - 1)
        errors = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1])) + noise[power:]
        errors += np.maximum(0.0, np.abs(finer - finest) - spread)
        for row, e in zip(finer, errors, strict=True):
            better = e < error
            best, error = np.where(better, row, best), np.where(better, e, error)
        column = finer
    return best, np.where(_grows((right - left) / wide), np.inf, error)


def _grows(column: Any) -> Any:
    """Where differences grow as fast as their steps shrink: at a jump."""
    sizes = np.abs(column[-4:])
    return np.all(sizes[1:] > 1.9 * sizes[:-1], axis=0)


def _one_sided(middle: Any, right: Any, left: Any, steps: Any, central: tuple[Any, Any]) -> Slope:
    """The central slope, or both sides' where the gap between them does not close as the steps shrink."""
    best, error = central
    wide = steps[:, None]
    forward, backward = (right - middle) / wide, (middle - left) / wide
    gap = np.abs(forward - backward)
    kink = (gap[-1] > 0.9 * gap[-3]) & (gap[-1] < 1.1 * gap[-3]) & (gap[-1] > 1e-6 * (1 + np.abs(best)))
    ends = np.stack([forward[-1], backward[-1]])
    low, high = np.where(kink, np.min(ends, axis=0), best), np.where(kink, np.max(ends, axis=0), best)
    return Slope(low, high, np.where(kink, 10 * steps[-1] * (1 + np.abs(best)), error))


def _complex_step(curve: Curve, scale: float) -> Any:
    try:
        moved = curve(1j * COMPLEX_STEP * scale)
    except (TypeError, ValueError):
        return None
    return np.imag(moved) / (COMPLEX_STEP * scale) if np.iscomplexobj(moved) else None
