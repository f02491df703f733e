"""Every primitive of the catalogue by itself: its values, shapes, derivatives of first and second order, in every mode.

The points, directions and covectors are random but fixed; no two numbers of a point are close, so that kinks are met only
where a family's own test asks for them.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, Begin, Cont, D, Dual
from essence_ad.diagram import Diagram
from essence_ad.morphism import Morphism, from_diagram
from essence_ad.operation import Constant, is_discrete
from essence_ad.primitives import by_function, catalogue, primitive
from essence_ad.primitives.primitive import Elementwise, Example, Primitive, on
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace
from tests.installed import here, marks

PRIMITIVES = {p.name: p for p in catalogue().values()}
SHAPES: dict[int, list[tuple[Any, ...]]] = {
    1: [((),), (0.5,), ((3,),), ((2, 3),), ((0,),)],
    2: [((), ()), ((3,), (3,)), ((3, 1), (4,)), ((), (3,)), (0.5, (3,)), ((2, 2), 0.5), ((2, 0), (1,))],
    3: [((), (), ()), ((3,), (3,), (3,)), ((3, 1), (4,), ()), ((2,), 0.5, 0.5)],
}


def examples(p: Primitive) -> tuple[Example, ...]:
    """The examples of the record; an elementwise primitive needs none."""
    return p.examples or tuple([on(*shapes) for shapes in SHAPES[p.arity or 0]])


HERE = [p for p in PRIMITIVES.values() if here(p)]
CASES = [
    pytest.param(p, e, id=f"{p.name}-{i}", marks=marks(p))
    for p in PRIMITIVES.values()
    for i, e in enumerate(examples(p))
]
each_case = pytest.mark.parametrize(("p", "e"), CASES)


class Point:
    """A primitive as a program of its inputs that can move, and a point, directions and covectors for it."""

    def __init__(self, p: Primitive, e: Example, dtype: Any = np.float64, spread: float = 1.0) -> None:
        self.rng = np.random.default_rng(zlib.crc32(f"{p.name}{e.inputs}{e.options}".encode()))
        self.primitive, self.dtype = p, np.dtype(dtype)
        self.inputs = self._inputs(p, e, spread)
        self.moving = [i for i, x in enumerate(self.inputs) if not is_discrete(x)]
        self.call = p.call(**e.options)
        n = len(self.inputs)
        outs = len(self.call.cod) if isinstance(self.call.cod, tuple) else 1
        cod: Any = tuple(range(n, n + outs)) if isinstance(self.call.cod, tuple) else n
        wires = tuple(range(n, n + outs))
        boxes: list[Any] = [(Constant(x), (), (i,)) for i, x in enumerate(self.inputs) if i not in self.moving]
        self.f: Morphism[Any, Any] = from_diagram(
            Diagram(self._one(self.moving), cod, [*boxes, (self.call, tuple(range(n)), wires)], n + outs)
        )
        self.x: Any = self._one([self.inputs[i] for i in self.moving])
        self.space: Space = space_of(self.x)

    @staticmethod
    def _one(parts: list[Any]) -> Any:
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _inputs(self, p: Primitive, e: Example, spread: float) -> list[Any]:
        shapes = [x if isinstance(x, tuple) else () if isinstance(x, float) else None for x in e.inputs]
        sizes = [0 if s is None else int(np.prod(s)) for s in shapes]
        total = sum(sizes)
        grid = (self.rng.permutation(total) + self.rng.uniform(0.3, 0.7, total)) / max(total, 1)
        inputs: list[Any] = []
        domains = itertools.chain(p.domain, itertools.repeat(p.domain[-1]))
        for given, shape, size, (low, high) in zip(e.inputs, shapes, sizes, domains, strict=False):
            part, grid = grid[:size], grid[size:]
            if shape is None:
                if given.dtype.kind == "f":
                    turn = 0.3j * spread * self.rng.uniform(-0.5, 0.5, given.shape) if self.dtype.kind == "c" else 0
                    given = (given + turn).astype(self.dtype)
                inputs.append(given)
                continue
            value = low + (high - low) * np.reshape(part, shape)
            if self.dtype.kind == "c":
                value = value + 1j * spread * self.rng.uniform(-0.5, 0.5, shape)
            inputs.append(
                float(value) if isinstance(given, float) and self.dtype == float else value.astype(self.dtype)[()]
            )
        return inputs

    def vector(self, space: Space) -> Any:
        """A random element with components up to one in size."""
        if isinstance(space, Product):
            return tuple([self.vector(part) for part in space.parts])
        assert isinstance(space, Array)
        value: Any = self.rng.uniform(-1, 1, space.shape)
        if space.dtype.kind == "c":
            value = value + 1j * self.rng.uniform(-1, 1, space.shape)
        return value.astype(space.dtype)[()] if space.dtype.kind in "fc" else np.zeros(space.shape, space.dtype)

    def moved(self, dx: Any, step: Any) -> Any:
        """The point moved by a step in a direction."""
        xs, ds = (self.x, dx) if len(self.moving) != 1 else ((self.x,), (dx,))
        return self._one([x + step * d for x, d in zip(xs, ds, strict=True)])


def flat(tree: Any) -> Any:
    """All components in one array."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)]) if leaves(tree) else np.zeros(0)


def paired(a: Any, b: Any) -> float:
    """The product that adjoints are taken in: bilinear, its real part."""
    return float(np.real(np.sum(flat(a) * flat(b))))


def differences(curve: Any, step: float) -> Any:
    """The slope of a curve at 0 by central differences, their error removed up to order eight."""
    column = [(flat(curve(h)) - flat(curve(-h))) / (2 * h) for h in step / 2.0 ** np.arange(4)]
    for power in range(1, 4):
        column = [b + (b - a) / (4.0**power - 1) for a, b in itertools.pairwise(column)]
    return column[0]


def assert_close(found: Any, expected: Any, tolerance: float) -> None:
    """Equal up to a tolerance relative to the largest component."""
    size = max(1.0, float(np.max(np.abs(flat(expected)), initial=0.0)))
    np.testing.assert_allclose(flat(found), flat(expected), rtol=0, atol=tolerance * size)


def step_of(p: Primitive) -> float:
    """Short steps beside kinks, where the pieces are nearly straight."""
    return 1e-2 if p.smooth else 1e-4


def tolerance_of(p: Primitive) -> float:
    return 1e-9 if p.smooth else 1e-7


# ---------------------------------------------------------------------------------------------- the facts, one by one


@each_case
def test_the_value_is_that_of_the_function_and_inputs_stay(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    before = [np.asarray(x).tobytes() for x in at.inputs]
    expected = p.function(*at.inputs, **at.call.params)
    found = at.f(at.x)
    for a, b in zip(leaves(pack(found)), leaves(pack(expected)), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.result_type(a) == np.result_type(b)
    if at.moving:
        y, df = D(Additive)(at.f)(at.x)
        df(at.vector(at.space))
        df.T(at.vector(space_of(y)))
        np.testing.assert_array_equal(flat(pack(y)), flat(pack(expected)))
    assert before == [np.asarray(x).tobytes() for x in at.inputs]


def pack(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


@each_case
def test_the_shape_rule_tells_the_space_of_the_result(p: Primitive, e: Example) -> None:
    for dtype in [np.float64, np.float32] + [np.complex128] * p.complex:
        at = Point(p, e, dtype)
        told = at.call.shape(*[space_of(x) for x in at.inputs])
        found = space_of(pack(p.function(*at.inputs, **at.call.params)))
        assert told == (found.parts if isinstance(found, Product) else found)


@each_case
def test_the_derivative_is_that_of_differences(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving:
        assert p.rule.discrete
        return
    dx = at.vector(at.space)
    y, df = D(Additive)(at.f)(at.x)
    if is_discrete(y):
        assert not np.any(flat(pack(df(dx)))) and p.rule.discrete
        return
    assert_close(df(dx), differences(lambda h: at.f(at.moved(dx, h)), step_of(p)), tolerance_of(p))
    if p.complex and is_holomorphic(p, e) and not np.iscomplexobj(flat(pack(y))):
        moved = at.f(at.moved(dx, 1e-30j))
        assert_close(df(dx), np.imag(flat(moved)) / 1e-30, 1e-13)


def is_holomorphic(p: Primitive, e: Example) -> bool:
    """Whether the derivative at a complex point commutes with the imaginary unit (it does not for ``conjugate``)."""
    at = Point(p, e, np.complex128)
    dx = at.vector(at.space)
    _, df = D(Additive)(at.f)(at.x)
    return np.allclose(flat(df(at.moved(dx, 1j))) - flat(df(at.x)), 1j * flat(df(dx)))


@each_case
def test_the_complex_derivative_is_that_of_differences(p: Primitive, e: Example) -> None:
    if not p.complex:
        return
    at = Point(p, e, np.complex128)
    if not at.moving:
        return
    dx = at.vector(at.space)
    y, df = D(Additive)(at.f)(at.x)
    if is_discrete(y):
        return
    assert_close(df(dx), differences(lambda h: at.f(at.moved(dx, h)), step_of(p)), 10 * tolerance_of(p))
    v = at.vector(space_of(y))
    assert np.isclose(paired(df(dx), v), paired(dx, df.T(v)), rtol=1e-11, atol=1e-11)


@each_case
def test_each_mode_reads_the_same_matrix(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving:
        return
    y, df = D(Additive)(at.f)(at.x)
    if any(
        s.dtype.kind != "f" for s in arrays(space_of(y))
    ):  # a vector of jumps is zero; complex ones have their own test
        assert not p.rule.discrete or not np.any(flat(pack(df(at.vector(at.space)))))
        return
    matrix = df.matrix()
    target = space_of(y)
    assert matrix.shape == (target.dim, at.space.dim)
    dx, v = at.vector(at.space), at.vector(target)
    for k in (Dual(Additive), Begin(Additive), Cont(Additive)):
        value, arrow = D(k)(at.f)(at.x)
        np.testing.assert_array_equal(flat(pack(value)), flat(pack(y)))
        assert_close(arrow.matrix(), matrix, 1e-12)
    assert_close(D(Begin(Additive))(at.f)(at.x)[1](dx), matrix @ flat(dx), 1e-11)
    for k in (Dual(Additive), Cont(Additive)):
        assert_close(D(k)(at.f)(at.x)[1](v), flat(v) @ matrix, 1e-11)


@each_case
def test_linear_operations_agree_with_their_transposes(p: Primitive, e: Example) -> None:
    for dtype, tolerance in [(np.float64, 1e-12), (np.float32, 1e-5)]:
        at = Point(p, e, dtype)
        if not at.moving:
            return
        tree = at.f.diagram.evaluate(at.x)
        linear = at.f.diagram.linearize(tree)
        y, df = D(Additive)(at.f)(at.x)
        dx, v = at.vector(at.space), at.vector(space_of(y))
        dy, back = df(dx), df.T(v)
        assert space_of(dy) == space_of(y) or all(s.discrete for s in arrays(space_of(y)))
        assert space_of(back) == at.space
        assert np.isclose(paired(dy, v), paired(dx, back), rtol=tolerance, atol=tolerance)
        assert linear.T.T.boxes == linear.boxes or linear.is_linear


def arrays(space: Space) -> list[Any]:
    return [a for part in space.parts for a in arrays(part)] if isinstance(space, Product) else [space]


@each_case
def test_single_precision_stays_single(p: Primitive, e: Example) -> None:
    at, exact = Point(p, e, np.float32), Point(p, e)
    if not at.moving or is_discrete(at.f(at.x)):
        return
    dx = exact.vector(exact.space)
    single = pack(tuple([np.float32(d) for d in dx]) if isinstance(dx, tuple) else np.float32(dx))
    y, df = D(Additive)(at.f)(at.x)
    _, df_exact = D(Additive)(exact.f)(exact.x)
    assert_close(df(single), df_exact(dx), 2e-4)
    assert {np.result_type(leaf) for leaf in leaves(pack(df.T(at.vector(space_of(y)))))} <= {np.dtype(np.float32)}


@each_case
def test_the_second_derivative_is_that_of_differences(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving or is_discrete(at.f(at.x)):
        return
    dx, du = at.vector(at.space), at.vector(at.space)

    def slope(x: Any) -> Any:
        return D(Additive)(at.f)(x)[1](dx)

    expected = differences(lambda h: slope(at.moved(du, h)), step_of(p))
    second = trace(slope, at.space)
    np.testing.assert_allclose(flat(pack(second(at.x))), flat(pack(slope(at.x))), rtol=1e-13, atol=1e-13)
    y, d2 = D(Additive)(second)(at.x)
    assert_close(d2(du), expected, 10 * tolerance_of(p))
    v = at.vector(space_of(y))
    assert np.isclose(paired(d2(du), v), paired(du, d2.T(v)), rtol=1e-11, atol=1e-11)


@each_case
def test_the_pullback_can_be_differentiated(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving or is_discrete(at.f(at.x)):
        return
    v, du = at.vector(space_of(at.f(at.x))), at.vector(at.space)

    def pulled(x: Any) -> Any:
        return D(Dual(Additive))(at.f)(x)[1](v)

    expected = differences(lambda h: pulled(at.moved(du, h)), step_of(p))
    second = trace(pulled, at.space)
    assert_close(D(Additive)(second)(at.x)[1](du), expected, 10 * tolerance_of(p))


# ---------------------------------------------------------------------------------------------- the catalogue


def test_the_catalogue_is_not_empty_and_names_are_unique() -> None:
    assert len(PRIMITIVES) > 100
    for name, p in catalogue().items():
        assert name == p.name or name in p.aliases
        assert name.isidentifier() and getattr(essence_ad, name).type.cod is not None
    assert all(e.inputs for p in PRIMITIVES.values() for e in examples(p))


def test_the_checks_above_have_something_to_check() -> None:
    points = [Point(p, e) for p in HERE for e in examples(p)]
    moving = [at for at in points if at.moving and not is_discrete(at.f(at.x))]
    assert len(points) > 800 and len(moving) > 600
    assert sum(at.space.dim > 0 for at in moving) > 500
    assert sum(p.complex for p in PRIMITIVES.values()) > 70
    assert all(is_holomorphic(PRIMITIVES[name], on((3,))) for name in ("sin", "exp", "log", "cumprod"))
    assert not any(is_holomorphic(PRIMITIVES[name], on((3,))) for name in ("conjugate", "real", "absolute", "var"))


def test_a_function_stands_for_one_primitive() -> None:
    owners: dict[Any, str] = {}
    for p in PRIMITIVES.values():
        for function in (p.function, *p.numpy):
            assert owners.setdefault(function, p.name) == p.name
    assert {f: q.name for f, q in by_function().items()} == owners


def test_a_family_is_found_by_looking(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "trial.py").write_text(
        "import numpy as np\n"
        "from essence_ad.primitives.primitive import Elementwise, Primitive\n"
        "trial_log2 = Primitive('trial_log2', np.log2, Elementwise(lambda x, y: 1 / (np.log(2) * x)))\n"
    )
    package = essence_ad.primitives
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    try:
        found = catalogue.__wrapped__()
        assert found["trial_log2"].name == "trial_log2" and set(catalogue()) == set(found) - {"trial_log2"}
        y, df = D(Additive)(essence_ad.morphism.box(found["trial_log2"].call()))(8.0)
        assert y == 3.0 and np.isclose(df(1.0), 1 / (8 * np.log(2)))
    finally:
        import sys

        sys.modules.pop("essence_ad.primitives.trial", None)


def test_elementwise_primitives_state_one_slope_for_each_input() -> None:
    for p in PRIMITIVES.values():
        if isinstance(p.rule, Elementwise):
            assert len(p.rule.slopes) == p.arity, p.name


def test_every_option_is_tried() -> None:
    untried = {
        f"{p.name}({option})"
        for p in PRIMITIVES.values()
        for option in p.options
        if not any(option in e.options for e in examples(p))
    }
    assert not untried


assert primitive.on is on
