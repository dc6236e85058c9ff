"""How much the decision is worth: realised test QWK of the same probabilities under different decisions.

Run `python -m benchmarks.decisions` (all tables; up to an hour on two cores) or, for a taste,
`python -m benchmarks.decisions --splits 2 --replicates 5`. It needs `pip install bayesord[bench]`.

Every decision gets the same probabilities of the same test rows:

- mode, median, rounded mean: row by row;
- qwk: `LabelRule.from_posterior` frozen from the training rows, as `fit.predict` does;
- qwk together: `optimal_labels` over the test rows' probabilities (not their answers);
- exact: `LabelRule.from_labels`, the best rounding of the mean category for the training answers;
- Nelder-Mead: the same objective, searched for from half-way thresholds, as is commonly done.

Rules are fitted to training rows only, and to probabilities that did not see the answers they are fitted to:
five-fold, out of fold. bayesord's frozen "qwk" is the exception: it uses no answers and the posterior of the
training rows as it stands.

Standard errors are over repetitions. Simulated repetitions are independent; splits of one data set share
rows, so theirs say how far the mean over splits is settled, not how a new data set would turn out.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from bayesord.predictive.decisions import LabelRule, optimal_labels
from bayesord.predictive.kappa import qwk

FOLDS = 5
DATA_SETS = ("balance_scale", "era", "esl", "lev", "swd")
DECISIONS = ("mode", "median", "rounded mean", "qwk", "qwk together", "exact", "Nelder-Mead")
REFERENCE = "qwk"

#: A source of probabilities: (X_train, y_train, K, seed) -> a function from rows to probabilities (n, K).
Source = Callable[[np.ndarray, np.ndarray, int, int], Callable[[np.ndarray], np.ndarray]]


def cumulative_model(X, y, K, seed):
    """bayesord, all defaults."""
    import bayesord as bo

    return bo.fit(
        X, y, categories=list(range(K)), random_seed=seed, progressbar=False, on_fail="ignore", cores=1
    ).predict_proba


def _scikit_learn(estimator, X, y, K):
    estimator.fit(X, y)

    def predict(rows):
        table = np.zeros((len(rows), K))
        table[:, estimator.classes_] = estimator.predict_proba(rows)
        return table / table.sum(axis=1, keepdims=True)

    return predict


def network(X, y, K, seed):
    """scikit-learn's multilayer perceptron on standardised columns, one hidden layer, stopped early."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    layer = MLPClassifier((32,), alpha=1e-2, max_iter=300, random_state=seed)
    return _scikit_learn(make_pipeline(StandardScaler(), layer), X, y, K)


def boosting(X, y, K, seed):
    """scikit-learn's gradient boosting: shallow trees, one hundred steps."""
    from sklearn.ensemble import GradientBoostingClassifier

    return _scikit_learn(GradientBoostingClassifier(max_depth=2, subsample=0.8, random_state=seed), X, y, K)


def forest(X, y, K, seed):
    """scikit-learn's random forest, leaves of five rows."""
    from sklearn.ensemble import RandomForestClassifier

    return _scikit_learn(RandomForestClassifier(200, min_samples_leaf=5, random_state=seed), X, y, K)


SOURCES: dict[str, Source] = {
    "cumulative model": cumulative_model,
    "network": network,
    "boosting": boosting,
    "random forest": forest,
}


def out_of_fold(source: Source, X, y, K, seed) -> np.ndarray:
    """Probabilities (n, K) of every row from a model that did not see it."""
    folds = np.empty(len(y), dtype=int)
    order = np.lexsort((np.random.default_rng(seed).random(len(y)), y))  # each category spread over the folds
    folds[order] = np.arange(len(y)) % FOLDS
    table = np.empty((len(y), K))
    for fold in range(FOLDS):
        held = folds == fold
        table[held] = source(X[~held], y[~held], K, seed)(X[held])
    return table


def nelder_mead(score: np.ndarray, y: np.ndarray, K: int) -> Callable[[np.ndarray], np.ndarray]:
    """Thresholds on a score by direct search on the kappa."""

    def labels(thresholds, score):
        return np.searchsorted(np.sort(thresholds), score)

    def lost(thresholds):
        return -qwk(y, labels(thresholds, score), n_categories=K, undefined=0.0)

    found = minimize(lost, np.arange(K - 1) + 0.5, method="Nelder-Mead")
    return partial(labels, found.x)


def realised(source: Source, X, y, X_test, y_test, K, seed) -> dict[str, float]:
    """Test QWK under every decision, for one training set."""
    values = np.arange(K)
    predict = source(X, y, K, seed)
    probs, held_out = predict(X_test), out_of_fold(source, X, y, K, seed)
    frozen = LabelRule.from_posterior(predict(X) if source is cumulative_model else held_out)
    labels = {
        "mode": optimal_labels(probs, "mode").labels,
        "median": optimal_labels(probs, "median").labels,
        "rounded mean": optimal_labels(probs, "mean").labels,
        "qwk": frozen.predict(probs),
        "qwk together": optimal_labels(probs).labels,
        "exact": LabelRule.from_labels(held_out, y).predict(probs),
        "Nelder-Mead": nelder_mead(held_out @ values, y, K)(probs @ values),
    }
    return {name: qwk(y_test, labels[name], n_categories=K, undefined=0.0) for name in DECISIONS}


# -- Simulated: five categories, three covariates, logistic noise -----------------------------------------

SCENARIOS = {
    # name: (sd of the linear predictor, category probabilities)
    "medium": (1.8, (0.2, 0.2, 0.2, 0.2, 0.2)),
    "weak": (1.0, (0.2, 0.2, 0.2, 0.2, 0.2)),
    "imbalanced": (1.8, (0.5, 0.25, 0.12, 0.08, 0.05)),
}
TRAIN_ROWS, TEST_ROWS = 200, 5000


def simulated(scenario: str, replicate: int) -> dict[str, float]:
    """One training set of 200 rows, a fresh test set, bayesord's probabilities."""
    sd, shares = SCENARIOS[scenario]
    rng = np.random.default_rng([replicate, list(SCENARIOS).index(scenario)])
    X = rng.normal(size=(TRAIN_ROWS + TEST_ROWS, 3))
    beta = rng.normal(size=3)
    latent = X @ (sd * beta / np.linalg.norm(beta)) + rng.logistic(size=len(X))
    reach = np.random.default_rng(0)  # the cutpoints belong to the scenario, not to the replicate
    population = sd * reach.normal(size=400_000) + reach.logistic(size=400_000)
    y = np.searchsorted(np.quantile(population, np.cumsum(shares)[:-1]), latent)
    train, test = slice(TRAIN_ROWS), slice(TRAIN_ROWS, None)
    return realised(cumulative_model, X[train], y[train], X[test], y[test], len(shares), replicate)


# -- Real data --------------------------------------------------------------------------------------------


def real(name: str, source: str, split: int) -> dict[str, float]:
    """One stratified 70/30 split of one data set."""
    from sklearn.model_selection import train_test_split
    from skordinal import datasets

    bunch = getattr(datasets, f"load_{name}")()
    X, y = np.asarray(bunch.data, dtype=float), np.asarray(bunch.target, dtype=int)
    train, test = train_test_split(np.arange(len(y)), test_size=0.3, stratify=y, random_state=split)
    return realised(SOURCES[source], X[train], y[train], X[test], y[test], int(y.max()) + 1, split)


# -- Tables -----------------------------------------------------------------------------------------------


def tables(results: pd.DataFrame, row: str, title: str) -> str:
    """Mean QWK of each decision, and the paired difference of "qwk" to each, as markdown."""
    mean = results.groupby(row, sort=False)[list(DECISIONS)].mean()
    gain = -results[list(DECISIONS)].sub(results[REFERENCE], axis=0).drop(columns=REFERENCE)
    grouped = gain.groupby(results[row], sort=False)
    error = grouped.std(ddof=1) / np.sqrt(grouped.count())
    shown = grouped.mean().map("{:+.4f}".format) + " ± " + error.map("{:.4f}".format)
    count = int(results.groupby(row).size().iloc[0])
    return "\n".join(
        [
            f"### {title}: mean test QWK ({count} repetitions)\n",
            _markdown(mean.map("{:.4f}".format)),
            f'\n### {title}: QWK of "{REFERENCE}" minus the QWK of each, paired ± standard error\n',
            _markdown(shown),
            "",
        ]
    )


def _markdown(table: pd.DataFrame) -> str:
    lines = [["", *table.columns], ["---"] * (table.shape[1] + 1)]
    lines += [[str(index), *cells] for index, cells in zip(table.index, table.to_numpy(), strict=True)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _run(task) -> dict:
    function, arguments = task
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # perceptrons that stop at 300 steps, forests without a rare category
        return {"case": " · ".join(arguments[:-1]), **function(*arguments)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=20, help="70/30 splits of every real data set")
    parser.add_argument("--replicates", type=int, default=100, help="simulated data sets of every scenario")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    simulations = [(simulated, (name, i)) for name in SCENARIOS for i in range(options.replicates)]
    splits = [(real, (d, s, i)) for d in DATA_SETS for s in SOURCES for i in range(options.splits)]
    with ProcessPoolExecutor(options.jobs, initializer=threadpool_limits, initargs=(1,)) as pool:
        for title, tasks in (("Simulated", simulations), ("Real data", splits)):
            if tasks:
                print(tables(pd.DataFrame(pool.map(_run, tasks)), "case", title), flush=True)


if __name__ == "__main__":
    main()
