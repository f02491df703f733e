"""The cannon of the article "Differentiable Programming: a simple introduction": three ways to aim, and what drag changes.

    python examples/cannon.py             the tables
    python examples/cannon.py --quick     the same with a tenth of the training
    python examples/cannon.py FOLDER      the figures as well, with their data beside them

The question: a target is so many meters away; which speed (at most 10 m/s) and which angle hit it? A network that learned
the distance from examples (1) says where it stops, but not how wrong it is; descent on the physics (2) knows; a network
trained through the physics (3) answers at once, and descent from its answer takes a few steps. Anyone can solve the
kinematics without drag by hand: that is the line "formula" in each figure. With drag there is no formula to solve.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from cannon_learning import Descent, descend, gunner, inverse, silent, surrogate
from cannon_physics import G, aim, best_angle, flight, linear_range, quadratic_range, quadratic_time, vacuum_range
from taylor import taylor

from essence_ad import grad

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STARTS = (
    ((3.0, 0.3), 6.0),
    ((9.5, 1.4), 2.0),
    ((2.0, 0.2), 9.0),
    ((5.0, 0.8), 1.0),
)  #: speed and angle, and the target
TARGETS = np.linspace(0.5, 9.5, 21)  #: m
STOP = 0.05  #: m, where the article stops
FINE = 0.001  #: m, after refinement
B = 0.05  #: 1/m, the quadratic drag of the tables


def bar(stage: str, done: int, steps: int) -> None:
    """A progress bar on a terminal."""
    if sys.stderr.isatty():
        filled = 30 * done // steps
        print(
            f"\r{stage:28s} [{'#' * filled}{' ' * (30 - filled)}] {done}/{steps}",
            end="\n" if done == steps else "",
            file=sys.stderr,
        )


@functools.cache
def trained(share: int = 1, progress: Any = silent) -> tuple[Any, float, Any, Any]:
    """The three networks, with the first one's mean squared error; ``share`` divides the steps of training."""
    distance, error = surrogate(steps=4000 // share, progress=progress)
    return (
        distance,
        error,
        gunner(steps=3000 // share, progress=progress),
        inverse(steps=4000 // share, progress=progress),
    )


# ---------------------------------------------------------------------------------------------- what is found


def misses(distance: Callable[[Any, Any], Any]) -> list[tuple[Descent, float]]:
    """For each start, where descent on a distance ends, and by how much a real ball then misses (m)."""
    found = [(descend(distance, start, target, STOP), target) for start, target in STARTS]
    return [(end, abs(vacuum_range(end.speed, end.angle) - target)) for end, target in found]


def gunner_misses(controls: Any) -> Any:
    """By how much the answers of the network that was trained through the physics miss 181 targets (m)."""
    targets = np.linspace(0.5, 9.5, 181)
    return targets, np.abs(vacuum_range(*controls(targets)) - targets)


def refinements(controls: Any, seed: int = 1) -> tuple[list[Descent], list[Descent]]:
    """Descents to 1 mm for 21 targets, from the network's answers and from random starts."""
    rng = np.random.default_rng(seed)
    starts = [(rng.uniform(0, 10), rng.uniform(0, np.pi / 2)) for _ in TARGETS]
    answers = [descend(vacuum_range, controls(t), float(t), FINE) for t in TARGETS]
    return answers, [descend(vacuum_range, s, float(t), FINE) for s, t in zip(starts, TARGETS, strict=True)]


def inverse_errors(degrees: Sequence[int]) -> list[tuple[int, float, float]]:
    """For each degree, the worst errors of the Taylor and the Chebyshev polynomial of the lower angle at 10 m/s (rad)."""
    x = np.linspace(0.5, 9.5, 2001)
    exact = lower_angle(x)
    series = taylor(lower_angle, 5.0, max(degrees))
    rows = []
    for n in degrees:
        chebyshev = np.polynomial.Chebyshev.interpolate(lower_angle, n, domain=[0.5, 9.5])
        cut = np.polynomial.Polynomial(series[: n + 1])(x - 5.0)
        rows.append((n, float(np.max(np.abs(cut - exact))), float(np.max(np.abs(chebyshev(x) - exact)))))
    return rows


def lower_angle(target: Any) -> Any:
    """The lower angle that hits a target at 10 m/s: the inverse of the cannon."""
    return 0.5 * np.arcsin(G * target / 100.0)


# ---------------------------------------------------------------------------------------------- the tables


def report(share: int, progress: Any = silent) -> Iterator[str]:
    """What is printed."""
    distance, error, controls, network = trained(share, progress)
    yield "1. A network instead of the physics, and 2. the physics: descent that stops at 0.05 m"
    yield "   start (m/s, rad)   target   network: steps, true miss     physics: steps, true miss    formula at 10 m/s (rad)"
    for (start, target), (a, miss), (b, true) in zip(STARTS, misses(distance), misses(vacuum_range), strict=True):
        low, high = aim(target, 10.0)
        yield f"   {start[0]:4.1f}, {start[1]:4.1f} {target:12.1f} m {a.steps:11d} {miss:12.3f} m {b.steps:16d} {true:10.3f} m {low:16.4f}, {high:.4f}"
    yield f"   the network's mean squared error on its 1000 shots: {error:.1e} m²"
    _, miss = gunner_misses(controls)
    near, far = refinements(controls)
    yield "3. A network in front of the physics, trained through it"
    yield f"   misses of 181 targets: at most {miss.max():.3f} m, {miss.mean():.3f} m on average"
    yield f"   steps to 0.001 m: {np.mean([d.steps for d in near]):.1f} from the network's answer, {np.mean([d.steps for d in far]):.1f} from random starts (mean of 21)"
    yield "4. Drag, where there is no formula to solve: the landing is differentiated by the implicit function theorem"
    slopes = grad(linear_range, argnums=(0, 1, 2))(10.0, 0.7, 0.2)
    yield f"   linear, 10 m/s, 0.7 rad, k = 0.2/s: {linear_range(10.0, 0.7, 0.2):.6f} m, slopes {', '.join(f'{float(s):.6f}' for s in slopes)}"
    slopes = grad(quadratic_range, argnums=(0, 1))(10.0, 0.7, B)
    yield f"   quadratic, 10 m/s, 0.7 rad, b = {B}/m: {quadratic_range(10.0, 0.7, B):.6f} m, slopes {', '.join(f'{float(s):.6f}' for s in slopes)}"
    best = best_angle(10.0, B)
    yield f"   the farthest shot with b = {B}/m: {best:.7f} rad, {quadratic_range(10.0, best, B):.6f} m (without drag {np.pi / 4:.7f} rad)"
    yield "5. Is a trained network a Taylor expansion? Worst errors of the lower angle on 0.5 m to 9.5 m (rad)"
    for n, by_taylor, by_chebyshev in inverse_errors((1, 3, 5, 9, 15, 20)):
        yield f"   degree {n:2d}: Taylor at 5 m {by_taylor:.1e}, Chebyshev {by_chebyshev:.1e}"
    worst = max(abs(float(network(t)) - lower_angle(t)) for t in np.linspace(0.5, 9.5, 181))
    yield f"   network of {2 * 16 + 16 * 17 + 17} numbers: {worst:.1e}"
    yield "   its series at 5 m beside that of the inverse:"
    for k, (a, b) in enumerate(zip(taylor(network, 5.0, 6), taylor(lower_angle, 5.0, 6), strict=True)):
        yield f"   order {k}: {float(a):+.3e} {float(b):+.3e}"


# ---------------------------------------------------------------------------------------------- the figures


def _paths(fig: Any, axes: Any, distance: Callable[[Any, Any], Any], title: str) -> dict[str, Any]:
    """Descents over the map of a distance; the columns that were drawn."""
    from essence_ad.drawing.plotting import colour_bar

    speeds, angles = np.linspace(0.2, 10, 50), np.linspace(0.02, np.pi / 2 - 0.02, 50)
    found = np.array([[float(distance(v, a)) for v in speeds] for a in angles])
    filled = axes.contourf(speeds, angles, found, levels=np.arange(0.0, 11.5, 1.0), alpha=0.35, extend="both")
    colour_bar(fig, filled, axes, ("distance", "m"))
    columns: dict[str, Any] = {}
    for (start, target), (end, miss) in zip(STARTS, misses(distance), strict=True):
        axes.plot([start[0], end.speed], [start[1], end.angle], label=f"to {target:g} m: misses by {100 * miss:.1f} cm")
        columns[f"to {target:g} m"] = [*start, end.speed, end.angle, miss]
    targets = np.linspace(0.05, 10.19, 200)
    axes.plot(np.sqrt(G * targets), np.full(200, np.pi / 4), color="black", marker="", label="formula: slowest shots")
    axes.set_title(title, fontsize=10)
    axes.set_ylim(0.0, 1.65)
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return columns


def figure_cannon_descents(path: str | Path | None = None, share: int = 10) -> Figure:
    """Ways one and two: descents through a network that learned the distance, and through the physics."""
    from essence_ad.drawing.plotting import figure, finish, label

    fig, (left, right) = figure(
        "Descent that stops 5 cm from the target, and where a real ball lands", columns=2, size=(6.0, 4.6)
    )
    data = {}
    for axes, distance, name in (
        (left, trained(share)[0], "through a network"),
        (right, vacuum_range, "through the physics"),
    ):
        for key, column in _paths(fig, axes, distance, name).items():
            data[f"{name}, {key}"] = column
        label(axes, x=("speed", "m/s"), y=("angle", "rad"))
    return finish(fig, data, path)


def figure_cannon_gunner(path: str | Path | None = None, share: int = 10) -> Figure:
    """Way three: the answers of the network that was trained through the physics, and their misses."""
    from essence_ad.drawing.plotting import figure, finish, label

    controls = trained(share)[2]
    targets, miss = gunner_misses(controls)
    speed, angle = controls(targets)
    fig, (left, middle, right) = figure(
        f"A network trained through the physics misses by {100 * miss.mean():.1f} cm on average",
        columns=3,
        size=(4.4, 3.6),
    )
    left.plot(targets, speed, marker="", label="network")
    left.plot(targets, np.sqrt(G * targets), marker="", label="formula: slowest shot")
    label(left, x=("target", "m"), y=("speed", "m/s"))
    middle.plot(targets, angle, marker="", label="network")
    middle.plot(targets, np.full_like(targets, np.pi / 4), marker="", label="formula: slowest shot")
    label(middle, x=("target", "m"), y=("angle", "rad"))
    for axes in (left, middle):
        axes.legend(fontsize=8)
    right.semilogy(targets, 100 * miss, marker="")
    label(right, x=("target", "m"), y=("miss", "cm"))
    return finish(fig, {"target": targets, "speed": speed, "angle": angle, "miss": miss}, path)


def figure_cannon_drag(path: str | Path | None = None) -> Figure:
    """Flights at 10 m/s with quadratic drag, and the farthest one."""
    from essence_ad.drawing.plotting import figure, finish, label

    fig, axes = figure("Flights at 10 m/s")
    data = {}
    best = best_angle(10.0, B)
    for angle, b, name in ((np.pi / 4, 0.0, "no drag, 0.785 rad"), (np.pi / 4, B, "drag 0.05/m, 0.785 rad"), (best, B, f"drag 0.05/m, farthest: {best:.3f} rad")):  # fmt: skip
        end = quadratic_time(10.0, angle, b) if b else 2 * 10 * np.sin(angle) / G
        points = [flight(t, 10.0, angle, b) for t in np.linspace(0, float(end), 25)]
        x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
        axes.plot(x, y, label=f"{name}: {float(x[-1]):.3f} m")
        data[f"{name}, x"], data[f"{name}, y"] = x, y
    label(axes, x=("distance", "m"), y=("height", "m"))
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16))  # clear of the curves
    return finish(fig, data, path)


def figure_cannon_taylor(path: str | Path | None = None, share: int = 10) -> Figure:
    """The errors of the inverse: Taylor's polynomial grows at the ends, Chebyshev's and the network's are spread."""
    from essence_ad.drawing.plotting import figure, finish, label

    x = np.linspace(0.5, 9.5, 181)
    exact, network = lower_angle(x), trained(share)[3]
    curves = {
        "Taylor, degree 9": np.polynomial.Polynomial(taylor(lower_angle, 5.0, 9))(x - 5.0),
        "Chebyshev, degree 9": np.polynomial.Chebyshev.interpolate(lower_angle, 9, domain=[0.5, 9.5])(x),
        "network of 321 numbers": np.array([float(network(t)) for t in x]),
    }
    fig, axes = figure("The lower angle that hits a target at 10 m/s: errors")
    for name, curve in curves.items():
        axes.semilogy(x, np.maximum(np.abs(curve - exact), 1e-17), marker="", label=name)
    label(axes, x=("target", "m"), y=("error of the angle", "rad"))
    axes.legend(fontsize=8)
    return finish(fig, {"target": x, **{n: c - exact for n, c in curves.items()}}, path)


FIGURES = {name.removeprefix("figure_"): f for name, f in list(globals().items()) if name.startswith("figure_")}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where figures go, if they are wanted")
    parser.add_argument("--quick", action="store_true", help="a tenth of the training")
    options = parser.parse_args(arguments)
    share = 10 if options.quick else 1
    for line in report(share, bar):
        print(line)
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, make in FIGURES.items():
            path = options.folder / f"{name}.svg"
            make(path) if make is figure_cannon_drag else make(path, share)
            print(f"wrote {name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
