"""The plots of a fit, as its methods."""

from __future__ import annotations

__all__ = ["PlotMethods"]


class PlotMethods:
    """`fit.plot_...`: each is the function of the same name in `bayesord.plots`, which says more."""

    def plot_category_probs(
        self,
        by=None,
        *,
        new=None,
        ax=None,
        prob: float = 0.9,
        new_groups: str = "error",
        group_effects: bool = True,
    ):
        """Category probabilities by condition or along a covariate: see `bayesord.plots.plot_category_probs`."""
        from bayesord.plots import plot_category_probs

        how = {"new_groups": new_groups, "group_effects": group_effects}
        return plot_category_probs(self, by, new=new, ax=ax, prob=prob, **how)
