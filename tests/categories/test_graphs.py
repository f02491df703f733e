"""Graphs: pictures as text for Graphviz, read back here by a small parser and even run."""

from __future__ import annotations

import operator
import re
from collections import Counter
from fractions import Fraction
from functools import reduce
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    D,
    Dual,
    Graphs,
    Matrices,
    R,
    add,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    fork,
    grad,
    identity,
    inl,
    it,
    jam,
    join,
    mul,
    program,
    proj,
    reshape,
    scale,
    sin,
    sum,
    swap,
    zero,
)
from essence_ad.categories.graphs import Graph, GraphCategory, escaped
from essence_ad.diagram import Op
from essence_ad.errors import CompositionError, OptionError
from essence_ad.morphism import box
from tests.strategies import typed_linear_programs, typed_programs

Copies = GraphCategory(copies=True)
sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
cos_sin_prod = mul >> fork(cos, sin)


# ---------------------------------------------------------------------------------------------- reading pictures


@attrs.frozen
class Picture:
    """What a text for Graphviz says: nodes with a label and ports, and edges between ports."""

    labels: dict[str, str]
    ins: dict[str, list[str]]
    outs: dict[str, list[str]]
    edges: list[tuple[str, str, str, str]]

    @property
    def boxes(self) -> list[str]:
        return [n for n in self.labels if n not in ("In", "Out")]

    def source(self, node: str, port: str) -> tuple[str, str] | None:
        found = [(a, p) for a, p, b, q in self.edges if (b, q) == (node, port)]
        assert len(found) < 2, f"two edges into {node}:{port}"
        return found[0] if found else None


PLAIN = r"(?:\\.|[^\\{}|<>\"])*"  # text in a record: escaped characters, or others
RECORD = re.compile(rf"\{{(?:\{{((?:<In\d+>\|?)*)\}}\|)?({PLAIN})(?:\|\{{((?:<Out\d+>\|?)*)\}})?\}}")


def parse(dot: str) -> Picture:
    """Read a text, and check that it is a graph of records: every edge joins ports that there are, first to last."""
    lines = dot.split("\n")
    assert lines[:3] == ["digraph {", "  rankdir=LR;", "  node [shape=record];"] and lines[-1] == "}"
    labels, ins, outs, edges = {}, {}, {}, []
    for line in lines[3:-1]:
        node = re.fullmatch(r'  (\w+) \[label="(.*)"\];', line)
        if node:
            name, record = node.groups()
            assert name not in labels
            parts = RECORD.fullmatch(record)
            assert parts, record
            labels[name] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], parts[2])
            ins[name], outs[name] = [re.findall(r"<(\w+)>", part or "") for part in (parts[1], parts[3])]
            continue
        edge = re.fullmatch(r"  (\w+):(Out\d+) -> (\w+):(In\d+);", line)
        assert edge, line
        edges.append(edge.groups())
    order = ["In", *[n for n in labels if n not in ("In", "Out")], "Out"]
    for a, p, b, q in edges:
        assert p in outs[a] and q in ins[b], f"{a}:{p} -> {b}:{q} joins ports that are not there"
        assert order.index(a) < order.index(b)
    for name in labels:
        assert ins[name] == [f"In{i}" for i in range(len(ins[name]))]
        assert outs[name] == [f"Out{i}" for i in range(len(outs[name]))]
    return Picture(labels, ins, outs, edges)  # type: ignore[arg-type]


MEANING: dict[str, Any] = {
    "multiply": operator.mul,
    "add": operator.add,
    "sin": np.sin,
    "cos": np.cos,
    "+": lambda *xs: reduce(operator.add, xs),
    "dup": lambda x: x,
}


def run(picture: Picture, *args: float) -> list[Any]:
    """The values at the outputs of a picture; nothing comes to a port without an edge, which is zero."""
    made: dict[tuple[str, str], Any] = {("In", f"Out{i}"): x for i, x in enumerate(args)}

    def read(node: str, port: str) -> Any:
        source = picture.source(node, port)
        return 0.0 if source is None else made[source]

    for node in picture.boxes:
        label, inputs = picture.labels[node], [read(node, p) for p in picture.ins[node]]
        if label.startswith("scale "):
            value = float(label.removeprefix("scale ")) * inputs[0]
        elif label in MEANING:
            value = MEANING[label](*inputs)
        else:
            value = float(label)
        made.update({(node, port): value for port in picture.outs[node]})
    return [read("Out", p) for p in picture.ins["Out"]]


# ---------------------------------------------------------------------------------------------- what they say

PROGRAMS: list[tuple[Any, tuple[float, ...], list[float], dict[str, int]]] = [
    (mag_sqr, (3.0, 4.0), [25.0], {"multiply": 2, "add": 1}),
    (cos_sin_prod, (0.5, 2.0), [np.cos(1.0), np.sin(1.0)], {"multiply": 1, "cos": 1, "sin": 1}),
    (identity, (3.0,), [3.0], {}),
    (swap, (3.0, 4.0), [4.0, 3.0], {}),
    (dup, (3.0,), [3.0, 3.0], {}),
    (it, (3.0,), [], {}),
    (zero, (3.0,), [0.0], {}),
    (inl, (3.0,), [3.0, 0.0], {}),
    (jam, (3.0, 4.0), [7.0], {"+": 1}),
    (inl >> jam, (3.0,), [3.0], {}),
    (dup >> join(scale(2.0), scale(3.0)), (5.0,), [25.0], {"scale": 2, "+": 1}),
    (fork(const(2.0), identity) >> mul, (5.0,), [10.0], {"const": 1, "multiply": 1}),
    (fork(join(scale(0.5), identity), join(identity, scale(-1.0))), (4.0, 1.0), [3.0, 3.0], {"scale": 2, "+": 2}),
    (cross(jam, identity) >> mul, (1.0, 2.0, 5.0), [15.0], {"+": 1, "multiply": 1}),
]


@pytest.mark.parametrize("k", [Graphs, Copies], ids=repr)
@pytest.mark.parametrize(("f", "args", "values", "counts"), PROGRAMS, ids=[repr(row[0]) for row in PROGRAMS])
def test_a_picture_says_how_to_compute(
    k: Any, f: Any, args: tuple[float, ...], values: list[float], counts: dict[str, int]
) -> None:
    graph = k(f)
    picture = parse(graph.dot)
    assert run(picture, *args) == pytest.approx(values)
    assert {name: n for name, n in graph.counts.items() if name != "dup"} == counts
    assert len(picture.boxes) == sum_of(graph.counts)


def sum_of(counts: Counter[str]) -> int:
    return sum_all(counts.values())


def sum_all(numbers: Any) -> int:
    return reduce(operator.add, numbers, 0)


@given(typed_programs, st.booleans())
def test_every_program_has_a_well_formed_picture(typed: Any, copies: bool) -> None:
    _, target, f = typed
    graph = GraphCategory(copies)(f)
    picture = parse(graph.dot)
    assert len(picture.boxes) == sum_of(graph.counts)
    for node in picture.boxes:
        assert all(picture.source(node, port) for port in picture.ins[node])
    assert len(picture.ins["Out"]) == len(np.ravel(leaves(target.pattern)))
    again = GraphCategory(copies)(f >> identity)
    assert again.dot == graph.dot == str(graph)


def leaves(pattern: Any) -> list[Any]:
    return [leaf for p in pattern for leaf in leaves(p)] if isinstance(pattern, tuple) else [pattern]


@given(typed_linear_programs)
def test_linear_programs_and_their_transposes_too(typed: Any) -> None:
    source, _, f = typed
    arrow = Additive(f.at(source))
    forward, back = parse(Graphs(arrow).dot), parse(Graphs(arrow.T).dot)
    for picture in (forward, back):
        assert picture.labels["In"] == "In" and picture.labels["Out"] == "Out"
    assert (len(forward.outs["In"]), len(forward.ins["Out"])) == (len(back.ins["Out"]), len(back.outs["In"]))


def test_copies_are_boxes_where_asked() -> None:
    assert Copies(cos_sin_prod).counts == Graphs(cos_sin_prod).counts + Counter({"dup": 1})
    picture = parse(Copies(fork(sin, cos, identity)).dot)
    (copier,) = [n for n in picture.boxes if picture.labels[n] == "dup"]
    assert picture.outs[copier] == ["Out0", "Out1", "Out2"]
    for f in (mag_sqr, fork(sin, cos), sqr >> sqr):
        edges = parse(Copies(f).dot).edges
        assert max(Counter((a, p) for a, p, _, _ in edges).values()) == 1


def test_derivatives_can_be_drawn() -> None:
    """The mode is seen in the picture: forward mode adds what comes together, reverse mode what was copied."""
    _, df = D(Additive)(mul)((3.0, 4.0))
    forward, back = Graphs(df), Graphs(df.T)
    assert forward.counts == {"scale": 2, "+": 1} and back.counts == {"scale": 2}
    assert run(parse(forward.dot), 1.0, 10.0) == [34.0] and run(parse(back.dot), 2.0) == [8.0, 6.0]
    _, pullback = D(Dual(Additive))(sqr)(3.0)
    assert run(parse(Graphs(pullback.arrow).dot), 1.0) == [6.0]
    _, jacobian = D(Matrices)(mul)((3.0, 4.0))
    assert run(parse(Graphs(Matrices.linear_map(jacobian)).dot), 1.0, 10.0) == [34.0]


def test_traced_programs_can_be_drawn() -> None:
    @program
    def f(x: Any, y: Any) -> Any:
        return np.cos(x * y) + y

    assert run(parse(Graphs(f).dot), 2.0, 0.5) == [np.cos(1.0) + 0.5]
    assert Graphs(program(grad(np.sin)).at(R)).counts["cos"] == 1


def test_pictures_of_compositions() -> None:
    k = Graphs
    f = k.compose(k.primitive(add.form), k.cross(k(sqr), k(sqr)))
    assert f.dot == k(mag_sqr).dot and isinstance(f, Graph) and repr(f) == "<graph of 3 boxes>"
    assert repr(k(sin)) == "<graph of 1 box>" and repr(Copies) == "Graphs(copies=True)" and GraphCategory() == Graphs
    assert k.observe(f, R * R, R, None) == k.observe(k(mag_sqr), R * R, R, None)
    assert k.observe(k(sin >> sqr), R, R, None) != k.observe(k(sqr >> sin), R, R, None)
    assert k(compose(*[sin] * 3000)).counts == {"sin": 3000}


def test_which_of_two_summands_comes_first_says_nothing() -> None:
    f, g = fork(sin, cos) >> jam, fork(cos, sin) >> jam
    assert Graphs.observe(Graphs(f), R, R, None) == Graphs.observe(Graphs(g), R, R, None)
    f, g = fork(sin, cos) >> mul, fork(cos, sin) >> mul
    assert Graphs.observe(Graphs(f), R, R, None) != Graphs.observe(Graphs(g), R, R, None)


# ---------------------------------------------------------------------------------------------- labels

NAMES = ['"', "a{b}", "<d>|e", "back\\slash", "two\nlines", "ends in \\", "déjà ᵀ", "'; DROP", "sin", ""]


@given(st.sampled_from(NAMES) | st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30))
def test_special_characters_in_names(name: str) -> None:
    class Odd(Op):
        pass

    Odd.name = name
    picture = parse(Graphs(box(Odd()) >> sin).dot)
    assert [picture.labels[n] for n in picture.boxes] == [name, "sin"]
    assert escaped(name).count("\n") == 0


def test_what_stands_in_a_box() -> None:
    def label(f: Any) -> str:
        picture = parse(Graphs(f).dot)
        (node,) = picture.boxes
        return picture.labels[node]

    assert label(scale(-2.5)) == "scale -2.5" and label(scale(Fraction(1, 3))) == "scale 1/3"
    assert label(scale(np.ones((2, 3)))) == "scale array[2, 3]" and label(const(np.ones(4))) == "array[4]"
    assert label(const(1e-20)) == "1e-20" and label(scale(float("nan"))) == "scale nan"
    assert label(sum(axis=0)) == "sum(axis=0)" and label(reshape(shape=(2, 3))) == "reshape(shape=(2, 3))"
    long = label(sum(axis=tuple(range(40))))
    assert len(long) == 60 and long.startswith("sum(axis=(0, 1") and long.endswith("...")
    assert label(proj(1)) == "proj(1)"


# ---------------------------------------------------------------------------------------------- wrong calls


def test_wrong_calls() -> None:
    with pytest.raises(OptionError, match="@program"):
        Graphs(np.sin)
    for wrong in (sin, Additive(jam), Copies.copies):
        with pytest.raises(CompositionError, match="arrows of Graphs"):
            Graphs.compose(wrong)
    with pytest.raises(OptionError, match="category of linear maps"):
        D(Graphs)
    with pytest.raises(TypeError):
        Graphs(exl)((1.0, 2.0))
