"""One list of scores: what each needs, and whether higher or lower is better.

A comparison walks this registry; so does the table in the docs. To add a score, write the function beside its
kin (`label_scores`, `probability_scores`, `rank_scores`) and give it one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bayesord.checks import check_category_values, did_you_mean
from bayesord.predictive.inputs import check_table, row_products
from bayesord.predictive.kappa import qwk
from bayesord.predictive.label_scores import accuracy, amae, mae, mmae, off_by_one, rmse
from bayesord.predictive.probability_scores import (
    brier,
    calibration_error,
    cutpoint_calibration,
    log_score,
    rps,
)
from bayesord.predictive.rank_scores import c_index, kendall_tau_b, somers_d, spearman

__all__ = [
    "SCORES",
    "Score",
    "evaluate",
    "get_score",
    "accuracy",
    "amae",
    "brier",
    "c_index",
    "calibration_error",
    "cutpoint_calibration",
    "kendall_tau_b",
    "log_score",
    "mae",
    "mmae",
    "off_by_one",
    "qwk",
    "rmse",
    "rps",
    "somers_d",
    "spearman",
]


@dataclass(frozen=True)
class Score:
    """A score: `function(y, prediction, *, n_categories, sample_weight=None)` and how to read it.

    Attributes
    ----------
    name : str
    function : callable
        Also takes `category_values=` where `uses_values` is true.
    better : "higher" or "lower"
    needs : "labels", "probs" or "score"
        What the prediction is: codes (n,), category probabilities (n, K), or any number per row (n,).
    best : float
        What a perfect prediction scores.
    uses_values : bool
        Whether the numbers given to the categories enter.
    """

    name: str
    function: Callable[..., float]
    better: str
    needs: str
    best: float
    uses_values: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's documentation."""
        return (self.function.__doc__ or "").strip().splitlines()[0]

    def __call__(
        self, y, prediction, *, n_categories: int, category_values=None, sample_weight=None
    ) -> float:
        """Evaluate; `category_values` goes only to the scores that use them."""
        values = {"category_values": category_values} if self.uses_values else {}
        return self.function(y, prediction, n_categories=n_categories, sample_weight=sample_weight, **values)


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score("qwk", qwk, "higher", "labels", 1.0, uses_values=True),
        Score("accuracy", accuracy, "higher", "labels", 1.0),
        Score("off_by_one", off_by_one, "higher", "labels", 1.0),
        Score("mae", mae, "lower", "labels", 0.0, uses_values=True),
        Score("amae", amae, "lower", "labels", 0.0, uses_values=True),
        Score("mmae", mmae, "lower", "labels", 0.0, uses_values=True),
        Score("rmse", rmse, "lower", "labels", 0.0, uses_values=True),
        Score("rps", rps, "lower", "probs", 0.0),
        Score("log_score", log_score, "higher", "probs", 0.0),
        Score("brier", brier, "lower", "probs", 0.0),
        Score("calibration_error", calibration_error, "lower", "probs", 0.0),
        Score("spearman", spearman, "higher", "score", 1.0),
        Score("kendall_tau_b", kendall_tau_b, "higher", "score", 1.0),
        Score("somers_d", somers_d, "higher", "score", 1.0),
        Score("c_index", c_index, "higher", "score", 1.0),
    )
}


def get_score(name: str | Score) -> Score:
    """The score of that name.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.

    Examples
    --------
    >>> get_score("rps").better
    'lower'
    """
    if isinstance(name, Score):
        return name
    if name not in SCORES:
        raise ValueError(f"unknown score {name!r}.{did_you_mean(name, SCORES)} Known: {', '.join(SCORES)}.")
    return SCORES[name]


def evaluate(
    y,
    *,
    n_categories: int,
    labels=None,
    probs=None,
    score=None,
    names: Iterable[str | Score] | None = None,
    category_values=None,
    sample_weight=None,
) -> dict[str, float]:
    """Every score that the given predictions allow.

    Parameters
    ----------
    y : array (n,) of codes 0..K-1
        What happened.
    n_categories : int
        K.
    labels : array (n,) of codes, optional
    probs : array (n, K), optional
    score : array (n,), optional
        Any number per row that should rise with y; taken from `probs` as the mean category value when absent.
    names : iterable of names, optional
        Which scores; default all that `labels`, `probs` and `score` suffice for.
    category_values : array (K,), optional
    sample_weight : array (n,), optional

    Returns
    -------
    dict from name to value, in the order of `names` or of the registry

    Raises
    ------
    ValueError
        For an unknown name, or a named score whose prediction was not given.

    Examples
    --------
    >>> evaluate([0, 1, 2], labels=[0, 1, 1], n_categories=3, names=["accuracy", "mae"])
    {'accuracy': 0.6666666666666666, 'mae': 0.3333333333333333}
    """
    given = {"labels": labels, "probs": probs, "score": score}
    if score is None and probs is not None:
        table = check_table("probs", probs, n_categories)
        given["score"] = row_products(table, check_category_values(category_values, n_categories))
    if names is None:
        chosen = [entry for entry in SCORES.values() if given[entry.needs] is not None]
    else:
        chosen = [get_score(name) for name in names]
    if missing := [entry for entry in chosen if given[entry.needs] is None]:
        wanted = ", ".join(f"{entry.name} needs {entry.needs}=" for entry in missing)
        raise ValueError(f"{wanted}, which was not given.")
    if not chosen:
        raise ValueError("nothing to evaluate: pass labels=, probs= or score=.")
    return {
        entry.name: float(
            entry(
                y,
                given[entry.needs],
                n_categories=n_categories,
                category_values=category_values,
                sample_weight=sample_weight,
            )
        )
        for entry in chosen
    }
