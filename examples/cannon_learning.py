"""Small networks and plain descents for the cannon: a network instead of the physics, and a network in front of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from cannon_physics import vacuum_range

from essence_ad import compile, value_and_grad

FASTEST = 10.0  #: m/s
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, steps: int) -> None:
    """No progress bar."""


# ---------------------------------------------------------------------------------------------- descents


class Descent(NamedTuple):
    """Where a descent ended, and after how many steps."""

    speed: float
    angle: float
    steps: int


def descend(
    distance: Callable[[Any, Any], Any], start: Sequence[float], target: float, tolerance: float, most: int = 20_000
) -> Descent:
    """Gradient descent on ``(distance(speed, angle) - target)²`` with rate 0.001, until the miss is within ``tolerance`` (m)."""
    speed, angle = map(float, start)
    step = value_and_grad(lambda p: distance(p[0], p[1]))
    for n in range(most):
        found, (by_speed, by_angle) = step((speed, angle))
        miss = float(found) - target
        if abs(miss) <= tolerance:
            return Descent(speed, angle, n)
        speed, angle = float(speed - 2e-3 * miss * by_speed), float(angle - 2e-3 * miss * by_angle)
    return Descent(speed, angle, most)


# ---------------------------------------------------------------------------------------------- networks


def network(sizes: Sequence[int], seed: int) -> list[Any]:
    """Weights and biases of a network with tanh between its layers, by Glorot's rule."""
    rng = np.random.default_rng(seed)
    return [
        part
        for n, m in itertools.pairwise(sizes)
        for part in (rng.normal(0.0, np.sqrt(2.0 / (n + m)), (n, m)), np.zeros(m))
    ]


def outputs(weights: Sequence[Any], x: Any) -> Any:
    """What a network makes of inputs, one in each row."""
    for w, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = np.tanh(x @ w + b)
    return x @ weights[-2] + weights[-1]


def adam(
    loss: Callable[[Any], Any],
    weights: list[Any],
    steps: int,
    stage: str,
    progress: Progress = silent,
    rate: float = 1e-2,
) -> tuple[tuple[Any, ...], float]:
    """The weights after Adam's steps with a rate that falls to nothing, and the last loss; the gradient is compiled once."""
    both = compile(value_and_grad(loss), weights)
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    value = float("nan")
    for n in range(1, steps + 1):
        value, slopes = both(weights)
        first = [0.9 * m + 0.1 * g for m, g in zip(first, slopes, strict=True)]
        second = [0.999 * s + 0.001 * g * g for s, g in zip(second, slopes, strict=True)]
        now = 0.5 * rate * (1 + np.cos(np.pi * n / steps)) * np.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        weights = [w - now * m / (np.sqrt(s) + 1e-8) for w, m, s in zip(weights, first, second, strict=True)]
        if n % 100 == 0:
            progress(stage, n, steps)
    return tuple(weights), float(value)  # what cannot change, a function that reads it may be compiled for


def surrogate(seed: int = 0, steps: int = 4000, progress: Progress = silent) -> tuple[Callable[[Any, Any], Any], float]:
    """A network that learned the distance from 1000 shots, and its mean squared error (m²): it knows no physics."""
    rng = np.random.default_rng(seed)
    controls = np.stack([rng.uniform(0, FASTEST, 1000), rng.uniform(0, np.pi / 2, 1000)], axis=1)
    seen, hit = controls / [5.0, np.pi / 4] - 1, vacuum_range(controls[:, 0], controls[:, 1])[:, None]

    def loss(weights: Any) -> Any:
        return np.mean((outputs(weights, seen) - hit) ** 2)

    weights, error = adam(loss, network([2, 32, 32, 1], seed), steps, "network instead of physics", progress)

    def distance(speed: Any, angle: Any) -> Any:
        return outputs(weights, np.stack([speed / 5.0 - 1, angle / (np.pi / 4) - 1]))[0]

    return distance, error


def gunner(seed: int = 0, steps: int = 3000, progress: Progress = silent) -> Callable[[Any], tuple[Any, Any]]:
    """A network from a target to speed and angle, trained through the physics: its loss is where the ball lands."""
    targets = np.linspace(0.5, 9.5, 181)

    def controls(weights: Any, target: Any) -> tuple[Any, Any]:
        raw = outputs(weights, np.stack([target / 5.0 - 1], axis=-1))
        share = 1 / (1 + np.exp(-raw))
        return FASTEST * share[..., 0], np.pi / 2 * share[..., 1]

    def loss(weights: Any) -> Any:
        speed, angle = controls(weights, targets)
        return np.mean((vacuum_range(speed, angle) - targets) ** 2)

    weights, _ = adam(loss, network([1, 32, 32, 2], seed), steps, "network through physics", progress)
    return lambda target: controls(weights, target)


def inverse(seed: int = 0, steps: int = 4000, progress: Progress = silent) -> Callable[[Any], Any]:
    """A network that learned the lower angle for a target at full speed, from the formula."""
    targets = np.linspace(0.5, 9.5, 181)
    angles = 0.5 * np.arcsin(9.81 * targets / FASTEST**2)[:, None]

    def loss(weights: Any) -> Any:
        return np.mean((outputs(weights, (targets / 5.0 - 1)[:, None]) - angles) ** 2)

    weights, _ = adam(loss, network([1, 16, 16, 1], seed), steps, "network of the inverse", progress)
    return lambda target: outputs(weights, np.stack([target / 5.0 - 1]))[0]
