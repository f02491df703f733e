"""Coordinates: the elements of a space as vectors of real numbers, with a name for each component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np

from essence_ad.calculus.arguments import array_parts, tree_of
from essence_ad.spaces import Space
from essence_ad.structure import leaves


@attrs.frozen
class Coordinates:
    """A space seen as real vectors: a complex array has the real parts of its numbers first, then the imaginary ones."""

    space: Space

    @property
    def parts(self) -> list[tuple[str, Any]]:
        """The arrays that can move, with their places."""
        return [(place, part) for place, part in array_parts(self.space) if not part.discrete]

    @property
    def real(self) -> bool:
        """Whether all numbers are real."""
        return all(part.dtype.kind != "c" for _, part in self.parts)

    @property
    def signs(self) -> Any:
        """What takes the coordinates of a covector to those of the vector that the bilinear pairing makes of it."""
        signs = [np.repeat([1.0, -1.0] if p.dtype.kind == "c" else [1.0], p.dim) for _, p in self.parts]
        return np.concatenate([np.zeros(0), *signs])

    @property
    def single_precision(self) -> bool:
        """Whether some numbers have fewer digits than float64."""
        return any(p.dtype.kind in "fc" and np.finfo(p.dtype).eps > np.finfo(np.float64).eps for _, p in self.parts)

    def vector(self, value: Any) -> Any:
        """The coordinates of an element."""
        held = [np.zeros(0)]
        for (_, part), leaf in zip(array_parts(self.space), leaves(self.space.pack(value)), strict=True):
            flat = np.ravel(leaf)
            flat = flat.astype(float) if flat.dtype == object else flat
            if not part.discrete:
                held += [flat.real, flat.imag] if part.dtype.kind == "c" else [flat]
        return np.concatenate(held)

    def value(self, vector: Any) -> Any:
        """The element with the given coordinates, in double precision."""
        return self.space.unpack(tree_of(self.space, self._leaves(vector)))

    def _leaves(self, vector: Any) -> Iterator[Any]:
        start = 0
        for _, part in array_parts(self.space):
            if part.discrete:
                yield part.zero()
                continue
            flat = vector[start : start + part.dim]
            start += part.dim
            if part.dtype.kind == "c":
                flat = flat + 1j * vector[start : start + part.dim]
                start += part.dim
            yield np.reshape(flat, part.shape)[()]

    def name(self, i: int) -> str:
        """Where a coordinate stands, as one writes it after the value."""
        for place, part in self.parts:
            for suffix in ("", ".imag") if part.dtype.kind == "c" else ("",):
                if i < part.dim:
                    index = ", ".join(map(str, np.unravel_index(i, part.shape))) if part.shape else ""
                    return place + (f"[{index}]" if index else "") + suffix
                i -= part.dim
        raise IndexError(i)
