"""The two maps from data to the columns of X, for training rows and for new ones: a formula, or plain columns."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.checks import Problems, did_you_mean
from bayesord.modelling.encoding import FormulaMap

__all__ = ["ArraySource", "FormulaSource", "column_of"]


class FormulaSource:
    """Columns of X made by a formula; `offset_name` is the column (or whether an array) given as offset."""

    def __init__(self, encoder: FormulaMap, offset_name: str | bool) -> None:
        self.encoder, self.offset_name = encoder, offset_name
        self.own_offset = encoder.offset

    def encode(self, data: object, problems: Problems) -> tuple[np.ndarray, np.ndarray | None, pd.Index]:
        """X, the formula's own offset and the labels of new rows."""
        if not isinstance(data, pd.DataFrame):
            raise TypeError(
                f"new data must be a pandas DataFrame, as in training; got {type(data).__name__}."
            )
        X, offset = self.encoder.rows(data, problems)
        return X, offset, data.index


class ArraySource:
    """Columns of X taken as they are; new rows must bring the same ones."""

    own_offset = None

    def __init__(self, names: tuple[str, ...], named: bool, offset_name: bool) -> None:
        self.names, self.named, self.offset_name = names, named, offset_name

    def encode(self, data: object, problems: Problems) -> tuple[np.ndarray, None, pd.Index]:
        """X and the labels of new rows; the third, an offset of its own, does not exist here."""
        new = checks.read_covariates(data, problems)
        if new is not None:
            checks.check_same_columns(self.names, new, problems, named=self.named)
        problems.raise_if_any()
        if self.named != new.named and self.names:
            said = (
                "X does not have valid feature names, but the model was fitted with feature names"
                if self.named
                else "X has feature names, but the model was fitted without feature names"
            )
            warnings.warn(f"{said}; its columns are taken in order.", UserWarning, stacklevel=4)
        return new.values, None, pd.RangeIndex(len(new.values)) if new.index is None else new.index


def column_of(data: pd.DataFrame, name: object, role: str, problems: Problems) -> object:
    """The column that a string names; anything else as it is."""
    if not isinstance(name, str):
        return name
    found = int((data.columns == name).sum())
    if found == 1:
        return data[name]
    if found > 1:
        problems.add(f"data have duplicate column names: {name!r} ({role}). Give every column its own name.")
    else:
        hint = did_you_mean(name, [str(column) for column in data.columns])
        problems.add(f"{role}={name!r} is not a column of the data.{hint}")
    return None
