"""``cost``: what a program and its derivatives cost, counted from shapes alone, and which way ``jacobian`` goes."""

from __future__ import annotations

from typing import Any

import attrs

from essence_ad.calculus.arguments import in_arguments, program_at, require_continuous
from essence_ad.categories.additive import Additive
from essence_ad.categories.derivative import D
from essence_ad.compiler.association import Association, Plan
from essence_ad.spaces import Array, Space, space_of
from essence_ad.tracing.shadow import CALL, NUMBER, PRODUCTS, Work, shadow


@attrs.frozen(repr=False)
class Cost:
    """Counted work of a program (``value``), of its slopes there, and of each way to its Jacobian.

    Every count has ``calls`` of primitives on arrays, ``elements`` that they work on, ``products`` that contractions add
    up, and operations on single ``numbers``.
    ``gradient`` is one sweep back from a single number, ``mixed`` the cheapest plan with a product, ``elimination`` the
    cheapest order found in which the numbers of a program without arrays are taken out: ``None`` where there is no such.
    ``chosen`` is what ``jacobian`` takes, and ``why`` says why.
    """

    source: Space
    target: Space
    value: Work
    slopes: Work
    forward: Work
    reverse: Work
    mixed: Work | None
    elimination: Work | None
    gradient: Work | None
    chosen: str
    why: str

    def __repr__(self) -> str:
        rows = [
            ("value", self.value), ("slopes", self.slopes), ("gradient", self.gradient), ("Jacobian forward", self.forward),
            ("Jacobian reverse", self.reverse), ("Jacobian mixed", self.mixed), ("Jacobian by elimination", self.elimination),
        ]  # fmt: skip
        columns = ("calls", "elements", "products", "numbers")
        lines = [
            f"{name:<24}" + "".join([f"{getattr(w, column):>12,}" for column in columns])
            for name, w in rows if w is not None
        ]  # fmt: skip
        head = f"{self.source} -> {self.target}\n{'':<24}" + "".join([f"{column:>12}" for column in columns])
        return "\n".join([head, *lines, f"jacobian takes {self.chosen}: {self.why}"])


def cost(f: Any, *args: Any, argnums: int | tuple[int, ...] = 0) -> Cost:
    """The work of a program at these arguments and of its derivatives, counted from shapes and patterns; nothing is run.

    ``value`` counts the program itself, ``slopes`` what its derivative needs besides, once; every way to the Jacobian
    comes on top of both. Arguments are as for ``jacobian``.

    Raises what ``jacobian`` does.

    >>> import numpy as np
    >>> W, T = np.ones((5, 100)), np.ones((80, 5))
    >>> cost(lambda x: np.tanh(T @ np.sin(W @ np.exp(x))), np.ones(100))
    R[100] -> R[80]
                                   calls    elements    products     numbers
    value                              5         185         900           0
    slopes                             3         165           0           0
    Jacobian forward                   6       9,000      40,000           0
    Jacobian reverse                   5       8,800      40,000           0
    Jacobian mixed                     5       1,300      40,000           0
    jacobian takes mixed: 6,300 against 13,800 reverse and 14,500 forward (elements + products / 16 + 500 calls + 50 numbers)
    """
    function, x = in_arguments(f, args, {}, argnums)
    program, space = program_at("cost", function, x), space_of(x)
    value, both = Work(), Work()
    program(space.unpack(shadow(space, value)))
    _, df = D(Additive)(program)(space.unpack(shadow(space, both)))
    slopes = Work(both.calls - value.calls, both.elements - value.elements)
    association = Association(df)
    require_continuous("cost", "value", association.target)
    plans = {plan.name: plan.work for plan in association.plans}
    scalar = isinstance(association.target, Array) and not association.target.shape
    return Cost(
        association.source, association.target, value, slopes, plans["forward"], plans["reverse"], plans.get("mixed"), plans.get("elimination"),
        plans["reverse"] if scalar else None, association.best.name, _why(association.best, plans, min(association.source.dim, association.target.dim)),
    )  # fmt: skip


def _why(best: Plan, plans: dict[str, Work], narrowest: int) -> str:
    """The comparison that decided."""
    if narrowest <= 1:
        return "one sweep, of one vector"
    others = [f"{work.total:,} {name}" for name, work in plans.items() if name != best.name]
    return f"{best.work.total:,} against {' and '.join(others)} (elements + products / {PRODUCTS} + {CALL} calls + {NUMBER} numbers)"
