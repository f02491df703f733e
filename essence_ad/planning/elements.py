"""Arrays while they are written in a language without arrays: the element at given indices, as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.spaces import Array


class Element:
    """An array while it is written: ``at`` gives the text of the element at indices, which are texts themselves."""

    def __init__(self, space: Array, at: Callable[[Sequence[str]], str], buffer: str = "", depth: int = 0) -> None:
        self.space, self.at = space, at
        self.buffer = buffer  #: its memory, empty where it is an expression
        self.depth = depth  #: how deep that expression is


def number(space: Array, text: str) -> Element:
    """A number, or an array that is it everywhere."""
    return Element(space, lambda index: text)


def stored(space: Array, name: str) -> Element:
    """An array in memory of its own, row by row.

    >>> stored(Array((2, 3)), "a").at(["i", "j"])
    'a[3 * i + j]'
    """
    steps = [math.prod(space.shape[i + 1 :]) for i in range(len(space.shape))]
    return Element(space, lambda index: f"{name}[{linear(zip(steps, index, strict=True))}]", name)


def linear(terms: Any, start: int = 0) -> str:
    """A sum of multiples of indices.

    >>> linear([(3, "i"), (1, "j"), (0, "k")], 2)
    '2 + 3 * i + j'
    """
    parts = [i if n == 1 else f"{n} * {i}" for n, i in terms if n and i != "0"]
    return " + ".join([*([str(start)] if start or not parts else []), *parts])


def narrowed(index: Sequence[str], shape: Sequence[int]) -> list[str]:
    """The indices of an operand that is broadcast.

    >>> narrowed(["i", "j"], (1,)), narrowed(["i", "j"], (4, 1))
    (['0'], ['i', '0'])
    """
    return ["0" if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True)]
