"""Kernels: functions on arrays that NumPy does not have, made to answer traced arrays as NumPy's own functions do.

Those that several families of primitives share stand here; each has its record in one family.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import EllipsisType, NoneType
from typing import Any

import numpy as np


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function on arrays that NumPy does not have, made to answer traced arrays as NumPy's own functions do."""

    @functools.wraps(function)
    def dispatch(*args: Any, **options: Any) -> Any:
        for arg in args:
            answer = getattr(type(arg), "__essence_call__", None)
            if answer is not None:
                return answer(arg, dispatch, args, options)
        return function(*args, **options)

    return dispatch


def is_overloaded(value: Any) -> bool:
    """Whether a value answers NumPy, and kernels, by itself."""
    return getattr(type(value), "__essence_call__", None) is not None


class Abstract(Exception):
    """Code for known arrays met a traced one."""


def concrete(value: Any) -> Any:
    """A value as it is; ``Abstract`` is raised for a traced array."""
    if is_overloaded(value):
        raise Abstract
    return value


@kernel
def astype(x: Any, *, dtype: Any) -> Any:
    """An array with its numbers converted; complex to real takes the real part."""
    if np.dtype(dtype).kind in "fiu" and np.iscomplexobj(x):
        x = np.real(x)
    return np.asarray(x).astype(dtype)[()]


@kernel
def ratio(x: Any, y: Any) -> Any:
    """``x / y``, where zero by zero is zero: the slope of a length at a point where it vanishes.

    >>> ratio(0.0, 0.0), ratio(1.0, 4.0)
    (np.float64(0.0), np.float64(0.25))
    """
    both = np.logical_and(np.equal(x, 0), np.equal(y, 0))
    with np.errstate(all="ignore"):
        return np.divide(x, np.where(both, 1, y))


@kernel
def scatter_sum(*values: Any, keys: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Zeros of a shape with each value added at the places that its key names: the adjoint of indexing, for many at once.

    >>> scatter_sum(1.0, np.array([2.0, 3.0]), keys=(0, [1, 1]), shape=(3,))
    array([1., 5., 0.])
    """
    total = np.zeros(shape, np.result_type(*values))
    for value, key in zip(values, keys, strict=True):
        if all(isinstance(part, (int, np.integer, slice, EllipsisType, NoneType)) for part in _parts(key)):
            total[key] += value
        else:
            np.add.at(total, key, value)
    return total[()]


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def turned(a: Any) -> Any:
    """Matrices with rows and columns exchanged."""
    return np.swapaxes(a, -1, -2)


def adjoint_of(a: Any) -> Any:
    """Matrices with rows and columns exchanged, and conjugated."""
    return np.conjugate(turned(a))


@kernel
def polar(a: Any) -> Any:
    """The polar factor ``u @ v`` of ``a = u @ diag(s) @ v``, over the singular values that are not 0: the slope of their sum.

    >>> polar(np.array([[-2.0, 0.0], [0.0, 3.0]]))
    array([[-1.,  0.],
           [ 0.,  1.]])
    """
    u, s, v = np.linalg.svd(a, full_matrices=False)
    rounding = 4 * s.shape[-1] * np.finfo(s.dtype).eps
    return (u * (s > rounding * np.max(s, axis=-1, keepdims=True, initial=0))[..., None, :]) @ v
