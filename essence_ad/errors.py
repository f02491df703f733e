"""One exception for each kind of mistake; every message says what was found, what was expected and what to do."""

from __future__ import annotations

import pickle


class EssenceError(Exception):
    """A wrong call, told in three parts: what was found, what was expected, and what to do.

    >>> print(ShapeError("multiply got shapes that do not fit", found="(2,) and (3,)",
    ...                  expected="shapes that broadcast", remedy="reshape one of them"))
    multiply got shapes that do not fit
      found:    (2,) and (3,)
      expected: shapes that broadcast
      to do:    reshape one of them
    """

    def __init__(self, what: str, *, found: object, expected: object, remedy: str) -> None:
        self.what, self.found, self.expected, self.remedy = what, found, expected, remedy
        super().__init__(f"{what}\n  found:    {found}\n  expected: {expected}\n  to do:    {remedy}")


class CompositionError(EssenceError, TypeError):
    """Two arrows were composed whose boundaries cannot be made equal."""


class StructureError(EssenceError, TypeError):
    """An argument is a product of another structure than the program takes."""


class ShapeError(EssenceError, ValueError):
    """An array has a shape that a primitive or a space does not take."""


class DTypeError(EssenceError, TypeError):
    """An array has a dtype that cannot be used there, as integers where a derivative is asked for."""


class NotScalarError(EssenceError, TypeError):
    """A gradient was asked of a program whose result is not one number."""


class NotLinearError(EssenceError, TypeError):
    """A transpose or another linear reading was asked of an arrow that is not linear."""


class NotAdditiveError(EssenceError, TypeError):
    """A category without addition was asked for ``zero``, ``inl``, ``inr`` or ``jam``."""


class NotDifferentiableError(EssenceError, TypeError):
    """A derivative was asked of something that states none."""


class NeedsSpaceError(EssenceError, TypeError):
    """The answer depends on shapes that the program alone does not tell."""


class NotAProgramError(EssenceError, TypeError):
    """Something was given where a program was expected, that is, a morphism or a function."""


class OptionError(EssenceError, TypeError):
    """A keyword was given that the operation does not have, or with a value that it does not take."""


class UnsupportedError(EssenceError, TypeError):
    """Something that no primitive of this library stands for was met."""


class TracingError(EssenceError, TypeError):
    """A function used a traced array in a way that cannot be recorded."""


class NotPicklableError(EssenceError, pickle.PicklingError):
    """A program was pickled that holds what only this process knows, as a lambda."""


class ParseError(EssenceError, ValueError):
    """An expression on the command line is not one of arithmetic on names, numbers and known functions."""


class IllFormedError(EssenceError, AssertionError):
    """A program between two stages of the compiler breaks a rule that every stage relies on."""


class LawError(EssenceError, AssertionError):
    """A category breaks a law; carries the law's name, its smallest failing instance, and the programs that differ."""

    def __init__(
        self,
        what: str,
        *,
        found: object,
        expected: object,
        remedy: str,
        law: str = "",
        instance: object = None,
        sides: tuple[object, object] | None = None,
    ) -> None:
        super().__init__(what, found=found, expected=expected, remedy=remedy)
        self.law, self.instance, self.sides = law, instance, sides


class DerivativeError(EssenceError, AssertionError):
    """A stated derivative disagrees with differences of the function, or with its own transpose."""


class NotCompiledWarning(UserWarning):
    """A derivative is computed as before, because its compilation, which nobody asked for, was not possible."""


class ValueDependenceWarning(UserWarning):
    """The values at a point decided what a function does, so its derivative is that of the branch taken there."""
