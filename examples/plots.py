"""Figures that say in numbers what the library is about; each function returns its figure.

python examples/plots.py FOLDER      saves all of them there, with their data beside them
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from essence_ad import compose, cos, count, dup, grad, hessian, mul, value_and_grad
from essence_ad.drawing.plotting import figure, finish, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def operations(f: Any, x: Any) -> int:
    """How many operations of NumPy a call takes."""
    return sum(count(f, x).values())


def figure_reverse_cost_scaling(path: str | Path | None = None) -> Figure:
    """Operations for a value, and for value and gradient, of longer and longer programs."""
    sizes = [2**n for n in range(1, 9)]
    programs = [compose(*[dup >> mul, cos] * (n // 2)) for n in sizes]
    value = [operations(f, 0.5) for f in programs]
    both = [operations(value_and_grad(f), 0.5) for f in programs]
    fig, axes = figure("The gradient costs a small multiple of the value")
    axes.loglog(sizes, both, label="value and gradient")
    axes.loglog(sizes, value, label="value")
    label(axes, x="program size (instructions count)", y="operations (count)")
    axes.legend()
    return finish(fig, {"program size": sizes, "value": value, "value and gradient": both}, path)


def figure_newton_vs_gd(path: str | Path | None = None) -> Figure:
    """The distance to the minimum of a function of two numbers, by Newton's method and by gradient descent."""

    def f(x: Any) -> Any:
        return np.sum(np.exp(x) - 2 * x) + 0.1 * x[0] * x[1]

    slope, curvature = grad(f), hessian(f)
    newton, descent = [np.array([2.0, -1.0])], [np.array([2.0, -1.0])]
    for _ in range(30):
        newton.append(newton[-1] - np.linalg.solve(curvature(newton[-1]), slope(newton[-1])))
        descent.append(descent[-1] - 0.2 * slope(descent[-1]))
    best = newton[-1]
    steps = list(range(21))
    distances = {
        name: [float(np.linalg.norm(x - best)) for x in found[:21]]
        for name, found in (("Newton", newton), ("gradient descent", descent))
    }
    fig, axes = figure("Newton's method doubles the digits, gradient descent adds some")
    for name, column in distances.items():
        axes.semilogy(steps, [x or np.nan for x in column], label=name)  # no logarithm shows a distance of 0
    label(axes, x="iteration", y="|x - x*| (dimensionless)")
    axes.legend()
    return finish(fig, {"iteration": steps, **distances}, path)


FIGURES = {name.removeprefix("figure_"): f for name, f in list(globals().items()) if name.startswith("figure_")}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Saves the figures, with their data beside them.")
    parser.add_argument("folder", type=Path, help="where to")
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in FIGURES.items():
        make(folder / f"{name}.svg")
        print(f"wrote {name}.svg")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
