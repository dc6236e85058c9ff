"""What a comparison found: a table, paired differences, a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesord import html
from bayesord.checks import check_choice, did_you_mean
from bayesord.comparison.metrics import Metric

__all__ = ["Comparison", "Entry"]

SHOWN = ("qwk", "mae", "accuracy", "rps", "log_score")
MOST_SHOWN = 60


@dataclass(frozen=True, eq=False)
class Entry:
    """One method and decision.

    Attributes
    ----------
    method, decision, rule : str
    seconds : array (R,)
        Of each replicate (seed); nan where not measured.
    values : dict of str to array (R,)
    noise : dict of str to array (R, m)
        See `bayesord.comparison.metrics`.
    """

    method: str
    decision: str
    rule: str
    seconds: np.ndarray
    values: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]


class Comparison:
    """Methods and decisions on the same rows. Printing it shows a table; `table` has all of it.

    Attributes
    ----------
    entries : list of Entry
    metrics : list of Metric
    n_rows : int
    table : DataFrame
        One row for each method and decision: columns method, decision, then each metric and its standard error
        (`qwk`, `qwk_se`, ...), seconds, and how the decision was made (`rule`). Scores of probabilities do not
        depend on the decision.

    Notes
    -----
    Standard errors are of the rows: how much the score would vary over samples of as many. Where there are several
    seeds the value is the mean over them, and their variance over their number is added. Rows that trained a
    method, or chose it, make its standard error no larger and its score too good: give rows that it has not seen.
    """

    def __init__(self, entries: list[Entry], metrics: list[Metric], n_rows: int):
        self.entries, self.metrics, self.n_rows = entries, metrics, n_rows

    @property
    def n_replicates(self) -> int:
        """How many seeds."""
        return max((len(entry.seconds) for entry in self.entries), default=1)

    @property
    def table(self) -> pd.DataFrame:
        rows = []
        for entry in self.entries:
            row = {"method": entry.method, "decision": entry.decision}
            for metric in self.metrics:
                values, noise = entry.values[metric.name], entry.noise[metric.name]
                row[metric.name], row[f"{metric.name}_se"] = _mean_and_error(values, noise)
            rows.append({**row, "seconds": np.mean(entry.seconds), "rule": entry.rule})
        return pd.DataFrame(rows)

    def differences(self, reference=None) -> pd.DataFrame:
        """Each row of the table minus a reference, paired: the same rows and seeds.

        Parameters
        ----------
        reference : str or (str, str), optional
            A method: every row is compared with that method under the same decision. A method and a decision: all
            rows are compared with that one. The first method by default.

        Returns
        -------
        DataFrame
            As `table`: differences, and their standard errors by the differences of the influences.

        Raises
        ------
        ValueError
            For a method or decision that is not there, with the nearest one.
        """
        reference = self.entries[0].method if reference is None else reference
        method, decision = (reference, None) if isinstance(reference, str) else reference
        check_choice("reference", method, dict.fromkeys(entry.method for entry in self.entries))
        rows = []
        for entry in self.entries:
            other = self._find(
                method, entry.decision if decision is None else decision, required=decision is not None
            )
            row = {"method": entry.method, "decision": entry.decision, "reference": method}
            row["reference_decision"] = entry.decision if decision is None else decision
            for metric in self.metrics:
                found = (np.nan, np.nan)
                if other is not None:
                    with np.errstate(invalid="ignore"):
                        values = entry.values[metric.name] - other.values[metric.name]
                        noise = entry.noise[metric.name] - other.noise[metric.name]
                    found = _mean_and_error(values, noise)
                row[metric.name], row[f"{metric.name}_se"] = found
            rows.append(row)
        return pd.DataFrame(rows)

    def _find(self, method: str, decision: str, required: bool) -> Entry | None:
        here = {entry.decision: entry for entry in self.entries if entry.method == method}
        if decision not in here and required:
            raise ValueError(
                f"{method!r} has no decision {decision!r}.{did_you_mean(decision, here)} It has {', '.join(here)}."
            )
        return here.get(decision)

    def join(self, other: Comparison) -> Comparison:
        """Both in one table: comparisons on the same rows, with the same metrics and number of seeds.

        Raises
        ------
        ValueError
            For other rows or metrics, and for a method and decision that both have.
        """
        mine, theirs = ([metric.name for metric in c.metrics] for c in (self, other))
        if self.n_rows != other.n_rows or mine != theirs or self.n_replicates != other.n_replicates:
            raise ValueError(
                f"comparisons of {self.n_rows} and {other.n_rows} rows, {self.n_replicates} and {other.n_replicates} "
                f"seeds, metrics {mine} and {theirs}: only what was measured alike can be joined."
            )
        taken = {(entry.method, entry.decision) for entry in self.entries}
        if twice := [(e.method, e.decision) for e in other.entries if (e.method, e.decision) in taken]:
            raise ValueError(f"both comparisons have {twice[:5]}: give one of them another name.")
        return Comparison([*self.entries, *other.entries], self.metrics, self.n_rows)

    @classmethod
    def over_seeds(cls, comparisons: list[Comparison]) -> Comparison:
        """One comparison of several runs with the same methods, decisions and rows."""
        first = comparisons[0]
        entries = []
        for i, entry in enumerate(first.entries):
            runs = [comparison.entries[i] for comparison in comparisons]
            values = {m.name: np.concatenate([run.values[m.name] for run in runs]) for m in first.metrics}
            noise = {m.name: np.concatenate([run.noise[m.name] for run in runs]) for m in first.metrics}
            seconds = np.concatenate([run.seconds for run in runs])
            entries.append(Entry(entry.method, entry.decision, entry.rule, seconds, values, noise))
        return cls(entries, first.metrics, first.n_rows)

    def plot(self, metrics=None, *, axes=None):
        """Every method and decision with its standard error, one panel a metric: see `bayesord.comparison.figure`."""
        from bayesord.comparison.figure import plot_comparison

        return plot_comparison(self, metrics, axes=axes)

    def _metric(self, name: str) -> Metric:
        by_name = {metric.name: metric for metric in self.metrics}
        return by_name[check_choice("metric", name, by_name)]

    def _shown(self) -> tuple[str, pd.DataFrame]:
        """What is said above the table, and the table in words, the best of the first metric on top."""
        table, shown = self.table, pd.DataFrame()
        shown["method"], shown["decision"] = table["method"], table["decision"]
        names = [m.name for m in self.metrics if m.name in SHOWN] or [m.name for m in self.metrics][:5]
        for name in names:
            shown[name] = [
                f"{value:.3f} ± {se:.3f}" for value, se in zip(table[name], table[f"{name}_se"], strict=True)
            ]
        shown["seconds"] = [f"{value:.2f}" for value in table["seconds"]]
        first = self._metric(names[0])
        order = np.argsort(
            table[first.name].to_numpy() * (-1 if first.better == "higher" else 1), kind="stable"
        )
        seeds = f", {self.n_replicates} seeds" if self.n_replicates > 1 else ""
        cut = f"; the first {MOST_SHOWN} of {len(order)}, .table has all" if len(order) > MOST_SHOWN else ""
        return f"{self.n_rows:,} rows{seeds}; value ± standard error{cut}", shown.iloc[order[:MOST_SHOWN]]

    def __repr__(self):
        head, shown = self._shown()
        return f"{head}\n{shown.to_string(index=False)}"

    def _repr_html_(self) -> str:
        head, shown = self._shown()
        better = {metric.name: {"higher": " ↑", "lower": " ↓"}[metric.better] for metric in self.metrics}
        columns = [f"{name}{better.get(name, '')}" for name in shown.columns]
        caption = f"{head}; ↑ higher is better, ↓ lower"
        return html.block(html.table(columns, shown.to_numpy().tolist(), caption=caption, words=(0, 1)))


def _mean_and_error(values: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Mean over seeds (R,), and its standard error by rows (the mean of their noise, (R, m)) and by seeds."""
    with np.errstate(invalid="ignore"):
        of_rows = np.sum(noise.mean(axis=0) ** 2)
        of_seeds = np.var(values, ddof=1) / len(values) if len(values) > 1 else 0.0
        return float(np.mean(values)), float(np.sqrt(of_rows + of_seeds))
