"""Where in the user's code an operation was written."""

from __future__ import annotations

import pickle

import numpy as np

from essence_ad import R
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
