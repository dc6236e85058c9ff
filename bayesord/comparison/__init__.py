"""`compare`: posteriors and point estimates on the same rows, decoded alike, with standard errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from bayesord.checks import (
    check_category_values,
    check_count,
    check_random_seed,
    check_same_index,
    name_list,
    read_codes,
)
from bayesord.comparison.metrics import Measures, read_metrics
from bayesord.comparison.predictors import NATIVE, Decoder, Predictions, find_categories
from bayesord.comparison.result import Comparison, Entry
from bayesord.predictive.decisions import Decision, get_decision
from bayesord.predictive.inputs import check_weights
from bayesord.progress import steps

__all__ = ["Comparison", "Predictions", "compare"]


def compare(
    predictors: Mapping,
    X,
    y,
    *,
    decisions=("mode", "median", "mean", "qwk"),
    metrics=None,
    categories=None,
    category_values=None,
    sample_weight=None,
    X_rule=None,
    y_rule=None,
    n_boot: int = 0,
    random_seed: int | None = None,
    progressbar: bool = True,
) -> Comparison:
    """Judge predictors on rows that none of them has seen: every metric, for every decision, with standard errors.

    Each method's probabilities are turned to labels in the same ways, so that no method wins by its decoder.

    Parameters
    ----------
    predictors : dict
        By name: fits, classifiers (anything with `predict_proba` and `classes_`), regressions (anything with
        `predict`, whose number is a score on the scale of the category values), probabilities (n, K), scores (n,),
        or `Predictions`.
    X : array or DataFrame (n, ...)
        The rows, as the predictors take them; None if all predictions are given.
    y : (n,) answers, in the categories of the predictors
    decisions : sequence
        Names as in `bayesord.predictive.decisions`, matrices, or "native": what the predictor's own `predict` says.
    metrics : sequence of str, optional
        Names in `bayesord.predictive.scores.SCORES`, or "calibration" for that of every cutpoint. Default: qwk, mae,
        amae, accuracy, off_by_one, rps, log_score, calibration_error, calibration.
    categories : sequence, optional
        In order; needed where the predictors do not say.
    category_values : (K,) numbers, optional
        0..K-1 by default.
    sample_weight : (n,) numbers, optional
        Frequencies of the rows.
    X_rule, y_rule : optional
        Training or validation rows, from which rules that need rows ("qwk" and other kappas) are frozen. Without them
        a fit takes its own training rows, and other probabilities are decoded together, from the rows of X without
        their answers (what that lets a label know of its neighbours is worth about .001). Scores need X_rule and
        y_rule for "qwk": the answers of the rows that are judged never make a rule.
    n_boot : int
        Standard errors from this many bootstrap samples of the rows, the same for all; 0: by influence functions,
        which rank correlations do not have.
    random_seed : int, optional
        Of the bootstrap.
    progressbar : bool

    Returns
    -------
    Comparison
        `.table`, `.differences(reference)`, `.plot()`.

    Raises
    ------
    ValueError, TypeError
        For predictions of other lengths or categories, labels that are no category, unknown names.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> train, test = wine.iloc[::2], wine.iloc[1::2]
    >>> both = bo.fit("rating ~ temp + contact", train, random_seed=1, progressbar=False)
    >>> temp = bo.fit("rating ~ temp", train, random_seed=1, progressbar=False)
    >>> result = bo.compare({"both": both, "temp": temp}, test, test["rating"], decisions=("mode", "qwk"))
    >>> result.table[["method", "decision"]].to_numpy().tolist()
    [['both', 'mode'], ['both', 'qwk'], ['temp', 'mode'], ['temp', 'qwk']]
    >>> bool(result.table["rps"][0] < result.table["rps"][2])
    True
    """
    if not isinstance(predictors, Mapping) or not predictors:
        raise TypeError('predictors must be a dict such as {"bayesian": fit, "forest": classifier}.')
    categories = find_categories(predictors, categories)
    K = len(categories)
    values = check_category_values(category_values, K)
    codes = read_codes(y, categories, "y")
    check_same_index(X, y, ("X", "y"))
    check_same_index(X_rule, y_rule, ("X_rule", "y_rule"))
    weights = check_weights(sample_weight, codes.size)
    decoder = Decoder(
        categories,
        values,
        _read_decisions(decisions),
        X_rule,
        None if y_rule is None else read_codes(y_rule, categories, "y_rule"),
    )
    rng = np.random.default_rng(check_random_seed(random_seed))
    measures = Measures(codes, values, weights, check_count("n_boot", n_boot, 0), rng)
    chosen = read_metrics(metrics, categories)
    entries = []
    with steps("Comparing", len(predictors), shown=progressbar) as begin:
        for name, predictor in predictors.items():
            begin(name)
            found = decoder.predictions(name, predictor, X).checked(codes.size, K, name)
            entries += _entries(name, found, measures, chosen)
    if not entries:
        raise ValueError(
            "decisions is empty, and no predictions bring labels: name one, such as 'mode' or 'qwk'."
        )
    return Comparison(entries, chosen, codes.size)


def _several(decisions) -> list:
    if isinstance(decisions, str | Decision):
        return [decisions]
    if not isinstance(decisions, Iterable):
        raise TypeError(f"decisions must be a list of names such as ['mode', 'qwk']; got {decisions!r}.")
    return list(decisions)


def _read_decisions(decisions) -> list:
    found = [NATIVE if isinstance(d, str) and d == NATIVE else get_decision(d) for d in _several(decisions)]
    names = [d if d is NATIVE else d.name for d in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"decisions name {name_list(twice)} more than once: compare them in separate calls.")
    return found


def _entries(name: str, found: Predictions, measures: Measures, metrics) -> list[Entry]:
    """One entry for each decision; what needs probabilities or scores is measured once."""
    score = found.score if found.probs is None else found.probs @ measures.values
    whole = {"probs": found.probs, "score": score}
    common = {
        metric.name: measures.nothing
        if whole[metric.needs] is None
        else measures.measure(metric, whole[metric.needs])
        for metric in metrics
        if metric.needs != "labels"
    }
    entries = []
    for decision, labels in found.labels.items():
        measured = dict(common)
        for metric in metrics:
            if metric.needs == "labels":
                measured[metric.name] = (
                    measures.nothing if labels is None else measures.measure(metric, labels)
                )
        entries.append(
            Entry(
                name,
                decision,
                found.rules.get(decision, "given"),
                np.array([np.nan if found.seconds is None else found.seconds]),
                {metric: np.array([value]) for metric, (value, _) in measured.items()},
                {metric: noise[None] for metric, (_, noise) in measured.items()},
            )
        )
    return entries
