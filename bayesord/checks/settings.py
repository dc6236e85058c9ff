"""Checks on single settings: counts, seeds, names, numbers given to categories, processors."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from bayesord.checks.numbers import real_numbers
from bayesord.checks.problems import Problems, did_you_mean, name_list

__all__ = [
    "available_cores",
    "check_category_values",
    "check_choice",
    "check_cores",
    "check_count",
    "check_fitted",
    "check_flag",
    "check_known_names",
    "check_number",
    "check_random_seed",
]


def check_count(name: str, value: object, minimum: int = 1) -> int:
    """An integer of at least `minimum`; `True` and `3.0` are not counts.

    Examples
    --------
    >>> check_count("draws", 0)
    Traceback (most recent call last):
    ...
    ValueError: draws=0 must be an integer of at least 1.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name}={value!r} must be an integer of at least {minimum}.")
    return int(value)


def check_number(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    least: float | None = None,
) -> float:
    """A finite real number strictly between `above` and `below` (and no less than `least`)."""
    good = isinstance(value, Real) and not isinstance(value, bool | np.bool_) and math.isfinite(value)
    if good and above < value < below and (least is None or value >= least):
        return float(value)
    limits = [f"above {above:g}"] if above > -math.inf else []
    limits += [f"of at least {least:g}"] if least is not None else []
    limits += [f"below {below:g}"] if below < math.inf else []
    raise ValueError(
        f"{name}={value!r} must be a finite number{' ' if limits else ''}{' and '.join(limits)}."
    )


def check_flag(name: str, value: object) -> bool:
    """True or False, and nothing that only counts as one."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ValueError(f"{name}={value!r} must be True or False.")


def check_choice(name: str, value: object, known: Iterable[str]) -> str:
    """One of a list of names, with a suggestion where it is misspelt."""
    known = list(known)
    if isinstance(value, str) and value in known:
        return value
    raise ValueError(
        f"{name}={value!r} is unknown: use one of {name_list(known, 20)}.{did_you_mean(value, known)}"
    )


def check_random_seed(random_seed: object) -> object:
    """None, an integer of at least 0, a SeedSequence or a Generator: what `numpy.random.default_rng` takes."""
    if random_seed is None or isinstance(random_seed, np.random.Generator | np.random.SeedSequence):
        return random_seed
    if (
        isinstance(random_seed, Integral)
        and not isinstance(random_seed, bool | np.bool_)
        and random_seed >= 0
    ):
        return int(random_seed)
    raise ValueError(
        f"random_seed={random_seed!r} must be None, an integer of at least 0, or a numpy.random.Generator."
    )


def check_category_values(values: object, n_categories: int) -> np.ndarray:
    """The numbers given to categories, float64 of shape (K,); 0, 1, ..., K-1 for None.

    They must be finite and rise along the order; two categories of one value would be one category.
    """
    if values is None:
        return np.arange(n_categories, dtype=np.float64)
    numbers = real_numbers(values)
    if numbers is None:
        raise TypeError(f"category_values must be {n_categories} numbers; got {values!r}.")
    if numbers.shape != (n_categories,):
        raise ValueError(
            f"category_values.shape == {numbers.shape}, expected {(n_categories,)}: one per category."
        )
    if not np.isfinite(numbers).all():
        raise ValueError(f"category_values must be finite; got {name_list(numbers.tolist())}.")
    if (np.diff(numbers) <= 0).any():
        raise ValueError(
            f"category_values must rise along the categories; got {name_list(numbers.tolist())}. "
            "To reverse a scale, reverse its categories."
        )
    return numbers.copy()


def check_known_names(what: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Every given name is known; all unknown ones are listed with what exists."""
    problems = Problems()
    for name in given:
        if name not in known:
            problems.add(
                f"{what} {name!r} is unknown.{did_you_mean(name, known)} Known: {name_list(known, 20)}."
            )
    problems.raise_if_any()


def check_fitted(instance: object, attribute: str) -> None:
    """Raise scikit-learn's NotFittedError where the attribute that fitting sets is missing."""
    if getattr(instance, attribute, None) is None:
        from sklearn.exceptions import NotFittedError  # a second of imports for one error

        raise NotFittedError(
            f"This {type(instance).__name__} instance is not fitted yet. Call 'fit' with appropriate "
            "arguments before using this estimator."
        )


def available_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Processors that this process may use: its affinity, and the quota of its control group."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call
        cores = os.cpu_count() or 1
    return max(1, min(cores, _quota(cgroup) or cores))


def _quota(cgroup: Path) -> int | None:
    """The processor quota of control groups, version 2 or 1, rounded up."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()[:2]
        else:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        return math.ceil(int(quota) / int(period)) if int(quota) > 0 else None
    except (OSError, ValueError):  # no control groups, or no limit ("max")
        return None


def check_cores(cores: object, chains: int, available: int | None = None) -> tuple[int, str | None]:
    """How many processors to use, and what to say once where fewer than asked for exist."""
    limit = available_cores() if available is None else available
    if cores is None:
        return max(1, min(limit, chains)), None
    wanted = check_count("cores", cores)
    if wanted > limit:
        return limit, f"cores={wanted} is more than the {limit} this process may use; using {limit}."
    return wanted, None
