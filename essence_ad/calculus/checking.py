"""``check_derivatives``: whether a program's derivatives are those of its values, in every mode, to any order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.calculus.arguments import program_at, require_program
from essence_ad.calculus.coordinates import Coordinates
from essence_ad.calculus.differences import Slope, slope
from essence_ad.calculus.linearization import linearize, vjp
from essence_ad.categories.derivative import Derivative
from essence_ad.errors import DerivativeError, OptionError, TracingError
from essence_ad.morphism import Morphism
from essence_ad.spaces import space_of

MODES = ("forward", "reverse")
COMPONENTS = 64  #: of an argument with more components, so many are checked, chosen at random
TRANSPOSE = 0.01  #: of the tolerance, how far the two modes may differ, relative to the terms of their dot products
SINGLE = 1e-3  #: the least tolerance in single precision


def check_derivatives(
    f: Any,
    *args: Any,
    order: int = 2,
    modes: Sequence[str] = MODES,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> None:
    """Compare the derivatives of ``f`` at ``args`` with differences of its values; say nothing where they agree.

    ``f`` is a morphism, a function, or an arrow of ``D(k)`` that was written by hand. In forward mode the derivative in
    the direction of each component of the arguments is checked, in reverse mode each component of the pullback of a
    random covector, and the two against each other by a dot product; then the derivatives themselves are checked in
    the same way, up to ``order``. Complex arguments are moved along both axes. Where the function has a kink, every
    derivative between the slopes of its two sides is right; where differences do not settle (a jump, the edge of a
    domain) nothing is compared. ``tolerance`` is relative, absolute near zero; at least 1e-3 in single precision.

    Raises ``DerivativeError``, which names the mode, the component and both numbers; ``OptionError`` for another mode
    or order; ``TracingError`` where the derivatives of a hand-written arrow cannot be recorded for a higher order.

    >>> from essence_ad import Additive, D, sin
    >>> check_derivatives(sin, 0.5, order=3)
    >>> check_derivatives(D(Additive).arrow(lambda x: (x * x, Additive.scale(x))), 3.0, order=1)
    Traceback (most recent call last):
    ...
    essence_ad.errors.DerivativeError: the forward derivative of the value by argument disagrees with differences
      found:    3
      expected: 6
      to do:    correct the derivative that is stated; if the program is not smooth here, ask for a lower order
    """
    if not isinstance(f, Derivative):
        require_program("check_derivatives", f)
    if type(order) is not int or order < 1 or isinstance(modes, str) or not modes or not set(modes) <= set(MODES):
        raise OptionError(
            "check_derivatives does not have this option", found=f"order={order!r}, modes={modes!r}",
            expected=f"order=1, 2, ... and modes among {MODES}", remedy="leave both out to check both modes to order 2",
        )  # fmt: skip
    x = args[0] if len(args) == 1 else args
    function = f if len(args) == 1 or isinstance(f, (Derivative, Morphism)) else lambda point: f(*point)
    Check(function, x, tuple(modes), tolerance, np.random.default_rng(seed)).run(order)


@attrs.frozen
class Stated:
    """What a program says of itself at a point: its value, its derivative, and the derivative's transpose."""

    value: Any
    push: Callable[[Any], Any]
    pull: Callable[[Any], Any]


def stated(f: Any, x: Any) -> Stated:
    """From the program's forward and reverse modes, or from what the user wrote."""
    if isinstance(f, Derivative):
        y, arrow = f(x)
        linear = f.k.linear_map(arrow)
        return Stated(y, linear, linear.T)
    y, push = linearize(f, x)
    return Stated(y, push, vjp(f, x)[1])


@attrs.frozen
class Check:
    """The comparisons for one function at one point; ``subject`` says what its values are."""

    f: Any
    x: Any
    modes: tuple[str, ...]
    tolerance: float
    rng: np.random.Generator
    subject: str = "value"

    def run(self, order: int) -> None:
        """Check the function, then its derivatives as far as ``order`` asks."""
        said = stated(self.f, self.x)
        source, target = Coordinates(space_of(self.x)), Coordinates(space_of(said.value))
        point, value = source.vector(self.x), target.vector(said.value)
        single = source.single_precision or target.single_precision
        tolerance = max(self.tolerance, SINGLE) if single else self.tolerance
        compare = Comparison(self.subject, tolerance, source, target)

        def values(at: Any) -> Any:
            y = self.f(source.value(at))
            return target.vector(y[0] if isinstance(self.f, Derivative) else y)

        n = len(point)
        direction, covector = self.rng.standard_normal(n), self.rng.standard_normal(len(value))
        vector, row = source.value(direction), target.value(target.signs * covector)
        pulled: Any = source.signs * source.vector(said.pull(row)) if "reverse" in self.modes else None
        with np.errstate(all="ignore"):
            compare.value(value, values(point))
        for j in range(n) if n <= COMPONENTS else self.rng.choice(n, COMPONENTS, replace=False).tolist():
            unit = (np.arange(n) == j).astype(float)
            curve = functools.partial(_along, values, point, unit)
            found = slope(curve, max(1.0, abs(point[j])), complex_step=source.real and target.real)
            if "forward" in self.modes:
                compare.forward(target.vector(said.push(source.value(unit))), found, j)
            if pulled is not None:
                compare.reverse(pulled[j], found.dot(covector), j)
        if len(set(self.modes)) > 1:
            compare.transposed(covector * target.vector(said.push(vector)), pulled * direction)
        if order > 1:
            for mode in self.modes:
                self.derivative(mode, vector, row).run(order - 1)

    def derivative(self, mode: str, vector: Any, row: Any) -> Check:
        """The check of the derivative in a direction, or of the pullback of a covector, as a function of the point."""

        def function(point: Any) -> Any:
            said = stated(self.f, point)
            return said.push(vector) if mode == "forward" else said.pull(row)

        try:
            program = program_at("check_derivatives", function, self.x)
        except TracingError as error:
            if not isinstance(self.f, Derivative):
                raise
            raise TracingError(
                "the derivative of an arrow that was written by hand cannot itself be differentiated",
                found=error.found, expected="a function of NumPy's operations", remedy="check it with order=1",
            ) from error  # fmt: skip
        return attrs.evolve(self, f=program, subject=f"{mode} derivative of the {self.subject}")


@attrs.frozen
class Comparison:
    """What is said against what the differences show; a ``DerivativeError`` where they disagree."""

    subject: str
    tolerance: float
    source: Coordinates
    target: Coordinates

    def value(self, said: Any, actual: Any) -> None:
        """The value that comes with the derivative against that of the function alone."""
        for i in _beyond(said, Slope(actual, actual, 0 * np.abs(actual)), self.tolerance):
            what = f"the {self.subject}{self.target.name(i)} disagrees with the function"
            self.disagree(what, said[i], f"{actual[i]:.12g}")

    def forward(self, said: Any, found: Slope, j: int) -> None:
        """The derivative in the direction of component ``j``."""
        for i in _beyond(said, found, self.tolerance):
            what = f"the forward derivative of the {self.subject}{self.target.name(i)} by argument{self.source.name(j)}"
            self.disagree(f"{what} disagrees with differences", said[i], _range(found.low[i], found.high[i]))

    def reverse(self, said: Any, found: Slope, j: int) -> None:
        """Component ``j`` of a pullback."""
        for _ in _beyond(said, found, self.tolerance):
            what = f"the reverse derivative of a weighted sum of the {self.subject} by argument{self.source.name(j)}"
            self.disagree(f"{what} disagrees with differences", said, _range(found.low, found.high))

    def transposed(self, forward: Any, reverse: Any) -> None:
        """The terms of a covector's dot product with a derivative against those of its pullback's with the direction."""
        a, b, size = np.sum(forward), np.sum(reverse), np.sum(np.abs(forward)) + np.sum(np.abs(reverse))
        if np.isfinite(size) and abs(a - b) > TRANSPOSE * self.tolerance * size:
            what = f"the reverse derivative of the {self.subject} is not the transpose of the forward derivative"
            self.disagree(what, b, f"{a:.12g}, the same dot product by forward mode")

    def disagree(self, what: str, found: Any, expected: str) -> None:
        """Raise the error."""
        raise DerivativeError(
            what, found=f"{found:.12g}", expected=expected,
            remedy="correct the derivative that is stated; if the program is not smooth here, ask for a lower order",
        )  # fmt: skip


def _along(values: Callable[[Any], Any], point: Any, direction: Any, t: complex) -> Any:
    return values(point + t * direction)


def _beyond(said: Any, found: Slope, tolerance: float) -> list[int]:
    """The components that lie outside what the differences allow; those of which they know nothing are left out."""
    allowed = tolerance * (1 + np.maximum(np.abs(found.low), np.abs(found.high))) + 10 * found.error
    known = np.isfinite(found.low) & np.isfinite(found.high) & np.isfinite(allowed)
    with np.errstate(invalid="ignore"):
        within = (said >= found.low - allowed) & (said <= found.high + allowed)
    return np.flatnonzero(known & ~within).tolist()


def _range(low: Any, high: Any) -> str:
    return f"{low:.12g}" if low == high else f"between {low:.12g} and {high:.12g}"
