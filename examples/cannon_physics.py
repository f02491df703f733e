"""The flight of a cannon ball without drag, with linear and with quadratic drag; how far it gets, as programs.

Speeds are in m/s, angles in rad, times in s, lengths in m. The ball starts at the ground; it lands when its height is zero
again. That time solves an equation, and its derivative comes from the implicit function theorem, stated once in ``landing``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad import custom, grad, iterate

G = 9.81  #: m/s²
STEPS = 256  #: steps of Runge and Kutta's method in a flight


def vacuum_range(speed: Any, angle: Any) -> Any:
    """The distance without drag."""
    return speed * speed * np.sin(2 * angle) / G


def aim(target: float, speed: float) -> tuple[float, float]:
    """The two angles that hit a target without drag, from the formula; the lower one first."""
    low = 0.5 * float(np.arcsin(G * target / speed**2))
    return low, np.pi / 2 - low


def landing(height: Callable[..., Any]) -> Any:
    """The time at which ``height(time, speed, angle, drag)`` is zero again, as a function of the other three.

    Newton's method finds it; its derivative is ``-(∂height/∂p) / (∂height/∂time)`` for each parameter ``p``, because the
    height at the landing is zero whatever the parameters are.
    """
    slopes = grad(height, argnums=(0, 1, 2, 3))

    @custom
    def time(speed: Any, angle: Any, drag: Any) -> Any:
        t = 2 * speed * np.sin(angle) / G  # without drag it flies longer
        for _ in range(60):
            step = height(t, speed, angle, drag) / slopes(t, speed, angle, drag)[0]
            t = t - step
            if abs(step) <= 1e-15 * t:
                break
        return t

    @time.derivative
    def rule(t: Any, speed: Any, angle: Any, drag: Any) -> Any:
        falling, *others = slopes(t, speed, angle, drag)
        return tuple([-slope / falling for slope in others])

    return time


# ---------------------------------------------------------------------------------------------- linear drag


def linear_height(t: Any, speed: Any, angle: Any, k: Any) -> Any:
    """The height at a time, where drag is ``-k`` times the velocity (``k`` in 1/s)."""
    return (speed * np.sin(angle) + G / k) * _reach(t, k) - G * t / k


def _reach(t: Any, k: Any) -> Any:
    return -np.expm1(-k * t) / k


linear_time = landing(linear_height)


def linear_range(speed: Any, angle: Any, k: Any) -> Any:
    """The distance with linear drag."""
    return speed * np.cos(angle) * _reach(linear_time(speed, angle, k), k)


# ---------------------------------------------------------------------------------------------- quadratic drag


def flight(t: Any, speed: Any, angle: Any, b: Any) -> Any:
    """Position and velocity ``(x, y, u, w)`` at a time, where drag is ``-b |v| v`` (``b`` in 1/m)."""
    step = t / STEPS

    def slope(state: Any) -> Any:
        _, _, u, w = state
        drag = b * np.sqrt(u * u + w * w)
        return u, w, -drag * u, -drag * w - G

    def moved(state: Any, slopes: Any, by: Any) -> Any:
        return tuple([s + by * d for s, d in zip(state, slopes, strict=True)])

    def advanced(state: Any) -> Any:
        a = slope(state)
        b2 = slope(moved(state, a, step / 2))
        c = slope(moved(state, b2, step / 2))
        d = slope(moved(state, c, step))
        mean = tuple([(p + 2 * q + 2 * r + s) / 6 for p, q, r, s in zip(a, b2, c, d, strict=True)])
        return moved(state, mean, step)

    return iterate(advanced, STEPS, (0.0 * t, 0.0 * t, speed * np.cos(angle), speed * np.sin(angle)))


def quadratic_height(t: Any, speed: Any, angle: Any, b: Any) -> Any:
    """The height at a time with quadratic drag."""
    return flight(t, speed, angle, b)[1]


quadratic_time = landing(quadratic_height)


def quadratic_range(speed: Any, angle: Any, b: Any) -> Any:
    """The distance with quadratic drag."""
    return flight(quadratic_time(speed, angle, b), speed, angle, b)[0]


def best_angle(speed: float, b: float) -> float:
    """The angle of the longest flight: where the derivative of the distance in the angle is zero, by the secant method."""
    slope = grad(quadratic_range, argnums=1)
    angle, other = 0.7, 0.8
    for _ in range(30):
        if other == angle:
            break
        first, second = slope(speed, angle, b), slope(speed, other, b)
        angle, other = other, float(other - second * (other - angle) / (second - first)) if second != first else other
    return other
