"""What `fit.diagnose()` returns: a list of checks that prints as a short report, with the figures behind it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from bayesord import html
from bayesord.diagnosis.parallel import Parallel
from bayesord.inference.diagnostics import Check, worst
from bayesord.inference.separation import Separation
from bayesord.plots import plot_diagnosis

__all__ = ["Diagnosis"]

_SAID = {"ok": "all checks passed", "caution": "to be looked at", "failed": "not to be used as it is"}


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """All checks of one fit. Printing it shows the report, `plot()` its figures.

    Attributes
    ----------
    checks : tuple of Check
        name, figure, reference, level, advice.
    category_counts : DataFrame, one row per category
        observed, mean, lower, upper, p: see `diagnosis.counts`.
    parallel : Parallel or None
        Tests and estimates of each predictor at each cutpoint; None where there is nothing to test.
    separation : Separation or None
    what : str
        The formula, or the response.
    prob : float
        Probability of the intervals.
    notes : tuple of str
        Checks that were left out, and why.
    """

    checks: tuple[Check, ...]
    category_counts: pd.DataFrame
    parallel: Parallel | None
    separation: Separation | None
    what: str
    response: str
    prob: float
    notes: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """The worst level of all checks: "ok", "caution" or "failed"."""
        return worst(self.checks)

    @property
    def table(self) -> pd.DataFrame:
        """One row per check: check, figure, reference, level, advice."""
        names = [field.name for field in fields(Check)]
        rows = [[getattr(check, name) for name in names] for check in self.checks]
        return pd.DataFrame(rows, columns=["check", *names[1:]])

    def plot(self, *, predictors=None):
        """Counts of the categories, and the parallel check: see `bayesord.plots.plot_diagnosis`."""
        return plot_diagnosis(self, predictors=predictors)

    def _advice(self) -> list[str]:
        return [check.advice for check in self.checks if check.advice] + list(self.notes)

    def __str__(self):
        shown = [(c.name, _figure(c), c.reference, c.level) for c in self.checks]
        widths = [max(len(row[i]) for row in shown) for i in range(3)]
        lines = [f"Diagnosis of {self.what}: {self.level} ({_SAID[self.level]})"]
        lines += [
            f"  {name:{widths[0]}}  {figure:>{widths[1]}}  {reference:{widths[2]}}  {level}"
            for name, figure, reference, level in shown
        ]
        return "\n".join(lines + [f"- {text}" for text in self._advice()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [[c.name, _figure(c), c.reference, c.level] for c in self.checks]
        head = html.status(self.level, f"Diagnosis of {self.what}", _SAID[self.level], self._advice())
        return html.block(head, html.table(["check", "figure", "reference", "level"], rows))


def _figure(check: Check) -> str:
    if isinstance(check.figure, int):
        return f"{check.figure:,}"
    if np.isnan(check.figure):
        return "-"
    if check.figure >= 100:
        return f"{check.figure:,.0f}"
    return f"{check.figure:.3f}" if check.figure >= 0.001 or check.figure == 0 else f"{check.figure:.0e}"
