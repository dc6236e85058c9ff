"""What transforms learned, as plain numbers that can be stored, and transforms made of such numbers again.

Only numbers are stored. Which transform it is, and with which options, the formula says, through the allow-list.
"""

from __future__ import annotations

import numpy as np

from bayesord.modelling.transforms import FUNCTIONS, MOST_COLUMNS, Basis, Center, Polynomial, Scale

__all__ = ["restore_transform", "transform_state"]

# What each transform learns: the names of its attributes, and their number of dimensions
_LEARNED: dict[type, dict[str, int]] = {
    Center: {"mean": 0},
    Scale: {"mean": 0, "sd": 0},
    Polynomial: {"shifts": 1, "norms": 1},
    Basis: {"bounds": 1, "knots": 1, "constraint": 2},
}


def transform_state(transform: object) -> dict[str, object]:
    """The numbers that a transform learned, as floats and lists.

    Examples
    --------
    >>> transform_state(Center(np.array([1.0, 2.0, 6.0]), None))
    {'mean': 3.0}
    """
    return {name: np.asarray(getattr(transform, name)).tolist() for name in _LEARNED[type(transform)]}


def restore_transform(name: str, state: object, options: dict) -> object:
    """The transform that a formula calls by `name`, with these options and numbers.

    Raises
    ------
    ValueError
        For numbers that this transform cannot have learned.
    """
    kind = FUNCTIONS[name].make
    known = _LEARNED[kind]
    if not isinstance(state, dict) or state.keys() != known.keys():
        raise ValueError(f"what {name}() learned is not there")
    numbers = {key: np.array(value, dtype=np.float64) for key, value in state.items()}
    if any(numbers[key].ndim != ndim or not np.isfinite(numbers[key]).all() for key, ndim in known.items()):
        raise ValueError(f"what {name}() learned is damaged")
    made = object.__new__(kind)
    _FILL[kind](made, numbers, **options)
    return made


def _center(made: Center, numbers: dict) -> None:
    made.mean = float(numbers["mean"])


def _scale(made: Scale, numbers: dict) -> None:
    made.mean, made.sd = float(numbers["mean"]), float(numbers["sd"])
    _check("sd", made.sd > 0)


def _polynomial(made: Polynomial, numbers: dict, degree: int = 1, raw: bool = False) -> None:
    made.degree, made.raw = degree, raw
    made.shifts, made.norms = numbers["shifts"].tolist(), numbers["norms"].tolist()
    _check("degree", 1 <= degree <= MOST_COLUMNS)
    _check("norms", len(made.shifts) == len(made.norms) == (0 if raw else degree + 1))
    _check("norms", min(made.norms, default=1.0) > 0)


def _basis(
    made: Basis,
    numbers: dict,
    df: int = 0,
    degree: int = 3,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
) -> None:
    made.degree, made.bounds = degree, tuple(numbers["bounds"].tolist())
    made.knots, made.constraint = numbers["knots"], numbers["constraint"]
    _check("df", 0 <= degree <= MOST_COLUMNS and max(degree, 1) <= df <= MOST_COLUMNS)
    _check("bounds", len(made.bounds) == 2 and made.bounds[0] < made.bounds[1])
    _check("knots", made.knots.shape == (df + degree + 2,) and (np.diff(made.knots) >= 0).all())
    _check("constraint", made.constraint.shape == (df + 1, df))


_FILL = {Center: _center, Scale: _scale, Polynomial: _polynomial, Basis: _basis}


def _check(what: str, good: object) -> None:
    if not good:
        raise ValueError(f"its {what} cannot be what a transform learned")
