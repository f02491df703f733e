"""Loops of known length: ``scan``, ``fold``, ``iterate`` and ``map_``, on arrays and in programs.

On plain arrays they run the function step by step. While a program is recorded they become one operation, so that the
program does not grow with the number of steps. Without data they are combinators: programs of all their data.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.combinators import cross_i
from essence_ad.containers import container_of, describe
from essence_ad.control.body import Body, record
from essence_ad.control.combinator import as_scan
from essence_ad.control.scan import Scan
from essence_ad.control.structured import Missing, real, rebuilt, same, started
from essence_ad.errors import NeedsSpaceError, OptionError, ShapeError, StructureError, TracingError
from essence_ad.morphism import Morphism
from essence_ad.spaces import Array, Product, Space, pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing import source
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import Program, name_of
from essence_ad.tracing.protocol import depth


def scan(f: Any, init: Any = Missing, xs: Any = None, *, length: int | None = None, reverse: bool = False) -> Any:
    """A loop that carries a value and stacks what it gives: ``f(carry, x)`` returns ``(carry, y)``.

    ``xs`` is an array, or a structure of arrays, whose first axis is that of the steps; without it ``length`` says how
    many steps there are, and ``x`` is ``None``. The result is ``(carry, ys)``. The signature is that of
    ``jax.lax.scan``, without ``unroll``. What ``f`` reads from outside may be traced. The carried value keeps its
    structure and shapes; a real start becomes complex or of higher precision if the body's value is.

    ``scan(f)`` is the program from ``(init, xs)``.

    Raises ``StructureError`` or ``ShapeError`` where the carried value changes its space, ``f`` gives no pair, or the
    arrays have no common length.

    >>> import numpy as np
    >>> from essence_ad import grad
    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    >>> float(grad(lambda a: scan(lambda c, x: (c * a + x, None), 0.0, np.ones(3))[0])(2.0))
    5.0
    """
    if init is Missing:
        return _combinator(scan, f, length=length, reverse=reverse)
    return _scan("scan", functools.partial(_pair, f), init, xs, length, reverse)


def fold(f: Any, init: Any = Missing, xs: Any = Missing) -> Any:
    """A loop that carries a value over the slices of arrays: ``f(carry, x)`` returns the new value.

    ``fold(f, init, xs)`` starts with ``init``; ``fold(f, xs)`` starts with the first slice, and raises ``ShapeError``
    where there is none. ``fold(f)`` is the program from ``(init, xs)``. See ``scan``.

    >>> import numpy as np
    >>> fold(lambda c, x: 2 * c + x, 0.0, np.array([1.0, 0.0, 1.0])), fold(np.maximum, np.array([1.0, 3.0, 2.0]))
    (np.float64(5.0), np.float64(3.0))
    """
    if init is Missing:
        return _combinator(fold, f)
    if xs is Missing:
        n = _length("fold", init, None)
        if n == 0:
            raise ShapeError(
                "fold of no slices needs a value to start with", found=source.found("arrays of length 0"),
                expected="at least one slice, or an init", remedy="write fold(f, init, xs)",
            )  # fmt: skip
        space = space_of(init)
        parts = leaves(space.pack(init))
        init, xs = rebuilt(space, [p[0] for p in parts]), rebuilt(space, [p[1:] for p in parts])
    carry, _ = _scan("fold", lambda c, x: (f(c, x), None), init, xs, None, False, name_of(f))
    return carry


def iterate(f: Any, n: Any, x: Any = Missing) -> Any:
    """``n`` applications of a function: ``f(f(...f(x)))``. ``iterate(f, n)`` is the program from ``x``.

    Raises ``OptionError`` where ``n`` is not a whole number that is not negative, and what ``scan`` does.

    >>> from essence_ad import grad
    >>> iterate(lambda x: x * x, 3, 2.0), float(grad(lambda x: iterate(lambda y: y * y, 3, x))(2.0))
    (256.0, 1024.0)
    """
    try:
        count = operator.index(n)
    except TypeError:
        count = -1
    if count < 0 or isinstance(n, (bool, np.bool_)):
        raise OptionError(
            "iterate needs a number of steps", found=source.found(f"n = {n!r}"), expected="a whole number that is not negative",
            remedy="convert it with int; for a number of steps that values decide, use while_",
        )  # fmt: skip
    if x is Missing:
        return _combinator(iterate, f, n=count)
    carry, _ = _scan("iterate", lambda c, _: (f(c), None), x, None, count, False, name_of(f))
    return carry


def map_(f: Any, xs: Any = Missing) -> Any:
    """A function of each slice of arrays, the results stacked: ``f(x)`` for each ``x`` of ``xs``, as ``jax.lax.map``.

    ``map_(f)`` is the program from ``xs``. ``map_(f, n)`` with an int is the paper's ``fmap``: the program on each of ``n``
    parts of a product. See ``scan``.

    >>> import numpy as np
    >>> from essence_ad import scale
    >>> map_(lambda x: x @ x, np.array([[1.0, 2.0], [3.0, 0.0]]))
    array([5., 9.])
    >>> map_(scale(3.0), 2)((1.0, 2.0))
    (3.0, 6.0)
    """
    if xs is Missing:
        return _combinator(map_, f)
    if isinstance(xs, int):
        return cross_i(xs, lambda i: f)
    _, ys = _scan("map_", lambda c, x: (c, f(x)), (), xs, None, False, name_of(f))
    return ys


# ---------------------------------------------------------------------------------------------- with data


def _scan(
    name: str, step: Callable[..., Any], init: Any, xs: Any, length: int | None, reverse: bool, called: str = ""
) -> tuple[Any, Any]:
    init = real(init)
    n = _length(name, xs, length)
    if depth.level or n == 0:
        try:
            return _operation(name, step, init, xs, n, reverse, called)
        except _Plain:
            pass
        except TracingError:  # the body is steered by values: step by step they may be known
            if not n:
                raise
    return _step_by_step(name, step, init, xs, n, reverse)


class _Plain(Exception):
    """Nothing that a loop reads is traced."""


def _operation(
    name: str, step: Callable[..., Any], init: Any, xs: Any, n: int, reverse: bool, called: str
) -> tuple[Any, Any]:
    """The loop as one operation on its data and on what its body captured."""
    arrays = space_of(xs)
    slices = _sliced(arrays)

    def recorded(carry: Space) -> Body:
        def body(c: Any, x: Any) -> Any:
            new, y = step(c, x)
            return carry.pack(same(name, carry, new)), y

        body.__name__ = called or name_of(step)
        return record(body, (carry, slices))

    init, carry, found = started(name, init, recorded, _carried)
    inputs = (*leaves(carry.pack(init)), *leaves(arrays.pack(xs)), *found.captured)
    if n and not any(map(is_abstract, inputs)):
        raise _Plain
    k = len(leaves(carry.pattern))
    op = Scan(found.diagram, k, len(leaves(arrays.pattern)), n, reverse)
    if not op.holds[0].cod:
        return init, _stacked_space(found, n).unpack(())
    result = op.apply(*inputs) if inputs else ()
    outputs = result if isinstance(result, tuple) else (result,)
    return rebuilt(carry, outputs[:k]), rebuilt(_stacked_space(found, n), outputs[k:])


def _carried(body: Body) -> Space:
    assert isinstance(body.target, Product)
    return body.target.parts[0]


def _stacked_space(found: Body, n: int) -> Space:
    assert isinstance(found.target, Product)
    return _with_axis(found.target.parts[1], n)


def _with_axis(space: Space, n: int) -> Space:
    if isinstance(space, Product):
        return Product(tuple([_with_axis(p, n) for p in space.parts]), space.container)
    assert isinstance(space, Array)
    return Array((n, *space.shape), space.dtype)


def _sliced(space: Space) -> Space:
    if isinstance(space, Product):
        return Product(tuple([_sliced(p) for p in space.parts]), space.container)
    assert isinstance(space, Array)
    return Array(space.shape[1:], space.dtype)


def _step_by_step(name: str, step: Callable[..., Any], init: Any, xs: Any, n: int, reverse: bool) -> tuple[Any, Any]:
    """The loop in Python, on arrays of any kind."""
    carry, arrays = space_of(init), space_of(xs)
    parts = leaves(arrays.pack(xs))
    given: list[Any] = [None] * n
    value = init
    for t in range(n - 1, -1, -1) if reverse else range(n):
        new, given[t] = step(value, rebuilt(arrays, [p[t] for p in parts]))
        value = same(name, carry, new)
    return value, _stacked(name, given)


def _stacked(name: str, values: list[Any]) -> Any:
    """The values of all steps in arrays with an axis for the steps."""
    container = container_of(values[0])
    if container is None:
        return np.stack(values)
    children = []
    for v in values:
        if container_of(v) != container or len(container.children(v)) != len(container.children(values[0])):
            raise StructureError(
                f"what {name} gives changes its structure", found=source.found(describe(v)), expected=describe(values[0]),
                remedy="return the same structure at every step",
            )  # fmt: skip
        children.append(container.children(v))
    return container.build([_stacked(name, list(column)) for column in zip(*children, strict=True)])


# ---------------------------------------------------------------------------------------------- what is asked of data


def _pair(f: Any, c: Any, x: Any) -> Any:
    result = f(c, x)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise StructureError(
            "the body of scan gives what it carries and what it stacks", found=source.found(describe(result)),
            expected="a pair (carry, y)", remedy="return carry, None where nothing is stacked, or use fold",
        )  # fmt: skip
    return result


def _length(name: str, xs: Any, length: int | None) -> int:
    """The number of steps."""
    shapes = [np.shape(x) for x in leaves(pack(xs))]
    found = {shape[0] if shape else None for shape in shapes} | ({length} if length is not None else set())
    if len(found) != 1 or None in found:
        raise ShapeError(
            f"{name} needs arrays with a first axis of one length", found=source.found(f"shapes {shapes}, length {length}"),
            expected="arrays whose first axis is that of the steps, or a length",
            remedy="put the axis of the steps first, for example with np.moveaxis",
        )  # fmt: skip
    (n,) = found
    assert n is not None
    return int(n)


# ---------------------------------------------------------------------------------------------- without data


def _combinator(loop: Any, f: Any, **options: Any) -> Morphism[Any, Any]:
    """The program of a loop: an operation where its body is a program of known type, a recorded function otherwise."""
    if isinstance(f, Morphism):
        try:
            program: Morphism[Any, Any] = as_scan(loop.__name__, f, **options)
            return program
        except NeedsSpaceError:
            pass
    if not callable(f):
        raise OptionError(
            f"{loop.__name__} takes a function or a program", found=source.found(describe(f)), expected="something to call",
            remedy=f"write {loop.__name__}(lambda ...: ...)",
        )  # fmt: skip
    if loop in (scan, fold):

        def function(init: Any, xs: Any) -> Any:
            return loop(f, init, xs, **options)
    elif loop is iterate:

        def function(x: Any) -> Any:  # type: ignore[misc]
            return iterate(f, options["n"], x)
    else:

        def function(xs: Any) -> Any:  # type: ignore[misc]
            return map_(f, xs)

    function.__name__ = loop.__name__.rstrip("_")
    return Program(function)
