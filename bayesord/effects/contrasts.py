"""From "temp" or {"age": 10} to pairs of settings of a covariate that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from numbers import Real

import numpy as np
import pandas as pd

from bayesord.checks import check_known_names, did_you_mean, name_list, to_float
from bayesord.modelling.covariate_grid import label
from bayesord.modelling.covariates import covariate_levels, group_columns, moments, values_of

__all__ = ["Contrast", "contrasts_of", "overwritten"]

_AS_IT_IS = ("plus", 0.0)
_PAIRS = {
    "reference": lambda levels: [(levels[0], level) for level in levels[1:]],
    "all": lambda levels: list(combinations(levels, 2)),
    "sequential": lambda levels: list(pairwise(levels)),
}


@dataclass(frozen=True)
class Contrast:
    """Two settings of a covariate: ("at", value), or ("plus", amount) added to what a row has.

    `text` is "high - low", with the sign of the comparison in between, or "+1".
    """

    variable: str
    text: str
    low: tuple
    high: tuple

    def key(self, setting: tuple) -> tuple:
        """The same for the settings of all contrasts that make the same rows of the same ones."""
        return setting if setting == _AS_IT_IS else (self.variable, *setting)

    def rows(self, rows: pd.DataFrame, setting: tuple) -> pd.DataFrame:
        """The rows with the covariate set so."""
        kind, value = setting
        column = rows[self.variable]
        if kind == "plus":
            changed = to_float(column) + value if value else column
        elif isinstance(column.dtype, pd.CategoricalDtype):
            changed = pd.Categorical(
                [value] * len(rows), categories=column.cat.categories.union([value], sort=False)
            )
        else:
            changed = np.full(len(rows), value, dtype=None if isinstance(value, str) else type(value))
        return rows.assign(**{self.variable: changed})


def overwritten(contrasts: list[Contrast]) -> str | None:
    """The one covariate whose values in the rows no contrast looks at."""
    names = {contrast.variable for contrast in contrasts}
    kept = any(kind == "plus" for contrast in contrasts for kind, _ in (contrast.low, contrast.high))
    return names.pop() if len(names) == 1 and not kept else None


def contrasts_of(design, variables, sign: str, group_effects: bool = True) -> list[Contrast]:
    """All contrasts of the variables asked for, in their order.

    Parameters
    ----------
    design : Design
    variables : None, str, list of str, or dict from names to changes
    sign : str
        What stands between the two settings in the text.
    group_effects : bool
        Whether the groups that rows belong to matter, so that they can be compared.
    """
    levels = covariate_levels(design)
    groups = group_columns(design) if group_effects else {}
    groups = {name: labels for name, labels in groups.items() if name not in levels}
    wanted = _wanted(variables, list(covariate_levels(design, slopes=group_effects)))
    if not wanted:
        raise ValueError("the model has no covariates: there is nothing to compare.")
    check_known_names("variable", wanted, [*levels, *groups])
    found = []
    for name, change in wanted.items():
        known = levels.get(name) or groups.get(name, ())
        settings = _of_factor(name, known, change, sign) if known else _of_number(design, name, change, sign)
        found += [Contrast(name, text, low, high) for text, low, high in settings]
    return found


def _wanted(variables, everything: list[str]) -> dict:
    if variables is None:
        return dict.fromkeys(everything)
    if isinstance(variables, str):
        return {variables: None}
    return dict(variables) if isinstance(variables, Mapping) else dict.fromkeys(variables)


def _pair(change) -> tuple | None:
    return tuple(change) if isinstance(change, tuple | list | np.ndarray) and len(change) == 2 else None


def _of_factor(name: str, levels: tuple, change, sign: str) -> list[tuple]:
    if isinstance(change, str) or change is None:
        change = "reference" if change is None else change
        if change not in _PAIRS:
            raise ValueError(
                f"{name!r} is a factor, and {change!r} is no way to compare its levels: give one of "
                f"{name_list(list(_PAIRS))}, or two levels (low, high).{did_you_mean(change, _PAIRS)}"
            )
        pairs = _PAIRS[change](levels)
    else:
        pair = _pair(change)
        strange = [value for value in pair or () if value not in levels]
        if pair is None or strange:
            what = (
                f"{name!r} has no level {strange[0]!r}"
                if strange
                else f"{name!r} is a factor, got {change!r}"
            )
            raise ValueError(
                f"{what}: give one of {name_list(list(_PAIRS))}, or two of its levels {name_list(levels, 20)}, "
                "(low, high)."
            )
        pairs = [pair]
    return [(f"{high}{sign}{low}", ("at", low), ("at", high)) for low, high in pairs]


def _of_number(design, name: str, change, sign: str) -> list[tuple]:
    pair = _pair(change)
    if change is None:
        pair, change = (0, 1) if _is_truth(design, name) else None, 1
    if pair is not None and all(_is_number(value) for value in pair):
        low, high = (float(value) for value in pair)
        return [(f"{label(high)}{sign}{label(low)}", ("at", low), ("at", high))]
    if isinstance(change, str) and change == "sd":
        return [("+1 sd", _AS_IT_IS, ("plus", moments(design, name)[1]))]
    if not _is_number(change) or change == 0:
        raise ValueError(
            f"{name!r} is a number, and {change!r} is no change of it: give the step, 'sd', or two values (low, high)."
        )
    return [(f"{change:+g}", _AS_IT_IS, ("plus", float(change)))]


def _is_truth(design, name: str) -> bool:
    """Whether the training rows have no values but 0 and 1."""
    try:
        return bool(np.isin(values_of(design, name), (0.0, 1.0)).all())
    except ValueError:  # the rows were not kept
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and np.isfinite(value)
