"""Coefficients, cutpoints and standard deviations of group effects beside each other, drawn by ArviZ."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayesord.checks import check_choice, check_number
from bayesord.plots.parts import bare, longest, plain, said

__all__ = ["plot_forest"]

PARTS = ("beta", "cutpoints", "group_sd")
_CENTRED = "cutpoints less eta at the mean of the covariates"


def plot_forest(fit, parts=PARTS, *, centred: bool = False, prob: float = 0.9, combined: bool = True):
    """Posterior means and intervals of coefficients, cutpoints and standard deviations of group effects.

    Thick lines hold half of the posterior, thin ones `prob`, equal-tailed. It is ArviZ's `plot_forest` with names for
    readers; for other variables and settings call that on `fit.idata`.

    Parameters
    ----------
    fit : OrdinalFit
    parts : str or sequence of str
        Of "beta", "cutpoints" and "group_sd"; those that the model does not have are left out.
    centred : bool
        Show the cutpoints less eta at the mean of the covariates. F of these is P(y <= k) there, and they are near zero
        wherever the covariates are.
    prob : float
        Above one half.
    combined : bool
        False: every chain on a line of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Those of the intervals; the names stand in axes of their own.

    Raises
    ------
    ValueError
        For unknown parts, and where the model has none of them.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> ax = plot_forest(fit, "beta")
    >>> ax.get_xlabel()
    'posterior mean, 50 % and 90 % intervals'
    """
    import arviz as az

    check_number("prob", prob, above=0.5, below=1)
    parts = [check_choice("parts", part, PARTS) for part in ([parts] if isinstance(parts, str) else parts)]
    drawn = _named(fit, parts, centred)
    names = drawn["parameter"].values
    room = 0.3 + 0.085 * longest(names)
    height = 0.22 if combined else 0.45
    plots = az.plot_forest(
        xr.DataTree.from_dict({"posterior": drawn.to_dataset(name="value")}),
        combined=combined,
        labels=["parameter"],
        ci_kind="eti",
        ci_probs=(0.5, prob),
        point_estimate="mean",
        backend="matplotlib",
        figure_kwargs={
            "layout": "constrained",
            "width_ratios": [room, 5.0],
            "figsize": (room + 5.0, 1.2 + height * len(names)),
        },
    )
    words, lines = (plots.get_target(None, {"column": column}) for column in ("labels", "forest"))
    words.xaxis.set_visible(False)
    bare(words)
    lines.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    notes = said(
        f"posterior mean, 50 % and {100 * prob:g} % intervals", _CENTRED if centred else "", width=5.0
    )
    lines.set_xlabel(notes)
    return lines


def _named(fit, parts: list[str], centred: bool) -> xr.DataArray:
    """(chain, draw, parameter) of the parts that the model has, by names that say what they are."""
    posterior, design, found = fit.idata["posterior"], fit.design, []
    if "beta" in parts and design.predictors:
        found.append((posterior["beta"].values, list(design.predictors)))
    if "cutpoints" in parts:
        cutpoints = posterior["cutpoints"].values
        if centred:
            effect = (
                posterior["beta"].values @ design.mean if design.predictors else np.zeros(cutpoints.shape[:2])
            )
            cutpoints = cutpoints - (effect + design.offset_mean)[..., None]
        found.append((cutpoints, [f"cutpoint {c}" for c in posterior["cutpoint"].values]))
    if "group_sd" in parts:
        for group in design.groups:
            found.append(
                (posterior[group.sd].values, [f"sd of {term} by {group.name}" for term in group.terms])
            )
    if not found:
        raise ValueError(f"the model has none of {parts}; choose among {list(PARTS)}.")
    values = np.concatenate([values for values, _ in found], axis=2)
    names = [plain(name) for _, names in found for name in names]
    return xr.DataArray(values, dims=["chain", "draw", "parameter"], coords={"parameter": names})
