"""New rows, coded as the training rows were."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.checks import Problems
from bayesord.modelling.groups import GroupRows
from bayesord.modelling.sources import ArraySource, FormulaSource, column_of

__all__ = ["NEW_GROUPS", "NewRows", "code_rows", "frozen", "frozen_groups"]

NEW_GROUPS = ("error", "sample", "zero")


@dataclass(frozen=True)
class NewRows:
    """Rows to predict for: X (n, p) on the user's scale, offset (n,) or None, labels of the rows, group terms."""

    X: np.ndarray
    offset: np.ndarray | None
    obs_id: pd.Index
    groups: tuple[GroupRows, ...] = ()


def code_rows(
    source: FormulaSource | ArraySource, data: object, offset: object, new_groups: str, group_effects: bool
) -> NewRows:
    """Code new rows by the source of the training rows: `Design.rows`."""
    checks.check_choice("new_groups", new_groups, NEW_GROUPS)
    problems = Problems()
    coded, index = source.encode(data, problems, new_groups if group_effects else None)
    needed = source.offset_name
    if isinstance(needed, str) and offset is None:
        offset = column_of(data, needed, "offset", problems)
    elif needed and offset is None:
        problems.add("the model was fitted with an offset: pass offset= for the new rows as well.")
    elif not needed and offset is not None:
        problems.add("the model was fitted without an offset argument: leave offset= out.")
    given = checks.read_offset(offset, len(index), problems, index)
    problems.raise_if_any()
    parts = [part for part in (coded.offset, given) if part is not None]
    total = frozen(np.sum(parts, axis=0)) if parts else None
    return NewRows(frozen(coded.X), total, index, frozen_groups(coded.groups))


def frozen(array: np.ndarray | None) -> np.ndarray | None:
    """The array itself, C-contiguous and read-only; every array given here has no other owner."""
    if array is None:
        return None
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def frozen_groups(groups: tuple) -> tuple:
    """The same group terms with read-only arrays."""
    return tuple(replace(group, index=frozen(group.index), Z=frozen(group.Z)) for group in groups)
