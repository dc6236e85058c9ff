"""Randomised residuals, against what they should have nothing to do with and against their distribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy.special import betaincinv, ndtri

from bayesord.checks import check_choice, check_random_seed, did_you_mean, name_list
from bayesord.likelihood.links import get_link
from bayesord.plots.colours import category_colours
from bayesord.plots.parts import bare, category_legend, legend_height, plain, said, wrapped
from bayesord.plots.smooth import local_line
from bayesord.predictive.latent import centred_quantile

__all__ = ["plot_residuals"]

_MOST_POINTS = 5000
_FEW_VALUES = 12  # a covariate with so many gets means instead of a line
_QQ_POINTS = 500
_BAND = 0.9
_QQ_BAND = 0.99


def plot_residuals(fit, by=None, *, kind: str = "quantile", loo: bool = False, random_seed=None, ax=None):
    """Residuals against the linear predictor or a covariate, with a line through them; and a quantile-quantile plot.

    If the model is right the line stays near zero: the band holds 90 % of such lines at each place. The points of the
    second panel stay near the diagonal: its band holds 99 % of them at each place. Residuals are random (`fit.residuals`):
    look at several seeds before you believe a pattern.

    Parameters
    ----------
    fit : OrdinalFit or OrdinalMode
    by : str, or (n,) array or Series, optional
        A covariate, a column of the model, or any values of the training rows, such as a variable that the model does
        not have. By default eta, its posterior mean.
    kind : "quantile" | "surrogate"
    loo : bool
        As for `fit.residuals`.
    random_seed : int, optional
    ax : matplotlib.axes.Axes, optional
        For the first panel alone.

    Returns
    -------
    array of two matplotlib.axes.Axes, or `ax`

    Raises
    ------
    ValueError
        For unknown names, and another number of values than there are training rows.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> axes = plot_residuals(fit, random_seed=1)
    >>> axes[0].get_xlabel().splitlines()[0], axes[1].get_xlabel()
    ('eta (posterior mean)', 'standard normal quantiles')
    """
    check_choice("kind", kind, ("quantile", "surrogate"))
    rng = np.random.default_rng(check_random_seed(random_seed))
    name, x = _abscissa(fit, by)
    r = fit.residuals(kind, loo=loo, random_seed=rng).to_numpy()
    if ax is not None:
        _scatter(ax, fit, name, x, r, kind, rng)
        return ax
    import matplotlib.pyplot as plt

    height = 3.6 + legend_height(fit.design.categories, 4.5)
    widths = {"width_ratios": [1.5, 1]}
    _, axes = plt.subplots(1, 2, figsize=(9.0, height), layout="constrained", gridspec_kw=widths)
    _scatter(axes[0], fit, name, x, r, kind, rng)
    _quantiles(axes[1], fit.link, r, kind)
    return axes


def _abscissa(fit, by) -> tuple[str, pd.Series]:
    design = fit.design
    if by is None:
        return "eta (posterior mean)", pd.Series(_mean_eta(fit))
    if isinstance(by, str):
        if design.data is not None and by in design.data.columns:
            return by, design.data[by].reset_index(drop=True)
        if by in design.predictors:
            return by, pd.Series(design.X[:, design.predictors.index(by)])
        known = list(
            dict.fromkeys([*([] if design.data is None else design.data.columns), *design.predictors])
        )
        raise ValueError(
            f"by={by!r} is no column of the model.{did_you_mean(by, known)} Known: {name_list(known, 20)}. "
            "For other variables pass their values."
        )
    n = len(design.y)
    if isinstance(by, pd.Series):
        if len(by) != n and design.obs_id.isin(by.index).all():
            by = by.loc[design.obs_id]  # rows of weight zero are not in the fit
        values, name = by.reset_index(drop=True), str(by.name or "values given")
    else:
        values, name = pd.Series(np.asarray(by).ravel()), "values given"
    if len(values) != n:
        raise ValueError(f"by has {len(values):,} values for {n:,} training rows.")
    if values.isna().any():
        raise ValueError(
            f"by has {int(values.isna().sum()):,} missing values: give one for every training row."
        )
    return name, values


def _mean_eta(fit) -> np.ndarray:
    draws = fit.predictive_draws()
    eta = draws.X @ draws.beta.mean(axis=0)
    if draws.offset is not None:
        eta = eta + draws.offset
    for term in draws.groups:
        eta = eta + (term.Z * term.effects.mean(axis=0)[term.index]).sum(axis=1)
    return eta


# -- residuals against something -----------------------------------------------------------------------------------


def _scatter(ax, fit, name: str, values: pd.Series, r: np.ndarray, kind: str, rng) -> None:
    design = fit.design
    numeric = is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype)
    few = not numeric or values.nunique() <= _FEW_VALUES
    if few:
        levels = values.cat.remove_unused_categories() if hasattr(values, "cat") else pd.Categorical(values)
        codes = np.asarray(levels.cat.codes if hasattr(levels, "cat") else levels.codes)
        labels = list(levels.cat.categories if hasattr(levels, "cat") else levels.categories)
        x = codes.astype(float)
    else:
        x = values.to_numpy(dtype=float)
    shown = rng.choice(len(r), _MOST_POINTS, replace=False) if len(r) > _MOST_POINTS else np.arange(len(r))
    colours = category_colours(len(design.categories))[design.y[shown]]
    at = x[shown] + rng.uniform(-0.3, 0.3, len(shown)) if few else x[shown]
    dots = {
        "s": 12 if len(shown) < 1000 else 5,
        "alpha": 0.75,
        "linewidths": 0,
        "rasterized": len(shown) > 2000,
    }
    ax.scatter(at, r[shown], color=colours, **dots)
    ax.axhline(0, color="0.6", linewidth=0.8)
    if kind == "surrogate" and fit.link.name == "cauchit":
        span = np.quantile(np.abs(r), 0.95)
        ax.set_ylim(-span, span)
        note = "no line: residuals of cauchit have no mean; the furthest 5 % are not shown"
    else:
        sd = 1.0 if kind == "quantile" else np.sqrt(fit.link.latent_variance)
        width = sd * ndtri(0.5 + _BAND / 2)
        if few:
            _means(ax, codes, r, width)
        else:
            _line(ax, x, r, width)
        what = "black: means" if few else "line: local mean"
        note = f"{what}; shaded: {100 * _BAND:.0f} % if the model is right"
    if few:
        ax.set_xticks(range(len(labels)), [wrapped(_text(label), 10) for label in labels])
        ax.set_xlim(-0.6, len(labels) - 0.4)
    ax.set_xlabel(f"{plain(name)}\n{said(note, width=5.4)}")
    ax.set_ylabel(f"{kind} residual")
    bare(ax, "left", "bottom")
    category_legend(ax, design.response, design.categories)


def _text(label) -> str:
    return f"{label:.3g}" if isinstance(label, float) else str(label)


def _line(ax, x: np.ndarray, r: np.ndarray, width: float) -> None:
    grid, line, error = local_line(x, r)
    ax.fill_between(grid, -width * error, width * error, color="0.5", alpha=0.3, linewidth=0, zorder=2)
    for size, colour in ((3.5, "white"), (1.8, "black")):
        ax.plot(grid, line, color=colour, linewidth=size, zorder=3)


def _means(ax, codes: np.ndarray, r: np.ndarray, width: float) -> None:
    count = np.bincount(codes)
    mean = np.bincount(codes, r) / count
    ends = width / np.sqrt(count)
    at = np.arange(len(count))
    ax.bar(at, 2 * ends, 0.7, bottom=-ends, color="0.5", alpha=0.3, zorder=2)
    for size, colour in ((4.5, "white"), (2.5, "black")):
        ax.hlines(mean, at - 0.35, at + 0.35, color=colour, linewidth=size, zorder=3)


# -- quantiles -----------------------------------------------------------------------------------------------------


def _quantiles(ax, link, r: np.ndarray, kind: str) -> None:
    n = len(r)
    rank = np.unique(np.linspace(1, n, min(n, _QQ_POINTS)).round().astype(int))
    if n > _QQ_POINTS:  # the ends, where there is most to see, in full
        rank = np.unique(np.r_[np.arange(1, 26), rank, np.arange(n - 24, n + 1)])
    name = f"quantiles of the {link.name} distribution, centred"
    if kind == "quantile":
        link, name = get_link("probit"), "standard normal quantiles"
    x, y = centred_quantile(link, (rank - 0.5) / n, (n + 0.5 - rank) / n), np.sort(r)[rank - 1]
    tail = (1 - _QQ_BAND) / 2
    low, high = (  # a share of uniform order statistics, and what is left of it above
        centred_quantile(link, betaincinv(rank, n + 1 - rank, p), betaincinv(n + 1 - rank, rank, 1 - p))
        for p in (tail, 1 - tail)
    )
    inside = (
        np.abs((rank - 0.5) / n - 0.5) < 0.475 if link.name == "cauchit" and kind == "surrogate" else rank > 0
    )
    x, y, low, high = (v[inside] for v in (x, y, low, high))
    ax.fill_between(x, low, high, color="0.5", alpha=0.3, linewidth=0)
    ax.plot(x[[0, -1]], x[[0, -1]], color="0.6", linewidth=0.8)
    ax.plot(x, y, "o", markersize=3, color=category_colours(3)[0], markeredgewidth=0)
    ax.set_xlabel(name)
    ax.set_ylabel(f"{kind} residual")
    ax.set_title(f"shaded: {100 * _QQ_BAND:.0f} % at each place", fontsize="small", color="0.35")
    bare(ax, "left", "bottom")
