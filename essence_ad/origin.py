"""How linear operations were made, so that they can be pickled: the operation of a primitive at spaces or at a point."""

from __future__ import annotations

import functools
from typing import Any

from essence_ad.containers import ZERO
from essence_ad.diagram import Chain, Op
from essence_ad.operation import LinearOp
from essence_ad.spaces import Space, add, space_of


def made_at(call: Any, spaces: tuple[Space, ...]) -> Op:
    """A linear primitive at spaces."""
    op: Op = call.primitive.rule.at(call, spaces)
    return op


def made_held(call: Any, *rest: Any) -> Op:
    """A bilinear primitive with one argument held."""
    op: Op = call.primitive.rule.held(call, *rest)
    return op


def made_at_point(call: Any, inputs: Any, output: Any, wanted: Any, i: int, j: int) -> Op:
    """A step of a derivative that a primitive states at a point."""
    facts = call.primitive.rule.derivative(call, inputs, output, wanted)
    fact = facts[i] if type(facts) is tuple else facts
    step: Op = fact.steps[j] if type(fact) is Chain else fact
    return step


def remembering(facts: Any, call: Any, inputs: Any, output: Any, wanted: Any) -> Any:
    """What a primitive states at a point, each step of it knowing that it was stated there."""
    for i, fact in enumerate(facts if type(facts) is tuple else (facts,)):
        for j, step in enumerate(fact.steps if type(fact) is Chain else (fact,)):
            if isinstance(step, LinearOp) and step.origin is None:
                step.origin = made_at_point, (call, tuple(inputs), output, tuple(wanted), i, j)
    return facts


def joined(name: str, parts: tuple[Any, ...], output: Any, facts: Any) -> Op | None:
    """A derivative stated for each of several inputs, as one operation from the product that holds them all."""
    if facts is None:
        return None
    source = space_of(parts)

    def forward(v: Any) -> Any:
        if type(facts) is not tuple:
            return facts.apply(*v) if len(v) > 1 else facts.apply(v[0])
        return functools.reduce(add, [ZERO if f is None else f.apply(x) for f, x in zip(facts, v, strict=True)])

    def adjoint(w: Any) -> Any:
        if type(facts) is not tuple:
            back = facts.T.apply(w)
            return back if len(parts) > 1 else (back,)
        return source.fill(tuple([ZERO if f is None else f.T.apply(w) for f in facts]))

    origin = joined, (name, parts, output, facts)
    return LinearOp(name, forward, adjoint, (source,), (space_of(output),), origin=origin)
