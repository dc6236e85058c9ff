"""Which rows a question is about: with what weights, and which of them are averaged together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesord.checks import Problems, did_you_mean, name_list, read_weights
from bayesord.modelling.covariate_grid import held, label, positions_by
from bayesord.modelling.covariates import (
    as_asked,
    covariate_levels,
    given_offset,
    group_columns,
    named_rows,
    offset_column,
    training_rows,
)
from bayesord.modelling.sources import column_of

__all__ = ["Asked", "ask"]

_MOST_COLUMNS = 10  # that tell rows apart in a table


@dataclass(frozen=True)
class Asked:
    """Rows, and the cells of the answer that they are averaged into.

    Attributes
    ----------
    rows : DataFrame, n rows
        The columns that the model uses. Rows that agree in everything are merged where they are averaged.
    offset : array (n,), or None
    weights : array (n,)
    cell : array (n,) of integers
        The cell of each row, 0 ... G-1.
    cells : DataFrame, G rows
        What tells the cells apart.
    dim : str or None
        What the cells are called in an array: "group", "obs_id", or None for a single average.
    labels : list
        One for each cell.
    said : str
        What to add to the name of a quantity.
    """

    rows: pd.DataFrame
    offset: np.ndarray | None
    weights: np.ndarray
    cell: np.ndarray
    cells: pd.DataFrame
    dim: str | None
    labels: list
    said: str

    @property
    def one_by_one(self) -> bool:
        """Whether every row is a cell of its own."""
        return self.dim == "obs_id"


def ask(
    fit, new, by, sample_weight, offset, new_groups: str, group_effects: bool, overwritten: str | None = None
) -> Asked:
    """The rows of a question; all that is wrong with new ones is raised here.

    `overwritten` names a covariate whose values in the rows will not be used.
    """
    design = fit.design
    by = (new is None) if by is None else by
    if new is None:
        if sample_weight is not None or offset is not None:
            raise ValueError("sample_weight= and offset= belong to new rows; the training rows keep theirs.")
        rows, offset, weights = training_rows(design), given_offset(design), design.weights
    else:
        rows = named_rows(design, new, offset)
        how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
        if not len(rows):
            raise ValueError("new has no rows.")
        design.rows(as_asked(design, rows), **how)
        offset = None if offset is None else np.asarray(offset, dtype=np.float64)
        weights = _weights(rows, sample_weight, by)
    names = _names(by, rows, new is None)
    used = {*covariate_levels(design), *group_columns(design), *offset_column(design)}
    kept = [name for name in rows.columns if name in used]
    if by is False:
        asked = _one_by_one(rows[kept], offset, overwritten)
    else:
        asked = _averaged(design, rows, kept, names, offset, weights)
    if design.groups and not group_effects:
        asked = replace(asked, said=f"{asked.said}, group effects 0")
    return asked


def _names(by, rows: pd.DataFrame, training: bool) -> list[str]:
    """The columns to average by; none for True and False."""
    if isinstance(by, bool):
        return []
    names = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    known = [str(column) for column in rows.columns]
    for name in names:
        if name not in known:
            where = "of the model; pass new= with the data for others" if training else "of new"
            raise ValueError(
                f"by={name!r} is no column {where}.{did_you_mean(name, known)} Columns: {name_list(known, 20)}."
            )
    return names


def _averaged(design, rows: pd.DataFrame, kept: list[str], names: list[str], offset, weights) -> Asked:
    """The rows averaged by the columns of these names, or all together."""
    kind = ("" if weights is None else "weighted ") + ("row" if len(rows) == 1 else "rows")
    said = f", averaged over {len(rows):,} {kind}"
    weights = np.ones(len(rows)) if weights is None else weights
    if not weights.all():
        some = weights > 0
        rows, weights, offset = rows[some], weights[some], None if offset is None else offset[some]
    cell = np.zeros(len(rows), dtype=np.int64)
    if not names:
        return _merged(Asked(rows[kept], offset, weights, cell, pd.DataFrame(index=[0]), None, [""], said))
    positions = positions_by(rows, names, covariate_levels(design))
    for number, index in enumerate(positions.values()):
        cell[index] = number
    cells = rows[names].iloc[[index[0] for index in positions.values()]].reset_index(drop=True)
    labels = [key[0] if len(key) == 1 else ", ".join(label(value) for value in key) for key in positions]
    said = f"{said} by {', '.join(names)}"
    return _merged(Asked(rows[kept], offset, weights, cell, cells, "group", labels, said))


def _weights(rows: pd.DataFrame, sample_weight, by) -> np.ndarray | None:
    if sample_weight is None:
        return None
    if by is False:
        raise ValueError(
            "sample_weight= weighs rows that are averaged: say which with by= (by=True: all of them)."
        )
    problems = Problems()
    given = column_of(rows, sample_weight, "sample_weight", problems)
    weights = read_weights(given, "frequency", len(rows), problems, rows.index)
    problems.raise_if_any()
    return weights


def _one_by_one(rows: pd.DataFrame, offset, overwritten: str | None) -> Asked:
    """Each row by itself, told apart by the covariates that differ between rows, where these can do it."""
    n, used = len(rows), rows[[name for name in rows.columns if name != overwritten]]
    varying = [name for name in used.columns if used[name].nunique() > 1]
    cells = rows[varying] if len(varying) <= _MOST_COLUMNS else rows[[]]
    if n > 1 and (not len(cells.columns) or cells.duplicated().any()):
        cells = cells.assign(obs_id=rows.index)[["obs_id", *cells.columns]]
    fixed = held(used) if len(used.columns) <= _MOST_COLUMNS else ""
    said = f", at {fixed}" if fixed else ""
    cells = cells.reset_index(drop=True)
    return Asked(rows, offset, np.ones(n), np.arange(n), cells, "obs_id", rows.index.tolist(), said)


def _merged(asked: Asked) -> Asked:
    """Rows that agree in all covariates, offset and cell as one row of their total weight."""
    n = len(asked.rows)
    parts = [asked.rows[name] for name in asked.rows.columns]
    parts += [asked.cell] if asked.offset is None else [asked.cell, asked.offset]
    number = np.zeros(n, dtype=np.int64)
    for part in parts:
        codes, values = pd.factorize(part)
        if len(values) > n / 2:
            return asked  # there is little to merge
        number = pd.factorize(number * len(values) + codes)[0]
    _, first = np.unique(number, return_index=True)
    return replace(
        asked,
        rows=asked.rows.iloc[first],
        offset=None if asked.offset is None else asked.offset[first],
        weights=np.bincount(number, weights=asked.weights),
        cell=asked.cell[first],
    )
