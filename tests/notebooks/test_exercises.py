"""A checker tells a right answer from a wrong one and from none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exercises import check, near, refused, undone

from essence_ad import dup, mul
from essence_ad.errors import NotLinearError, ShapeError


@pytest.mark.parametrize("answer", [..., (1, ...), [1, [2, ...]]])
def test_no_answer_is_not_done_yet(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert undone(answer)
    check(2, answer, ("it holds", lambda _: True))
    assert capsys.readouterr().out == "exercise 2: not done yet\n"


@pytest.mark.parametrize(
    "condition", [lambda _: False, lambda _: 1 / 0, lambda _: np.False_], ids=["false", "error", "numpy"]
)
def test_the_first_condition_that_fails_is_named(condition: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check(1, np.ones(3), ("it is", lambda _: True), ("it holds", condition), ("it cannot be", lambda _: 1 / 0))
    assert capsys.readouterr().out.startswith('exercise 1: not right yet: "it holds" does not hold')


@pytest.mark.parametrize("result", [None, True, np.ones(1), {"law": 12}], ids=str)
def test_a_condition_that_gives_nothing_or_something_true_holds(
    result: object, capsys: pytest.CaptureFixture[str]
) -> None:
    check(1, 5, ("it holds", lambda _: result))
    assert capsys.readouterr().out == "exercise 1: right: it holds\n"


def test_an_exercise_has_conditions() -> None:
    with pytest.raises(ValueError, match="conditions"):
        check(1, 5)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.1, False),
        (np.array([1.0, 2.0]), [1.0, 2.0], False),
        (np.ones(2), np.ones(2), True),
        (np.ones((2, 1)), np.ones(2), False),
        ((1.0, (2.0, 3.0)), (1, (2, 3)), True),
        ((1.0, 2.0), (1.0, 2.0, 3.0), False),
        ((1.0,), 1.0, False),
    ],
)
def test_near(found: Any, expected: Any, same: bool) -> None:
    assert near(lambda answer: answer, expected)(found) is same


def test_what_is_refused_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with refused():
        (dup >> mul).T  # noqa: B018
    assert capsys.readouterr().out.startswith("NotLinearError: ")


def test_a_mistake_that_is_not_made_is_one() -> None:
    with pytest.raises(AssertionError, match="nothing was refused"), refused():
        pass
    with pytest.raises(ZeroDivisionError), refused():
        1 / 0
    with pytest.raises(NotLinearError), refused(ShapeError):
        (dup >> mul).T  # noqa: B018
