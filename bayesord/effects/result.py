"""What a question about a fit is answered with: draws, a tidy table, words and a plot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from pandas.api.types import is_numeric_dtype

from bayesord import html

__all__ = ["NUMBERS", "Axis", "Effects", "effects", "own_names"]

NUMBERS = ("estimate", "sd", "lower", "upper")
_RESERVED = {*NUMBERS, "chain", "draw", "variable", "contrast", "group", "category"}
_SHOWN = 40  # rows of a table when printed
_AT_ONCE = 1 << 22  # numbers sorted at once


@dataclass(frozen=True)
class Axis:
    """One axis of an answer: its dim (None: dropped, it has one entry), labels, and what the table says of each."""

    dim: str | None
    labels: list
    columns: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Effects:
    """Predictions or comparisons: draws, and a table of them.

    Attributes
    ----------
    table : DataFrame
        A row for each number: what it is about (the covariates or groups, the contrast, the category), then
        ``estimate``, and for a posterior ``sd``, ``lower`` and ``upper``: an equal-tailed interval. Estimates are posterior
        means, those of ratios posterior medians: the median of a ratio is one over that of the inverse ratio.
    draws : xarray.DataArray
        (chain, draw), then as far as there are any (contrast), (group) or (obs_id), (category). Columns of the table are
        coordinates too.
    prob : float
        Probability of the intervals.
    said : str
        What the numbers are.
    axes : tuple of Axis
        What the axes of the draws stand for: contrasts (of comparisons), cells, categories.
    neutral : float or None
        The value of no effect.
    """

    table: pd.DataFrame = field(repr=False)
    draws: xr.DataArray = field(repr=False)
    prob: float
    said: str
    axes: tuple[Axis, ...] = field(repr=False)
    neutral: float | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether the numbers are ratios, 1 meaning no effect."""
        return self.neutral == 1.0

    def plot(self, ax=None):
        """Estimates with intervals, or lines along a covariate: see `bayesord.plots.plot_effects`."""
        from bayesord.plots import plot_effects

        return plot_effects(self, ax=ax)

    def __repr__(self) -> str:
        shown = self._shown()
        more = len(self.table) - len(shown)
        rest = f"\n... {more:,} more in .table" if more else ""
        return f"{self._head()}\n{shown.to_string(index=False)}{rest}"

    def _repr_html_(self) -> str:
        shown = self._shown()
        words = [j for j, name in enumerate(shown.columns) if not is_numeric_dtype(self.table[name])]
        cut = len(shown) < len(self.table)
        left = f"The first {_SHOWN} of {len(self.table):,} rows; .table has all" if cut else ""
        rows = [[str(value) for value in row] for row in shown.itertuples(index=False)]
        return html.block(
            html.paragraph(self._head()), html.table(list(shown.columns), rows, caption=left, words=words)
        )

    def _head(self) -> str:
        if "sd" not in self.table:
            return f"{self.said}; at the posterior mode"
        return (
            f"{self.said}; posterior {'median' if self.is_ratio else 'mean'}, {100 * self.prob:g} % interval"
        )

    def _shown(self) -> pd.DataFrame:
        """The first rows, numbers with the digits that matter."""
        shown = self.table.head(_SHOWN).copy()
        for name, column in shown.items():
            if name in NUMBERS:
                shown[name] = [f"{value:.3f}" if abs(value) < 1e4 else f"{value:.3g}" for value in column]
            elif column.dtype.kind == "f":
                shown[name] = [f"{value:.6g}" for value in column]
        return shown


def effects(
    values: np.ndarray, axes: list[Axis], *, n_chains: int, prob: float, name: str, said: str, neutral=None
) -> Effects:
    """Draws (S, size of each axis) as `Effects`."""
    columns = _product([axis.columns for axis in axes], values.shape[1:])
    table = pd.concat([columns, _summary(values.reshape(len(values), -1), prob, neutral == 1.0)], axis=1)
    kept = [axis for axis in axes if axis.dim is not None]
    shape = (n_chains, len(values) // n_chains, *(len(axis.labels) for axis in kept))
    dims = ["chain", "draw", *(axis.dim for axis in kept)]
    coords = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    coords |= {axis.dim: np.asarray(pd.Index(axis.labels, tupleize_cols=False)) for axis in kept}
    for axis in kept:
        coords |= {
            column: (axis.dim, np.asarray(axis.columns[column]))
            for column in axis.columns
            if column not in coords
        }
    draws = xr.DataArray(values.reshape(shape), coords=coords, dims=dims, name=name)
    return Effects(table, draws, prob, said, tuple(axes), neutral)


def own_names(columns: pd.DataFrame) -> pd.DataFrame:
    """The same with an underscore after names that the table has for something else."""
    return columns.rename(columns={name: f"{name}_" for name in columns if name in _RESERVED})


def _product(frames: list[pd.DataFrame], shape: tuple[int, ...]) -> pd.DataFrame:
    """The columns of all axes, for every combination of their entries, the last axis varying fastest."""
    places = np.unravel_index(np.arange(np.prod(shape, dtype=int)), shape)
    parts = [frame.iloc[place].reset_index(drop=True) for frame, place in zip(frames, places, strict=True)]
    return pd.concat(parts, axis=1)


def _summary(values: np.ndarray, prob: float, median: bool) -> pd.DataFrame:
    """Columns estimate, sd, lower and upper of draws (S, m); of a single draw, estimate alone."""
    if len(values) == 1:
        return pd.DataFrame({"estimate": values[0]})
    ends = np.empty((3, values.shape[1]))
    step = max(1, _AT_ONCE // len(values))
    with np.errstate(invalid="ignore"):  # ratios may be infinite
        for start in range(0, values.shape[1], step):
            here = slice(start, start + step)
            ends[:, here] = np.quantile(values[:, here], [0.5, (1 - prob) / 2, (1 + prob) / 2], axis=0)
        sd = values.std(axis=0, ddof=1)
    estimate = ends[0] if median else values.mean(axis=0)
    return pd.DataFrame({"estimate": estimate, "sd": sd, "lower": ends[1], "upper": ends[2]})
