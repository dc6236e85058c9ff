"""The verdict: whether the draws can be trusted (`draw_checks`), said after every fit in one line.

What the sampler cannot see is named beside it (`data_checks`): separation, empty categories, a prior in conflict with
the data.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesord import html
from bayesord.checks import ConvergenceWarning
from bayesord.inference.blas import blas_threads
from bayesord.inference.conflict import conflict_limit, prior_conflicts
from bayesord.inference.draw_checks import LEVELS, Check, draw_checks, worst
from bayesord.inference.separation import Estimate, Separation, find_separation
from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.design import Design

__all__ = [
    "LEVELS",
    "Check",
    "Verdict",
    "conflict_check",
    "data_remarks",
    "draw_checks",
    "empty_check",
    "estimate",
    "judge",
    "report",
    "separation_check",
    "worst",
]

_FEW_COLUMNS = 50  # with more the linear program takes longer than a fit: `diagnose` has the time


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
    checks = draw_checks(idata, chains_asked=chains_asked, interrupted=interrupted)
    found = {check.name: check.figure for check in checks}
    posterior = idata["posterior"]
    figures = {
        "r_hat": found["R-hat"],
        "ess_bulk": found["ESS bulk"],
        "ess_tail": found["ESS tail"],
        "divergences": found["divergences"],
        "e_bfmi": found["E-BFMI"],
        "chains": posterior.sizes["chain"],
        "draws": posterior.sizes["draw"],
        "chains_asked": chains_asked or posterior.sizes["chain"],
    }
    problems = tuple(check.advice for check in checks if check.level != "ok" and check.advice)
    return Verdict(worst(checks), figures, problems, tuple(remarks))


def report(verdict: Verdict, on_fail: str) -> None:
    """Warn of a verdict that is not clean, or raise it, as the user asked: to be called by what the user called."""
    if verdict.level != "ok" and on_fail != "ignore":
        if on_fail == "raise":
            raise RuntimeError(str(verdict))
        warnings.warn(str(verdict), ConvergenceWarning, stacklevel=3)


# -- what the sampler cannot see -----------------------------------------------------------------------------------


def data_remarks(
    design: Design, link: Link, priors: P.Priors, posterior: Mapping[str, np.ndarray]
) -> tuple[str, ...]:
    """Empty categories, predictors that separate the categories, and priors that the data contradict.

    Parameters
    ----------
    posterior : mapping of variable names to draws (chain, draw, ...)
    """
    near = estimate(design, link, posterior)
    checks = [
        empty_check(design),
        separation_check(design, near, program=len(design.predictors) <= _FEW_COLUMNS)[0],
        conflict_check(design, link, priors, posterior),
    ]
    remarks = [check.advice for check in checks if check.advice]
    if design.weights is not None:
        remarks.append(
            "weighted rows: az.loo counts each row once, whatever its weight; fit.qwk() uses the weights"
        )
    return tuple(remarks)


def estimate(design: Design, link: Link, posterior: Mapping[str, np.ndarray]) -> Estimate:
    """The posterior mean, as the linear predictor of every row and the cutpoints."""

    def mean(name):
        return posterior[name].mean(axis=(0, 1))

    eta = design.X @ mean("beta") if design.predictors else np.zeros(len(design.y))
    if design.offset is not None:
        eta = eta + design.offset
    for term in design.groups:
        eta = eta + (term.Z * mean(term.effect)[term.index]).sum(axis=1)
    return Estimate(link, eta, mean("cutpoints"))


def empty_check(design: Design) -> Check:
    """Categories without observations."""
    observed = np.bincount(design.y, minlength=len(design.categories)) > 0
    empty = [label for label, seen in zip(design.categories, observed, strict=True) if not seen]
    said = f"no observations in {empty}: what is said of them comes from the prior" if empty else ""
    return Check("empty categories", len(empty), "0", LEVELS[bool(empty)], said)


def separation_check(
    design: Design, near: Estimate | None, *, program: bool = True
) -> tuple[Check, Separation | None]:
    """Separation in any direction, and which (`find_separation`)."""
    columns = design.predictors
    try:
        with blas_threads(1):  # many small products
            found = find_separation(
                design.X, design.y, columns, near=near, weights=design.weights, program=program
            )
    except TimeoutError:
        said = f"whether the {len(columns)} columns separate the categories was not decided in half a minute"
        return Check("separation", np.nan, "0 columns", advice=said), None
    many = len(found.columns) if found else 0
    said = f"{found}: how large those coefficients are is up to the prior" if found else ""
    return Check("separation", many, "0 columns", LEVELS[bool(found)], said), found


def conflict_check(
    design: Design, link: Link, priors: P.Priors, posterior: Mapping[str, np.ndarray]
) -> Check:
    """Priors that the data contradict (`prior_conflicts`)."""
    conflicts = prior_conflicts(design, link, priors, posterior)
    limit = conflict_limit(len(conflicts))
    far = {c.name: c.z for c in sorted(conflicts, key=lambda c: -abs(c.z)) if abs(c.z) > limit}
    largest = max((abs(c.z) for c in conflicts), default=np.nan)
    said = (
        f"prior and data disagree on {list(far)[:5]}: what the data say is {abs(next(iter(far.values()))):.1f} standard "
        "deviations from where the prior expects it"
        if far
        else ""
    )
    return Check("prior-data conflict", largest, f"<= {limit:.1f} sd", LEVELS[bool(far)], said)
