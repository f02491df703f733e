"""Every rewrite by itself: it fires on its example, saves work there, and changes no number but for rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import add, const, exp, fork, identity, logsumexp, mul, sin, softmax
from essence_ad.compiler import rules
from essence_ad.compiler.compiled import staged
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram, collect
from essence_ad.morphism import box
from essence_ad.primitives import catalogue
from essence_ad.spaces import R, Space

astype = box(catalogue()["astype"].open())
PLACES = np.array([0, 1, 1, 0, 1])
EXAMPLES: dict[str, list[tuple[Callable[..., Any], Space]]] = {
    "fold": [(fork(identity, const(2.0) >> sin) >> add, R), (fork(const(np.ones(2)) >> exp, identity) >> mul, R[2])],
    "scaling": [
        (lambda x: 2.0 * (3.0 * x), R[3]),
        (lambda x: 1.0 * x, R),
        (lambda x: -1.0 * x, R),
        (lambda x: 2 * -x, R),
    ],
    "multiply_constant": [(fork(sin, const(np.ones(3))) >> mul, R[3]), (fork(const(2.0), sin) >> mul, R)],
    "multiply_scaled": [(lambda x: (-x) * (-np.sin(x)), R[3]), (lambda x: (2.0 * x) * (3.0 * np.sin(x)), R)],
    "add_zero": [(lambda x: np.sin(x) + 0.0, R), (lambda x: np.zeros(3) + x, R[3])],
    "add_negative": [(lambda x: np.cos(x) + (-x), R), (lambda x: x + (-np.cos(x)) * np.sin(x), R[2])],
    "common_factor": [(lambda x: np.sin(x) * np.exp(x) + np.cos(x) * (x * np.exp(x)), R[2])],
    "contraction": [
        (lambda x: np.einsum("ij,kj->ik", x, np.sin(x)), R[2, 3]),
        (lambda x: np.einsum("kij,nkj->nki", np.sin(x), x), R[3, 3, 3]),
        (lambda x: np.einsum("ij,ij->i", x, np.sin(x)), R[2, 3]),
        (lambda x: np.einsum("ij,jk->kij", x, np.sin(x).T), R[2, 3]),
        (lambda x: np.einsum("i,j->ji", x, np.sin(x)), R[3]),
    ],
    "summed_before": [
        (lambda x: np.einsum("ij,kj->k", x, np.sin(x)), R[2, 3]),
        (lambda x: np.einsum("ni,kj->kij", x, np.sin(x)), R[2, 3]),
    ],
    "summed_contraction": [
        (lambda x: np.sum(np.einsum("kij,nkj->nki", x, np.sin(x)), axis=0), R[3, 3, 3]),
        (lambda x: np.sum(np.einsum("ij,kj->ik", x, np.sin(x))), R[2, 3]),
    ],
    "distributed": [
        (lambda x: np.einsum("kij,nkj->nki", np.sin(x), np.exp(x[0])[:, None, :] - x[1]), R[3, 3, 3]),
        (lambda x: np.einsum("nkj,kij->nki", np.exp(x[0])[:, None, :] + x[1], np.sin(x)), R[3, 3, 3]),
        (lambda x: np.einsum("nki,nkj->kij", np.sin(x), np.exp(x[:, 0])[:, None, :] - x[1]), R[9, 3, 3]),
    ],
    "outer_product": [
        (lambda x: np.sin(x)[:, None] * x, R[3]),
        (lambda x: x[None] * np.sin(x[:2])[:, None], R[3]),
    ],
    "log_of_weights": [
        (lambda x: logsumexp(x, axis=1), R[2, 3]),
        (lambda x: logsumexp(x), R[3]),
        (lambda x: logsumexp(x, axis=0, keepdims=True), R[2, 3]),
    ],
    "parts_of_weights": [(lambda x: softmax(x, axis=1), R[2, 3]), (lambda x: softmax(x), R[3])],
    "by_shape_alone": [
        (lambda x: np.squeeze(np.expand_dims(x, 1)), R[2, 3]),
        (lambda x: x[:, None][..., None][:, 0, :, 0], R[2, 3]),
    ],
    "part_before_rows": [(lambda x: x[PLACES][:, 1] * x[PLACES][:, 0], R[2, 3]), (lambda x: x[PLACES][:, 1:], R[2, 3])],
    "work_before_rows": [
        (lambda x: np.sin(x[PLACES]) * x[PLACES], R[2, 3]),
        (lambda x: (x[PLACES] * np.sum(x) + 2.0) / np.exp(x)[PLACES], R[2]),
    ],
    "scaled_after_moving": [
        (lambda x: np.arange(6.0) * np.reshape(np.broadcast_to(x, (2, 3)), (6,)), R[3]),
        (lambda x: np.array([1.0, 2.0, 3.0]) * np.broadcast_to(x, (3,)), R),
    ],
    "scaled_product": [
        (lambda x: 2.0 * (np.sin(x) * (3.0 * x)), R[2]),
        (lambda x: 2.0 * (np.reshape(3.0 * x, (1, 2)) * x), R[2]),
    ],
    "doubled": [(lambda x: (y := 0.5 * x) + y, R[2])],
    "added_again": [
        (lambda x: 1.0 + (y := 3.0 * x) + y, R[2]),
        (lambda x: (y := 3.0 * np.sin(x) + 4.0 * x) + (y + np.cos(x)), R[2]),
    ],
    "scaled_sum": [
        (lambda x: 2.0 * (3.0 * np.sin(x) + np.exp(x) * (5.0 * x)), R[2]),
        (lambda x: 2.0 * (3.0 * np.sin(x) - 4.0 * x), R[2]),
    ],
    "difference": [(lambda x: x - (-np.sin(x)), R), (lambda x: x - 0.0, R), (lambda x: 0.0 - x, R[2])],
    "negation": [(lambda x: -(np.negative(x)), R[2]), (lambda x: -(3.0 * x), R)],
    "quotient": [(lambda x: x / 1.0, R), (lambda x: (-x) / np.exp(x), R[2]), (lambda x: x / (-np.exp(x)), R)],
    "whole_power": [(identity**3 + sin**4, R), (identity**2.0, R[2]), (identity**-1.0, R), (sin**0.5, R)],
    "broadcast_late": [(lambda x: np.broadcast_to(x, (2, 3)) / np.outer(np.sin(x[:2]), x), R[3])],
    "reshape_late": [
        (lambda x: np.reshape(np.sin(x), (6,)) * np.reshape(x, (6,)), R[2, 3]),
        (lambda x: np.reshape(np.broadcast_to(x, (2, 3)), (6,)) + np.arange(6.0), R[3]),
    ],
    "reshaped": [
        (lambda x: np.reshape(np.reshape(x, (3, 2)), (2, 3)), R[2, 3]),
        (lambda x: np.reshape(x, (6,)).reshape(3, 2), R[2, 3]),
    ],
    "converted": [(astype(dtype="float64") >> sin, R[2])],
    "transposed": [
        (lambda x: np.transpose(np.transpose(x)), R[2, 3]),
        (lambda x: np.transpose(x, (1, 0)).T * 2, R[2, 3]),
    ],
    "summed": [
        (lambda x: np.sum(2.0 * x), R[3]),
        (lambda x: np.sum(-x, axis=0), R[3, 2]),
        (lambda x: np.sum(x, axis=1), R[3, 1]),
    ],
}


# More boxes, but less work in each, or work that others share.
MORE = (
    "outer_product",
    "whole_power",
    "contraction",
    "summed_before",
    "summed_contraction",
    "distributed",
    "log_of_weights",
    "parts_of_weights",
)


def boxes(d: Diagram) -> int:
    return sum(op.name != "const" for op, _, _ in d.boxes)


def value(d: Diagram, x: Any) -> Any:
    return collect(d.cod, d.evaluate(x))


def test_every_rule_has_an_example() -> None:
    assert {r.rewrite.__name__ for r in rules.RULES} == set(EXAMPLES)
    assert all(r.law for r in rules.RULES)


@pytest.mark.parametrize(("name", "f", "space"), [(n, f, s) for n, cases in EXAMPLES.items() for f, s in cases])
def test_rule(name: str, f: Callable[..., Any], space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    d = staged(f, space)
    with_all = simplify(d)
    x = space.random(np.random.default_rng(0))
    expected = value(d, x)
    assert np.allclose(value(with_all, x), expected, rtol=1e-14, atol=1e-14, equal_nan=True)
    assert np.shape(value(with_all, x)) == np.shape(expected) and with_all.cod_space == d.cod_space
    assert boxes(with_all) <= boxes(d) or name in MORE
    fired = []
    (rule,) = [r for r in rules.RULES if r.rewrite.__name__ == name]

    def watched(g: Any, op: Any, ins: Any) -> Any:
        answer = rule.rewrite(g, op, ins)
        fired.append(answer is not None)
        return answer

    alone = [rule._replace(rewrite=watched)]
    monkeypatch.setattr(rules, "RULES", alone)
    only = simplify(d)
    assert any(fired), f"{name} did not fire"
    assert np.allclose(value(only, x), expected, rtol=1e-14, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("x", [0.0, -0.0, np.nan, np.inf, -np.inf])
def test_special_values_are_kept(x: float) -> None:
    for cases in EXAMPLES.values():
        for f, space in cases:
            if space == R:
                d = simplify(staged(f, R))
                with np.errstate(all="ignore"):
                    expected = value(staged(f, R), np.float64(x))
                    assert np.array_equal(value(d, np.float64(x)), expected, equal_nan=True)
