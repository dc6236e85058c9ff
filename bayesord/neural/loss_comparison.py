"""`compare_losses`: every loss on the same network, beside a Bayesian head on its embedding."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping

import numpy as np

from bayesord import checks
from bayesord.comparison import Comparison, Predictions, compare
from bayesord.comparison.metrics import read_metrics
from bayesord.neural.bayesian_head import NAME, bayesian_head
from bayesord.neural.method import Method
from bayesord.neural.registry import METHODS, get_method
from bayesord.neural.splits import read_rows, split_rows
from bayesord.neural.training import Budget, Trainer, always_new
from bayesord.predictive.decisions import LabelRule, get_decision
from bayesord.progress import steps

__all__ = ["compare_losses"]

NATIVE, NELDER_MEAD, ROUNDING = "native", "nelder_mead", "rounding"
OF_VALIDATION, ROW_BY_ROW = "frozen from the validation rows", "row by row"
BATCH = 1024
FIT_OPTIONS = (
    "priors",
    "draws",
    "tune",
    "chains",
    "cores",
    "target_accept",
    "on_fail",
    "progressbar",
    "method",
)


def compare_losses(
    build_network,
    X_train,
    y_train,
    X_test,
    y_test,
    *,
    losses="all",
    categories=None,
    category_values=None,
    seeds=3,
    validation=0.2,
    decisions=("mode", "median", "mean", "qwk"),
    metrics=None,
    budget: Budget | None = None,
    bayesian: bool = True,
    link: str = "logit",
    cross_fit: int | None = 5,
    fit_options: Mapping | None = None,
    n_boot: int = 0,
    progressbar: bool = True,
) -> Comparison:
    """Train the same network once for every loss, and judge all of them on the same rows, decoded the same ways.

    All networks of a seed have the same starting weights of the body, the same order of batches, the same validation
    rows and the same budget; only loss and head differ. Training stops by the method's own validation loss. Rules
    that need rows (the bounds for kappa, the spread of a residual) come from the validation rows, never from the
    test rows. The Bayesian head is an ordinal regression on the embedding of the cumulative link network.

    Parameters
    ----------
    build_network : callable
        () -> keras.Model from the input to features (n, d), without a head, new at every call. Scaling of the
        inputs belongs in it, or before.
    X_train, X_test : array (n, ...), DataFrame, or list or dict of arrays
    y_train, y_test : (n,) ordered answers
    losses : "all", or sequence of names in `METHODS`, or of `Method`
    categories : sequence, optional
        In order, as for `bayesord.fit`.
    category_values : (K,) numbers, optional
        The numbers that decisions and metrics give to the categories; 0..K-1 by default. Losses keep 0..K-1.
    seeds : int or sequence of int
        How many trainings, or which.
    validation : float or (X, y)
        Share of the training rows, drawn anew for each seed with the categories evenly; or rows.
    decisions : sequence
        Of `bayesord.predictive.decisions`; also "native" (the method's own published rule), "rounding" (the
        exact best rounding of the mean category to the validation answers) and "nelder_mead" (the usual search
        for it). "qwk" is the rounding where a method has no probabilities.
    metrics : sequence of str, optional
        As for `bayesord.compare`.
    budget : Budget, optional
        Epochs, patience, batch size, optimizer.
    bayesian : bool
        Whether to fit the Bayesian head.
    link : "logit", "probit" or "cloglog"
        Of the network whose embedding it takes, and of the head.
    cross_fit : int or None
        In this many folds the training rows are embedded by networks that have not seen them. None is faster, and
        the head over-confident: networks fit the rows that trained them better than others.
    fit_options : dict, optional
        Of `bayesord.fit` for the head.
    n_boot : int
        As for `bayesord.compare`.
    progressbar : bool

    Returns
    -------
    Comparison
        Methods by name, the head as "bayesian_head", first. Seconds are those of training; the head's count the
        networks it needs.

    Raises
    ------
    ValueError, TypeError
        For networks that are no bodies, unknown losses and decisions, and the bad input of `bayesord.fit`.

    Warns
    -----
    UserWarning
        Where a training diverged (its row is nan), and where the batches are too small for a loss.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from bayesord.neural.loss_comparison import compare_losses
    >>> from bayesord.neural.training import Budget
    >>> rng = np.random.default_rng(1)
    >>> X = rng.normal(size=(240, 2))
    >>> y = 1 + np.searchsorted([-1, 1], X @ [1, 1] + 0.5 * rng.logistic(size=240))
    >>> def body():
    ...     return keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="tanh")])
    >>> result = compare_losses(body, X[:160], y[:160], X[160:], y[160:], losses=["softmax", "mse"], seeds=1,
    ...                         decisions=("qwk",), budget=Budget(epochs=5), bayesian=False)
    >>> result.table["method"].tolist()
    ['softmax', 'mse']
    """
    methods = _methods(losses, bayesian)
    seeds = _seeds(seeds)
    budget = Budget() if budget is None else budget
    if not isinstance(budget, Budget):
        raise TypeError(f"budget must be a Budget, got {type(budget).__name__}.")
    fit_options = dict(fit_options or {})
    checks.check_known_names("fit_options", fit_options, FIT_OPTIONS)
    checks.check_choice(
        "link", link, [name.removeprefix("cumulative_") for name in METHODS if _has_link(name)]
    )
    if cross_fit is not None:
        checks.check_count("cross_fit", cross_fit, 2)
    _warn_of_small_batches(methods, budget)
    decisions = _decisions(decisions)
    arrays, codes, order = read_rows(X_train, y_train, categories, "y_train")
    new, answers, _ = read_rows(X_test, y_test, order, "y_test")
    read_metrics(metrics, order)
    values = checks.check_category_values(category_values, len(order))
    splits = [split_rows(arrays, codes, validation, seed, order) for seed in seeds]
    embedded = f"cumulative_{link}" if bayesian else None
    trained = list(dict.fromkeys([*methods, *([embedded] if bayesian else [])]))
    runs = [{} for _ in seeds]
    build_network = always_new(build_network)
    with steps("Training", len(trained) * len(seeds), shown=progressbar) as begin:
        for name in trained:
            method = methods.get(name) or METHODS[name]
            trainer = Trainer(build_network, method, len(order), budget)
            for seed, split, run in zip(seeds, splits, runs, strict=True):
                begin(f"{name}, seed {seed}")
                rows, held_out = split
                seconds = trainer.train(rows, held_out, seed).seconds
                if name in methods:
                    outputs = [
                        trainer.network.predict(X, batch_size=BATCH, verbose=0) for X in (held_out[0], new)
                    ]
                    run[name] = _decoded(name, method, *outputs, held_out[1], decisions, values, seconds)
                if name == embedded:
                    how = {
                        "link": link,
                        "cross_fit": cross_fit,
                        "seed": seed,
                        "fit_options": fit_options,
                    }
                    run[NAME] = _head(trainer, rows, held_out, new, decisions, values, seconds, how)
    names = [NAME, *methods] if bayesian else list(methods)
    ask = {
        "metrics": metrics,
        "categories": range(len(order)),
        "category_values": values,
        "n_boot": n_boot,
        "random_seed": 0,
    }
    return Comparison.over_seeds(
        [
            compare({name: run[name] for name in names}, None, answers, progressbar=False, **ask)
            for run in runs
        ]
    )


# -- what was asked for ------------------------------------------------------------------------------------


def _methods(losses, bayesian: bool) -> dict[str, Method]:
    if isinstance(losses, str):
        losses = METHODS if losses == "all" else (losses,)
    found = [get_method(loss) for loss in losses]
    if not found and not bayesian:
        raise ValueError('losses is empty: name at least one, or leave losses="all".')
    names = [method.name for method in found]
    if len(set(names)) < len(names):
        raise ValueError(f"losses names a method twice: {names}. Give variants names of their own.")
    return dict(zip(names, found, strict=True))


def _has_link(name: str) -> bool:
    return METHODS[name].head_name == "cumulative_link"


def _seeds(seeds) -> list[int]:
    if isinstance(seeds, Iterable):
        found = [checks.check_count("seeds", seed, 0) for seed in seeds]
        if not found or len(set(found)) < len(found):
            raise ValueError(f"seeds must be different integers, at least one; got {found}.")
        return found
    return list(range(checks.check_count("seeds", seeds)))


def _decisions(decisions) -> list[str]:
    own = (NATIVE, NELDER_MEAD, ROUNDING)
    asked = [decisions] if isinstance(decisions, str) else list(decisions)
    if not asked:
        raise ValueError("decisions is empty: name at least one, such as 'mode' or 'qwk'.")
    return list(dict.fromkeys(d if d in own else get_decision(d).name for d in asked))


def _warn_of_small_batches(methods, budget: Budget) -> None:
    biased = [name for name, method in methods.items() if method.minimum_batch > budget.batch_size]
    if biased:
        least = max(methods[name].minimum_batch for name in biased)
        warnings.warn(
            f"batches of {budget.batch_size} rows bias {checks.name_list(biased)}, which need {least}: use "
            f"budget=Budget(batch_size={least}) to be fair to them.",
            UserWarning,
            stacklevel=3,
        )


# -- what came out -----------------------------------------------------------------------------------------


def _decoded(name, method, held_out, new, y, decisions, values, seconds) -> Predictions:
    """Labels of the new rows by every decision, each rule learned from the validation rows (outputs, answers y)."""
    K, scale = {"n_categories": values.size}, {"category_values": values}
    try:
        spread = method.fit_spread(held_out, y, **K)
        how = {"spread": spread, **K}
        probs, score = method.to_proba(new, **how), method.to_score(new, **how, **scale)
    except ValueError as error:  # outputs that are not finite
        warnings.warn(f"{name}: {error} Its scores are nan.", UserWarning, stacklevel=3)
        return Predictions(labels=dict.fromkeys(decisions), seconds=seconds)
    labels, rules = {}, {}
    for decision in decisions:
        if decision == NATIVE:
            labels[decision], rules[decision] = method.to_label(new, NATIVE, **K), "its own"
            continue
        if decision == ROUNDING:
            rule = LabelRule.from_labels(method.to_score(held_out, **how, **scale), y, **K, **scale)
            labels[decision], rules[decision] = rule.predict(score), OF_VALIDATION
            continue
        rule = method.label_rule(held_out, y, decision, **how, **scale)
        labels[decision] = method.to_label(new, rule=rule, **how)
        by_row = decision != NELDER_MEAD and not get_decision(decision).corrected
        rules[decision] = ROW_BY_ROW if by_row else OF_VALIDATION
    return Predictions(probs, score, labels, rules, seconds)


def _head(trainer, rows, held_out, new, decisions, values, seconds, how) -> Predictions:
    """The Bayesian head's probabilities, decoded as those of a softmax are: their logarithms are its logits."""
    began = time.perf_counter()
    try:
        _, probs_held_out, probs = bayesian_head(trainer, rows, held_out, new, **how)
    except ValueError as error:  # an embedding that says nothing
        warnings.warn(f"{NAME}: {error} Its scores are nan.", UserWarning, stacklevel=3)
        return Predictions(labels=dict.fromkeys(decisions), seconds=seconds)
    seconds += time.perf_counter() - began
    logits = [np.log(np.maximum(table, np.finfo(float).tiny)) for table in (probs_held_out, probs)]
    return _decoded(NAME, METHODS["softmax"], *logits, held_out[1], decisions, values, seconds)
