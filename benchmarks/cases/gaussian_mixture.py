"""ADBench's mixture of Gaussians: the log likelihood of 1000 points with a Wishart prior, gradient in all parameters.

The inverse covariance of a component is LᵀL, where L has ``exp`` of the first d numbers of its row of ``factors`` on the
diagonal, and the others below it, column by column.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, value_and_gradient

POINTS, COMPONENTS = 1000, 25
GAMMA, M = 1.0, 0  # of the Wishart prior
CACHED = 96 * 1024  # how many numbers of a chunk stay in the cache


def data(d: int) -> Data:
    random = np.random.default_rng(d)
    rows, columns = below_diagonal(d)
    place = np.zeros((d, d), dtype=np.int64)
    place[rows, columns] = d + np.arange(rows.size)
    alphas = random.normal(size=COMPONENTS)
    means = random.uniform(size=(COMPONENTS, d))
    factors = random.normal(size=(COMPONENTS, d + rows.size)) / np.sqrt(d)
    x = random.normal(size=(POINTS, d))
    return Data((alphas, means, factors, x), (place, np.tri(d, k=-1), np.eye(d)))


def below_diagonal(d: int) -> tuple[Any, Any]:
    """Rows and columns of the entries below the diagonal, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def constant(d: int) -> float:
    """The terms that depend on no parameter."""
    n = d + M + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(
        math.lgamma(0.5 * n + 0.5 * (1 - j)) for j in range(1, d + 1)
    )
    prior = n * d * (math.log(GAMMA) - 0.5 * math.log(2)) - log_gamma
    return -POINTS * d * 0.5 * math.log(2 * math.pi) - COMPONENTS * prior


def program(np: Any, logsumexp: Any, place: Any, below: Any, eye: Any, *, d: int) -> Function:
    fixed = constant(d)

    def likelihood(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        logarithms = factors[:, :d]
        diagonal = np.exp(logarithms)
        sums = np.sum(logarithms, axis=1)
        L = factors[:, place] * below + diagonal[:, :, None] * eye
        y = np.einsum("kij,nkj->nki", L, x[:, None, :] - means)
        inside = alphas + sums - 0.5 * np.sum(y * y, axis=2)
        rest = factors[:, d:]
        prior = 0.5 * GAMMA**2 * (np.sum(diagonal * diagonal) + np.sum(rest * rest)) - M * np.sum(sums)
        return np.sum(logsumexp(inside, axis=1)) - POINTS * logsumexp(alphas, axis=0) + prior + fixed

    return likelihood


def by_hand(place: Any, below: Any, eye: Any, *, d: int) -> Function:
    """L (x - mean) is L x - L mean: one matrix product for all components, on chunks of points that stay in the cache."""
    fixed = constant(d)
    K = COMPONENTS
    rows, columns = below_diagonal(d)
    chunk = max(8, CACHED // (K * d) // 8 * 8)
    work = np.empty((d * K, chunk))
    squares = np.empty((d * K, chunk))

    def value_and_gradient(alphas: Any, means: Any, factors: Any, x: Any) -> Any:
        diagonal = np.exp(factors[:, :d])
        sums = factors[:, :d].sum(axis=1)
        L = np.zeros((d, K, d))
        L[rows, :, columns] = factors[:, d:].T
        on = np.arange(d)
        L[on, :, on] = diagonal.T
        matrix = L.reshape(d * K, d)
        offset = np.einsum("ikj,kj->ik", L, means)
        shift = (alphas + sums)[:, None]
        value = 0.0
        weights = np.zeros(K)
        back_matrix = np.zeros((d * K, d))
        back_offset = np.zeros((d, K))
        for start in range(0, POINTS, chunk):
            part = x[start : start + chunk]
            c = len(part)
            y = work if c == chunk else np.empty((d * K, c))
            square = squares if c == chunk else np.empty((d * K, c))
            np.matmul(matrix, part.T, out=y)
            y -= offset.reshape(-1, 1)
            np.multiply(y, y, out=square)
            inside = square.reshape(d, K, c).sum(axis=0)
            inside *= -0.5
            inside += shift
            top = inside.max(axis=0)
            inside -= top
            np.exp(inside, out=inside)
            total = inside.sum(axis=0)
            inside /= total
            value += np.log(total, out=total).sum() + top.sum()
            weights += inside.sum(axis=1)
            cube = y.reshape(d, K, c)
            cube *= inside
            back_offset += cube.sum(axis=2)
            back_matrix -= y @ part
        e = np.exp(alphas - alphas.max())
        value += -POINTS * (np.log(e.sum()) + alphas.max()) + fixed - M * sums.sum()
        value += 0.5 * GAMMA**2 * (np.vdot(diagonal, diagonal) + np.vdot(factors[:, d:], factors[:, d:]))
        back = back_matrix.reshape(d, K, d)
        back += back_offset[:, :, None] * means
        g = np.empty_like(factors)
        g[:, :d] = back[on, :, on].T * diagonal + GAMMA**2 * diagonal * diagonal + (weights - M)[:, None]
        g[:, d:] = back[rows, :, columns].T
        g[:, d:] += GAMMA**2 * factors[:, d:]
        return value, (weights - POINTS / e.sum() * e, np.einsum("ikj,ik->kj", L, back_offset), g)

    return value_and_gradient


CASES = [
    Case(f"gmm_{d}", f"mixture of Gaussians (ADBench), n = {POINTS}, d = {d}, K = {COMPONENTS}", partial(data, d),
         partial(program, d=d), partial(by_hand, d=d), value_and_gradient(0, 1, 2))
    for d in (10, 64)
]  # fmt: skip
