"""Derived combinators of programs: the indexed forms and the inverses of ``fork`` and ``join`` (sections 4.5 and 15).

Each is the program that ``derived`` has for any category.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from essence_ad.errors import OptionError
from essence_ad.morphism import Morphism, cross, fork, identity, inj, join, proj

Program = Morphism[Any, Any]


def first(f: Program) -> Program:
    """``f`` on the first of two parts: ``f × id``.

    >>> from essence_ad import scale
    >>> first(scale(2.0))((1.0, 1.0))
    (2.0, 1.0)
    """
    return cross(f, identity)


def second(f: Program) -> Program:
    """``f`` on the second of two parts: ``id × f``.

    >>> from essence_ad import scale
    >>> second(scale(2.0))((1.0, 1.0))
    (1.0, 2.0)
    """
    return cross(identity, f)


def unfork(h: Program, n: int = 2) -> tuple[Program, ...]:
    """The programs that ``h``, which ends in a product of ``n``, forks.

    >>> from essence_ad import fork, scale
    >>> [f(1.0) for f in unfork(fork(scale(2.0), scale(3.0)))]
    [2.0, 3.0]
    """
    return tuple([h >> proj(i, n) for i in range(_count("unfork", n))])


def unjoin(h: Program, n: int = 2) -> tuple[Program, ...]:
    """The programs that ``h``, which starts from a product of ``n``, joins: ``join(*unjoin(h))`` is ``h`` if it is linear.

    >>> from essence_ad import Additive, join, scale
    >>> [Additive(f)(1.0) for f in unjoin(join(scale(2.0), scale(3.0)))]
    [2.0, 3.0]
    """
    return tuple([inj(i, n) >> h for i in range(_count("unjoin", n))])


def cross_i(n: int, f: Callable[[int], Program]) -> Program:
    """``f(0) × ... × f(n - 1)``; the programs may run between different objects.

    >>> from essence_ad import scale
    >>> cross_i(3, lambda i: scale(float(i)))((1.0, 1.0, 1.0))
    (0.0, 1.0, 2.0)
    """
    return cross(*map(f, range(_count("cross_i", n))))


def fork_i(n: int, f: Callable[[int], Program]) -> Program:
    """One argument to each of ``f(0), ..., f(n - 1)``.

    >>> from essence_ad import scale
    >>> fork_i(3, lambda i: scale(float(i)))(1.0)
    (0.0, 1.0, 2.0)
    """
    return fork(*map(f, range(_count("fork_i", n))))


def unfork_i(n: int, h: Program) -> Callable[[int], Program]:
    """The function from ``i`` to part ``i`` of ``h``.

    >>> from essence_ad import repl
    >>> unfork_i(3, repl(3))(2)(5.0)
    5.0
    """
    return unfork(h, n).__getitem__


def join_i(n: int, f: Callable[[int], Program]) -> Program:
    """The sum of ``f(i)`` of part ``i``, linear maps only.

    >>> from essence_ad import Additive, scale
    >>> Additive(join_i(3, lambda i: scale(float(i))))((1.0, 1.0, 1.0))
    3.0
    """
    return join(*map(f, range(_count("join_i", n))))


def unjoin_i(n: int, h: Program) -> Callable[[int], Program]:
    """The function from ``i`` to ``h`` of part ``i`` alone.

    >>> from essence_ad import Additive, sum_
    >>> Additive(unjoin_i(3, sum_(3))(2))(5.0)
    5.0
    """
    return unjoin(h, n).__getitem__


def _count(name: str, n: int) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise OptionError(
            f"{name} takes the number of parts", found=repr(n), expected="a number that is not negative",
            remedy=f"write {name}(n, f) with n an int",
        )  # fmt: skip
    return n
