"""Derived operations (sections 4.5 and 15): what every category has because of its vocabulary, and defined only by it.

Each takes the category first: ``fork(k, f, g)``. The same names without it build programs (``morphism``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from essence_ad.category import Category, LinearCategory

Arrow = Any
Indexed = Callable[[int], Any]


def fork(k: Category, *arrows: Arrow) -> Arrow:
    """``f & g : a -> c × d`` is ``(f × g) . dup``, for any number of arrows; of none, ``it``.

    >>> from essence_ad import Functions, exp, sin
    >>> fork(Functions, Functions(exp), Functions(sin))(0.0) == (1.0, 0.0)
    True
    """
    n = len(arrows)
    return k.compose(k.cross(*arrows), k.dup() if n == 2 else k.repl(n))


def unfork(k: Category, h: Arrow, n: int = 2) -> tuple[Arrow, ...]:
    """The arrows that ``h : a -> c × d`` forks: ``exl . h`` and ``exr . h``.

    >>> from essence_ad import Functions, dup
    >>> [f(3.0) for f in unfork(Functions, Functions(dup))]
    [3.0, 3.0]
    """
    parts = (k.exl(), k.exr()) if n == 2 else [k.proj(i, n) for i in range(n)]
    return tuple([k.compose(part, h) for part in parts])


def join(k: Category, *arrows: Arrow) -> Arrow:
    """``f | g : a × b -> c`` is ``jam . (f × g)``, for any number of arrows; of none, the zero out of the unit.

    >>> from essence_ad import Additive
    >>> join(Additive, Additive.scale(2.0), Additive.scale(3.0))((10.0, 1.0))
    23.0
    """
    n = len(arrows)
    return k.compose(k.jam() if n == 2 else k.sum_(n), k.cross(*arrows))


def unjoin(k: Category, h: Arrow, n: int = 2) -> tuple[Arrow, ...]:
    """The arrows that ``h : a × b -> c`` joins: ``h . inl`` and ``h . inr``.

    >>> from essence_ad import Additive, jam
    >>> [f(3.0) for f in unjoin(Additive, Additive(jam))]
    [3.0, 3.0]
    """
    places = (k.inl(), k.inr()) if n == 2 else [k.inj(i, n) for i in range(n)]
    return tuple([k.compose(h, place) for place in places])


def first(k: Category, f: Arrow) -> Arrow:
    """``f × id``.

    >>> from essence_ad import Functions, exp
    >>> first(Functions, Functions(exp))((0.0, 5.0)) == (1.0, 5.0)
    True
    """
    return k.cross(f, k.identity())


def second(k: Category, f: Arrow) -> Arrow:
    """``id × f``.

    >>> from essence_ad import Functions, exp
    >>> second(Functions, Functions(exp))((5.0, 0.0)) == (5.0, 1.0)
    True
    """
    return k.cross(k.identity(), f)


def swap(k: Category) -> Arrow:
    """``a × b -> b × a`` is ``exr & exl``.

    >>> from essence_ad import Functions
    >>> swap(Functions)((1.0, 2.0))
    (2.0, 1.0)
    """
    return fork(k, k.exr(), k.exl())


def assoc(k: Category) -> Arrow:
    """``a × (b × c) -> (a × b) × c``.

    >>> from essence_ad import Functions
    >>> assoc(Functions)((1.0, (2.0, 3.0)))
    ((1.0, 2.0), 3.0)
    """
    return fork(k, fork(k, k.exl(), k.compose(k.exl(), k.exr())), k.compose(k.exr(), k.exr()))


def unassoc(k: Category) -> Arrow:
    """``(a × b) × c -> a × (b × c)``.

    >>> from essence_ad import Functions
    >>> unassoc(Functions)(((1.0, 2.0), 3.0))
    (1.0, (2.0, 3.0))
    """
    return fork(k, k.compose(k.exl(), k.exl()), fork(k, k.compose(k.exr(), k.exl()), k.exr()))


def cross_i(k: Category, n: int, f: Indexed) -> Arrow:
    """``f(0) × ... × f(n - 1)``: the paper's ``crossI``; the arrows may run between different objects.

    >>> from essence_ad import Functions, scale
    >>> cross_i(Functions, 3, lambda i: Functions.scale(float(i)))((1.0, 1.0, 1.0))
    (0.0, 1.0, 2.0)
    """
    return k.cross(*map(f, range(n)))


def fork_i(k: Category, n: int, f: Indexed) -> Arrow:
    """One argument to each of ``f(0), ..., f(n - 1)``: the paper's ``forkI``, ``crossI fs . replI``.

    >>> from essence_ad import Functions
    >>> fork_i(Functions, 3, lambda i: Functions.scale(float(i)))(1.0)
    (0.0, 1.0, 2.0)
    """
    return fork(k, *map(f, range(n)))


def unfork_i(k: Category, n: int, h: Arrow) -> Indexed:
    """The function from ``i`` to ``exI i . h``: the paper's ``unforkI``.

    >>> from essence_ad import Functions, repl
    >>> unfork_i(Functions, 3, Functions(repl(3)))(2)(5.0)
    5.0
    """
    return unfork(k, h, n).__getitem__


def join_i(k: Category, n: int, f: Indexed) -> Arrow:
    """The sum of ``f(i)`` of each part: the paper's ``joinI``, ``jamI . crossI fs``.

    >>> from essence_ad import Additive
    >>> join_i(Additive, 3, lambda i: Additive.scale(float(i)))((1.0, 1.0, 1.0))
    3.0
    """
    return join(k, *map(f, range(n)))


def unjoin_i(k: Category, n: int, h: Arrow) -> Indexed:
    """The function from ``i`` to ``h . inI i``: the paper's ``unjoinI``.

    >>> from essence_ad import Additive, sum_
    >>> unjoin_i(Additive, 3, Additive(sum_(3)))(2)(5.0)
    5.0
    """
    return unjoin(k, h, n).__getitem__


def map_(k: Category, f: Arrow, n: int) -> Arrow:
    """The same arrow on each of ``n`` parts: the paper's ``fmap``, ``crossI . replI``.

    >>> from essence_ad import Functions
    >>> map_(Functions, Functions.scale(3.0), 2)((1.0, 2.0))
    (3.0, 6.0)
    """
    return cross_i(k, n, lambda i: f)


def add(k: LinearCategory, f: Arrow, g: Arrow) -> Arrow:
    """The sum of two arrows ``a -> b``: ``jam . (f × g) . dup``.

    >>> from essence_ad import Additive
    >>> add(Additive, Additive.scale(2.0), Additive.scale(3.0))(1.0)
    5.0
    """
    return k.compose(k.jam(), k.cross(f, g), k.dup())
