"""What a system must answer to take part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.case import Case, Data, Function


@dataclass(frozen=True)
class Absent:
    """A system that is not installed."""

    reason: str


class Prepared(NamedTuple):
    """A function ready to be timed, its arguments, and how long making it took (0 where nothing is compiled)."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    compile_seconds: float
    more_bytes: int = 0  #: what the system says that a call needs, beside what Python's allocators see
    counts_python: bool = True  #: whether Python's allocators see the rest


class System(ABC):
    """Arrays in NumPy's names, operators of differentiation, and a way to make a function ready for many calls."""

    name: str
    may_hang: bool = False  #: whether its compiler may neither end nor be stopped: it is then tried in another process
    np: Any  #: the module of NumPy's names, as users import it
    logsumexp: Any

    @property
    @abstractmethod
    def version(self) -> str:
        """The installed version."""

    @abstractmethod
    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        """The value and the gradient."""

    @abstractmethod
    def grad(self, f: Function) -> Function:
        """The gradient in the first argument."""

    @abstractmethod
    def hessian(self, f: Function) -> Function:
        """All second derivatives in the only argument."""

    @abstractmethod
    def hvp(self, f: Function) -> Function:
        """The function of ``(x, v)`` that applies the second derivative at ``x`` to ``v``."""

    @abstractmethod
    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        """For each array of the value, what ``seed`` for it and nothing for the others pulls back to all arguments."""

    def array(self, value: Any) -> Any:
        """A NumPy value as the system holds it."""
        return value

    def numpy(self, value: Any) -> Any:
        """A system's array or number as NumPy's."""
        return value

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        """The function as it is called many times."""
        return Prepared(g, arguments, 0.0)

    def function(self, case: Case, data: Data) -> Function:
        """The function of a case."""
        return case.program(self.np, self.logsumexp, *[self.array(c) for c in data.constants])

    def derivative(self, case: Case, data: Data) -> Function:
        """What is timed, before it is made ready."""
        return case.derivative(self, self.function(case, data))

    def prepare(self, case: Case, data: Data) -> Prepared:
        """A case ready to be timed."""
        return self.ready(self.derivative(case, data), tuple([self.array(a) for a in data.arguments]))
