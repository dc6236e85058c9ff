"""What comes from the user: the map from data to the columns of X, and what each row carries besides X."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.checks import Problems, did_you_mean
from bayesord.modelling.encoding import Coded, FormulaMap

__all__ = ["ArraySource", "FormulaSource", "TrainingRows", "column_of", "read_table"]


class FormulaSource:
    """Columns of X made by a formula; `offset_name` is the column (or whether an array) given as offset."""

    def __init__(self, encoder: FormulaMap, offset_name: str | bool) -> None:
        self.encoder, self.offset_name = encoder, offset_name

    def encode(
        self, data: object, problems: Problems, new_groups: str | None = "error"
    ) -> tuple[Coded, pd.Index]:
        """New rows and their labels; `new_groups` None leaves the group terms out."""
        if not isinstance(data, pd.DataFrame):
            raise TypeError(
                f"new data must be a pandas DataFrame, as in training; got {type(data).__name__}."
            )
        data = read_table(data, "new data", problems)
        problems.raise_if_any()
        return self.encoder.rows(data, problems, new_groups=new_groups), data.index


class ArraySource:
    """Columns of X taken as they are; new rows must bring the same ones."""

    def __init__(self, names: tuple[str, ...], named: bool, offset_name: bool) -> None:
        self.names, self.named, self.offset_name = names, named, offset_name

    def encode(
        self, data: object, problems: Problems, new_groups: str | None = "error"
    ) -> tuple[Coded, pd.Index]:
        """New rows and their labels; arrays have no group terms."""
        new = checks.read_covariates(data, problems)
        if new is not None:
            checks.check_size(new.values.shape, "X", problems)
            checks.check_same_columns(self.names, new, problems, named=self.named)
        problems.raise_if_any()
        if self.named != new.named and self.names:
            said = (
                "X does not have valid feature names, but the model was fitted with feature names"
                if self.named
                else "X has feature names, but the model was fitted without feature names"
            )
            warnings.warn(f"{said}; its columns are taken in order.", UserWarning, stacklevel=5)
        return Coded(new.values, None), pd.RangeIndex(len(new.values)) if new.index is None else new.index


def read_table(data: pd.DataFrame, name: str, problems: Problems) -> pd.DataFrame:
    """A DataFrame that has rows, names of one level, and columns that pandas can pick from."""
    checks.check_size(data.shape, name, problems)
    if data.columns.nlevels > 1:
        problems.add(
            f"{name} has column names of {data.columns.nlevels} levels. Join them to one, for example "
            "data.columns = ['_'.join(map(str, names)) for names in data.columns].",
            TypeError,
        )
    return checks.native_table(data)


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


class TrainingRows:
    """What each row carries besides X: its weight, its offset, its label; rows of weight 0 are left out.

    `weights`, `offset` and `obs_id` cover the rows kept, `keep` is the mask of them (None: all).
    """

    def __init__(
        self,
        n: int,
        index: pd.Index | None,
        *,
        sample_weight: object,
        kind: str,
        offset: object,
        problems: Problems,
    ) -> None:
        self.problems, self.kind, self.index = problems, kind, index
        weights = checks.read_weights(sample_weight, kind, n, problems, index)
        self.keep = None if weights is None or weights.all() else weights > 0
        self.weights = self._kept(weights)
        self.offset = self._kept(checks.read_offset(offset, n, problems, index, self.keep))
        labels = pd.RangeIndex(n) if index is None else index
        self.obs_id = labels if self.keep is None else labels[self.keep]

    def _kept(self, values: np.ndarray | None) -> np.ndarray | None:
        return values if values is None or self.keep is None else values[self.keep]

    def read(self, y: object, categories: object, name: str) -> checks.Response | None:
        """The response of the rows kept."""
        counted = self.weights is not None and self.kind == "frequency"
        return checks.read_response(
            y,
            self.problems,
            categories=categories,
            keep=self.keep,
            name=name,
            index=self.index,
            total_weight=float(self.weights.sum()) if counted else None,
        )

    def add_offset(self, offset: np.ndarray | None) -> None:
        """Add the offset that a formula made for the rows kept."""
        if offset is not None:
            self.offset = offset if self.offset is None else self.offset + offset
