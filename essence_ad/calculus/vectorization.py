"""``vmap``: a function of one element as a function of many, by the category ``Batched`` and a choice of axes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.calculus.arguments import array_parts, require_program
from essence_ad.categories.batched import Batched, owned, unpacked
from essence_ad.compiler.automatic import automatic
from essence_ad.containers import container_of, describe
from essence_ad.errors import OptionError, ShapeError
from essence_ad.spaces import Array, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batch, Batching
from essence_ad.tracing.program import as_program

Axes = list[int | None]  #: for each array of a value the added axis, ``None`` where it has none


def vmap(f: Any, *, in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """The function that does to every element of a batch what ``f`` does to one.

    ``f`` is a morphism or a function of one or more arguments. ``in_axes`` says along which axis each argument holds its
    elements: an int for all of them, or a tuple with an entry for each argument. An entry is an int, ``None`` for an
    argument that is the same for all elements, or a structure like that of the argument with such entries in it (an
    entry for a part holds for everything in it). ``out_axes`` says in the same way where the results get the axis; a
    result with ``None`` must be the same for all. Arguments given by keyword are held.

    No loop goes over the elements: each primitive of ``f`` is one call on all of them, and what it makes is held for all
    at once (map over parts of a batch where memory is short). The result is a function again:
    nest it with itself and with ``grad``, ``jvp``, ``vjp``, ``jacobian``, ``hessian`` and ``compile`` in any order.
    ``vmap(grad(f))`` gives the gradient at each element.

    Raises ``ShapeError`` where arrays hold different numbers of elements, or have no such axis; ``OptionError`` where
    ``in_axes`` or ``out_axes`` do not fit, and what ``f`` raises at one element.

    >>> import numpy as np
    >>> from essence_ad import grad, matmul
    >>> A, b = np.arange(12.0).reshape(3, 2, 2), np.array([1.0, 0.0])
    >>> vmap(matmul, in_axes=(0, None))(A, b)
    array([[ 0.,  2.],
           [ 4.,  6.],
           [ 8., 10.]])
    >>> vmap(grad(lambda x: np.sum(x**3)))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[ 3., 12.],
           [27., 48.]])
    """
    require_program("vmap", f)
    require_axes("in_axes", in_axes)
    require_axes("out_axes", out_axes)

    @automatic(f, "vmap", repr(in_axes), repr(out_axes))
    @functools.wraps(f)
    def over(*args: Any, **options: Any) -> Any:
        function = functools.partial(f, **options) if options else f
        spaces = [space_of(a) for a in args]
        axes = [axes_of("in_axes", spec, s) for spec, s in zip(_each(in_axes, args), spaces, strict=True)]
        with Batching(size_of(spaces, axes)) as batching:
            elements = [
                unpacked(s, (_lifted(batching, x, i) for x, i in zip(leaves(s.pack(a)), places, strict=True)))
                for a, s, places in zip(args, spaces, axes, strict=True)
            ]
            arrow = Batched(as_program(function, tuple(elements)))
            y = arrow.of_elements(elements[0] if len(elements) == 1 else tuple(elements))
            target = space_of(y)
            outs = axes_of("out_axes", out_axes, target)
            results = (_lowered(batching, v, o) for v, o in zip(leaves(target.pack(y)), outs, strict=True))
            return owned(unpacked(target, results), args)

    over.again = functools.partial(vmap, in_axes=in_axes, out_axes=out_axes)
    return over


# ---------------------------------------------------------------------------------------------- axes


def require_axes(option: str, spec: Any) -> None:
    """An error where a choice of axes has something else in it than ints and ``None``."""
    container = None if spec is None else container_of(spec)
    if container is not None:
        for part in container.children(spec):
            require_axes(option, part)
    elif spec is not None and type(spec) is not int:
        raise OptionError(
            f"vmap takes axes as ints, {option} has another thing in it", found=describe(spec),
            expected="an int, None, or a structure of them", remedy="None says that there is no such axis",
        )  # fmt: skip


def _each(in_axes: Any, args: Sequence[Any]) -> Sequence[Any]:
    """The entry for each argument."""
    if in_axes is None or type(in_axes) is int:
        return [in_axes] * len(args)
    if not isinstance(in_axes, (tuple, list)) or len(in_axes) != len(args):
        raise OptionError(
            "in_axes has an entry for each argument", found=f"in_axes={in_axes!r} for {len(args)} arguments",
            expected=f"an int, or a tuple of {len(args)}",
            remedy="write in_axes=(axes,) for one argument with a structure; arguments given by keyword are held",
        )  # fmt: skip
    return in_axes


def axes_of(option: str, spec: Any, space: Space) -> Axes:
    """The axis of each array of a space: an entry holds for all that is in its place.

    >>> from essence_ad import R
    >>> axes_of("in_axes", (0, None), (R * R[2]) * R[3])
    [0, 0, None]
    """
    if spec is None or type(spec) is int:
        return [spec] * len(array_parts(space))
    container = container_of(spec)
    found = None if isinstance(space, Array) else space.container  # type: ignore[attr-defined]
    names = container.names if container is not None else None
    parts = container.children(spec) if container is not None else ()
    if found is None or found.names != names or len(space.parts) != len(parts):  # type: ignore[attr-defined]
        if found is None or names is None or set(names) != set(found.names or ()):
            raise OptionError(
                f"{option} has another structure than the value", found=f"{option} {spec!r} for {space}",
                expected="an int, None, or the containers of the value", remedy="an int for a part holds for all in it",
            )  # fmt: skip
        parts = found.children(spec)
    return [axis for p, s in zip(parts, space.parts, strict=True) for axis in axes_of(option, p, s)]  # type: ignore[attr-defined]


def size_of(spaces: Sequence[Space], axes: Sequence[Axes]) -> int:
    """How many elements the arguments hold; an error where they disagree, or where none holds any."""
    lengths: dict[str, int] = {}
    for number, (space, places) in enumerate(zip(spaces, axes, strict=True)):
        for (place, part), axis in zip(array_parts(space), places, strict=True):
            if axis is None:
                continue
            name = f"argument {number}{place} of shape {part.shape}"
            if not -len(part.shape) <= axis < len(part.shape):
                raise ShapeError(
                    "vmap takes arrays that have the axis it maps over", found=f"{name} and axis {axis}",
                    expected="an array with this axis", remedy="give None in in_axes for what is the same for all elements",
                )  # fmt: skip
            lengths[f"{name} along axis {axis}"] = part.shape[axis]
    if not lengths:
        raise OptionError(
            "vmap needs an argument that holds elements", found=f"in_axes without an axis for {len(spaces)} arguments",
            expected="an array with an axis to map over", remedy="call the function itself",
        )  # fmt: skip
    if len(set(lengths.values())) > 1:
        raise ShapeError(
            "vmap takes arrays with the same number of elements",
            found=", ".join([f"{n} in {name}" for name, n in lengths.items()]), expected="one number",
            remedy="choose other axes by in_axes, or None for what is the same for all elements",
        )  # fmt: skip
    return next(iter(lengths.values()))


def _lifted(batching: Batching, x: Any, axis: int | None) -> Any:
    return x if axis is None else batching.lift(x if axis == 0 else np.moveaxis(x, axis, 0))


def _lowered(batching: Batching, y: Any, axis: int | None) -> Any:
    if axis is not None:
        found = batching.lower(y)
        return found if axis == 0 else np.moveaxis(found, 0, axis)
    if isinstance(y, Batch) and y.owner is batching:
        raise OptionError(
            "a result of vmap without the added axis must be the same for all elements", found=repr(y),
            expected="a result that does not depend on them", remedy="give out_axes=0, or reduce it inside",
        )  # fmt: skip
    return y
