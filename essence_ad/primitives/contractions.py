"""Contractions: products of arrays that sum over axes. All are linear in each operand, without conjugation but ``vdot``.

Shape rules are given, since a product of dummies costs as much as the product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from essence_ad.batching import aligned, deepened, lines, shape_of, shifting
from essence_ad.kernel import kernel
from essence_ad.operation import as_element, is_discrete, linear_op, sum_to
from essence_ad.primitives.primitive import REQUIRED, Bilinear, Linear, Partials, Primitive, on
from essence_ad.spaces import Array, space_of

# ---------------------------------------------------------------------------------------------- matmul


def _matmul_first(v: Any, b: Any, space: Array) -> Any:
    shape, other = space.shape, np.shape(b)
    if len(other) == 1:
        return v * b if len(shape) == 1 else sum_to(np.expand_dims(v, axis=-1) * b, shape)
    if len(shape) == 1:
        return np.matmul(b, v) if len(other) == 2 else sum_to(np.matmul(b, np.expand_dims(v, axis=-1))[..., 0], shape)
    return sum_to(np.matmul(v, np.swapaxes(b, -1, -2)), shape)


def _matmul_second(v: Any, a: Any, space: Array) -> Any:
    shape, other = space.shape, np.shape(a)
    if len(other) == 1:
        return v * a if len(shape) == 1 else sum_to(np.expand_dims(a, axis=-1) * np.expand_dims(v, axis=-2), shape)
    if len(shape) == 1:
        return (
            np.matmul(v, a) if len(other) == 2 else sum_to(np.matmul(np.expand_dims(v, axis=-2), a)[..., 0, :], shape)
        )
    return sum_to(np.matmul(np.swapaxes(a, -1, -2), v), shape)


def _matmul_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """By broadcasting; one product of two matrices where one operand is the same for all and has no stack."""
    a, b = inputs
    ranks = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
    if not lifted[1] and ranks[1] <= 2 and 0 not in ranks:
        rows = shape_of(a)[:-1]
        if len(rows) == 1 or ranks[1] == 1:
            return np.matmul(a, b)
        return np.reshape(np.matmul(np.reshape(a, (math.prod(rows), shape_of(a)[-1])), b), (*rows, shape_of(b)[-1]))
    if not lifted[0] and ranks == [2, 1]:
        return np.matmul(b, np.swapaxes(a, 0, 1))
    if 0 in ranks:
        raise ValueError("matmul takes arrays with axes; multiply takes numbers")
    vectors = [rank == 1 for rank in ranks]
    a = np.expand_dims(a, axis=-2) if vectors[0] else a
    b = np.expand_dims(b, axis=-1) if vectors[1] else b
    rank = max(*ranks, 2)
    a, b = [deepened(x, rank) if has else x for has, x in zip(lifted, (a, b), strict=True)]
    y = np.matmul(a, b)
    return (
        np.squeeze(y, axis=tuple([i for i, gone in zip((-2, -1), vectors, strict=True) if gone])) if any(vectors) else y
    )


def _matmul_shape(a: Array, b: Array) -> Array:
    if not a.shape or not b.shape:
        raise ValueError("matmul takes arrays with axes; multiply takes numbers")
    rows, columns = a.shape[-2:-1], b.shape[-1:] if len(b.shape) > 1 else ()
    inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise ValueError(f"the summed axes have lengths {a.shape[-1]} and {inner}")
    return Array((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *rows, *columns), np.result_type(a.dtype, b.dtype))


# ---------------------------------------------------------------------------------------------- sums over pairs of axes

Pairs = tuple[tuple[int, ...], tuple[int, ...]]


def _pairs(axes: Any, m: int, n: int) -> Pairs:
    """Which axes of two arrays with ``m`` and ``n`` axes are summed over together."""
    if isinstance(axes, (int, np.integer)):
        return tuple(range(m - axes, m)), tuple(range(axes))
    first, second = axes
    return normalize_axis_tuple(first, m), normalize_axis_tuple(second, n)


def _free(summed: tuple[int, ...], n: int) -> tuple[int, ...]:
    return tuple([i for i in range(n) if i not in summed])


def _pairs_first(v: Any, b: Any, space: Array, pairs: Pairs) -> Any:
    """The adjoint in the first operand: what is left is ordered as that operand's axes are."""
    (first, second), m, n = pairs, len(space.shape), len(np.shape(b))
    free = _free(first, m)
    total = np.tensordot(v, b, axes=(tuple(range(len(free), len(free) + n - len(second))), _free(second, n)))
    order = [*free, *[first[second.index(i)] for i in sorted(second)]]
    return np.transpose(total, axes=tuple([order.index(i) for i in range(m)]))


def _pairs_second(v: Any, a: Any, space: Array, pairs: Pairs) -> Any:
    (first, second), m, n = pairs, len(np.shape(a)), len(space.shape)
    free = _free(first, m)
    total = np.tensordot(a, v, axes=(free, tuple(range(len(free)))))
    order = [*[second[first.index(i)] for i in sorted(first)], *_free(second, n)]
    return np.transpose(total, axes=tuple([order.index(i) for i in range(n)]))


def _pairs_shape(a: Array, b: Array, pairs: Pairs) -> Array:
    (first, second), m, n = pairs, len(a.shape), len(b.shape)
    if [a.shape[i] for i in first] != [b.shape[i] for i in second]:
        raise ValueError(f"axes {first} and {second} that are summed over together have other lengths")
    free = [*[a.shape[i] for i in _free(first, m)], *[b.shape[i] for i in _free(second, n)]]
    return Array(tuple(free), np.result_type(a.dtype, b.dtype))


def _pairs_batched(n: int, lifted: Sequence[bool], inputs: Sequence[Any], pairs: Pairs) -> Any:
    """The sum over pairs of axes, one ``tensordot`` where one operand is the same for all."""
    (first, second), (a, b) = pairs, inputs
    left, right = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
    own, others = _free(first, left), _free(second, right)
    first, second = [tuple([i + has for i in axes]) for has, axes in zip(lifted, (first, second), strict=True)]
    if not lifted[1]:
        return np.tensordot(a, b, axes=(first, second))
    if not lifted[0]:
        return np.moveaxis(np.tensordot(a, b, axes=(first, second)), len(own), 0)
    own, others = tuple([i + 1 for i in own]), tuple([i + 1 for i in others])
    rows, columns = [shape_of(a)[i] for i in own], [shape_of(b)[i] for i in others]
    size = math.prod([shape_of(a)[i] for i in first])
    a = np.reshape(np.transpose(a, (0, *own, *first)), (n, math.prod(rows), size))
    b = np.reshape(np.transpose(b, (0, *second, *others)), (n, size, math.prod(columns)))
    return np.reshape(np.matmul(a, b), (n, *rows, *columns))


def _checked(lifted: Sequence[bool], inputs: Sequence[Any], pairs: Pairs) -> Pairs:
    a, b = [Array(shape_of(x)[has:], np.result_type(x)) for has, x in zip(lifted, inputs, strict=True)]
    _pairs_shape(a, b, pairs)
    return pairs


def _tensordot_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    left, right = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
    return _pairs_batched(n, lifted, inputs, _checked(lifted, inputs, _pairs(options["axes"], left, right)))


def _product_batched(place: int) -> Any:
    """``dot`` and ``inner``."""

    def batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
        left, right = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
        if not left or not right:
            return aligned(np.multiply, n, lifted, inputs, {})
        return _pairs_batched(n, lifted, inputs, _checked(lifted, inputs, _last_pair(left, right, place)))

    return batched


def _outer_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    a, b = [lines(x) if has else np.ravel(x) for has, x in zip(lifted, inputs, strict=True)]
    return np.expand_dims(a, axis=-1) * np.expand_dims(b, axis=-2)


def _vdot_batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    a, b = [lines(x) if has else np.ravel(x) for has, x in zip(lifted, inputs, strict=True)]
    return _matmul_batched(np.matmul, n, lifted, (np.conjugate(a), b), {})


def _kron_batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    shapes = [shape_of(x)[has:] for has, x in zip(lifted, inputs, strict=True)]
    rank = max(map(len, shapes))
    a, b = [(1,) * (rank - len(s)) + s for s in shapes]
    left, right = [k for m in a for k in (m, 1)], [k for m in b for k in (1, m)]
    parts = [np.reshape(x, (*(n,) * has, *s)) for has, x, s in zip(lifted, inputs, (left, right), strict=True)]
    return np.reshape(parts[0] * parts[1], (n, *[i * j for i, j in zip(a, b, strict=True)]))


def _tensordot_first(v: Any, b: Any, space: Array, *, axes: Any) -> Any:
    return _pairs_first(v, b, space, _pairs(axes, len(space.shape), len(np.shape(b))))


def _tensordot_second(v: Any, a: Any, space: Array, *, axes: Any) -> Any:
    return _pairs_second(v, a, space, _pairs(axes, len(np.shape(a)), len(space.shape)))


def _tensordot_shape(a: Array, b: Array, *, axes: Any) -> Array:
    return _pairs_shape(a, b, _pairs(axes, len(a.shape), len(b.shape)))


def _last_pair(m: int, n: int, place: int) -> Pairs:
    return (m - 1,), (max(n + place, 0),)


def _product(place: int) -> tuple[Bilinear, Any]:
    """``dot`` (``place`` -2) and ``inner`` (-1): over the last axis and that one; numbers multiply."""

    def first(v: Any, b: Any, space: Array) -> Any:
        if not space.shape or not np.shape(b):
            return sum_to(v * b, space.shape)
        return _pairs_first(v, b, space, _last_pair(len(space.shape), len(np.shape(b)), place))

    def second(v: Any, a: Any, space: Array) -> Any:
        if not space.shape or not np.shape(a):
            return sum_to(a * v, space.shape)
        return _pairs_second(v, a, space, _last_pair(len(np.shape(a)), len(space.shape), place))

    def shape(a: Array, b: Array) -> Array:
        if not a.shape or not b.shape:
            return Array(a.shape or b.shape, np.result_type(a.dtype, b.dtype))
        return _pairs_shape(a, b, _last_pair(len(a.shape), len(b.shape), place))

    return Bilinear(first, second), shape


DOT, _dot_shape = _product(-2)
INNER, _inner_shape = _product(-1)


def _outer_first(v: Any, b: Any, space: Array) -> Any:
    return np.reshape(np.matmul(v, np.ravel(b)), space.shape)


def _outer_second(v: Any, a: Any, space: Array) -> Any:
    return np.reshape(np.matmul(np.ravel(a), v), space.shape)


def _outer_shape(a: Array, b: Array) -> Array:
    return Array((math.prod(a.shape), math.prod(b.shape)), np.result_type(a.dtype, b.dtype))


def _vdot_first(v: Any, b: Any, space: Array) -> Any:
    return np.conjugate(np.reshape(v * b, space.shape))


def _vdot_second(v: Any, a: Any, space: Array) -> Any:
    return np.reshape(v * np.conjugate(a), space.shape)


def _vdot_shape(a: Array, b: Array) -> Array:
    if math.prod(a.shape) != math.prod(b.shape):
        raise ValueError("cannot reshape one operand to the size of the other")
    return Array((), np.result_type(a.dtype, b.dtype))


def _blocks(v: Any, a: Sequence[int], b: Sequence[int]) -> tuple[Any, str, str, str]:
    """The result of ``kron`` with an axis for each axis of each operand, and the letters of all three."""
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    left, right = "abcdefghijkl"[:n], "mnopqrstuvwx"[:n]
    both = "".join([x + y for x, y in zip(left, right, strict=True)])
    return np.reshape(v, tuple([k for pair in zip(a, b, strict=True) for k in pair])), left, right, both


def _kron_first(v: Any, b: Any, space: Array) -> Any:
    blocks, left, right, both = _blocks(v, space.shape, np.shape(b))
    b = np.reshape(b, (1,) * (len(right) - len(np.shape(b))) + np.shape(b))
    return np.reshape(einsum(blocks, b, subscripts=f"{both},{right}->{left}"), space.shape)


def _kron_second(v: Any, a: Any, space: Array) -> Any:
    blocks, left, right, both = _blocks(v, np.shape(a), space.shape)
    a = np.reshape(a, (1,) * (len(left) - len(np.shape(a))) + np.shape(a))
    return np.reshape(einsum(blocks, a, subscripts=f"{both},{left}->{right}"), space.shape)


def _kron_shape(a: Array, b: Array) -> Array:
    n = max(len(a.shape), len(b.shape))
    left, right = (1,) * (n - len(a.shape)) + a.shape, (1,) * (n - len(b.shape)) + b.shape
    return Array(tuple([x * y for x, y in zip(left, right, strict=True)]), np.result_type(a.dtype, b.dtype))


# ---------------------------------------------------------------------------------------------- einsum


@kernel
def einsum(*operands: Any, subscripts: str, optimize: Any = False) -> Any:
    """``np.einsum``, its subscripts by keyword.

    >>> einsum(np.eye(2), np.array([1.0, 2.0]), subscripts="ij,j")
    array([1., 2.])
    """
    return np.einsum(subscripts, *operands, optimize=optimize)


def explicit(subscripts: str, dimensions: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, an ellipsis and an output that was left out spelt with letters.

    >>> explicit("...ij,jk", [3, 2])
    (['Aij', 'jk'], 'Aik')
    """
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if len(parts) != len(dimensions):
        raise ValueError(f"einsum has {len(dimensions)} operands and subscripts {subscripts!r} for {len(parts)}")
    used = {c for c in text if c.isalpha()}
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in used]
    hidden = [n - len(p.replace("...", "")) if "..." in p else 0 for p, n in zip(parts, dimensions, strict=True)]
    dots = "".join(spare[: max(hidden, default=0)])
    if not arrow:
        letters = [c for p in parts for c in p if c != "."]
        output = ("..." if dots else "") + "".join(sorted({c for c in letters if letters.count(c) == 1}))
    named = [p.replace("...", dots[len(dots) - k :]) for p, k in zip(parts, hidden, strict=True)]
    return named, output.replace("...", dots)


def _einsum_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """With a letter more on the operands that have the added axis."""
    shapes = [shape_of(x)[has:] for has, x in zip(lifted, inputs, strict=True)]
    parts, result = explicit(options["subscripts"], [len(s) for s in shapes])
    _lengths(parts, shapes)
    used = "".join([*parts, result])
    letter = next(c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba" if c not in used)
    spelt = ",".join([letter * has + p for has, p in zip(lifted, parts, strict=True)]) + f"->{letter}{result}"
    return einsum(*inputs, subscripts=spelt, optimize=options["optimize"])


def _lengths(parts: Sequence[str], shapes: Sequence[Sequence[int]]) -> dict[str, int]:
    """The length of each letter's axis; an axis of length one stretches."""
    found: dict[str, int] = {}
    for part, shape in zip(parts, shapes, strict=True):
        if len(part) != len(shape):
            raise ValueError(f"the subscripts {part!r} are for {len(part)} axes, and the operand has {len(shape)}")
        for letter, n in zip(part, shape, strict=True):
            known = found.setdefault(letter, n)
            if known not in (n, 1) and n != 1:
                raise ValueError(f"the index {letter!r} has lengths {known} and {n}")
            found[letter] = n if known == 1 else known
    return found


def _einsum_shape(*spaces: Array, subscripts: str, optimize: Any) -> Array:
    parts, output = explicit(subscripts, [len(s.shape) for s in spaces])
    lengths = _lengths(parts, [s.shape for s in spaces])
    return Array(tuple([lengths[c] for c in output]), np.result_type(*[s.dtype for s in spaces]))


def _einsum_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, subscripts: str, optimize: Any
) -> tuple[Any, ...]:
    shapes = [np.shape(x) for x in inputs]
    parts, result = explicit(subscripts, [len(s) for s in shapes])
    lengths = _lengths(parts, shapes)
    spelt = ",".join(parts) + "->" + result

    def fact(i: int) -> Any:
        others = [x for j, x in enumerate(inputs) if j != i]
        back, extra = _turned(parts, result, i, lengths, np.result_type(output))
        space = space_of(inputs[i])

        def forward(v: Any) -> Any:
            return einsum(*others[:i], v, *others[i:], subscripts=spelt, optimize=optimize)

        def adjoint(v: Any) -> Any:
            return as_element(sum_to(einsum(v, *others, *extra, subscripts=back, optimize=optimize), shapes[i]), space)

        return linear_op(f"einsum.{i + 1}", forward, adjoint, inputs[i], output)

    return tuple(
        [fact(i) if w and not is_discrete(x) else None for i, (w, x) in enumerate(zip(wanted, inputs, strict=True))]
    )


def _turned(
    parts: Sequence[str], result: str, i: int, lengths: dict[str, int], dtype: Any
) -> tuple[str, tuple[Any, ...]]:
    """The subscripts of the adjoint in one operand, and the constants it needs.

    An index that the operand has twice becomes a diagonal (an identity matrix), and one that it alone has is spread
    out (by ones).
    """
    others = [p for j, p in enumerate(parts) if j != i]
    spare = iter([c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in lengths])
    target, constants, letters = "", [], []
    for letter in parts[i]:
        if letter in target:
            twin = next(spare)
            constants.append(np.eye(lengths[letter], dtype=dtype))
            letters.append(letter + twin)
            target += twin
            continue
        target += letter
        if letter not in result and not any(letter in p for p in others):
            constants.append(np.ones(lengths[letter], dtype=dtype))
            letters.append(letter)
    return ",".join([result, *others, *letters]) + "->" + target, tuple(constants)


# ---------------------------------------------------------------------------------------------- every contraction as einsum


def letters(call: Any, ranks: Sequence[int]) -> tuple[list[str], str] | None:
    """The letters that ``einsum`` would name the axes of the operands and of the result by; ``None`` for no contraction.

    >>> letters(matmul.call(), [3, 2]), letters(tensordot.call(axes=1), [2, 2])
    ((['Aab', 'bd'], 'Aad'), (['ab', 'bd'], 'ad'))
    """
    name = call.name
    if name == "einsum":
        return explicit(call.params["subscripts"], ranks)
    if name not in ("matmul", "dot", "inner", "outer", "tensordot"):
        return None
    m, n = ranks
    if name == "outer" or (name in ("dot", "inner") and 0 in (m, n)):
        left, right = ALPHABET[:m], ALPHABET[m : m + n]
        return ([left, right], left + right) if name != "outer" or m == n == 1 else None
    if name == "matmul":
        batch = ALPHABET.upper()[: max(m, n) - 2] if max(m, n) > 2 else ""
        first, second = "ab"[-m:] if m < 2 else "ab", "b" if n < 2 else "bd"
        out = ("a" if m > 1 else "") + ("d" if n > 1 else "")
        return [batch[len(batch) - max(m - 2, 0) :] + first, batch[len(batch) - max(n - 2, 0) :] + second], batch + out
    pairs = _pairs(call.params["axes"], m, n) if name == "tensordot" else _last_pair(m, n, -2 if name == "dot" else -1)
    left = ALPHABET[:m]
    spare = iter(ALPHABET[m:])
    right = "".join([left[pairs[0][pairs[1].index(i)]] if i in pairs[1] else next(spare) for i in range(n)])
    summed = {left[i] for i in pairs[0]}
    return [left, right], "".join([c for c in left + right if c not in summed])


ALPHABET = "abdefghijklmnopqrstuvwxyzc"

# ---------------------------------------------------------------------------------------------- trace


def _trace_adjoint(v: Any, space: Array, *, offset: int, axis1: int, axis2: int) -> Any:
    n = len(space.shape)
    first, second = normalize_axis_index(axis1, n), normalize_axis_index(axis2, n)
    ones = np.eye(space.shape[first], space.shape[second], offset, dtype=space.dtype)
    return np.moveaxis(np.multiply(np.expand_dims(v, axis=(-2, -1)), ones), (-2, -1), (first, second))


# ---------------------------------------------------------------------------------------------- the primitives

matmul = Primitive(
    "matmul", np.matmul, Bilinear(_matmul_first, _matmul_second), 2, shape=_matmul_shape, complex=True, batched=_matmul_batched,
    numpy=(np.linalg.matmul,),
    examples=(
        on((2, 3), (3, 4)), on((3,), (3,)), on((2, 3), (3,)), on((3,), (3, 2)), on((2, 1, 4, 3), (5, 3, 2)), on((4, 2, 3), (3,)),
        on((3,), (4, 3, 2)), on((5, 2, 3), (3, 2)), on((2, 3), (5, 3, 2)), on((2, 0), (0, 3)), on((0, 3), (3,)),
    ),
)  # fmt: skip
dot = Primitive(
    "dot", np.dot, DOT, 2, shape=_dot_shape, complex=True, batched=_product_batched(-2),
    examples=(
        on((3,), (3,)), on((), (2, 3)), on((2,), 0.5), on((2, 3), (3,)), on((2, 3), (3, 2)), on((2, 3), (4, 3, 2)), on((3,), (2, 3, 4)), on((), ()),
    ),
)  # fmt: skip
inner = Primitive(
    "inner", np.inner, INNER, 2, shape=_inner_shape, complex=True, batched=_product_batched(-1),
    examples=(on((3,), (3,)), on((), (3,)), on((2, 3), (4, 3)), on((3,), (2, 3)), on((2, 2, 3), (3,)), on(0.5, ())),
)  # fmt: skip
outer = Primitive(
    "outer", np.outer, Bilinear(_outer_first, _outer_second), 2, shape=_outer_shape, complex=True, numpy=(np.linalg.outer,),
    batched=_outer_batched,
    examples=(on((2,), (3,)), on((), (3,)), on((2, 2), (3,)), on((0,), (2,))),
)  # fmt: skip
vdot = Primitive(
    "vdot", np.vdot, Bilinear(_vdot_first, _vdot_second), 2, shape=_vdot_shape, complex=True, examples=(on((3,), (3,)), on((2, 2), (2, 2)), on((), ())),
    batched=_vdot_batched,
)  # fmt: skip
kron = Primitive(
    "kron", np.kron, Bilinear(_kron_first, _kron_second), 2, shape=_kron_shape, complex=True, batched=_kron_batched,
    examples=(on((2,), (3,)), on((2, 3), (3, 2)), on((2,), (2, 3)), on((2, 1, 2), (3,))),
)  # fmt: skip
tensordot = Primitive(
    "tensordot", np.tensordot, Bilinear(_tensordot_first, _tensordot_second), 2, {"axes": 2}, shape=_tensordot_shape, complex=True, batched=_tensordot_batched,
    numpy=(np.linalg.tensordot,),
    examples=(
        on((2, 3, 4), (3, 4, 2)), on((2, 3), (2, 3)), on((2, 3), (4,), axes=0), on((2, 3, 4), (4, 5, 2), axes=((2, 0), (0, 2))),
        on((2, 3, 4), (4, 5, 3), axes=((1, -1), (-1, 0))), on((3, 2), (3,), axes=(0, 0)),
    ),
)  # fmt: skip
einsum_primitive = Primitive(
    "einsum", einsum, Partials(_einsum_facts), None, linear_in=range(32), options= {"subscripts": REQUIRED, "optimize": False}, shape=_einsum_shape, complex=True,
    numpy=(np.einsum,), batched=_einsum_batched,
    examples=(
        on((2, 3), (3, 4), subscripts="ij,jk->ik"), on((2, 3), (3, 4), subscripts="ij,jk"), on((3, 3), subscripts="ii"),
        on((3, 3), subscripts="ii->i"), on((2, 3), subscripts="ij->j"), on((2, 3), subscripts="ij->"), on((3,), (4,), subscripts="i,j->ji"),
        on((2, 3), (4, 3, 5), (5, 2), subscripts="ij,kjl,li->k", optimize=True), on((5, 2, 3), (3, 4), subscripts="...ij,jk->...ik"),
        on((5, 2, 3), (1, 3, 4), subscripts="...ij,...jk"), on((2, 3), (3,), subscripts="i...,...->..."), on((), (3,), subscripts=",i->i"),
        on((2, 2, 3), (2,), subscripts="iij,i->ji"), on((1, 3), (2, 3), subscripts="ij,ij->i"), on((3, 3, 3), subscripts="iii->i"),
    ),
)  # fmt: skip
trace = Primitive(
    "trace", np.trace, Linear(_trace_adjoint), options={"offset": 0, "axis1": 0, "axis2": 1}, complex=True, batched=shifting,
    examples=(on((3, 3)), on((2, 3), offset=1), on((2, 3, 3), axis1=1, axis2=-1), on((3, 2, 3), offset=-1, axis1=0, axis2=2)),
)  # fmt: skip
