"""Polynomials by their coefficients, the highest power first: their product, which is the convolution, and their roots.

The roots are complex, whatever their imaginary parts; a multiple root has no derivative (it is infinite there).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import shape_of
from essence_ad.errors import ShapeError
from essence_ad.kernel import kernel
from essence_ad.operation import linear_op
from essence_ad.primitives.primitive import Bilinear, Partials, Primitive, on
from essence_ad.spaces import Array


@kernel
def convolve(a: Any, v: Any, *, mode: str = "full") -> Any:
    """``np.convolve``: the product of two polynomials; ``same`` and ``valid`` keep the middle of it.

    >>> convolve([1.0, 2.0], [1.0, 3.0])
    array([1., 5., 6.])
    """
    return np.convolve(a, v, mode=mode)  # type: ignore[call-overload]


def window(n: int, m: int, mode: str) -> tuple[int, int]:
    """Where the kept part of a full convolution of lengths ``n`` and ``m`` begins and ends."""
    short, long = sorted((n, m))
    if mode == "full":
        return 0, n + m - 1
    if mode == "same":
        return (short - 1) // 2, (short - 1) // 2 + long
    if mode == "valid":
        return short - 1, long
    raise ValueError(f"mode must be full, same or valid, and not {mode!r}")


def _convolve_adjoint(w: Any, other: Any, space: Array, *, mode: str) -> Any:
    (n,), (m,) = space.shape, np.shape(other)
    start, end = window(n, m, mode)
    full = np.pad(w, ((start, n + m - 1 - end),))
    return convolve(full, np.flip(other), mode="full")[m - 1 : m - 1 + n]


def _convolved(a: Array, v: Array, *, mode: str) -> Array:
    if len(a.shape) != 1 or len(v.shape) != 1 or not (a.shape[0] and v.shape[0]):
        raise ValueError("convolve takes two arrays of one axis that are not empty")
    start, end = window(a.shape[0], v.shape[0], mode)
    return Array((end - start,), np.result_type(a.dtype, v.dtype))


def _convolve_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """The windows of the longer operand that meet the shorter one, turned round: one product of matrices."""
    sizes = [shape_of(x)[-1] for x in inputs]
    start, end = window(sizes[0], sizes[1], options["mode"])
    (long, has), (short, _) = sorted(zip(inputs, lifted, strict=True), key=lambda pair: -shape_of(pair[0])[-1])
    m = min(sizes)
    ends = ((m - 1, m - 1),)
    padded = np.pad(long, ((0, 0), *ends) if has else ends)
    windows = padded[..., np.arange(start, end)[:, None] + np.arange(m)]
    turned = np.flip(short, axis=-1)
    return np.matmul(windows, np.expand_dims(turned, axis=-1))[..., 0]


@kernel
def roots(p: Any) -> Any:
    """``np.roots`` as complex numbers: where a polynomial with these coefficients, the highest power first, is zero.

    Raises ``ShapeError`` where the first coefficient is zero, for there are fewer roots then.

    >>> np.sort(roots([2.0, -6.0, 4.0])).round(12)
    array([1.+0.j, 2.+0.j])
    """
    p = np.asarray(p)
    if p.ndim != 1 or not p.size or (p.size > 1 and not p[0]):
        raise ShapeError(
            "roots takes the coefficients of a polynomial of known degree", found=f"coefficients {p}",
            expected="an array of one axis, whose first number is not zero", remedy="cut off the zeros at the beginning",
        )  # fmt: skip
    zeros = int(p.size - 1 - np.flatnonzero(p)[-1]) if p.size > 1 else 0
    found = np.roots(p[: p.size - zeros] if zeros else p)
    return np.concatenate([found, np.zeros(zeros)]).astype(np.result_type(p, np.complex64))


def _roots_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (p,) = inputs
    n = np.shape(p)[0]
    if n < 2:
        return None
    powers = [np.ones_like(output)]
    for _ in range(n - 1):
        powers.append(powers[-1] * output)
    matrix = np.stack(powers[::-1], axis=1)  # how the value at each root moves with the coefficients
    slopes = np.matmul(matrix[:, 1:], p[:-1] * np.arange(n - 1, 0, -1, dtype=np.finfo(np.result_type(p)).dtype))
    matrix = np.divide(matrix, -np.reshape(slopes, (-1, 1)))
    turned = np.transpose(matrix)
    return (linear_op("roots", lambda v: np.matmul(matrix, v), lambda v: np.matmul(turned, v), p, output),)


convolve_primitive = Primitive(
    "convolve", convolve, Bilinear(_convolve_adjoint, _convolve_adjoint), 2, {"mode": "full"}, shape=_convolved, complex=True, batched=_convolve_batched,
    examples=(
        on((4,), (3,)), on((2,), (5,)), on((1,), (1,)), on((5,), (2,), mode="same"), on((4,), (4,), mode="same"), on((2,), (5,), mode="same"),
        on((5,), (2,), mode="valid"), on((3,), (4,), mode="valid"),
    ),
)  # fmt: skip
roots_primitive = Primitive(
    "roots", roots, Partials(_roots_facts), shape=lambda p: Array((p.shape[0] - 1,), np.result_type(p.dtype, np.complex64)),
    examples=(on(np.array([1.1, 0.3, -2.0, 0.7, 0.4])), on(np.array([2.0, -1.0])), on(np.array([0.7]))),
)  # fmt: skip
