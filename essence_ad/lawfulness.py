"""Whether a category keeps its laws: each is checked on instances, smallest first, until one fails.

Both sides of a law are made twice, by the functor, as ``k(program)``, and by the vocabulary, as ``k.compose(...)``: all
four arrows must look alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.category import Category
from essence_ad.errors import LawError
from essence_ad.instances import Filler, Instance, choices, fill, holes, letters, numbers, say, space_of_objects
from essence_ad.laws import Law, laws_of
from essence_ad.morphism import Morphism, box
from essence_ad.primitives import catalogue
from essence_ad.spaces import Space

Program = Morphism[Any, Any]

#: nonlinear programs on one array, of which instances are built
FUNCTIONS = ("cos", "tanh", "arctan")


def check_laws(
    k: Category,
    *,
    laws: Iterable[Law] | None = None,
    seed: int = 0,
    examples: int = 12,
    functions: Sequence[Program] = (),
) -> dict[str, int]:
    """How many instances of each law were found to hold in a category; an error at the first that does not.

    ``laws`` are by default those of ``k``'s structure, ``examples`` is the number of instances of each, and
    ``functions`` are the nonlinear programs on one array that instances are built of, beside ``multiply``.

    Raises ``LawError`` with the law's name and the smallest instance that fails.

    >>> from essence_ad import Additive, Dual
    >>> sum(check_laws(Dual(Additive), examples=2).values()) > 100
    True
    """
    checked = {}
    for law in laws_of(k) if laws is None else laws:
        n = 0
        for n, instance in enumerate(instances(law, k, seed, examples, functions), 1):  # noqa: B007
            _check(law, k, instance)
        checked[law.name] = n
    return checked


def instances(
    law: Law, k: Category, seed: int = 0, examples: int = 12, functions: Sequence[Program] = ()
) -> Iterator[Instance]:
    """The instances of a law on which a category is checked, smallest first; those that come again have other numbers."""
    found = holes(law.left, law.right)
    fixed = {"r": k.r} if law.reading in ("continuation", "beginning") else {}  # type: ignore[attr-defined]
    names = letters(law.source, law.target, *[o for hole in found for o in (hole.source, hole.target)])
    used = functions or tuple([box(catalogue()[name].call()) for name in FUNCTIONS])
    kind = (
        "general"
        if "general" in k.structure and not law.linear
        else "linear"
        if "cocartesian" in k.structure
        else "plain"
    )
    rounds = itertools.chain.from_iterable(
        ((turn, spaces) for spaces in choices(names, fixed, kind != "plain")) for turn in itertools.count()
    )
    for number, (turn, spaces) in enumerate(itertools.islice(rounds, examples)):
        rng = np.random.default_rng([seed, number])
        filler = Filler(kind, used, rng, plain=turn == 0 and seed == 0)
        arrows = {
            hole.name: filler.program(space_of_objects(hole.source, spaces), space_of_objects(hole.target, spaces))
            for hole in found
        }
        table = {name: filler.coefficient() for name in numbers(law.left, law.right)}
        source, target = space_of_objects(law.source, spaces), space_of_objects(law.target, spaces)
        yield Instance(spaces, arrows, table, source, target, _point(source, rng, turn))


def _point(source: Space, rng: np.random.Generator, turn: int) -> Any:
    if turn:
        return source.random(rng)
    return source.from_vector(0.5 * np.arange(1.0, source.dim + 1))


# ---------------------------------------------------------------------------------------------- one instance


@attrs.frozen
class Views:
    """What is seen of both sides of a law, each a computation that may fail."""

    left: Callable[[], Any]
    right: Callable[[], Any]
    left_program: Callable[[], Any]
    right_program: Callable[[], Any]


def _check(law: Law, k: Category, instance: Instance) -> None:
    views = _READINGS[law.reading](law, k, instance)
    left, right = _seen(views.left), _seen(views.right)
    if not same_view(left, right):
        raise _broken(law, law.name, k, instance, left, right)
    left_program, right_program = _seen(views.left_program), _seen(views.right_program)
    if not same_view(left_program, right_program):
        raise _broken(law, law.name, k, instance, left_program, right_program)
    if not same_view(left, left_program):
        name = f"the functor agrees with the vocabulary ({law.name})"
        raise _broken(law, name, k, instance, left, left_program, law.left)


def _broken(
    law: Law, name: str, k: Category, instance: Instance, left: Any, right: Any, second: Program | None = None
) -> LawError:
    """The error of two views that differ: of both sides, or of the ``second`` program made in two ways."""
    one = fill(law.left, instance.arrows, instance.numbers)
    other = one if second is law.left else fill(law.right, instance.arrows, instance.numbers)
    return LawError(
        f"{k!r} breaks the law: {name} (section {law.place})\n  law:      {law}\n  instance: {instance}",
        found=_shown(left), expected=_shown(right),
        remedy="both must look alike; evaluate the two sides of the law by hand on this instance",
        law=name, instance=instance,
        sides=(one, other),
    )  # fmt: skip


@attrs.frozen
class Failed:
    """What is seen of a side that could not be made."""

    error: Exception

    def __str__(self) -> str:
        return f"{type(self.error).__name__}: {str(self.error).splitlines()[0] if str(self.error) else ''}"


def _seen(view: Callable[[], Any]) -> Any:
    try:
        return view()
    except Exception as error:  # whatever goes wrong in a category that is checked is a finding
        return Failed(error)


def _shown(view: Any) -> str:
    if isinstance(view, tuple):
        return f"({', '.join(map(_shown, view))})"
    return str(view.tolist()) if hasattr(view, "tolist") else str(view)


def same_view(a: Any, b: Any) -> bool:
    """Whether two views are of equal arrows: numbers to rounding, and a side that failed equals none.

    >>> same_view((1.0, "R"), (1.0 + 1e-15, "R")), same_view(np.zeros(2), np.zeros(3))
    (True, False)
    """
    if isinstance(a, Failed) or isinstance(b, Failed):
        return False
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same_view, a, b))
    if isinstance(a, (tuple, str)) or isinstance(b, (tuple, str)):
        return bool(type(a) is type(b) and a == b)
    if not hasattr(a, "shape") and not isinstance(a, (int, float, complex)):
        return bool(a == b)
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if object in (a.dtype, b.dtype):
        try:
            a, b = a.astype(complex), b.astype(complex)
        except (TypeError, ValueError):  # no numbers
            return bool(np.array_equal(a, b))
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True))


# ---------------------------------------------------------------------------------------------- how a law is read


def _same(law: Law, k: Category, i: Instance) -> Views:
    """Both sides in one category."""

    def view(side: Program) -> tuple[Callable[[], Any], Callable[[], Any]]:
        def spoken() -> Any:
            arrows = {name: k(program) for name, program in i.arrows.items()}
            return k.observe(say(k, side, arrows, i.numbers), i.source, i.target, i.point)

        return spoken, lambda: k.observe(k(fill(side, i.arrows, i.numbers)), i.source, i.target, i.point)

    (left, left_program), (right, right_program) = view(law.left), view(law.right)
    return Views(left, right, left_program, right_program)


def _dual(law: Law, k: Any, i: Instance) -> Views:
    """The left side in the dual; the right side in ``k``, turned round."""

    def seen(arrow: Any) -> Any:
        return k.observe(arrow, i.source, i.target, i.point)

    def right() -> Any:
        turned = {name: k(program).arrow for name, program in i.arrows.items()}
        return seen(k.arrow(say(k.k, law.right, turned, i.numbers)))

    def right_program() -> Any:
        turned = {name: program.T for name, program in i.arrows.items()}
        return seen(k.arrow(k.k(fill(law.right, turned, i.numbers))))

    same = _same(law, k, i)
    return Views(same.left, right, same.left_program, right_program)


def _applied(law: Law, k: Any, i: Instance, source: Space, target: Space) -> Views:
    """The left side applied to an arrow ``k`` of the category beneath; the right side there."""
    base = k.k

    def seen(arrow: Any) -> Any:
        return base.observe(arrow, source, target, i.point)

    def left() -> Any:
        arrows = {name: k(program) for name, program in i.arrows.items() if name != "k"}
        return seen(say(k, law.left, arrows, i.numbers)(base(i.arrows["k"])))

    def right() -> Any:
        return seen(say(base, law.right, {name: base(program) for name, program in i.arrows.items()}, i.numbers))

    return Views(
        left,
        right,
        lambda: seen(k(fill(law.left, i.arrows, i.numbers))(base(i.arrows["k"]))),
        lambda: seen(base(fill(law.right, i.arrows, i.numbers))),
    )


def _continuation(law: Law, k: Any, i: Instance) -> Views:
    return _applied(law, k, i, i.source, k.r)


def _beginning(law: Law, k: Any, i: Instance) -> Views:
    return _applied(law, k, i, k.r, i.target)


def _derivative(law: Law, k: Any, i: Instance) -> Views:
    """The derivative of the left side at the point; the right side in ``k``, of derivatives at points or of arrows."""
    base = k.k

    def right() -> Any:
        arrows = {}
        for name, program in i.arrows.items():
            if name in law.points:
                point = fill(law.points[name], i.arrows, i.numbers)(i.point)
                arrows[name] = k(program)(point)[1]
            else:
                arrows[name] = base(program)
        return base.observe(say(base, law.right, arrows, i.numbers), i.source, i.target, i.point)

    same = _same(law, k, i)
    return Views(lambda: same.left()[1], right, lambda: same.left_program()[1], right)


_READINGS: dict[str, Callable[[Law, Any, Instance], Views]] = {
    "same": _same,
    "dual": _dual,
    "continuation": _continuation,
    "beginning": _beginning,
    "derivative": _derivative,
}
