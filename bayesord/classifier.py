"""`OrdinalClassifier`: the same model behind scikit-learn's interface, for pipelines and searches over settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import validate_data

from bayesord import checks
from bayesord.checks import Problems
from bayesord.model import OrdinalFit, fit
from bayesord.predictive.decisions import get_decision

__all__ = ["OrdinalClassifier"]


class OrdinalClassifier(ClassifierMixin, BaseEstimator):
    """Ordinal regression as a scikit-learn classifier: P(y <= k) = F(c_k - X beta), a posterior by NUTS.

    Equal rows are merged into one of their weight, and rows are put in an order of their own, before the model is
    fitted. So the order of the rows changes nothing, not one bit, and neither does writing a row three times
    instead of giving it the weight 3.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "loglog", "cauchit"}
        F: the distribution function of the latent answer.
    decision : str, (K, K) cost matrix or Decision
        What `predict` is best for: "mode" (the most probable category), "qwk", "median", "mean", ...: see
        `bayesord.predictive.decisions`. Rules that need rows are frozen from the training rows.
    categories : sequence, optional
        The categories in order. Needed for three or more strings and for integers with gaps; two labels of any
        kind are sorted.
    category_values : (K,) numbers, optional
        The numbers that decisions give to the categories; 0..K-1 by default.
    priors : bayesord.Priors, optional
    weights : {"frequency", "importance"}
        What `sample_weight` means.
    draws, tune, chains, cores, target_accept, progressbar, on_fail
        As in `bayesord.fit`.
    random_state : int, RandomState or None
        An integer gives the same draws as `random_seed` of `bayesord.fit`, up to the order of the rows.

    Attributes
    ----------
    classes_ : (K,) array
        The categories in order; columns of `predict_proba` follow it.
    fit_ : OrdinalFit
        Verdict, table, draws. Its rows are the distinct training rows; `fit_.design.obs_id` says which they are.
    n_features_in_ : int
    feature_names_in_ : (p,) array of str
        Where X had names.

    Notes
    -----
    `score` is the accuracy, as for every classifier. To search for the best quadratic weighted kappa pass
    ``scoring=make_scorer(cohen_kappa_score, weights="quadratic", labels=categories)``: without ``labels=`` a fold in which
    a category is missing would close the gap that it leaves.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import bayesord as bo
    >>> X, y = np.arange(60.0)[:, None], np.repeat([1, 2, 3], 20)
    >>> pipe = make_pipeline(StandardScaler(), bo.OrdinalClassifier(random_state=1)).fit(X, y)
    >>> pipe.predict([[3.0], [31.0], [55.0]])
    array([1, 2, 3])
    """

    def __init__(
        self,
        *,
        link="logit",
        decision="mode",
        categories=None,
        category_values=None,
        priors=None,
        weights="frequency",
        draws=1000,
        tune="auto",
        chains=4,
        cores=None,
        target_accept=0.8,
        random_state=None,
        progressbar=False,
        on_fail="warn",
    ):
        self.link = link
        self.decision = decision
        self.categories = categories
        self.category_values = category_values
        self.priors = priors
        self.weights = weights
        self.draws = draws
        self.tune = tune
        self.chains = chains
        self.cores = cores
        self.target_accept = target_accept
        self.random_state = random_state
        self.progressbar = progressbar
        self.on_fail = on_fail

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # scikit-learn asks for .83 on three clouds that lie in a triangle: no order, so no ordinal model has it
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X, y, sample_weight=None) -> OrdinalClassifier:
        """Sample the posterior.

        Parameters
        ----------
        X : (n, p) array or DataFrame of numbers
        y : (n,) ordered answers
        sample_weight : (n,) numbers >= 0, optional
            Rows of weight 0 are left out.

        Returns
        -------
        OrdinalClassifier
            Itself.

        Raises
        ------
        ValueError, TypeError
            Bad input: before anything is compiled, all problems at once.
        """
        get_decision(self.decision)
        rows = _distinct_rows(X, y, sample_weight, self.categories, self.weights)
        self.fit_: OrdinalFit = fit(
            rows.X,
            rows.y,
            sample_weight=rows.weight,
            categories=rows.categories,
            link=self.link,
            priors=self.priors,
            weights=self.weights,
            draws=self.draws,
            tune=self.tune,
            chains=self.chains,
            cores=self.cores,
            target_accept=self.target_accept,
            progressbar=self.progressbar,
            random_seed=_random_seed(self.random_state),
            on_fail=self.on_fail,
        )
        validate_data(self, X, skip_check_array=True)  # n_features_in_, feature_names_in_
        self.classes_ = _as_array(self.fit_.design.categories)
        return self

    def predict(self, X, decision=None) -> np.ndarray:
        """One category per row, best for `decision` (by default the one of the constructor); (n,)."""
        return self._fitted().predict(
            self._columns(X),
            self.decision if decision is None else decision,
            category_values=self.category_values,
        )

    def predict_proba(self, X) -> np.ndarray:
        """Posterior mean of the category probabilities, (n, K), columns in the order of `classes_`."""
        return self._fitted().predict_proba(self._columns(X))

    def _fitted(self) -> OrdinalFit:
        checks.check_fitted(self, "fit_")
        return self.fit_

    def _columns(self, X) -> pd.DataFrame:
        """New rows, checked, with the columns of the training rows."""
        problems = Problems()
        covariates = checks.read_covariates(X, problems)
        problems.raise_if_any()
        validate_data(self, X, reset=False, skip_check_array=True)  # number, names and order of the columns
        names = self.fit_.design.predictors if self.fit_.design.source.named else None
        return pd.DataFrame(covariates.values, columns=names)


class _Rows:
    """What is passed on to `bayesord.fit`."""

    def __init__(self, X, y, weight, categories):
        self.X, self.y, self.weight, self.categories = X, y, weight, categories


def _distinct_rows(X, y, sample_weight, categories, kind) -> _Rows:
    """Rows in an order of their own, equal ones merged. Bad input passes as it is: `bayesord.fit` says what is wrong."""
    X, y, problems = _with_length(X), _with_length(y), Problems()
    n = checks.length_of(X)
    keep = checks.positive_rows(sample_weight, n)
    covariates = checks.read_covariates(X, problems, keep)
    if covariates is not None and covariates.values.shape[1] == 0 and n:
        problems.add(
            f"Found array with 0 feature(s) (shape={covariates.values.shape}) while a minimum of 1 is required. "
            'For a model without predictors use bayesord.fit("y ~ 1", data).'
        )
        problems.raise_if_any()
    categories = _two_labels(y, keep) if categories is None else categories
    as_given = _Rows(X, y, sample_weight, categories)
    if covariates is None or n == 0 or checks.length_of(y) != n:
        return as_given
    weight = checks.read_weights(sample_weight, kind, n, problems, covariates.index)
    weight = np.ones(n) if weight is None else weight
    response = checks.read_response(y, problems, categories=categories, keep=weight > 0)
    checks.check_index(covariates.index, checks.index_of(y), ("X", "y"), problems)
    if problems or response is None:
        return as_given
    kept = np.flatnonzero(weight > 0)
    values, weight = covariates.values[kept], weight[kept]
    columns = [response.codes, *values.T]
    if kind != "frequency":  # two rows of weight 1 are not one of weight 2, but one may come before the other
        columns.append(weight)
    rank = _ranks(columns)
    order = np.argsort(rank, kind="stable")
    if kind == "frequency":
        _, first, group = np.unique(rank[order], return_index=True, return_inverse=True)
        weight, order = np.bincount(group, weights=weight[order]), order[first]
    else:
        weight = weight[order]
    index = covariates.index if covariates.index is not None else checks.index_of(y)
    positions = kept[order]
    frame = pd.DataFrame(
        values[order],
        index=positions if index is None else index[positions],
        columns=X.columns if isinstance(X, pd.DataFrame) else None,
    )
    return _Rows(frame, _take(y, positions), None if np.all(weight == 1) else weight, categories)


def _ranks(columns) -> np.ndarray:
    """(n,) how many rows come before each, by the first column, ties by the second, ...; equal rows share theirs.

    Each column is looked at only where those before it tie, so that wide tables of distinct rows cost one sort.
    """
    rank = np.zeros(len(columns[0]), dtype=np.int64)
    tied = np.arange(len(rank))
    for column in columns:
        order = np.lexsort([column[tied], rank[tied]])
        rows = tied[order]
        before, values = rank[rows], column[rows]
        new_run = np.concatenate([[True], before[1:] != before[:-1]])
        new_value = new_run | np.concatenate([[True], values[1:] != values[:-1]])
        at = np.arange(len(rows))
        start_of_run = np.maximum.accumulate(np.where(new_run, at, 0))
        start_of_value = np.maximum.accumulate(np.where(new_value, at, 0))
        rank[rows] = before + start_of_value - start_of_run
        alone = new_value & np.concatenate([new_value[1:], [True]])
        tied = rows[~alone]
        if tied.size == 0:
            break
    return rank


def _two_labels(y, keep) -> list | None:
    """Two labels of any kind, sorted; None for any other number of them, and where y has an order of its own."""
    if getattr(getattr(y, "dtype", None), "ordered", False):
        return None
    try:
        labels = pd.Series(np.ravel(y) if not isinstance(y, pd.Series) else y)
        labels = labels if keep is None or len(keep) != len(labels) else labels[np.asarray(keep)]
        found = sorted(labels.dropna().unique().tolist())
    except (TypeError, ValueError):
        return None
    fractions = any(isinstance(label, float) and not label.is_integer() for label in found)
    return found if len(found) == 2 and not fractions else None


def _with_length(values):
    """What only says that it can become an array becomes one."""
    bare = hasattr(values, "__array__") and not hasattr(values, "shape")
    return np.asarray(values) if bare else values


def _take(y, positions: np.ndarray):
    if isinstance(y, pd.Series | pd.DataFrame):
        return (checks.native(y) if isinstance(y, pd.Series) else checks.native_table(y)).iloc[positions]
    return [y[i] for i in positions] if isinstance(y, list | tuple | range) else y[positions]


def _as_array(categories: tuple) -> np.ndarray:
    """Labels as an array; mixed ones stay what they are."""
    array = np.array(categories)
    return np.array(categories, dtype=object) if array.tolist() != list(categories) else array


def _random_seed(random_state):
    """What `bayesord.fit` takes, from what scikit-learn takes."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    return random_state
