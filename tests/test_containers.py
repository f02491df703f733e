"""Containers: what is a product, how it comes apart, and how it is put together again."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import attrs
import numpy as np
import pytest

from essence_ad.containers import TUPLE, ZERO, container_of, describe

Point = namedtuple("Point", ["x", "y"])


@dataclass
class Layer:
    weight: Any
    bias: Any = 0.0
    cache: Any = field(default=None, init=False)


@attrs.frozen
class Pair:
    _first: Any
    second: Any


PRODUCTS = [
    (1.0, 2.0),
    [1.0],
    {"w": 1.0, "b": 2.0},
    OrderedDict(a=1.0),
    Point(1.0, 2.0),
    Layer(1.0, 2.0),
    Pair(1.0, 2.0),
    None,
    (),
]


@pytest.mark.parametrize("value", PRODUCTS, ids=lambda v: f"{type(v).__name__}{len(v) if isinstance(v, tuple) else ''}")
def test_products_come_apart_and_together(value: Any) -> None:
    container = container_of(value)
    assert container is not None
    again = container.build(container.children(value))
    assert type(again) is type(value) and again == value
    assert describe(value).split(" ", 1)[1].startswith(type(value).__name__)


@pytest.mark.parametrize("value", [1.0, 2, True, 1j, np.float32(1), np.ones(3), "text", ZERO, object()], ids=range(9))
def test_leaves(value: Any) -> None:
    assert container_of(value) is None


def test_names_count_not_their_order() -> None:
    container = container_of({"a": 1.0, "b": 2.0})
    assert container is not None and container.children({"b": 20.0, "a": 10.0}) == (10.0, 20.0)


def test_descriptions_show_structure_and_no_numbers() -> None:
    assert describe((1.0, 2.0)) == "a tuple of 2"
    assert describe({"w": 1.0}) == "a dict with ['w']"
    assert describe(np.ones((2, 3))) == "an array of shape (2, 3) and dtype float64"
    assert describe(1.5) == "a float" and describe(2) == "an int"
    assert container_of((1.0,)) is TUPLE and repr(ZERO) == "ZERO"
