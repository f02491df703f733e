"""Operation counts: numbers and arrays that know their value and count every primitive that is done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.containers import Container, Zero, container_of
from essence_ad.primitives.primitive import Primitive
from essence_ad.tracing.protocol import Overloaded

#: primitives that read as many elements as they give, however large the array that they read from
_GATHERS = frozenset({"index", "gather", "take", "take_along_axis", "split"})


@attrs.frozen
class Counts(Mapping[str, int]):
    """How often each primitive was called, by the catalogue's name; 0 for those that were not.

    ``total`` is their sum, ``elements`` the number of array elements that they worked on, ``value`` what the function
    returned.

    >>> counts = Counts({"sin": 1, "multiply": 2}, 3, 3.0)
    >>> counts["multiply"], counts["cos"], counts.total, counts
    (2, 0, 3, Counts(multiply=2, sin=1))
    """

    calls: Mapping[str, int]
    elements: int = 0
    value: Any = attrs.field(default=None, eq=False)

    @property
    def total(self) -> int:
        """The number of all calls."""
        return sum(self.calls.values())

    def __getitem__(self, name: str) -> int:
        return self.calls.get(name, 0)

    def __contains__(self, name: object) -> bool:
        return name in self.calls

    def __iter__(self) -> Iterator[str]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def __repr__(self) -> str:
        return f"Counts({', '.join(f'{name}={n}' for name, n in sorted(self.calls.items()))})"


class Tally:
    """What counted values of one run write to."""

    __slots__ = ("calls", "elements")

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.elements = 0


class Counted(Overloaded):
    """An array or number with its value, which counts what is done to it.

    >>> tally = Tally()
    >>> y = np.sin(Counted(0.0, tally)) * 2
    >>> y, dict(tally.calls)
    (<counted np.float64(0.0)>, {'sin': 1, 'multiply': 1})
    """

    __slots__ = ("tally", "value")
    abstract = False

    def __init__(self, value: Any, tally: Tally) -> None:
        self.value, self.tally = value, tally

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return np.shape(self.value)

    @property
    def dtype(self) -> Any:
        """The dtype of the value; a Python integer counts as a real number."""
        return np.dtype(np.float64) if type(self.value) is int else np.result_type(self.value)

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The counted result of the primitive on the values."""
        return self._run(primitive.name, primitive.call(**params).apply, list(inputs), {})

    def other(self, function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        """The counted result of any other function, under its own name."""
        return self._run(function.__name__, function, args, options)

    def _run(self, name: str, function: Any, args: Sequence[Any], options: dict[str, Any]) -> Any:
        plain = _plain(list(args))
        result = function(*plain, **_plain(options))
        self.tally.calls[name] += 1
        sizes = [np.size(r) for r in _flat(result)]
        if name not in _GATHERS:
            sizes = [max([*sizes, *[np.size(x) for x in _flat(plain)]], default=0)]
        self.tally.elements += sum(sizes)
        return _counted(result, self.tally)

    def known(self, use: str, remedy: str = "", *, steers: bool = False) -> Any:
        """The value."""
        return self.value

    def __repr__(self) -> str:
        return f"<counted {self.value!r}>"


def _flat(value: Any) -> list[Any]:
    return [leaf for v in value for leaf in _flat(v)] if isinstance(value, (tuple, list)) else [value]


def _plain(value: Any) -> Any:
    if isinstance(value, Counted):
        return value.value
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return type(value)([_plain(v) for v in value]) if type(value) in (tuple, list) else value


def _counted(value: Any, tally: Tally) -> Any:
    """A value with every number and array in its containers counted."""
    if isinstance(value, (Counted, Zero)):
        return value
    if isinstance(value, (int, float, complex, np.generic, np.ndarray)):
        return Counted(value, tally)
    container = container_of(value)
    return value if container is None else _rebuild(container, [_counted(v, tally) for v in container.children(value)])


def _value(value: Any) -> Any:
    """A value with nothing counted in it."""
    if isinstance(value, Counted):
        return value.value
    container = container_of(value)
    return value if container is None else _rebuild(container, [_value(v) for v in container.children(value)])


def _rebuild(container: Container, parts: list[Any]) -> Any:
    return tuple(parts) if container.type is tuple else container.build(parts)


def count(function: Callable[..., Any], *args: Any) -> Counts:
    """The primitives that a function calls at these arguments, each with how often.

    ``function`` may be a program, an arrow of any category, or a Python function. Numbers that it makes itself are not
    counted until they meet an argument.

    >>> from essence_ad import Additive, D, Dual, dup, mul
    >>> sqr = dup >> mul
    >>> count(sqr, 3.0)
    Counts(multiply=1)
    >>> count(lambda x, dy: D(Dual(Additive))(sqr)(x)[1](dy), 3.0, 1.0)
    Counts(add=1, multiply=3)
    """
    tally = Tally()
    result = function(*[_counted(a, tally) for a in args])
    return Counts(dict(tally.calls), tally.elements, _value(result))
