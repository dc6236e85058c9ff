"""Means over splits, their standard errors, and paired differences to a reference.

Splits of one table share rows, so their scores are not independent: the usual error, sd/√J over J splits, is too
small. Nadeau & Bengio 2003, doi:10.1023/A:1024068626366, correct it for the rows that training sets share,

    se² = sd² (1/J + n_test / n_train).

With splits that share nothing (new data for each) the second term is left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["differences", "headline", "means", "over_tasks"]

KEYS = ["method", "decision"]


def means(table: pd.DataFrame, columns, overlap: float) -> pd.DataFrame:
    """By (method, decision): the mean of each column over splits, and its error as `<column>_se`.

    Parameters
    ----------
    table : DataFrame
        Columns method, decision, split, and the scores.
    columns : sequence of str
    overlap : float
        n_test / n_train where splits share rows; 0 where they do not, or for the usual error.
    """
    return _summary(table.set_index(KEYS), list(columns), overlap)


def differences(table: pd.DataFrame, reference: tuple[str, str], columns, overlap: float) -> pd.DataFrame:
    """By (method, decision): mean and error of the difference to one method and decision on the same splits."""
    columns = list(columns)
    scores = table.set_index([*KEYS, "split"])[columns]
    other = scores.xs(reference, level=KEYS)
    minus = scores - other.reindex(scores.index.get_level_values("split")).to_numpy()
    return _summary(minus.droplevel("split"), columns, overlap)


def headline(means: pd.Series) -> pd.Series:
    """By method: the mean under the decision "qwk", or that of its own labels where it has no other."""
    by_decision = means.unstack("decision")
    return by_decision["qwk"].fillna(by_decision["native"])


def over_tasks(
    tables: dict[str, pd.DataFrame], reference: tuple[str, str], columns, overlap: float
) -> pd.DataFrame:
    """By method: the mean over tasks of each score, `<column>_gap` to the reference, and `<column>_gap_se`.

    Tasks are independent, so the error of the mean over T of them is √(Σ se²) / T: the error of these tasks' mean,
    not of other tasks.
    """
    found = pd.DataFrame()
    for column in columns:
        mean, gap, error = [], [], []
        for table in tables.values():
            minus = differences(table, reference, [column], overlap)
            mean.append(headline(means(table, [column], overlap)[column]))
            gap.append(headline(minus[column]))
            error.append(headline(minus[f"{column}_se"]))
        found[column] = pd.concat(mean, axis=1).mean(axis=1, skipna=False)
        found[f"{column}_gap"] = pd.concat(gap, axis=1).mean(axis=1, skipna=False)
        found[f"{column}_gap_se"] = np.sqrt(
            (pd.concat(error, axis=1) ** 2).mean(axis=1, skipna=False) / len(error)
        )
    return found


def _summary(rows: pd.DataFrame, columns: list[str], overlap: float) -> pd.DataFrame:
    grouped = rows.groupby(level=KEYS, sort=False)[columns]
    errors = grouped.std(ddof=1) * np.sqrt(1 / grouped.count() + overlap)
    return grouped.mean().join(errors.add_suffix("_se"))
