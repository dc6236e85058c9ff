"""All checks of a fit, put together."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_number, check_random_seed
from bayesord.diagnosis.counts import category_counts
from bayesord.diagnosis.parallel import Parallel, parallel_check
from bayesord.diagnosis.repeated import repeated_check
from bayesord.diagnosis.report import Diagnosis
from bayesord.diagnosis.scores import score_table
from bayesord.diagnosis.shape import curve_tests, link_test
from bayesord.inference import diagnostics
from bayesord.inference.diagnostics import LEVELS, Check, draw_checks

__all__ = ["diagnose"]

_LIMIT = 0.005  # of p values: all checks of the model together call a right one wrong in some 1.5 % of fits
_REFERENCE = f"p >= {_LIMIT}"


def diagnose(fit, *, prob: float = 0.9, random_seed=0) -> Diagnosis:
    """Check draws, data, priors and model: what was found, what it is held against, and what to do about it.

    ==================== ============================================================== ================
    check                figure                                                         not ok
    ==================== ============================================================== ================
    chains ... depth     of the draws, as in the verdict                                as there
    separation           columns along which the likelihood rises for ever, in any      any
                         linear combination (a linear program)
    empty categories     how many                                                       any
    prior-data conflict  largest distance of what the data say from what a prior of     beyond 3, more
                         fixed numbers expects, in standard deviations                  with many priors
    category counts      smallest posterior predictive p value of a category's count    .005 / categories
    parallel             smallest p value of a score test that a predictor has one      .005, by Holm
                         coefficient for all cutpoints (proportional odds, any link)
    link shape           p value of a score test of the link's skewness and tails       .005
                         (with groups: of its skewness)
    curves               smallest p value of a score test that the square of a          .005, by Holm
                         predictor is missing
    repeated rows        where rows repeat: p value of Pearson's statistic over         .005
                         distinct rows
    ==================== ============================================================== ================

    Checks of the model ask for a look, level "caution"; draws that cannot be trusted are "failed". Nothing is fitted
    again. All of them together call one or two right models in a hundred wrong; where several predictors are tested, `parallel`
    has p values as they are and adjusted for their number (Holm).

    Parameters
    ----------
    prob : float
        Probability of the intervals of counts and coefficients.
    random_seed : int
        For the checks that simulate; fixed, so that the same fit gives the same report.

    Returns
    -------
    Diagnosis
        Prints as a report; `.table`, `.level`, `.category_counts`, `.parallel`, `.plot()`.

    Notes
    -----
    Of a posterior mode what concerns draws and priors is left out. With frequency weights rows count as often as they say;
    importance weights enter tests through a sandwich variance.

    References
    ----------
    Brant (1990), doi:10.2307/2532457; Kosmidis (2014), doi:10.1111/rssb.12025; Evans & Moshonov (2006), doi:10.1214/06-BA129;
    Vehtari et al. (2021), doi:10.1214/20-BA1221.

    Examples
    --------
    >>> import bayesord as bo
    >>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    >>> diagnosis = fit.diagnose()
    >>> diagnosis.level
    'ok'
    >>> bool((diagnosis.parallel.tests["p"] > 0.3).all())
    True
    """
    check_number("prob", prob, above=0, below=1)
    rng = np.random.default_rng(check_random_seed(random_seed))
    design = fit.design
    posterior = _posterior(fit)
    near = diagnostics.estimate(design, fit.link, posterior)
    separated, separation = diagnostics.separation_check(design, near)
    checks = [*_of_draws(fit), separated, diagnostics.empty_check(design)]
    if hasattr(fit, "idata"):
        checks.append(diagnostics.conflict_check(design, fit.link, fit.priors, posterior))
    counts = category_counts(fit, prob, rng)
    checks.append(_of_counts(counts))
    of_scores, parallel, notes = _of_scores(fit, prob)
    checks += of_scores + _of_repeated_rows(fit, rng)
    columns = len(design.predictors)
    what = design.formula or f"{design.response} ~ {columns} column{'' if columns == 1 else 's'}"
    return Diagnosis(tuple(checks), counts, parallel, separation, what, design.response, prob, notes)


def _posterior(fit) -> dict[str, np.ndarray]:
    if hasattr(fit, "idata"):
        return {name: array.values for name, array in fit.idata["posterior"].items()}
    draws = fit.predictive_draws()
    return {"beta": draws.beta[None], "cutpoints": draws.cutpoints[None]}


def _of_draws(fit) -> tuple[Check, ...]:
    if not hasattr(fit, "idata"):
        return ()
    asked = fit.verdict.figures.get("chains_asked")
    interrupted = bool(fit.idata["sample_stats"].attrs.get("interrupted"))
    return draw_checks(fit.idata, chains_asked=asked, interrupted=interrupted)


def _of_counts(counts) -> Check:
    limit = _LIMIT / len(counts)
    odd = counts.index[counts["p"] < limit].tolist()
    said = (
        f"the counts of {odd[:5]} are not what the posterior expects: look at the priors, and at what the weights mean"
        if odd
        else ""
    )
    return Check("category counts", float(counts["p"].min()), f"p >= {limit:.2g}", LEVELS[bool(odd)], said)


def _of_scores(fit, prob: float) -> tuple[list[Check], Parallel | None, tuple[str, ...]]:
    """The parallel check and that of the link; what was left out."""
    if not fit.design.predictors:
        return [], None, ()
    scores = score_table(fit)
    if isinstance(scores, str):
        return [], None, (f"no check of the link and of parallel coefficients: {scores}",)
    parallel, checks, notes = None, [], []
    if len(scores.cutpoints) < len(fit.design.categories) - 1:
        notes.append("checks of cutpoints: categories with fewer than 5 rows are merged with a neighbour")
    if len(scores.cutpoints) > 1:
        parallel = parallel_check(fit, scores, prob)
        said = (
            "the coefficients of {odd} differ between cutpoints (p {p:.1g}{many}): the one that is fitted is an average of "
            "those in plot(). Try a transformation, an interaction or another link"
        )
        checks.append(_smallest("parallel", parallel.tests, said))
    link = link_test(scores)
    said = (
        f"the {fit.link.name} link has the wrong shape for these data, or a curve, an interaction or a variable is missing: "
        "see plot_residuals(), and compare links with az.compare"
    )
    checks.append(_of_model("link shape", link.p, said))
    checks.append(
        _smallest(
            "curves",
            curve_tests(scores, fit.design.predictors),
            "the effects of {odd} are not straight (p {p:.1g}{many}): see plot_residuals(by=...); add a square, poly() or bs()",
        )
    )
    return [check for check in checks if check.figure == check.figure], parallel, tuple(notes)


def _of_model(name: str, p: float, said: str, reference: str = _REFERENCE) -> Check:
    bad = p < _LIMIT
    return Check(name, p, reference, LEVELS[bad], said if bad else "")


def _smallest(name: str, tests, said: str) -> Check:
    """The predictors of a table of tests that stand out, in the words of `said`."""
    odd = tests[tests["p_adjusted"] < _LIMIT].sort_values("p")
    count = int(tests["p"].notna().sum())
    many = f", the smallest of {count} predictors" if count > 1 else ""
    words = said.format(odd=odd.index[:5].tolist(), p=odd["p"].min(), many=many)
    return _of_model(name, float(tests["p_adjusted"].min()), words, f"{_REFERENCE} (Holm)")


def _of_repeated_rows(fit, rng) -> list[Check]:
    found = repeated_check(fit, rng)
    if found is None:
        return []
    said = (
        f"answers of equal rows vary {found.statistic / found.expected:.1f} times as much as they should between the "
        f"{found.n_distinct:,} kinds of rows: something is missing from the model, or rows that belong together need a "
        "group term such as (1 | group)"
    )
    return [_of_model("repeated rows", found.p, said)]
