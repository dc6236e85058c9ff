"""Means over splits, their standard errors, and paired differences to a reference.

Splits of one table share rows, so their scores are not independent: the usual error, sd/√J over J splits, is too
small. Nadeau & Bengio 2003, doi:10.1023/A:1024068626366, correct it for the rows that training sets share,

    se² = sd² (1/J + n_test / n_train).

With splits that share nothing (new data for each) the second term is left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["differences", "errors", "means"]


def errors(values: pd.DataFrame, overlap: float) -> pd.Series:
    """Standard errors of the means of columns; `overlap` is n_test / n_train where splits share rows, else 0."""
    return values.std(ddof=1) * np.sqrt(1 / len(values) + overlap)


def means(table: pd.DataFrame, columns, overlap: float) -> pd.DataFrame:
    """By (method, decision): the mean of each column, and its error as `<column>_se`."""
    return _summary(table.set_index(["method", "decision"])[list(columns)], columns, overlap)


def differences(table: pd.DataFrame, reference: tuple[str, str], columns, overlap: float) -> pd.DataFrame:
    """By (method, decision): mean and error of the difference to a method and decision on the same splits."""
    indexed = table.set_index(["method", "decision", "split"])[list(columns)]
    other = indexed.xs(reference, level=["method", "decision"])
    minus = indexed - indexed.index.get_level_values("split").map(lambda split: split).to_frame().join(
        other, on="split"
    )[list(columns)].set_axis(indexed.index)
    return _summary(minus.droplevel("split"), columns, overlap)


def _summary(rows: pd.DataFrame, columns, overlap: float) -> pd.DataFrame:
    grouped = rows.groupby(level=["method", "decision"], sort=False)
    found = grouped.mean()
    for column in columns:
        found[f"{column}_se"] = grouped[column].std(ddof=1) * np.sqrt(1 / grouped[column].count() + overlap)
    return found
