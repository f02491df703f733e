"""Memory that is kept between calls: places that are shared, arrays laid out as planned, blocks for each call."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad.planning import memory as module
from essence_ad.planning.memory import Item, Memory, Part, Places, Room, unmoved

F = np.dtype(np.float64)


def test_places_are_shared_and_grow() -> None:
    places = Places()
    a, b, c = places.take(100), places.take(200), places.take(50)
    places.free(a)
    places.free(b)
    assert places.take(150) == b and places.take(120) == a
    assert places.sizes == [120, 200, 50] and c == 2


def test_arrays_do_not_overlap_and_begin_at_cache_lines() -> None:
    places = Places()
    items = [Item(f"a{i}", places.take(8 * n), (n,), (0,), F, None) for i, n in enumerate((3, 17, 64))]
    (arrays,) = Memory(places, [Part(items, ["a0", "a1", "a2"])]).made()
    for i, a in enumerate(arrays):
        a[...] = i
    assert [a.tolist() for a in arrays] == [[0.0] * 3, [1.0] * 17, [2.0] * 64]
    assert all(a.ctypes.data % 64 == 0 for a in arrays)


def test_a_loop_has_arrays_for_each_step_and_shorter_ones_for_the_last() -> None:
    places = Places()
    item = Item("a", places.take(8 * 4 * 3), (4, 3), (1, 0), F, 0)
    view = Item("b", -1, (), (), None, None, "a", lambda a, rows: unmoved(a.T, (3 * rows,)))
    _, steps = Memory(places, [Part([], []), Part([item, view], ["a", "b"], rows=10, step=4)]).made()
    assert [(part, n, a.shape, b.shape) for part, n, a, b in steps] == [
        (slice(0, 4), 4, (4, 3), (12,)), (slice(4, 8), 4, (4, 3), (12,)), (slice(8, 10), 2, (2, 3), (6,)),
    ]  # fmt: skip
    assert all(np.shares_memory(a, b) for _, _, a, b in steps)


def test_each_call_that_runs_has_a_block() -> None:
    places = Places()
    memory = Memory(places, [Part([Item("a", places.take(8), (1,), (0,), F, None)], ["a"])])
    first, second = memory.take(), memory.take()
    assert not np.shares_memory(first[0][0], second[0][0])
    memory.give(first)
    assert memory.take() is first


def test_a_large_block_and_one_that_is_passing_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places()
    parts = [Part([Item("a", places.take(800), (100,), (0,), F, None)], ["a"])]
    passing = Memory(places, parts, keep=False)
    passing.give(passing.take())
    assert not passing.blocks
    monkeypatch.setattr(module, "KEPT", 100)
    large = Memory(places, parts)
    large.give(large.take())
    assert not large.blocks


def test_views_are_planned_where_nothing_moves() -> None:
    room = Room()
    room.place(0, "a", (2, 3, 4), F, None)
    assert room.view(1, 0, lambda a, rows: a.transpose(1, 2, 0), "b")
    assert room.view(2, 1, lambda a, rows: unmoved(a, (12, 2)), "c")
    assert not room.view(3, 2, lambda a, rows: unmoved(a, (24,)), "d")
    room.place(4, "e", (12, 2), F, None, like=(2,))
    (arrays,) = room.memory().made()
    assert [a.shape for a in arrays] == [(2, 3, 4), (3, 4, 2), (12, 2), (12, 2)]
    assert arrays[3].strides == (8, 96), "laid out as the operand"
    assert room.has(0) and room.free(0) and not room.free(0)


def test_a_view_of_arguments_is_not_in_the_memory() -> None:
    room = Room()
    room.outside(0, (2, 3), F)
    assert not room.view(1, 0, lambda a, rows: a.T, "b") and not room.used


def test_unmoved_refuses_to_copy() -> None:
    a = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(unmoved(a, (6,)), a)
    with pytest.raises((ValueError, AttributeError)):
        unmoved(a.T, (6,))
