"""Simulation-based calibration: parameters from the prior, answers from them, a fit of the answers; many times over.

If sampler and model are right, the rank of the true value of any quantity among its posterior draws is uniform
(Talts et al. 2018, arXiv:1804.06788; Modrák et al. 2023, doi:10.1214/23-BA1404, on why the likelihood belongs to the
quantities). The simulator is `prior_draws` and a latent variable counted past the cutpoints: it shares nothing with
the kernels, the compiled density or the pm.Model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayesord.answers import Answers
from bayesord.checks import check_cores, check_count, check_random_seed
from bayesord.inference import sampling
from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.likelihood.links import Link, get_link
from bayesord.modelling.cutpoints import cutpoint_labels, cutpoints_from_steps, steps_from_cutpoints
from bayesord.modelling.design import Design, from_arrays, from_formula
from bayesord.modelling.prior_draws import check_proper, draw_prior
from bayesord.modelling.priors import Priors
from bayesord.predictive.group_effects import GroupEffects
from bayesord.predictive.kappa import qwk_mean
from bayesord.predictive.linear_draws import LinearDraws

__all__ = ["Calibration", "simulate_calibration"]

_CHAINS, _DRAWS, _THIN = 2, 250, 5  # 100 draws a replicate, far enough apart to count as independent


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

    @property
    def distances(self) -> pd.Series:
        """Kolmogorov-Smirnov distance of each quantity's distribution function from that of the uniform one."""
        n = len(self.ranks)
        x = np.sort(self.ranks.to_numpy(), axis=0)
        share = np.arange(n + 1)[:, None] / n
        return pd.Series(np.maximum(share[1:] - x, x - share[:-1]).max(axis=0), index=self.ranks.columns)

    @property
    def p_values(self) -> pd.Series:
        """Of the Kolmogorov-Smirnov test of each quantity, exact."""
        from scipy import stats

        return pd.Series(stats.kstwo.sf(self.distances, len(self.ranks)), index=self.ranks.columns)

    @property
    def band(self) -> float:
        """Distance that no quantity exceeds in at least 99 of 100 calibrations, if all is right (Bonferroni)."""
        from scipy import stats

        return float(stats.kstwo.isf(0.01 / self.ranks.shape[1], len(self.ranks)))

    @property
    def deviations(self) -> pd.Series:
        """`distances` over `band`."""
        return self.distances / self.band

    @property
    def passed(self) -> bool:
        """Whether every quantity stays within the band."""
        return bool((self.deviations <= 1).all())

    def __str__(self):
        worst = self.deviations.idxmax()
        said = "within" if self.passed else "OUTSIDE"
        return (
            f"{len(self.ranks)} replicates, {self.ranks.shape[1]} quantities, {said} the band: largest deviation "
            f"{self.deviations[worst]:.2f} of it, at {worst}; {self.divergences} replicates with divergences"
        )

    def plot(self, *, ax=None):
        """How far each quantity's distribution function is from that of the uniform distribution, and the band.

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
        for side in (-1, 1):
            ax.axhline(side * self.band, color="black", ls="--", lw=1)
        ax.set(
            xlabel="rank of the truth among the draws", ylabel="distance from uniform", xlim=(0, 1),
            title=f"{n} replicates, {self.ranks.shape[1]} quantities; dashed: band of 99 %",
        )  # fmt: skip
        if len(outside):
            ax.legend(title="outside the band", fontsize="small")
        return ax


def simulate_calibration(
    formula_or_X,
    data_or_y=None,
    *,
    link: str | Link = "logit",
    priors: Priors | None = None,
    categories=None,
    offset=None,
    replicates: int = 200,
    cores: int | None = None,
    progressbar: bool = True,
    random_seed: int | None = None,
) -> Calibration:
    """Check that posteriors of this model mean what they say: draw the truth from the prior, fit, compare, repeat.

    Parameters
    ----------
    formula_or_X, data_or_y
        As in `bayesord.fit`: covariates, groups and categories are taken, the answers are simulated anew. Or a fit
        alone, whose data, link and (unless given) priors are then used.
    link, priors, categories, offset
        As in `bayesord.fit`; priors must be proper. Few data and vague priors make a hard test.
    replicates : int
        Fits. 200 find a quantity that is off by .4 of its posterior's standard deviation, or whose posterior is half
        or twice as wide as it should be; 1,000 find .2 of one, and a factor of 1.5.
    cores : int, optional
        CPUs to use; by default all that this process may.
    progressbar : bool
    random_seed : int, optional

    Returns
    -------
    Calibration
        Of every coefficient and cutpoint, log gap, R², standard deviations and correlations of group effects, the
        effects of the first group and the mean square of all; the probabilities of the first row's categories; the log-likelihood; the QWK of fixed labels.

    Raises
    ------
    ValueError
        For flat priors, weighted rows, and bad input as in `bayesord.fit`.

    Examples
    --------
    >>> import bayesord as bo
    >>> calibration = bo.simulate_calibration(
    ...     "rating ~ temp + contact", bo.datasets.load_wine(), replicates=20, random_seed=1, progressbar=False
    ... )
    >>> calibration.passed
    True
    """
    if isinstance(formula_or_X, Answers):
        if data_or_y is not None or link != "logit" or categories is not None or offset is not None:
            raise TypeError(
                "simulate_calibration(fit) takes data and link from the fit: only priors= may be given too"
            )
        design, link = formula_or_X.design, formula_or_X.link
        priors = priors or formula_or_X.priors
    else:
        make = from_formula if isinstance(formula_or_X, str) else from_arrays
        design = make(formula_or_X, data_or_y, categories=categories, offset=offset)
        link, priors = get_link(link), priors or Priors()
    if design.weights is not None:
        raise ValueError("weighted rows cannot be simulated; repeat rows, or leave the weights out")
    check_proper(design, priors)
    replicates = check_count("replicates", replicates)
    rng = np.random.default_rng(check_random_seed(random_seed))
    settings = {
        "draws": _DRAWS, "tune": "auto", "chains": _CHAINS, "cores": check_cores(cores, _CHAINS)[0],
        "target_accept": 0.8, "progressbar": False, "quiet": True,
    }  # fmt: skip
    ranks, divergences = [], 0
    for _ in _counted(replicates, progressbar):
        of_replicate, diverged = _replicate(design, link, priors, settings, rng)
        ranks.append(of_replicate)
        divergences += diverged
    return Calibration(pd.DataFrame(ranks), divergences)


def _counted(replicates: int, shown: bool):
    if not shown:
        return range(replicates)
    from rich.console import Console
    from rich.progress import track

    return track(range(replicates), description="Replicates", console=Console(stderr=True))


def _replicate(design: Design, link: Link, priors: Priors, settings: dict, rng) -> tuple[dict, bool]:
    """Ranks of the truth of one replicate, and whether its draws diverged."""
    drawn = draw_prior(design, link, priors, 1, rng)
    eta = drawn.eta(
        design, design.X - design.mean, 0.0 if design.offset is None else design.offset - design.offset_mean
    )
    latent = eta[0] + link.quantile(rng.uniform(np.finfo(float).tiny, 1, len(design.y)))
    simulated = replace(design, y=(latent[:, None] > drawn.cutpoints).sum(axis=1).astype(np.int64))
    idata, verdict = sampling.sample(
        simulated, link, priors, random_seed=int(rng.integers(2**63)), **settings
    )
    if idata["sample_stats"].attrs["interrupted"]:
        raise KeyboardInterrupt

    def posterior(name):
        values = idata["posterior"][name].values[:, ::_THIN]
        return values.reshape(-1, *values.shape[2:])

    labels = _fixed_labels(design)
    truth = _quantities(
        simulated, link, labels, drawn.beta, steps_from_cutpoints(drawn.cutpoints), drawn.R2, drawn.sd, drawn.corr, drawn.effects
    )  # fmt: skip
    steps = posterior("cutpoint_steps")
    fitted = _quantities(
        simulated, link, labels,
        posterior("beta") if design.predictors else np.zeros((len(steps), 0)), steps,
        None if drawn.R2 is None else posterior("R2"),
        [posterior(group.sd) for group in design.groups],
        [posterior(group.corr) if group.n_terms > 1 else None for group in design.groups],
        [posterior(group.effect) for group in design.groups],
    )  # fmt: skip
    ranks = {name: _rank(value[0], fitted[name], rng) for name, value in truth.items()}
    return ranks, bool(verdict.figures["divergences"])


def _rank(truth: float, draws: np.ndarray, rng) -> float:
    """Where the truth lies among the draws, ties and the place between two draws settled by chance; 0 to 1."""
    below = (draws < truth).sum() + rng.integers((draws == truth).sum() + 1)
    return (below + rng.uniform()) / (len(draws) + 1)


def _fixed_labels(design: Design) -> np.ndarray:
    """Labels that have something to do with eta: the ranks of the first predictor cut into K parts of equal size."""
    key = design.X[:, 0] if design.predictors else np.arange(len(design.y))
    return np.argsort(np.argsort(key, kind="stable"), kind="stable") * len(design.categories) // len(design.y)


def _quantities(
    design: Design, link: Link, labels, beta, steps, R2, sd, corr, effects
) -> dict[str, np.ndarray]:
    """Name -> (S,) of everything that is compared."""
    cutpoints = cutpoints_from_steps(steps)
    shift = beta @ design.mean + design.offset_mean
    found = {f"beta[{name}]": beta[:, j] for j, name in enumerate(design.predictors)}
    found |= {
        f"cutpoints[{label}]": cutpoints[:, j] + shift
        for j, label in enumerate(cutpoint_labels(design.categories))
    }
    found |= {f"log width[{c}]": steps[:, j] for j, c in enumerate(design.categories[1:-1], start=1)}
    if R2 is not None:
        found["R2"] = R2
    for t, group in enumerate(design.groups):
        for k, term in enumerate(group.terms):
            found[f"{group.sd}[{term}]"] = sd[t][:, k]
            found[f"{group.effect}[{group.labels[0]}, {term}]"] = effects[t][:, 0, k]
            found[f"mean square of {group.effect}[{term}]"] = (effects[t][:, :, k] ** 2).mean(axis=1)
            for other in range(k):
                found[f"{group.corr}[{group.terms[other]}, {term}]"] = corr[t][:, other, k]
    terms = tuple(GroupEffects(g.index, g.Z, u) for g, u in zip(design.groups, effects, strict=True))
    draws = LinearDraws(link, design.X, beta, cutpoints + shift[:, None], design.offset, groups=terms)
    first = draws.rows(0, 1).probs()[:, 0]
    found |= {f"P(y = {c}), first row": first[:, k] for k, c in enumerate(design.categories)}
    found["log-likelihood"] = log_likelihood_at(design, link, beta, steps, effects=tuple(effects)).sum(axis=1)
    found["QWK of fixed labels"] = qwk_mean(draws, labels)
    return found
