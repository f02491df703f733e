"""Where things stand: layers, order, crossings, heights."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad.drawing.layout import GAP, Layout, Place, _inversions, _settle, layout, offsets


def box(*reads: tuple[int, int], makes: int = 1, band: int = 0) -> Place:
    return Place(40.0, 30.0 + 17 * max(len(reads), makes), tuple(reads), makes, band)


def start(band: int = 0) -> Place:
    return Place(20.0, 20.0, (), 1, band, "in")


def finish(read: tuple[int, int], band: int = 0) -> Place:
    return Place(20.0, 20.0, (read,), 1, band, "out")


@st.composite
def graphs(draw: st.DrawFn) -> list[Place]:
    n = draw(st.integers(1, 4))
    places = [start() for _ in range(n)]
    for _ in range(draw(st.integers(0, 14))):
        reads = draw(st.lists(st.integers(0, len(places) - 1), min_size=1, max_size=3))
        places.append(
            box(*[(i, draw(st.integers(0, places[i].makes - 1))) for i in reads], makes=draw(st.integers(1, 2)))
        )
    made = len(places)
    places += [finish((draw(st.integers(0, made - 1)), 0)) for _ in range(draw(st.integers(1, 3)))]
    return places


def require_sound(places: list[Place], at: Layout) -> None:
    for i, place in enumerate(places):
        for maker, _ in place.reads:
            assert at.layers[maker] < at.layers[i]
            assert at.x[maker] + places[maker].width / 2 < at.x[i] - place.width / 2
    for i, j in combinations(range(len(places)), 2):
        if at.layers[i] == at.layers[j]:
            assert abs(at.y[i] - at.y[j]) >= (places[i].height + places[j].height) / 2 + GAP - 1e-6
    for end in ("in", "out"):
        ends = [i for i, p in enumerate(places) if p.end == end and not p.band]
        assert [at.y[i] for i in ends] == sorted(at.y[i] for i in ends)


@given(graphs())
def test_wires_go_forward_and_boxes_stand_apart(places: list[Place]) -> None:
    at = layout(places)
    require_sound(places, at)
    assert all(0 <= x <= at.width and 0 <= y <= at.height for x, y in zip(at.x, at.y, strict=True))
    for (maker, _), pieces in at.wires.items():
        for x0, y0, x1, y1, straight in pieces:
            assert x0 <= x1 + 1e-9 and (not straight or y0 == y1)
            for i, place in enumerate(places):  # no wire runs through a box
                if straight and x0 < at.x[i] < x1 and i != maker:
                    assert abs(y0 - at.y[i]) >= place.height / 2


@given(graphs())
def test_layouts_are_the_same_each_time(places: list[Place]) -> None:
    assert layout(places).y == layout(places).y


@given(graphs())
def test_every_port_that_reads_has_its_wire(places: list[Place]) -> None:
    at = layout(places)
    for i, place in enumerate(places):
        for port, (maker, out) in enumerate(place.reads):
            ends = [(x1, y1) for _, _, x1, y1, _ in at.wires[maker, out]]
            assert any(
                x == pytest.approx(at.x[i] - place.width / 2) and y == pytest.approx(at.ports[i, port]) for x, y in ends
            )


def test_a_swap_is_one_crossing_and_what_need_not_cross_does_not() -> None:
    assert layout([start(), start(), finish((1, 0)), finish((0, 0))]).crossings == 1
    assert layout([start(), start(), box((1, 0)), box((0, 0)), finish((3, 0)), finish((2, 0))]).crossings == 0


def test_the_order_of_ports_is_kept() -> None:
    straight = layout([start(), start(), box((0, 0), (1, 0)), finish((2, 0))])
    turned = layout([start(), start(), box((1, 0), (0, 0)), finish((2, 0))])
    assert (straight.crossings, turned.crossings) == (0, 1)
    assert straight.ports[2, 0] < straight.ports[2, 1]


def test_an_order_does_not_matter_to_a_sum() -> None:
    total = Place(22, 22, ((1, 0), (0, 0)), 1, free=True)
    at = layout([start(), start(), total, finish((2, 0))])
    assert at.crossings == 0 and at.ports[2, 0] > at.ports[2, 1]


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_crossings_are_near_the_fewest_that_there_are(seed: int) -> None:
    """Two layers of boxes between fixed ends: all orders of both are tried."""
    rng = np.random.default_rng(seed)
    n = 4
    first = [int(i) for i in rng.integers(0, n, n)]
    second = [int(i) for i in rng.integers(0, n, n)]

    def places(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[list[int], list[int]]:
        return [a[i] for i in range(n)], [b[i] for i in range(n)]

    def count(a: tuple[int, ...], b: tuple[int, ...]) -> int:
        edges = [
            [(first[i], a[i]) for i in range(n)], [(a[second[i]], b[i]) for i in range(n)], [(b[i], i) for i in range(n)]
        ]  # fmt: skip
        return sum((p[0] - q[0]) * (p[1] - q[1]) < 0 for layer in edges for p, q in combinations(layer, 2))

    fewest = min(count(a, b) for a in permutations(range(n)) for b in permutations(range(n)))
    graph = [start() for _ in range(n)]
    graph += [box((i, 0)) for i in first] + [box((n + i, 0)) for i in second]
    at = layout([*graph, *[finish((2 * n + i, 0)) for i in range(n)]])
    assert at.crossings <= fewest


def test_the_linear_part_stands_below() -> None:
    places = [start(), start(1), box((0, 0)), box((2, 0), (1, 0), band=1), finish((2, 0)), finish((3, 0), 1)]
    at = layout(places)
    lowest = max(at.y[i] + p.height / 2 for i, p in enumerate(places) if not p.band)
    assert lowest < min(at.y[i] - p.height / 2 for i, p in enumerate(places) if p.band)


@given(st.lists(st.integers(0, 6).map(float), max_size=12))
def test_inversions_are_counted(ends: list[float]) -> None:
    assert _inversions(ends) == sum(a > b for a, b in combinations(ends, 2))


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.5, 3)), min_size=1, max_size=8))
def test_heights_are_the_nearest_that_keep_their_distance(pairs: list[tuple[float, float]]) -> None:
    wish, weight = [p for p, _ in pairs], [w for _, w in pairs]
    down = [10.0 * i for i in range(len(pairs))]
    y = [0.0] * len(pairs)
    _settle(list(range(len(pairs))), wish, weight, down, y)
    assert all(b - a >= 10 - 1e-9 for a, b in zip(y, y[1:], strict=False))
    cost = sum(w * (a - b) ** 2 for w, a, b in zip(weight, y, wish, strict=True))
    for i in range(len(y)):  # no shift of a part of them is better
        for step in (-0.01, 0.01):
            other = [v + (step if j >= i else 0) for j, v in enumerate(y)]
            if all(b - a >= 10 - 1e-9 for a, b in zip(other, other[1:], strict=False)):
                assert sum(w * (a - b) ** 2 for w, a, b in zip(weight, other, wish, strict=True)) >= cost - 1e-9


def test_nothing_has_no_size_and_ports_are_centred() -> None:
    assert layout([]).width == 0.0
    assert sum(offsets(5)) == 0.0 and len(offsets(5)) == 5


def test_long_programs_are_laid_out_without_recursion() -> None:
    places = [start(), *[box((i, 0), (i, 0)) for i in range(3000)], finish((3000, 0))]
    at = layout(places)
    assert at.crossings == 0 and max(at.layers) == 3001
