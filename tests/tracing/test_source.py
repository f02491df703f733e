"""Where in the user's code an operation was written."""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import R, program
from essence_ad.errors import (
    DTypeError,
    EssenceError,
    NeedsSpaceError,
    OptionError,
    ShapeError,
    StructureError,
    TracingError,
    UnsupportedError,
)
from essence_ad.tracing import source
from essence_ad.tracing.program import trace


def test_here_is_the_line_outside_the_library() -> None:
    place = source.here()
    assert place is not None
    assert str(place).startswith("test_source.py:")
    assert place.text == "place = source.here()"
    assert place.code.co_name == "test_here_is_the_line_outside_the_library"


def test_the_number_is_that_of_the_call() -> None:
    first, second = (
        source.here(),
        source.here(),
    )
    assert first is not None and second is not None
    assert second.number == first.number + 1


def test_operations_know_their_line_through_numpy() -> None:
    def f(x):
        y = np.multiply(x, x)
        return np.sum(y)

    multiply, total = [op for op, _, _ in trace(f, R[3]).diagram.boxes]
    assert multiply.line.text == "y = np.multiply(x, x)"
    assert total.line.text == "return np.sum(y)"
    assert total.line.number == multiply.line.number + 1


def test_code_without_a_file_has_a_number_and_no_text() -> None:
    scope = {"here": source.here}
    exec("\n\nplace = here()", scope)
    place = scope["place"]
    assert isinstance(place, source.Place)
    assert (place.number, place.text) == (3, "")


def test_a_place_is_pickled_as_its_text() -> None:
    place = source.here()
    assert pickle.loads(pickle.dumps(place)) == str(place)


def test_a_long_function_does_not_make_lines_dear() -> None:
    """A place holds the code and an offset: no work that grows with the function until it is shown."""
    body = "\n".join("    x = x + x" for _ in range(3000))
    scope: dict[str, object] = {}
    exec(f"def f(x):\n{body}\n    return x", scope)
    boxes = trace(scope["f"], R).diagram.boxes  # type: ignore[arg-type]
    assert [boxes[i][0].line.number for i in (0, 1, 2999)] == [2, 3, 3001]


def test_errors_say_what_to_do() -> None:
    unsupported = source.unsupported(np.fft.fft)
    assert "numpy.fft.fft" in str(unsupported) and "catalogue()" in str(unsupported)
    assert "axis=" in str(source.unsupported(np.sum, "axis="))
    assert "np.where" in str(source.in_place("x[0] = 1"))


kept: list[Any] = []


def keep(x: Any) -> Any:
    kept.append(x)
    return x


ERRORS: dict[str, tuple[Callable[[Any], Any], type[EssenceError], str, str]] = {
    # what is done: the function, the error, what it says, what it tells to do
    "a choice": (lambda x: 1.0 if x[0] > 0 else 2.0, TracingError, "asked whether it is true", "np.where"),
    "math": (lambda x: math.sin(x[0]), TracingError, "turned into a float", "np.sin and not math.sin"),
    "float": (lambda x: float(x[0]), TracingError, "turned into a float", "NumPy's functions"),
    "int": (lambda x: int(x[0]), TracingError, "turned into an int", "NumPy's functions"),
    "a count": (lambda x: list(range(x[0].astype(int))), TracingError, "as an index or a count", "program(f, static='n')"),
    "an index of a list": (lambda x: [1.0, 2.0][x[0].astype(int)], TracingError, "as an index or a count", "essence_ad.take"),
    "an option": (lambda x: np.sum(x, axis=x[0].astype(int)), TracingError, "as an index or an option", "essence_ad.take"),
    "a mask": (lambda x: x[x > 0], TracingError, "only traced integers can be", "np.where"),
    "item": (lambda x: x[0].item(), TracingError, "turned into a Python number", "NumPy's functions"),
    "a list": (lambda x: x.tolist(), TracingError, "turned into a list", "NumPy's functions"),
    "text": (lambda x: f"{x:.2f}", TracingError, "formatted", "print outside"),
    "a search": (lambda x: 1.0 in x, TracingError, "searched with 'in'", "np.where"),
    "an array": (lambda x: np.asarray(x) * 2, TracingError, "made a NumPy array", "leave np.asarray out"),
    "item assignment": (lambda x: x.__setitem__(0, 1.0), TracingError, "cannot be changed in place", "update(x, index, value)"),
    "out": (lambda x: np.add(x, 1.0, out=np.zeros(3)), TracingError, "cannot be changed in place", "leave out= away"),
    "where": (lambda x: np.add(x, 1.0, where=[True, False, True]), TracingError, "cannot be changed in place", "np.where(mask"),
    "at": (lambda x: np.add.at(x, 0, 1.0), TracingError, "cannot be changed in place", "make a new array"),
    "sort": (lambda x: x.sort(), TracingError, "cannot be changed in place", "x = np.sort(x)"),
    "fill": (lambda x: x.fill(1.0), TracingError, "cannot be changed in place", "np.full_like"),
    "a leak": (lambda x: x + kept[0], TracingError, "after the recording of keep ended", "return the array"),
    "an unknown function": (lambda x: np.packbits(x), UnsupportedError, "numpy.packbits is not known", "add a primitive"),
    "an output": (lambda x: np.cumsum(x, out=x), TracingError, "cannot be changed in place", "leave out= away"),
    "an unknown order": (lambda x: np.sort(x, order="a"), UnsupportedError, "numpy.sort with order= is not known", "leave order= out"),
    "shapes": (lambda x: x + np.ones(4), ShapeError, "add does not take arguments of these shapes", "change the argument"),
    "a matrix": (lambda x: np.ones((2, 2)) @ x, ShapeError, "matmul does not take", "change the argument"),
    "an axis": (lambda x: np.sum(x, axis=5), ShapeError, "sum does not take", "options of sum"),
    "axes": (lambda x: x.mT, ShapeError, "mT exchanges the last two axes", "use T"),
    "a dtype": (lambda x: x & 3, DTypeError, "bitwise_and does not take arguments of these dtypes", "change the argument"),
    "a result": (lambda x: "text", StructureError, "neither numbers nor a structure of them", "return the numbers only"),
    "a part of a result": (lambda x: {"a": x, "b": object()}, StructureError, "neither numbers", "outside the program"),
    "an unhashable static value": (lambda x: program(keep, static="x")([1.0]), OptionError, "cannot be hashed", "a tuple"),
    "a traced static value": (lambda x: program(keep, static="x")(x), TracingError, "is a traced array", "out of static"),
}  # fmt: skip
FREE: dict[str, Callable[[Any], Any]] = {
    "shape": lambda x: x.shape, "dtype": lambda x: x.dtype, "length": lambda x: len(x), "index": lambda x: x[0], "items": lambda x: list(x),
}  # fmt: skip


def lines_of(f: Any) -> str:
    return f"test_source.py:{f.__code__.co_firstlineno}"


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_of_tracing_tells_the_users_line_and_what_to_do(name: str) -> None:
    if not kept:
        program(keep)(np.ones(3))
    f, kind, says, remedy = ERRORS[name]
    with pytest.raises(kind) as caught:
        program(f)(np.array([1.0, 2.0, 3.0]))
    message = str(caught.value)
    assert says in message.splitlines()[0] and remedy in message.split("to do:")[1]
    assert lines_of(f) in message, "the line"
    if kind is not StructureError:
        assert f'"{name}": (lambda x:' in message, "the text of the line"


@pytest.mark.parametrize("name", FREE)
def test_what_needs_a_space_tells_the_line_too(name: str) -> None:
    with pytest.raises(NeedsSpaceError) as caught:
        _ = program(FREE[name]).diagram
    message = str(caught.value)
    assert "no space was given" in message and lines_of(FREE[name]) in message and "program(<lambda>, R[3])" in message


def test_the_length_of_a_number_is_a_type_error_with_the_line() -> None:
    with pytest.raises(TypeError, match=r"without axes at test_source.py:\d+: program\(lambda x: len\(x\)\)"):
        program(lambda x: len(x))(1.0)


def test_a_list_that_is_used_as_an_array_is_told() -> None:
    with pytest.raises(TypeError) as caught:
        program(lambda x: x * x)([1.0, 2.0])
    assert "was given a list, which is a product of its items" in caught.value.__notes__[0]
    with pytest.raises(AttributeError) as told:
        program(lambda x: x.sum())([1.0, 2.0])
    assert "np.array(x)" in told.value.__notes__[0]


def test_a_function_is_told_with_the_line_of_its_definition() -> None:
    assert source.defined(functools.partial(keep, 1)) == f"keep at {lines_of(keep)}"
    assert source.defined(np.sin) == "sin"
