"""`fit`, and the fit it returns: the one file that a user opens."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayesord import checks
from bayesord.answers import Answers, Coefficients, format_table
from bayesord.inference import sampling
from bayesord.inference.blas import blas_threads
from bayesord.inference.diagnostics import Verdict, report
from bayesord.inference.log_likelihood import add_log_likelihood
from bayesord.leave_one_out import loo_qwk, seen_qwk
from bayesord.likelihood.links import Link, get_link
from bayesord.mode import OrdinalMode, check_proper, fit_mode
from bayesord.modelling.design import Design, from_arrays, from_formula
from bayesord.modelling.priors import Priors, check_priors
from bayesord.plots.methods import PosteriorPlots
from bayesord.predictive.group_effects import GroupPosterior
from bayesord.storage import read_fit
from bayesord.views import fit_view

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayesord.leave_one_out import SeenQWK
    from bayesord.predictive.loo_kappa import LooQWK

__all__ = ["OrdinalFit", "fit", "load"]


def fit(
    formula_or_X,
    data_or_y,
    *,
    link: str | Link = "logit",
    priors: Priors | None = None,
    categories=None,
    sample_weight=None,
    weights: str = "frequency",
    offset=None,
    method: str = "nuts",
    draws: int = 1000,
    tune: int | str = "auto",
    chains: int = 4,
    cores: int | None = None,
    target_accept: float = 0.8,
    progressbar: bool = True,
    random_seed: int | None = None,
    on_fail: str = "warn",
    strict: bool = False,
    checkpoint=None,
    resume: bool = False,
) -> OrdinalFit | OrdinalMode:
    """Fit a cumulative-link model to ordered answers: P(y <= k) = F(c_k - eta), eta = X beta + group effects.

    A positive coefficient moves answers up. There is no intercept: the cutpoints are it. X is centred inside;
    results are on the scale of the data as given.

    Parameters
    ----------
    formula_or_X : str, or (n, p) array or DataFrame
        ``"rating ~ temp + contact"``, with a DataFrame next; or the covariates, with y next. ``(1 | judge)`` gives
        every judge an effect of their own, ``(temp | judge)`` a slope as well.
    data_or_y : DataFrame, or (n,) ordered answers
        Answers are an ordered Categorical, integers without gaps, or anything together with `categories`.
    link : {"logit", "probit", "cloglog", "loglog", "cauchit"}
        F: the distribution function of the latent answer.
    priors : bayesord.Priors, optional
        Default: Dirichlet(1) on the category probabilities, R² ~ Beta(2, 2) for the coefficients.
    categories : sequence, optional
        The categories in order; those without observations are kept.
    sample_weight : (n,) numbers >= 0 or column name, optional
        With ``weights="frequency"`` a row of weight 3 is three rows; "importance" for any other weights.
    offset : (n,) numbers, optional
        Added to eta.
    method : {"nuts", "mode"}
        "mode" finds the posterior mode of (beta, cutpoints) instead of sampling; with ``priors.flat()``
        throughout that is maximum likelihood.
    draws, tune, chains : int
        Draws kept a chain, tuning draws a chain ("auto": as many as the geometry needs), number of chains.
    cores : int, optional
        Chains at a time; by default as many as the CPUs this process may use. Results do not depend on it.
    target_accept : float
    progressbar : bool
    random_seed : int, optional
        The same seed gives bitwise the same draws on the same machine and versions.
    on_fail : {"warn", "raise", "ignore"}
        What to do when the verdict is not clean.
    strict : bool
        Raise instead of warn on rank-deficient covariates.
    checkpoint : path, optional
        A folder for finished chains: written whole as each ends, so that a run that is killed keeps them.
    resume : bool
        Go on with the run in `checkpoint`, if there is one: the result is bitwise that of a run without a break. Any
        difference of data, model, settings, seed, versions or processor is refused, and named.

    Returns
    -------
    OrdinalFit, or OrdinalMode with ``method="mode"``

    Raises
    ------
    ValueError, TypeError
        Bad input: before anything is compiled, all problems at once.
    OSError
        For a `checkpoint` that cannot be written or is in use: before sampling.

    Notes
    -----
    McCullagh (1980), Regression models for ordinal data, doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> fit = bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
    >>> fit.verdict.level
    'ok'
    >>> fit.predict(wine.iloc[[0, 2, 4, 6]], decision="qwk")
    array([1, 2, 3, 5])
    """
    problems = checks.Problems()
    link, priors = problems.of(get_link, link), problems.of(check_priors, priors)
    problems.of(checks.check_choice, "method", method, ("nuts", "mode"))
    problems.of(checks.check_choice, "on_fail", on_fail, ("warn", "raise", "ignore"))
    for name, flag in (("strict", strict), ("progressbar", progressbar), ("resume", resume)):
        problems.of(checks.check_flag, name, flag)
    settings = problems.of(sampling.check_settings, draws, tune, chains, cores, target_accept, random_seed)
    if (resume and checkpoint is None) or (checkpoint is not None and method != "nuts"):
        problems.add(
            "resume= needs checkpoint=, the folder of the run; and checkpoint= goes with method='nuts'"
        )
    given = {"categories": categories, "sample_weight": sample_weight, "weights": weights, "offset": offset}
    make = from_formula if isinstance(formula_or_X, str) else from_arrays
    # the products of its checks are small: threads would wait for each other
    with blas_threads(1), problems.noted():
        design = make(formula_or_X, data_or_y, **given, strict=strict)
    problems.raise_if_any()
    settings |= {"checkpoint": checkpoint, "resume": resume}
    check_proper(design, link, priors)
    if method == "mode":
        return fit_mode(design, link, priors)
    idata, verdict = sampling.sample(design, link, priors, progressbar=progressbar, **settings)
    result = OrdinalFit(design, link, priors, idata, verdict)
    report(verdict, on_fail)
    return result


class OrdinalFit(PosteriorPlots, Answers):
    """A posterior. Printing it shows the verdict and the table.

    Attributes
    ----------
    idata : xarray.DataTree
        ArviZ groups posterior, sample_stats, observed_data, constant_data, log_likelihood (up to 64 MB).
    verdict : Verdict
        Whether the draws can be trusted.
    model : pm.Model
        The model that was sampled, with coords.
    design, link, priors
        What it was fitted to.
    """

    _kind = "posterior"

    def __init__(self, design: Design, link: Link, priors: Priors, idata: xr.DataTree, verdict: Verdict):
        self.design, self.link, self.priors, self.idata, self.verdict = design, link, priors, idata, verdict

    def __getstate__(self):
        # the model is built when asked for
        return {name: value for name, value in self.__dict__.items() if name != "model"}

    @cached_property
    def model(self) -> pm.Model:
        """The pm.Model whose posterior `idata` holds."""
        from bayesord.modelling.build import build_model

        return build_model(self.design, self.link, self.priors)

    @cached_property
    def _coefficients(self):
        posterior = self.idata["posterior"]
        chains, draws = posterior["cutpoints"].shape[:2]

        def flat(name):
            values = posterior[name].values
            return values.reshape(chains * draws, *values.shape[2:])

        beta = flat("beta") if self.design.predictors else np.zeros((chains * draws, 0))
        groups = tuple(
            GroupPosterior(t.name, flat(t.effect), flat(t.sd), flat(t.chol_corr) if t.n_terms > 1 else None)
            for t in self.design.groups
        )
        return Coefficients(beta, flat("cutpoints"), chains, groups)

    def summary(self, prob: float = 0.9) -> pd.DataFrame:
        """Mean, sd, interval and convergence figures of coefficients and cutpoints, by their own names; of group effects
        their standard deviations and correlations.

        Parameters
        ----------
        prob : float
            Probability of the equal-tailed interval.
        """
        from bayesord.inference.summary import summarise

        checks.check_number("prob", prob, above=0, below=1)
        posterior = self.idata["posterior"].to_dataset()
        learned = [name for name in posterior if name.startswith("R2") and "share" not in name]
        spreads = [term.sd for term in self.design.groups]
        table = posterior[[name for name in ("beta", "cutpoints", *learned, *spreads) if name in posterior]]
        for term in self.design.groups:
            for i, j in combinations(range(term.n_terms), 2):
                pair = posterior[term.corr][:, :, i, j].drop_vars([term.term_dim, term.other_term_dim])
                table[f"{term.corr}[{term.terms[i]}, {term.terms[j]}]"] = pair
        return summarise(table, prob)

    def log_likelihood(self) -> xr.DataArray:
        """log P(y_i) of every draw and row, per original row and unweighted; (chain, draw, obs_id)."""
        if "log_likelihood" not in self.idata.children:
            add_log_likelihood(self.idata, self.design, self.link)
        return self.idata["log_likelihood"]["y"]

    def qwk(self, *, loo: bool = True, category_values=None) -> LooQWK | SeenQWK:
        """QWK of optimal labels against the answers of the training rows.

        Parameters
        ----------
        loo : bool
            True: each row is labelled by the posterior without it (PSIS), so that the score is that of new rows; in
            a model with groups, of new rows *of the same groups*, whose other rows are known.
            False: each row is labelled by the posterior that has seen it, which flatters.
        category_values : (K,) numbers, optional
            0..K-1 by default.

        Returns
        -------
        LooQWK or SeenQWK
            `.value`, `.se` (by influence functions), `.labels`; warns of rows whose Pareto k is high.
        """
        result = (loo_qwk if loo else seen_qwk)(self, category_values=category_values)
        return replace(result, labels=self._labels(result.labels))

    def update(self, data_or_X, y=None, *, sample_weight=None, offset=None, **settings) -> OrdinalFit:
        """The same model, with the same link, priors and categories, fitted to other data.

        Nothing is compiled anew. The draws of this fit are not used: give all the rows, not only those that came on top.

        Parameters
        ----------
        data_or_X : DataFrame (for a formula) or (n, p) array
        y : (n,) answers, where the fit had arrays
        sample_weight, offset
            As in `bayesord.fit`.
        **settings
            Of the sampler, as in `bayesord.fit`: draws, chains, random_seed, ...

        Examples
        --------
        >>> import bayesord as bo
        >>> wine = bo.datasets.load_wine()
        >>> fit = bo.fit("rating ~ temp", wine, random_seed=1, progressbar=False)
        >>> later = fit.update(wine.iloc[:60], random_seed=1, progressbar=False)
        >>> len(later.design.y), later.design.categories == fit.design.categories
        (60, True)
        """
        design = self.design
        given = (design.formula, data_or_X) if design.formula is not None else (data_or_X, y)
        if (y is None) == (design.formula is None):
            raise TypeError(
                "update takes a DataFrame alone, with the answers in it: the fit was made from a formula"
                if y is not None
                else "update takes X and y: the fit was made from arrays"
            )
        if offset is None and isinstance(design.source.offset_name, str):
            offset = design.source.offset_name
        same = {
            "link": self.link,
            "priors": self.priors,
            "categories": list(design.categories),
            "weights": design.weights_kind,
        }
        return fit(*given, **same, sample_weight=sample_weight, offset=offset, **settings)

    def _keep_replicates(self, codes: xr.DataArray) -> None:
        """For ArviZ's predictive checks."""
        self.idata["posterior_predictive"] = codes.to_dataset(name="y")

    def _repr_html_(self) -> str:
        return fit_view(self)

    def __repr__(self):
        counts = self.design.counts
        said = ", ".join(f"{c}: {n}" for c, n in zip(self.design.categories, counts, strict=True))
        what = self.design.formula or f"{self.design.response} ~ {len(self.design.predictors)} columns"
        return "\n".join(
            [
                f"{what}   [{self.link.name}; {counts.sum():,} rows; {said}]",
                str(self.verdict),
                *(f"Note: {note}." for note in self.design.notes),
                "",
                format_table(self.summary()),
            ]
        )


def load(path) -> OrdinalFit | OrdinalMode:
    """The fit that `fit.save` wrote to a file.

    Loading runs nothing that the file holds, and looks at nothing before the checksum of all of it is right. A checksum
    tells damage, not malice: whoever can write the file can also write its checksum.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    ValueError
        For a file that is damaged, of a later format, or not a fit.
    OSError
        For a file that cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import bayesord as bo
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "wine.fit"
    >>> wine = bo.datasets.load_wine()
    >>> bo.fit("rating ~ temp", wine, method="mode", priors=bo.Priors(beta=bo.priors.flat())).save(path)
    >>> bo.load(path).beta.round(3).to_dict()
    {'beta[temp[warm]]': 2.13}
    """
    kind, parts, rules = read_fit(path)
    made = {"posterior": OrdinalFit, "mode": OrdinalMode}[kind](**parts)
    made._stored_rules = rules
    return made
