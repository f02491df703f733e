"""Instances of laws: holes, what fills them, and the vocabulary that says them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from essence_ad import (
    Additive,
    Functions,
    Matrices,
    R,
    Unit,
    assoc,
    compose,
    cross,
    dup,
    exl,
    exp,
    exr,
    fork,
    identity,
    inj,
    inl,
    inr,
    it,
    jam,
    join,
    mul,
    proj,
    repl,
    scale,
    sum_,
    swap,
    unassoc,
    zero,
)
from essence_ad.functor import Wiring
from essence_ad.instances import (
    Filler,
    Instance,
    MatrixOp,
    choices,
    fill,
    hole,
    holes,
    letters,
    number,
    numbers,
    say,
    space_of_objects,
    word,
)
from essence_ad.lawfulness import same_view
from essence_ad.morphism import wiring
from tests.strategies import differences

f, g = hole("f", "a", "b"), hole("g", "b", "c")
s, t = number("s"), number("t")


def test_holes_are_found_and_filled() -> None:
    law = fork(f >> g, dup >> cross(f, scale(s * t)))
    assert [h.name for h in holes(law, g)] == ["f", "g"]
    assert numbers(law, scale(s + t)) == ["s", "t"]
    filled = fill(law, {"f": exp, "g": scale(3.0)}, {"s": 2.0, "t": 5.0})
    assert filled == fork(exp >> scale(3.0), dup >> cross(exp, scale(10.0)))
    assert fill(fork(join(f, g), it), {"f": scale(1.0), "g": scale(2.0)}, {}) == fork(join(scale(1.0), scale(2.0)), it)
    assert repr(law) == "fork(f >> g, dup >> cross(f, scale(s * t)))"


@pytest.mark.parametrize(
    ("program", "called"),
    [
        (identity, "identity"), (exl, "exl"), (exr, "exr"), (dup, "dup"), (inl, "inl"), (inr, "inr"), (jam, "jam"),
        (it, "it"), (zero, "zero"), (proj(1, 3), "proj"), (inj(1, 3), "inj"), (repl(3), "repl"), (sum_(3), "sum_"),
    ],
)  # fmt: skip
def test_structure_is_said_with_its_own_word(program: Any, called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    original = getattr(type(Additive), called)
    monkeypatch.setattr(type(Additive), called, lambda self, *args: said.append(called) or original(self, *args))
    word(Additive, program.form)
    assert said == [called]


@pytest.mark.parametrize("program", [swap, assoc, unassoc, wiring("odd", (0, (1, 2)), (2, 0))])
def test_other_structure_is_said_too(program: Any) -> None:
    assert isinstance(program.form, Wiring)
    x = ((1.0, 2.0), 3.0) if program is unassoc else (1.0, (2.0, 3.0))
    assert word(Functions, program.form)(x) == program(x)


def test_a_program_said_is_the_program() -> None:
    said = say(Additive, fork(f, fork()) >> exl >> scale(s), {"f": Additive.scale(3.0)}, {"s": 2.0})
    assert said(1.0) == 6.0
    assert say(Functions, dup >> mul, {}, {})(3.0) == 9.0
    assert say(
        Matrices, compose(join(f, f), cross(identity, identity)), {"f": Matrices.scale(2.0)}, {}
    ).matrix().tolist() == [[2.0, 2.0]]
    assert say(Additive, join(), {}, {})(()) == 0.0


def test_objects() -> None:
    spaces = {"a": R, "b": R[2]}
    assert space_of_objects(("a", ("b", ())), spaces) == R * (R[2] * Unit)
    assert letters("a", ("b", ("a", "c")), ()) == ["a", "b", "c"]


def test_choices_come_smallest_first() -> None:
    chosen = list(choices(["a", "b"], {}))
    assert chosen[0] == {"a": R, "b": R} and chosen[1] == {"a": R, "b": R * R} and chosen[2] == {"a": R * R, "b": R}
    assert len(chosen) == 25 and {"a": Unit, "b": Unit} == chosen[-1]
    assert len(list(choices(list("abcd"), {}))) == 81
    assert all(c["a1"] in (R, R[2]) for c in choices(["a1"], {}))
    assert list(choices(["r"], {"r": R[7]})) == [{"r": R[7]}]
    assert Unit not in [c["a"] for c in choices(["a"], {}, unit=False)]


SPACES = [R, R * R, R[2], R * (R * R[2]), Unit]


@pytest.mark.parametrize(("source", "target"), list(itertools.product(SPACES, repeat=2)), ids=repr)
@pytest.mark.parametrize("kind", ["linear", "general"])
def test_every_pair_of_spaces_has_programs(kind: str, source: Any, target: Any) -> None:
    filler = Filler(kind, (exp,), np.random.default_rng(0), plain=True)
    for _ in range(3):
        program = filler.program(source, target)
        x = source.from_vector(0.1 * np.arange(1.0, source.dim + 1))
        if kind == "linear":
            assert program.is_linear
            target.check(target.fill(Additive(program).at(source).apply(source.pack(x))))
        else:
            assert not program.is_linear or target == Unit
            target.check(target.pack(program(x)))


def test_the_first_factors_are_small_primes_and_later_ones_are_drawn() -> None:
    plain = Filler("linear", (), np.random.default_rng(0), plain=True)
    assert [plain.program(R, R) for _ in range(3)] == [scale(2.0), scale(3.0), scale(5.0)]
    drawn = Filler("linear", (), np.random.default_rng(0), plain=False)
    again = Filler("linear", (), np.random.default_rng(0), plain=False)
    assert [drawn.coefficient() for _ in range(9)] == [again.coefficient() for _ in range(9)]


def test_matrices_as_programs() -> None:
    m = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    op = MatrixOp(m, R[3], R[2])
    assert op.apply(np.ones(3)).tolist() == [6.0, 15.0]
    assert same_view(op.T.m, m.T) and repr(op) == "matrix([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])"
    assert np.allclose(differences(op.apply, np.ones(3), R[3], R[2]), m)


def test_an_instance_reads_well() -> None:
    instance = Instance({"a": R}, {"f": scale(2.0)}, {"s": 3.0}, R, R, 0.5)
    assert str(instance) == "a = R, f = scale(2.0), s = 3.0, at 0.5"
