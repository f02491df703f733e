"""The NIST StRD problems of nonlinear regression: a reader for their files, and each model as a program.

A model is written once, as a program from ``(parameters, x)`` to the predicted response; the files hold everything
else. See ``nist_data/README.md`` for where they come from.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from essence_ad import Morphism, arctan, const, cos, exl, exp, exr, fork, identity, log, proj, sin
from essence_ad.errors import EssenceError

Floats = NDArray[np.float64]
Program = Morphism[Any, Any]

FOLDER = Path(__file__).resolve().parent / "nist_data"
EIGHT = ("Misra1a", "Thurber", "MGH09", "MGH10", "MGH17", "Rat43", "BoxBOD", "Eckerle4")

# ---------------------------------------------------------------------------------------------- models

b1, b2, b3, b4, b5, b6, b7, b8, b9 = [exl >> proj(i) for i in range(9)]
x = exr
x1, x2 = exr >> proj(0), exr >> proj(1)


def bell(height: Program, middle: Program, width: Program) -> Program:
    """A peak of the given height, place and width."""
    return height * (-((x - middle) ** 2) / width**2 >> exp)


def wave(cosine: Program, sine: Program, period: Program | float) -> Program:
    """An oscillation with the given components and period."""
    angle = 2 * math.pi * x / period
    return cosine * (angle >> cos) + sine * (angle >> sin)


rise = b1 * (1 - (-b2 * x >> exp))
decay_over_line = (-b1 * x >> exp) / (b2 + b3 * x)
decays = b1 * (-b2 * x >> exp) + b3 * (-b4 * x >> exp) + b5 * (-b6 * x >> exp)
two_peaks = b1 * (-b2 * x >> exp) + bell(b3, b4, b5) + bell(b6, b7, b8)
cubics = (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)

MODELS: dict[str, Program] = {
    "Bennett5": b1 * (b2 + x) ** (-1 / b3),
    "BoxBOD": rise,
    "Chwirut1": decay_over_line,
    "Chwirut2": decay_over_line,
    "DanWood": b1 * x**b2,
    "ENSO": b1 + wave(b2, b3, 12) + wave(b5, b6, b4) + wave(b8, b9, b7),
    "Eckerle4": b1 / b2 * (-0.5 * ((x - b3) / b2) ** 2 >> exp),
    "Gauss1": two_peaks,
    "Gauss2": two_peaks,
    "Gauss3": two_peaks,
    "Hahn1": cubics,
    "Kirby2": (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2),
    "Lanczos1": decays,
    "Lanczos2": decays,
    "Lanczos3": decays,
    "MGH09": b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "MGH10": b1 * (b2 / (x + b3) >> exp),
    "MGH17": b1 + b2 * (-x * b4 >> exp) + b3 * (-x * b5 >> exp),
    "Misra1a": rise,
    "Misra1b": b1 * (1 - (1 + b2 * x / 2) ** -2),
    "Misra1c": b1 * (1 - (1 + 2 * b2 * x) ** -0.5),
    "Misra1d": b1 * b2 * x / (1 + b2 * x),
    "Nelson": b1 - b2 * x1 * (-b3 * x2 >> exp),
    "Rat42": b1 / (1 + (b2 - b3 * x >> exp)),
    "Rat43": b1 / (1 + (b2 - b3 * x >> exp)) ** (1 / b4),
    "Roszman1": b1 - b2 * x - (b3 / (x - b4) >> arctan) / math.pi,
    "Thurber": cubics,
}
RESPONSES: dict[str, Program] = {"Nelson": log}  # what the model predicts, where that is not y itself

# ---------------------------------------------------------------------------------------------- files


class DataError(EssenceError, ValueError):
    """A file is not one of the NIST StRD problems of nonlinear regression, or is damaged."""


@attrs.frozen(eq=False)
class Problem:
    """What a file says: two starts, the certified answer, and ``n`` observations of ``y`` at ``x``.

    ``starts`` has shape ``(2, p)``, ``certified`` and ``deviations`` ``(p,)``, ``y`` ``(n,)``; ``x`` is one array of shape
    ``(n,)``, or a tuple of such where there are several predictors.
    """

    name: str
    level: str
    starts: Floats
    certified: Floats
    deviations: Floats
    sum_of_squares: float
    y: Floats
    x: Any

    @property
    def residual(self) -> Program:
        """The program from the parameters, a tuple of numbers, to the array of residuals."""
        response = RESPONSES.get(self.name, identity)
        return (fork(identity, const(self.x)) >> MODELS[self.name]) - (const(self.y) >> response)


def load(name: str, folder: Path = FOLDER) -> Problem:
    """The problem of a name, from its file."""
    if name not in MODELS:
        raise DataError(
            f"there is no problem {name}",
            found=name,
            expected=", ".join(MODELS),
            remedy="check the spelling and the case",
        )
    path = folder / f"{name}.dat"
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path.name} cannot be read", found=error, expected="a text file of NIST StRD",
            remedy="restore it from the source that nist_data/README.md names",
        ) from error  # fmt: skip
    return parse(text, path.name)


def parse(text: str, source: str) -> Problem:
    """The problem that the text of a file states; ``source`` names the file in errors."""
    return _Reader(text, source).problem()


@attrs.frozen
class _Reader:
    """A file under the eyes of the reader; lines are counted from 1, as the file itself does."""

    text: str
    source: str
    lines: list[str] = attrs.field(init=False)

    @lines.default
    def _split(self) -> list[str]:
        return self.text.splitlines()

    def problem(self) -> Problem:
        """Everything, checked against the counts that the file states."""
        starts, certified, data = map(self.section, ("Starting Values", "Certified Values", "Data"))
        parameters = np.array([self.parameter(n, i) for i, n in enumerate(starts, 1)])
        within = (certified.start, certified.stop)
        total = self.after("Residual Sum of Squares:", *within)
        deviation = self.after("Residual Standard Deviation:", *within)
        count = self.after("Number of Observations:", *within)
        predictors = int(self.header(r"(\d+)\s+Predictor", "the number of predictors"))
        rows = np.array([self.numbers(n, self.lines[n - 1].split(), 1 + predictors) for n in data])
        if len(rows) != count:
            raise self.fault("the number of observations is not as stated", f"{len(rows)} lines of data", f"{count:g}")
        freedom = len(rows) - len(parameters)  # not read from the file: that of Rat43 says 9 where 11 was meant
        if not math.isclose(deviation**2 * freedom, total, rel_tol=1e-8):
            raise self.fault(
                "the certified sums do not agree", f"sum of squares {total}, standard deviation {deviation}",
                f"the first to be {freedom} times the square of the second",
            )  # fmt: skip
        columns = [np.ascontiguousarray(c) for c in rows.T[1:]]
        return Problem(
            name=self.header(r"Dataset Name:\s*(\w+)", "the name of the data set"),
            level=self.header(r"(Lower|Average|Higher) Level of Difficulty", "the level of difficulty"),
            starts=parameters[:, :2].T,
            certified=parameters[:, 2],
            deviations=parameters[:, 3],
            sum_of_squares=total,
            y=rows[:, 0],
            x=columns[0] if predictors == 1 else tuple(columns),
        )

    def header(self, pattern: str, what: str) -> str:
        """What a pattern finds in the text above the parameters."""
        found = re.search(pattern, "\n".join(self.lines[:40]))
        if found is None:
            raise self.fault(f"{what} is missing", "no such words in the first 40 lines", repr(pattern))
        return found[1]

    def section(self, title: str) -> range:
        """The numbers of the lines that the file says a section has."""
        first, last = self.header(rf"{title}\s*\(lines\s*(\d+\s*to\s*\d+)\)", f"the place of {title}").split("to")
        found = range(int(first), int(last) + 1)
        if not 1 <= found.start < found.stop <= len(self.lines) + 1:
            raise self.fault(
                f"{title} is cut off", f"{len(self.lines)} lines", f"lines {first.strip()} to {last.strip()}"
            )
        return found

    def parameter(self, number: int, i: int) -> list[float]:
        """Start 1, start 2, certified value and standard deviation of the parameter ``i``."""
        name, equals, rest = self.lines[number - 1].partition("=")
        if name.strip() != f"b{i}" or not equals:
            raise self.fault("a parameter is missing", repr(self.lines[number - 1]), f"b{i} = four numbers", number)
        return self.numbers(number, rest.split(), 4)

    def after(self, label: str, first: int, last: int) -> float:
        """The number after a label on one of the lines given."""
        for number in range(first, last):
            if self.lines[number - 1].startswith(label):
                return self.numbers(number, self.lines[number - 1].removeprefix(label).split(), 1)[0]
        raise self.fault("a certified value is missing", "no such line", label)

    def numbers(self, number: int, words: list[str], count: int) -> list[float]:
        """So many finite numbers on a line."""
        try:
            found = [float(w) for w in words]
        except ValueError:
            found = []
        if len(found) != count or not all(map(math.isfinite, found)):
            raise self.fault(
                "a line does not hold its numbers", repr(self.lines[number - 1]), f"{count} numbers", number
            )
        return found

    def fault(self, what: str, found: str, expected: str, line: int | None = None) -> DataError:
        """The error, with its place."""
        place = self.source if line is None else f"{self.source}, line {line}"
        return DataError(
            f"{place}: {what}", found=found, expected=expected,
            remedy="restore the file from the source that nist_data/README.md names",
        )  # fmt: skip
