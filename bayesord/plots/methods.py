"""The plots of a posterior or a posterior mode, as their methods."""

from __future__ import annotations

from bayesord.plots.forest import PARTS

__all__ = ["PlotMethods", "PosteriorPlots"]


class PlotMethods:
    """`fit.plot_...`: each is the function of the same name in `bayesord.plots`, which says more."""

    def plot_category_probs(
        self,
        by=None,
        *,
        new=None,
        ax=None,
        prob: float = 0.9,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ):
        """Category probabilities by condition or along a covariate: see `bayesord.plots.plot_category_probs`."""
        from bayesord.plots import plot_category_probs

        how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
        return plot_category_probs(self, by, new=new, ax=ax, prob=prob, **how)

    def plot_latent(
        self,
        by=None,
        *,
        new=None,
        ax=None,
        prob: float = 0.9,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ):
        """Density of the latent answer with the cutpoints: see `bayesord.plots.plot_latent`."""
        from bayesord.plots import plot_latent

        how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
        return plot_latent(self, by, new=new, ax=ax, prob=prob, **how)

    def plot_expected_qwk(
        self,
        new=None,
        y=None,
        *,
        yhat=None,
        category_values=None,
        random_seed=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
        ax=None,
    ):
        """`fit.expected_qwk` of these rows and labels drawn: see `bayesord.plots.plot_expected_qwk`.

        A line marks the score against `y`, the answers to the rows; of the training rows, the answers that were fitted.
        """
        from bayesord.plots import observed_qwk, plot_expected_qwk

        expected = self.expected_qwk(
            new,
            yhat,
            category_values=category_values,
            random_seed=random_seed,
            offset=offset,
            new_groups=new_groups,
            group_effects=group_effects,
        )
        observed = observed_qwk(self, expected, y, category_values, training=new is None)
        return plot_expected_qwk(expected, observed=observed, seen=new is None and y is None, ax=ax)

    def plot_confusion(
        self,
        new=None,
        y=None,
        *,
        decision="qwk",
        yhat=None,
        category_values=None,
        prob: float = 0.9,
        random_seed=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
        ax=None,
    ):
        """Answers against labels, expected with intervals and observed: see `bayesord.plots.plot_confusion`."""
        from bayesord.plots import plot_confusion

        labels = {"decision": decision, "yhat": yhat, "category_values": category_values}
        how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
        return plot_confusion(self, new, y, prob=prob, random_seed=random_seed, ax=ax, **labels, **how)

    def plot_calibration(
        self,
        new=None,
        y=None,
        *,
        prob: float = 0.9,
        random_seed=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ):
        """Observed shares against P(y <= k) at every cutpoint: see `bayesord.plots.plot_calibration`."""
        from bayesord.plots import plot_calibration

        how = {"offset": offset, "new_groups": new_groups, "group_effects": group_effects}
        return plot_calibration(self, new, y, prob=prob, random_seed=random_seed, **how)

    def plot_prior_posterior(self, *, draws: int = 4000, prob: float = 0.9, random_seed=None, ax=None):
        """Category probabilities before and after the data: see `bayesord.plots.plot_prior_posterior`."""
        from bayesord.plots import plot_prior_posterior

        return plot_prior_posterior(self, draws=draws, prob=prob, random_seed=random_seed, ax=ax)


class PosteriorPlots(PlotMethods):
    """Those that need draws as well."""

    def plot_forest(self, parts=PARTS, *, centred: bool = False, prob: float = 0.9, combined: bool = True):
        """Coefficients, cutpoints and group standard deviations with intervals: see `bayesord.plots.plot_forest`."""
        from bayesord.plots import plot_forest

        return plot_forest(self, parts, centred=centred, prob=prob, combined=combined)
