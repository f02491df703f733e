"""Programs that a type checker must refuse: on each marked line exactly the named error, and nowhere else."""

from essence_ad import Morphism, compose, cross, fork, join


class Length: ...


class Area: ...


class Weight: ...


def refused(square: Morphism[Length, Area], weigh: Morphism[Area, Weight], longer: Morphism[Length, Length]) -> None:
    square >> square  # error: operator
    weigh >> square  # error: operator
    square @ weigh  # error: operator
    square & weigh  # error: operator
    square | weigh  # error: operator
    square >> 3  # error: operator

    swapped: Morphism[Area, Length] = square  # error: assignment
    chain: Morphism[Length, Length] = square >> weigh  # error: operator
    after: Morphism[Length, Area] = weigh @ square  # error: assignment
    both: Morphism[Length, tuple[Length, Area]] = square & longer  # error: operator
    turned: Morphism[Length, Area] = square.T  # error: assignment
    del swapped, chain, after, both, turned

    compose(square, weigh)  # error: misc
    fork(square, weigh)  # error: misc
    join(square, weigh)  # error: misc
    side: Morphism[tuple[Length, Area], tuple[Weight, Area]] = cross(square, weigh)  # error: arg-type
    del side

    square.unknown  # error: attr-defined
