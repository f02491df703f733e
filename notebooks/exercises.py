"""What the notebooks use to tell readers whether their answers hold.

An exercise is a cell with the tag ``exercise-N`` in which the answer is ``...``, and the next cell is its checker:

    check(1, answer,
          ("it is linear", lambda f: f.is_linear),
          ("it doubles", near(lambda f: f(3.0), 6.0)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from essence_ad.errors import EssenceError

Condition = tuple[str, Callable[[Any], object]]


def check(number: int, answer: Any, *conditions: Condition) -> None:
    """Prints whether an answer holds: every condition is true of it, or gives nothing, and raises no error.

    >>> conditions = ("it is even", lambda n: n % 2 == 0), ("it is large", lambda n: n > 100)
    >>> check(1, ..., *conditions)
    exercise 1: not done yet
    >>> check(1, 44, *conditions)
    exercise 1: not right yet: "it is large" does not hold
    >>> check(1, 144, *conditions)
    exercise 1: right: it is even; it is large
    """
    if not conditions:
        raise ValueError("an exercise has conditions")
    if undone(answer):
        print(f"exercise {number}: not done yet")
        return
    for name, condition in conditions:
        try:
            found = condition(answer)
        except Exception as error:  # whatever goes wrong with an answer is told, and the notebook goes on
            print(f'exercise {number}: not right yet: "{name}" does not hold:\n{type(error).__name__}: {error}')
            return
        if not (found is None or bool(found)):
            print(f'exercise {number}: not right yet: "{name}" does not hold')
            return
    print(f"exercise {number}: right: {'; '.join(name for name, _ in conditions)}")


def undone(answer: Any) -> bool:
    """Whether an answer, or a part of it, is still ``...``."""
    return answer is ... or (isinstance(answer, (tuple, list)) and any(map(undone, answer)))


def near(read: Callable[[Any], Any], expected: Any, *, tolerance: float = 1e-8) -> Callable[[Any], bool]:
    """A condition: what is read off the answer has the structure and, within ``tolerance``, the numbers of ``expected``.

    >>> near(lambda f: f(0.3), (0.3, 0.6))(lambda x: (x, x + x)), near(lambda f: f(0.3), 0.3)(lambda x: (x, x))
    (True, False)
    """
    return lambda answer: _close(read(answer), expected, tolerance)


def _close(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(found, (tuple, list)) or isinstance(expected, (tuple, list)):
        both = isinstance(found, (tuple, list)) and isinstance(expected, (tuple, list))
        return both and len(found) == len(expected) and all(_close(a, b, tolerance) for a, b in zip(found, expected))
    if np.shape(found) != np.shape(expected):
        return False
    return bool(np.allclose(found, expected, rtol=tolerance, atol=tolerance))


@contextmanager
def refused(*kinds: type[Exception]) -> Iterator[None]:
    """Prints the error that the block raises, one of ``kinds`` or any of this library's.

    Raises ``AssertionError`` where there is none: a notebook that shows a mistake must make it.

    >>> from essence_ad import dup, grad, mul
    >>> with refused():
    ...     (dup >> mul).T
    NotLinearError: a program that is not linear has no transpose: multiply occurs in it...
    """
    expected = kinds or (EssenceError,)
    try:
        yield
    except expected as error:
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError("nothing was refused")
