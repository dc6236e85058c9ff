"""The verdict: whether the draws can be trusted, said after every fit in one line.

======================= ========== =============
figure                  ok         caution
======================= ========== =============
R-hat (largest)         <= 1.01    <= 1.05
ESS, bulk and tail      >= 400     >= 200
divergences             0          <= 0.1 %
E-BFMI (smallest)       >= 0.3     >= 0.2
======================= ========== =============

R-hat and ESS are rank-normalised (Vehtari et al. 2021, doi:10.1214/20-BA1221; `convergence`); E-BFMI is
Betancourt's (2016).
What the sampler cannot see is named beside it: separation, empty categories, a prior in conflict with the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord import html
from bayesord.inference.convergence import convergence
from bayesord.modelling import priors as P
from bayesord.modelling.design import Design

__all__ = ["Verdict", "data_remarks", "judge"]

_LEVELS = ("ok", "caution", "failed")


@dataclass(frozen=True)
class Verdict:
    """The outcome of `judge`.

    Attributes
    ----------
    level : "ok" | "caution" | "failed"
    figures : dict
        r_hat, ess_bulk, ess_tail, divergences, e_bfmi, chains, draws.
    problems : tuple of str
        What is wrong with the draws and what to do about it; empty when all is well.
    remarks : tuple of str
        What to know about data and priors, whatever the draws are like.
    """

    level: str
    figures: dict
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def _words(self) -> tuple[str, str, tuple[str, ...]]:
        """The outcome, the figures, and what there is to say about them."""
        f = self.figures
        head = {"ok": "Converged", "caution": "Caution", "failed": "Not converged"}[self.level]
        divergences = f"{f['divergences']} divergences" if f["divergences"] else "no divergences"
        figures = (
            f"R-hat {f['r_hat']:.3f}, ESS {f['ess_bulk']:,.0f} bulk and {f['ess_tail']:,.0f} tail, "
            f"{divergences}, E-BFMI {f['e_bfmi']:.2f} ({f['chains']} chains of {f['draws']:,} draws)"
        )
        return head, figures, (*self.problems, *self.remarks)

    def __str__(self):
        head, figures, notes = self._words()
        return "\n".join([f"{head}: {figures}", *(f"  {text}" for text in notes)])

    def _html(self) -> html.Markup:
        return html.status(self.level, *self._words())

    def _repr_html_(self) -> str:
        return html.block(self._html())


def judge(
    idata, remarks: tuple[str, ...] = (), *, chains_asked: int | None = None, interrupted: bool = False
) -> Verdict:
    """Judge the draws of an ArviZ DataTree with groups posterior and sample_stats.

    Parameters
    ----------
    idata : xarray.DataTree
    remarks : tuple of str
        Remarks on data and priors (`data_remarks`), passed on.
    chains_asked : int, optional
        How many chains there should be; fewer is a problem.
    interrupted : bool
        Whether the run was stopped before its end, which is a problem too.
    """
    posterior, stats = idata["posterior"].to_dataset(), idata["sample_stats"].to_dataset()
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    problems: list[tuple[int, str]] = []

    def note(severity: int, text: str) -> None:
        if severity:
            problems.append((severity, text))

    values = _in_columns(posterior)
    finite = np.isfinite(values).all()
    if not finite:
        note(2, "some draws are not finite: the model or its data are on scales that doubles cannot hold")
    note(int(interrupted), f"interrupted: {draws:,} draws a chain are kept")
    if chains_asked and chains < chains_asked:
        note(1, f"only {chains} of {chains_asked} chains are there")
    if chains == 1:
        note(1, "one chain: whether it has converged cannot be judged without others")

    worst = {"r_hat": np.nan, "ess_bulk": np.nan, "ess_tail": np.nan}
    if draws < 4 or not finite:
        note(2, f"{draws} draws a chain are too few to judge" if draws < 4 else "")
    else:
        found = convergence(values)
        for name, choose in [("r_hat", np.nanargmax), ("ess_bulk", np.nanargmin), ("ess_tail", np.nanargmin)]:
            figures = getattr(found, name)
            if not np.isnan(figures).all():  # R-hat of one chain, or of constants
                where = int(choose(figures))
                worst[name] = float(figures[where])
                note(*_grade(name, worst[name], _name_of_column(posterior, where)))
    divergences = int(stats["diverging"].sum())
    share = divergences / (chains * draws)
    note(
        (divergences > 0) + (share > 0.001),
        f"{divergences} divergences ({share:.2%} of draws): estimates near them may be biased; try target_accept=0.99 or stronger priors",
    )
    e_bfmi = float(np.min(_e_bfmi(stats["energy"].values)))
    note(
        (e_bfmi < 0.3) + (e_bfmi < 0.2), f"E-BFMI {e_bfmi:.2f}: the tails are explored slowly; sample longer"
    )

    figures = worst | {"divergences": divergences, "e_bfmi": e_bfmi, "chains": chains, "draws": draws}
    level = _LEVELS[max((severity for severity, _ in problems), default=0)]
    return Verdict(level, figures, tuple(text for _, text in problems if text), tuple(remarks))


def _grade(name: str, value: float, where: str) -> tuple[int, str]:
    if name == "r_hat":
        severity = (value > 1.01) + (value > 1.05)
        return (
            severity,
            f"R-hat {value:.3f} at {where}: the chains disagree; sample longer (tune=, draws=) or look at its trace",
        )
    severity = (value < 400) + (value < 200)
    return (
        severity,
        f"{name.replace('_', ' ').replace('ess', 'ESS')} {value:,.0f} at {where}: quantities about it are noisy; raise draws=",
    )


def _in_columns(posterior) -> np.ndarray:
    """All variables of a dataset side by side: (chain, draw, numbers)."""
    arrays = [array.transpose("chain", "draw", ...).values for array in posterior.values()]
    return np.concatenate([array.reshape(*array.shape[:2], -1) for array in arrays], axis=2)


def _name_of_column(posterior, column: int) -> str:
    """Which number that is: `beta[temp[warm]]`."""
    for name, array in posterior.items():
        dims = [dim for dim in array.dims if dim not in ("chain", "draw")]
        shape = [array.sizes[dim] for dim in dims]
        size = int(np.prod(shape))
        if column < size:
            index = np.unravel_index(column, shape) if shape else ()
            labels = [str(array[dim].values[i]) for dim, i in zip(dims, index, strict=True)]
            return f"{name}[{', '.join(labels)}]" if labels else str(name)
        column -= size
    raise IndexError(column)


def _e_bfmi(energy: np.ndarray) -> np.ndarray:
    """Mean squared change of the energy over its variance, per chain of energies (chain, draw)."""
    variance = energy.var(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0, (np.diff(energy, axis=1) ** 2).mean(axis=1) / variance, np.nan)


def data_remarks(design: Design, priors: P.Priors, beta: np.ndarray | None = None) -> tuple[str, ...]:
    """Empty categories, predictors that separate the categories, and priors that the data contradict.

    Parameters
    ----------
    beta : (chain, draw, p) array, optional
        Draws of the coefficients.
    """
    remarks = []
    observed = np.bincount(design.y, minlength=len(design.categories)) > 0
    if not observed.all():
        empty = [label for label, seen in zip(design.categories, observed, strict=True) if not seen]
        remarks.append(f"no observations in {empty}: what is said of them comes from the prior")
    order = np.argsort(design.y, kind="stable")
    cuts = np.flatnonzero(np.diff(design.y[order])) + 1
    separating = [
        name for name, x in zip(design.predictors, design.X.T, strict=True) if _separates(x[order], cuts)
    ]
    if separating:
        remarks.append(
            f"{separating[:5]} separate the categories perfectly: how large those coefficients are is up to the prior"
        )
    if design.weights is not None:
        remarks.append(
            "weighted rows: az.loo counts each row once, whatever its weight; fit.qwk() uses the weights"
        )
    if beta is not None:
        conflict = [
            design.predictors[j]
            for prior, indices in P.coefficient_blocks(design, priors)
            if isinstance(prior, P.Normal | P.StudentT)
            for j in indices
            if _conflict(
                beta[..., j], prior.location, prior.scale / (design.sd[j] if prior.autoscale else 1.0)
            )
            > 3
        ]
        if conflict:
            remarks.append(
                f"prior and data disagree on {conflict[:5]}: what the data say is over 3 standard errors from the prior"
            )
    return tuple(remarks)


def _conflict(draws: np.ndarray, location: float, scale: float) -> float:
    """Distance of the likelihood's estimate from the prior's centre, in standard deviations of their difference.

    For a normal prior and likelihood that is |m - location| / √(scale² - s²), m and s² the posterior's mean and
    variance. The difference below the root is noisy where the data say little, so it is held above a tenth.
    """
    return abs(draws.mean() - location) / np.sqrt(max(scale**2 - draws.var(), 0.1 * scale**2))


def _separates(x: np.ndarray, cuts: np.ndarray) -> bool:
    """Whether a cut of the categories is also a cut of x: every x below it on one side, all above on the other.

    `x` (n,) is sorted by category, `cuts` are the positions where the next category begins.
    """
    for values in (x, -x):
        highest = np.maximum.accumulate(values)[cuts - 1]
        lowest = np.minimum.accumulate(values[::-1])[::-1][cuts]
        if np.any(highest < lowest):
            return True
    return False
