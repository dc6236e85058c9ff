"""What calibration found: ranks, how rare they are, and a figure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayesord.calibration.bands import (
    POINTS,
    Band,
    counts_below,
    probability_inside,
    rarest,
    simultaneous_band,
)

__all__ = ["Calibration"]

_OUTSIDE = 0.01  # of calibrations in which all is right


@dataclass(frozen=True, eq=False)
class Calibration:
    """The outcome of `simulate_calibration`.

    Attributes
    ----------
    ranks : DataFrame, one row per replicate, one column per quantity
        Where the truth lies among the posterior draws, from 0 to 1; uniform if all is right.
    divergences : int
        Replicates with divergences that the retry did not cure.
    """

    ranks: pd.DataFrame
    divergences: int

    @cached_property
    def _counts(self) -> np.ndarray:
        return counts_below(self.ranks.to_numpy())

    @cached_property
    def _band(self) -> Band:
        return simultaneous_band(len(self.ranks), _OUTSIDE / self.ranks.shape[1])

    @property
    def band(self) -> pd.DataFrame:
        """Shares of ranks below .01, .02, ..., .99: `lower` and `upper` limits that no quantity crosses anywhere in at
        least 99 of 100 calibrations, if all is right.

        The band of one quantity is simultaneous over the points (Säilynoja et al. 2022,
        doi:10.1007/s11222-022-10090-6), computed without simulation; the quantities share the 1 % by Bonferroni.
        """
        limits = {"lower": self._band.lower, "upper": self._band.upper}
        return pd.DataFrame(limits, index=pd.Index(POINTS, name="rank")) / len(self.ranks)

    @property
    def p_values(self) -> pd.Series:
        """Of each quantity: the probability that uniform ranks stray as far as these, exact."""
        n = len(self.ranks)
        # one step up in level, so that what is as rare as the ranks found counts as outside
        inside = [probability_inside(n, found * (1 + 1e-9)) for found in rarest(self._counts, n)]
        return pd.Series(np.clip(1 - np.array(inside), 0, 1), index=self.ranks.columns)

    @property
    def deviations(self) -> pd.Series:
        """How far each quantity strays at its worst point, in normal standard deviations over those at which the band
        lies: above 1 is outside."""
        from scipy import stats

        found = stats.norm.isf(rarest(self._counts, len(self.ranks)) / 2)
        return pd.Series(found / stats.norm.isf(self._band.gamma / 2), index=self.ranks.columns)

    @property
    def passed(self) -> bool:
        """Whether every quantity stays within the band."""
        return bool((self.deviations <= 1).all())

    def __str__(self):
        deviations = self.deviations
        worst = deviations.idxmax()
        said = "within" if self.passed else "OUTSIDE"
        return (
            f"{len(self.ranks)} replicates, {self.ranks.shape[1]} quantities, {said} the band: largest deviation "
            f"{deviations[worst]:.2f} of it, at {worst}; {self.divergences} replicates with divergences"
        )

    def plot(self, *, ax=None):
        """How far each quantity's distribution function is from that of the uniform distribution, and the band.

        A curve below, then above is that of ranks in the middle: the posterior is too wide. Above, then below: too
        narrow. Above throughout: too high; below: too low.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        if ax is None:
            from matplotlib import pyplot as plt

            ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")[1]
        n = len(self.ranks)
        share = np.arange(1, n + 1) / n
        outside = self.deviations[self.deviations > 1].index
        for name, column in self.ranks.items():
            x = np.sort(column)
            style = {"lw": 1.5, "label": name} if name in outside else {"lw": 0.6, "color": "0.45"}
            ax.step(np.r_[0, x, 1], np.r_[0, share - x, 0], where="post", **style)
        for limit in self.band.sub(POINTS, axis=0).to_numpy().T:
            ax.plot(POINTS, limit, color="black", ls="--", lw=1)
        ax.set(
            xlabel="rank of the truth among the draws", ylabel="distance from uniform", xlim=(0, 1),
            title=f"{n} replicates, {self.ranks.shape[1]} quantities; dashed: band of 99 %",
        )  # fmt: skip
        if len(outside):
            ax.legend(title="outside the band", fontsize="small")
        return ax
