"""ADBench's bundle adjustment: the Jacobian of every observation's two residuals in its camera, point and weight.

A camera is rotation vector (not zero), centre, focal length, principal point and two radial distortions; a residual is
the weighted distance of the projected point from where it was seen. The result has shape (observations, 2, 15). Each
system makes it by two batched reverse sweeps over all observations.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function

CHUNK = 8192  # observations that are worked on together


def data(cameras: int, points: int, observations: int) -> Data:
    random = np.random.default_rng(cameras)
    table = np.concatenate([
        random.normal(size=(cameras, 3)) / 4, random.normal(size=(cameras, 3)) / 10, random.uniform(500, 600, (cameras, 1)),
        random.normal(size=(cameras, 2)), random.normal(size=(cameras, 2)) / 10,
    ], axis=1)  # fmt: skip
    X = random.normal(size=(points, 3)) + np.array([0.0, 0.0, 8.0])
    camera = random.integers(cameras, size=observations)
    point = np.sort(random.integers(points, size=observations))
    weights = random.normal(size=observations)
    seen = random.normal(size=(observations, 2)) * 100
    return Data((table, X, weights), (camera, point, seen, np.ones(observations)))


def program(np: Any, logsumexp: Any, camera: Any, point: Any, seen: Any, one: Any) -> Function:
    def residuals(c: Any, X: Any, weight: Any) -> Any:
        r0, r1, r2 = c[:, 0], c[:, 1], c[:, 2]
        theta = np.sqrt(r0 * r0 + r1 * r1 + r2 * r2)
        sin, cos = np.sin(theta), np.cos(theta)
        w0, w1, w2 = r0 / theta, r1 / theta, r2 / theta
        x0, x1, x2 = X[:, 0] - c[:, 3], X[:, 1] - c[:, 4], X[:, 2] - c[:, 5]
        along = (w0 * x0 + w1 * x1 + w2 * x2) * (1.0 - cos)
        z0 = x0 * cos + (w1 * x2 - w2 * x1) * sin + w0 * along
        z1 = x1 * cos + (w2 * x0 - w0 * x2) * sin + w1 * along
        z2 = x2 * cos + (w0 * x1 - w1 * x0) * sin + w2 * along
        p0, p1 = z0 / z2, z1 / z2
        square = p0 * p0 + p1 * p1
        scale = (1.0 + c[:, 9] * square + c[:, 10] * square * square) * c[:, 6]
        return (p0 * scale + c[:, 7] - seen[:, 0]) * weight, (p1 * scale + c[:, 8] - seen[:, 1]) * weight

    def observed(table: Any, X: Any, weights: Any) -> Any:
        return residuals(table[camera], X[point], weights)

    observed.parts = np, residuals, camera, point, one  # type: ignore[attr-defined]
    return observed


def block_jacobian(system: Any, f: Function) -> Function:
    """The derivative of each residual in what it depends on: two sweeps back from all observations at once."""
    np, residuals, camera, point, one = f.parts  # type: ignore[attr-defined]

    def jacobian(table: Any, X: Any, weights: Any) -> Any:
        found = system.sweeps(residuals, (table[camera], X[point], weights), one)
        return np.stack([np.concatenate((c, x, w[:, None]), axis=1) for c, x, w in found], axis=1)

    return jacobian


def by_hand(camera: Any, point: Any, seen: Any, one: Any) -> Function:
    """What depends on the camera alone is done once a camera, before the gather; the rest in chunks, by components.

    For rotation R and left Jacobian J of the rotation vector, z = R (X - C) has the derivatives dz/dX = R, dz/dC = -R,
    dz/dr = -[z] J, where [z] is the matrix of the cross product.
    """
    n = len(camera)

    def jacobian(table: Any, X: Any, weights: Any) -> Any:
        R, J = rotations(table[:, :3])
        known = np.concatenate([R, J, np.einsum("ijc,cj->ic", R.reshape(3, 3, -1), table[:, 3:6]), table[:, 6:].T])
        points = np.ascontiguousarray(X.T)
        out = np.empty((n, 2, 15))
        for start in range(0, n, CHUNK):
            part = slice(start, min(start + CHUNK, n))
            rows(
                known.take(camera[part], axis=1), points.take(point[part], axis=1), weights[part], seen[part], out[part]
            )
        return out

    return jacobian


def rotations(r: Any) -> tuple[Any, Any]:
    """Rotations and left Jacobians of rotation vectors, each 9 by the number of cameras."""
    theta = np.sqrt((r * r).sum(axis=1))
    w = (r.T / theta)[:, None]
    outer = (w * w.swapaxes(0, 1)).reshape(9, -1)
    a, b, c = w[:, 0]
    o = np.zeros_like(a)
    cross = np.stack([o, -c, b, c, o, -a, -b, a, o])
    eye = np.eye(3).reshape(9, 1)
    sin, cos = np.sin(theta), np.cos(theta)
    rotation = cos * eye + sin * cross + (1 - cos) * outer
    left = (sin / theta) * eye + ((1 - cos) / theta) * cross + (1 - sin / theta) * outer
    return rotation, left


def rows(known: Any, x: Any, weight: Any, seen: Any, out: Any) -> None:
    """The rows of some observations; ``known`` has the 27 numbers of each one's camera."""
    R, J = known[:9].reshape(3, 3, -1), known[9:18].reshape(3, 3, -1)
    focal, centre0, centre1, k1, k2 = known[21:26] if len(known) == 26 else known[21:]
    z0, z1, z2 = R[:, 0] * x[0] + R[:, 1] * x[1] + R[:, 2] * x[2] - known[18:21]
    inverse = 1.0 / z2
    p0, p1 = z0 * inverse, z1 * inverse
    square = p0 * p0 + p1 * p1
    radial = 1.0 + square * (k1 + k2 * square)
    slope = 2.0 * (k1 + 2.0 * k2 * square)
    by_weight = focal * weight
    scale = radial * by_weight
    turn = slope * by_weight
    mixed = turn * p0 * p1
    g00, g11 = scale + turn * p0 * p0, scale + turn * p1 * p1  # residuals by p0, p1
    for i, (ga, gb, p, centre) in enumerate(((g00, mixed, p0, centre0), (mixed, g11, p1, centre1))):
        a, b = ga * inverse, gb * inverse
        c = -(a * p0 + b * p1)  # (a, b, c): the residual by z
        row = out[:, i].T
        row[11:14] = a * R[0] + b * R[1] + c * R[2]
        np.negative(row[11:14], out=row[3:6])
        m0, m1, m2 = z1 * c - z2 * b, z2 * a - z0 * c, z0 * b - z1 * a  # z cross (a, b, c) = -(a, b, c) [z]
        row[0:3] = m0 * J[0] + m1 * J[1] + m2 * J[2]
        projected = p * radial
        row[6] = projected * weight
        row[7], row[8] = (weight, 0.0) if i == 0 else (0.0, weight)
        q = p * square * by_weight
        row[9] = q
        row[10] = q * square
        row[14] = projected * focal + centre - seen[:, i]


CASES = [
    Case(name, f"bundle adjustment (ADBench), {n} cameras, {m} points, {p} observations, block Jacobian",
         partial(data, n, m, p), program, by_hand, block_jacobian)
    for name, n, m, p in (("ba_1", 49, 7776, 31843), ("ba_3", 161, 48126, 182072))
]  # fmt: skip
