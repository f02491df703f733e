"""Fits the NIST StRD problems of nonlinear regression, with derivatives read out of a category.

    python examples/nist.py                          the eight problems, from both certified starts
    python examples/nist.py --all --mode reverse     all 27, with Jacobians pulled back row by row
    python examples/nist.py --problem MGH10          one of them, parameter by parameter

Each model is one program (``nist_problems.py``). Its Jacobian comes from the category that ``--mode`` chooses and drives
the method of Levenberg and Marquardt. The gradient of the sum of squares is a program again, made by nesting; its own
Jacobian, from the same category, is the Hessian that Newton's method polishes the answer with.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from nist_problems import EIGHT, FOLDER, MODELS, DataError, Floats, Problem, Program, load

from essence_ad import Additive, Begin, D, Dual, Matrices, R, Space, program, space_of, sum

# ---------------------------------------------------------------------------------------------- derivatives


def columns(derivative: Any, source: Space, target: Space) -> Floats:
    """The Jacobian, pushing forward the unit vectors of the source."""
    return np.stack([target.to_vector(derivative(unit)) for unit in source.basis()], axis=1)


def rows(derivative: Any, source: Space, target: Space) -> Floats:
    """The Jacobian, pulling back the unit covectors of the target."""
    return np.stack([source.to_vector(derivative(unit)) for unit in target.basis()])


def itself(derivative: Any, source: Space, target: Space) -> Floats:
    """The Jacobian, which is what an arrow between matrices is."""
    return np.asarray(derivative.matrix())


MODES: dict[str, tuple[Any, Callable[[Any, Space, Space], Floats]]] = {
    "forward": (D(Begin(Additive)), columns),
    "reverse": (D(Dual(Additive)), rows),
    "matrices": (D(Matrices), itself),
}


@attrs.frozen
class Derivative:
    """A program from parameters to numbers, seen through a mode."""

    arrow: Any
    read: Callable[[Any, Space, Space], Floats]

    @classmethod
    def of(cls, f: Program, mode: str) -> Derivative:
        """The program, sent to the category of the mode."""
        category, read = MODES[mode]
        return cls(category(f), read)

    def __call__(self, point: Floats) -> tuple[Floats, Callable[[], Floats]]:
        """The values, of shape ``(n,)``, and their Jacobian ``(n, p)``, read out when it is asked for."""
        x = tuple(point.tolist())
        with np.errstate(all="ignore"):  # a step may be much too long: its sum of squares is then not finite
            y, derivative = self.arrow(x)
        source, target = space_of(x), space_of(y)
        return target.to_vector(y), lambda: self.read(derivative, source, target)


def gradient(problem: Problem) -> Program:
    """Of half the sum of squares of a problem, as a program: what reverse mode does is recorded."""
    residual = problem.residual
    reverse = D(Dual(Additive))(0.5 * (residual * residual >> sum))
    found: Program = program(lambda b: reverse(b)[1](1.0), R ** len(problem.certified))
    return found


# ---------------------------------------------------------------------------------------------- methods


def squares(r: Floats) -> float:
    """The sum of squares, infinity or NaN where it is too large."""
    with np.errstate(all="ignore"):
        return float(r @ r)


def levenberg_marquardt(f: Derivative, start: Floats, damping: float = 0.01, limit: int = 5000) -> tuple[Floats, int]:
    """Damped Gauss-Newton steps in units of the start, until the sum of squares stands still; the point and the steps.

    Each step is a least-squares problem solved by orthogonal factors, so no condition number is squared. The damping is a
    tenth after a step that helped and ten times as much after one that did not, rejected steps being counted as well.
    """
    unit = np.where(start == 0, 1.0, np.abs(start))
    point, n = start, len(start)
    r, jacobian = f(point)
    square, matrix = squares(r), jacobian() * unit
    for steps in range(1, limit + 1):
        system = np.vstack([matrix, np.sqrt(damping) * np.eye(n)])
        step = np.linalg.lstsq(system, np.concatenate([-r, np.zeros(n)]), rcond=None)[0]
        r_new, jacobian = f(point + unit * step)
        square_new = squares(r_new)
        if square_new < square and np.isfinite(matrix_new := jacobian() * unit).all():
            still = square - square_new <= 1e-12 * square
            point, r, square, matrix, damping = point + unit * step, r_new, square_new, matrix_new, damping / 10
            if still:
                return point, steps
        elif np.array_equal(point + unit * step, point):
            return point, steps
        else:
            damping *= 10
    return point, limit


def newton(f: Derivative, point: Floats, limit: int = 20) -> tuple[Floats, int]:
    """Newton's method for a gradient ``f``, until its steps no longer shrink, which is rounding; the point and the steps."""
    size = np.inf
    for steps in range(limit):
        value, jacobian = f(point)
        hessian = jacobian()
        unit = 1 / np.sqrt(np.abs(np.diag(hessian)))
        step = unit * np.linalg.solve(hessian * np.outer(unit, unit), -unit * value)
        size_new = np.max(np.abs(step) / np.abs(point))
        if not size_new < size / 2:
            return point, steps
        point, size = point + step, size_new
    return point, limit


# ---------------------------------------------------------------------------------------------- fits


def digits(found: Any, certified: Any) -> Any:
    """The log relative error: how many digits agree, at most the 11 that are certified."""
    with np.errstate(divide="ignore"):
        return np.clip(-np.log10(np.abs(found - certified) / np.abs(certified)), 0, 11)


@attrs.frozen(eq=False)
class Fit:
    """An answer beside the certified one."""

    problem: Problem
    start: int
    steps: int  #: of Levenberg and Marquardt, rejected ones counted
    polish: int  #: of Newton
    found: Floats
    sum_of_squares: float

    @property
    def digits(self) -> Floats:
        """For each parameter."""
        return np.asarray(digits(self.found, self.problem.certified))

    @property
    def square_digits(self) -> float:
        """Of the residual sum of squares."""
        return float(digits(self.sum_of_squares, self.problem.sum_of_squares))


def fit(problem: Problem, start: int, mode: str = "forward") -> Fit:
    """The answer from the certified start 1 or 2."""
    residual = Derivative.of(problem.residual, mode)
    rough, steps = levenberg_marquardt(residual, problem.starts[start - 1])
    found, polish = newton(Derivative.of(gradient(problem), mode), rough)
    r, _ = residual(found)
    return Fit(problem, start, steps, polish, found, squares(r))


# ---------------------------------------------------------------------------------------------- what is printed

HEAD = ["problem", "difficulty", "start", "LM steps", "Newton steps", "worst parameter"]
HEAD += ["certified", "found", "digits", "RSS digits"]


def summary(f: Fit) -> list[str]:
    """One row: the parameter with the fewest digits."""
    i = int(np.argmin(f.digits))
    return [
        f.problem.name, f.problem.level.lower(), str(f.start), str(f.steps), str(f.polish), f"b{i + 1}",
        f"{f.problem.certified[i]:.10E}", f"{f.found[i]:.12E}", f"{f.digits[i]:.1f}", f"{f.square_digits:.1f}",
    ]  # fmt: skip


def parameters(f: Fit) -> Iterable[list[str]]:
    """One row for each parameter."""
    rows = zip(f.problem.starts[f.start - 1], f.problem.certified, f.problem.deviations, f.found, f.digits, strict=True)
    for i, (start, certified, deviation, found, good) in enumerate(rows, 1):
        yield [f"b{i}", f"{start:g}", f"{certified:.10E}", f"{deviation:.4E}", f"{found:.12E}", f"{good:.1f}"]


def as_dict(f: Fit) -> dict[str, Any]:
    """Everything, for ``--json``."""
    return {
        "problem": f.problem.name, "difficulty": f.problem.level, "start": f.start, "lm_steps": f.steps,
        "newton_steps": f.polish, "certified": f.problem.certified.tolist(), "found": f.found.tolist(),
        "digits": f.digits.tolist(), "rss_certified": f.problem.sum_of_squares, "rss_found": f.sum_of_squares,
        "rss_digits": f.square_digits,
    }  # fmt: skip


def table(head: Sequence[str], body: Iterable[Sequence[str]], markdown: bool = False) -> str:
    """Columns with labels, words to the left and numbers to the right."""
    lines = [list(head), *map(list, body)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    right = [all(line[i][:1] in "-0123456789" for line in lines[1:]) for i in range(len(head))]
    padded = [[c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)] for line in lines]
    if not markdown:
        padded.insert(1, ["-" * w for w in widths])
        return "\n".join("  ".join(line).rstrip() for line in padded)
    padded.insert(1, ["-" * (w - 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True)])
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 2 for a wrong call or a damaged file."""
    parser = argparse.ArgumentParser(description="Fit the NIST StRD problems with derivatives read out of a category.")
    parser.add_argument(
        "--problem", nargs="+", metavar="NAME", choices=MODELS, help="these problems, each parameter shown"
    )
    parser.add_argument("--all", action="store_true", help="all 27 problems, not the usual eight")
    parser.add_argument("--start", type=int, choices=(1, 2), help="one of the two certified starts (default: both)")
    parser.add_argument(
        "--mode", choices=MODES, default="forward", help="the category of derivatives (default: forward)"
    )
    parser.add_argument("--data", type=Path, default=FOLDER, metavar="FOLDER", help="where the .dat files are")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print everything as JSON")
    form.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    chosen = parser.parse_args(arguments)
    names = chosen.problem or (MODELS if chosen.all else EIGHT)
    starts = (chosen.start,) if chosen.start else (1, 2)
    try:
        problems = [load(name, chosen.data) for name in names]
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    fits = [fit(problem, start, chosen.mode) for problem in problems for start in starts]
    if chosen.json:
        print(json.dumps([as_dict(f) for f in fits], indent=2))
        return 0
    print(table(HEAD, map(summary, fits), chosen.markdown))
    for f in fits if chosen.problem else ():
        print(f"\n{f.problem.name} from start {f.start}")
        head = ["parameter", "start", "certified", "standard deviation", "found", "digits"]
        print(table(head, parameters(f), chosen.markdown))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
