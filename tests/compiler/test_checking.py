"""Programs between the stages of the compiler: well formed for the whole catalogue and every benchmark; faults are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.cases import all_cases
from benchmarks.systems.with_essence_ad import SYSTEM
from essence_ad import R, checkpoint, scan, value_and_grad
from essence_ad.backends.numpy import knows
from essence_ad.compiler.checking import check
from essence_ad.compiler.compiled import argument_space
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import IllFormedError
from essence_ad.planning.loops import schedule
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Constant
from essence_ad.spaces import Array, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace
from tests.installed import here

RECORDS = sorted({p.name for p in catalogue().values() if here(p)})
CASES = {case.name: case for case in all_cases()}


def through_all_stages(f: Any, *spaces: Space) -> None:
    space = argument_space(spaces)
    d = check(trace(f, space, spread=len(spaces) != 1).diagram, "staging", knows=knows)
    simple = check(simplify(d), "simplification", live=True, knows=knows)
    planned, spaces, found = schedule(simple)
    check(planned, "planning", live=True, knows=knows)
    assert len(spaces) == planned.n_wires
    order = [n for section in found.sections for n in section.boxes]
    check(Diagram(planned.dom, planned.cod, [planned.boxes[n] for n in order], planned.n_wires, space), "scheduling")


@pytest.mark.parametrize("name", RECORDS)
def test_every_primitive(name: str) -> None:
    record = catalogue()[name]
    rng = np.random.default_rng(0)
    arity = record.arity or 0
    shapes: Any = [e.inputs for e in record.examples] or [((3,),) * arity, ((),) * arity]
    options: Any = [e.options for e in record.examples] or [{}, {}]
    for inputs, params in zip(shapes, options, strict=True):
        low, high = record.domain[0]
        args = [
            x
            if isinstance(x, np.ndarray)
            else low + (high - low) * rng.uniform(0.3, 0.7, np.shape(np.empty(x)) if isinstance(x, tuple) else ())
            for x in inputs
        ]
        op = record.call(**params)
        moving = [i for i, a in enumerate(args) if np.asarray(a).dtype.kind in "fc"]
        if not moving:
            continue

        def f(*given: Any, op: Any = op, args: Any = args, moving: Any = moving) -> Any:
            rest = iter(given)
            return op.apply(*[next(rest) if i in moving else a for i, a in enumerate(args)])

        spaces = [space_of(args[i]) for i in moving]
        through_all_stages(f, *spaces)
        if op.discrete or any(s.dtype.kind == "c" for s in spaces if isinstance(s, Array)):
            continue

        def total(*given: Any, f: Any = f) -> Any:
            y = f(*given)
            return sum(np.sum(np.real(part) * 1.0) for part in leaves(tuple(y) if isinstance(y, list) else y))

        through_all_stages(value_and_grad(total, argnums=tuple(range(len(spaces)))), *spaces)


@pytest.mark.parametrize("name", CASES)
def test_every_benchmark(name: str) -> None:
    case, system = CASES[name], SYSTEM()
    data = case.data()
    through_all_stages(system.derivative(case, data), *[space_of(a) for a in data.arguments])


def test_bodies_of_control() -> None:
    f = value_and_grad(lambda x: np.sum(scan(lambda c, y: (np.sin(c * y), c), x, np.ones(3))[0]))
    through_all_stages(f, R[2])
    through_all_stages(value_and_grad(lambda x: np.sum(checkpoint(np.sin)(x))), R[2])


# ---------------------------------------------------------------------------------------------- faults

SIN, ADD = catalogue()["sin"].call(), catalogue()["add"].call()


class Strange(Op):
    name = "strange"

    def shape(self, *spaces: Space) -> Space:
        return spaces[0]


FAULTS: dict[str, tuple[Diagram, str]] = {
    "read before it is made": (Diagram(0, 2, [(SIN, (1,), (2,))], 3), "reads wire 1"),
    "made twice": (Diagram(0, 1, [(SIN, (0,), (1,)), (SIN, (0,), (1,))], 2), "makes wire 1 again"),
    "an argument made again": (Diagram(0, 0, [(SIN, (0,), (0,))], 1), "makes wire 0 again"),
    "outside the program": (Diagram(0, 5, [(SIN, (0,), (5,))], 2), "wire 5 of 2"),
    "too few inputs": (Diagram(0, 1, [(ADD, (0,), (1,))], 2), "1 inputs"),
    "too many outputs": (Diagram(0, 1, [(SIN, (0,), (1, 2))], 3), "2 outputs"),
    "a result that nothing makes": (Diagram(0, 1, [], 2), "wire 1"),
    "an argument twice": (Diagram((0, 0), 0, [], 1), "a wire twice"),
    "a dead box": (Diagram(0, 0, [(SIN, (0,), (1,))], 2), "nobody needs"),
    "an operation that the target lacks": (Diagram(0, 1, [(Strange(), (0,), (1,))], 2), "strange"),
    "shapes that do not fit": (
        Diagram((0, 1), 2, [(ADD, (0, 1), (2,))], 3, R[2] * R[3]), "shapes",
    ),
    "another codomain": (Diagram(0, 1, [(SIN, (0,), (1,))], 2, R[2], R[3]), "R"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_told(name: str) -> None:
    d, found = FAULTS[name]
    with pytest.raises(IllFormedError, match="after somewhere") as error:
        check(d, "somewhere", live=True, knows=knows)
    assert found in str(error.value)


def test_what_is_well_formed_is_given_back() -> None:
    d = Diagram(0, (2, 1), [(Constant(1.0), (), (1,)), (ADD, (0, 1), (2,))], 3, R, R * R)
    assert check(d, "somewhere", live=True, knows=knows) is d
