"""Arguments of the functions of `bayesord`, good and bad: pieces of input that know what is wrong with them.

All are for N rows and K categories. A function of these arguments refuses a call with one of the faults in it; which
one it names first is its own business.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from input_columns import Piece, normal, objects
from input_parts import OFFSETS, WEIGHTS

from bayesord.predictive import decisions, kappa, scores
from bayesord.predictive.decisions import DECISIONS, cost_matrix, kappa_matrix, pinball

__all__ = ["FUNCTIONS", "K", "N", "PARAMETERS"]

N, K = 12, 3


def value(good_or_bad, fault=None):
    return Piece(lambda rng, n: good_or_bad, fault)


def codes(rng, n):
    return rng.permutation(n) % K


def table(rng, n):
    return rng.dirichlet(np.ones(K), n)


def changed(made, place, to):
    made[place] = to
    return made


COUNT = r"integer|at least"
CODES = {
    "codes": Piece(codes),
    "list": Piece(lambda rng, n: codes(rng, n).tolist()),
    "floats": Piece(lambda rng, n: codes(rng, n) * 1.0),
    "uint8": Piece(lambda rng, n: codes(rng, n).astype(np.uint8)),
    "bools": Piece(lambda rng, n: codes(rng, n) == 0),
    "Series": Piece(lambda rng, n: pd.Series(codes(rng, n), index=rng.permutation(n))),
    "Int64": Piece(lambda rng, n: pd.Series(codes(rng, n), dtype="Int64")),
    "from 1": Piece(lambda rng, n: codes(rng, n) + 1, "outside the codes"),
    "negative": Piece(lambda rng, n: codes(rng, n) - 1, "outside the codes"),
    "NaN": Piece(lambda rng, n: changed(codes(rng, n) * 1.0, 2, np.nan), "NaN"),
    "pd.NA": Piece(lambda rng, n: pd.Series([0, pd.NA, 1] * (n // 3), dtype="Int64"), "NaN"),
    "None within": Piece(lambda rng, n: [0, None, 1] * (n // 3), "NaN"),
    "fractions": Piece(lambda rng, n: codes(rng, n) + 0.5, "not integer"),
    "strings": Piece(lambda rng, n: ["low", "mid", "high"] * (n // 3), "integer codes"),
    "dates": Piece(lambda rng, n: pd.date_range("2020", periods=n), "integer codes"),
    "complex": Piece(lambda rng, n: codes(rng, n) * 1j, "integer codes"),
    "too few": Piece(lambda rng, n: codes(rng, n)[:-1], r"inconsistent|labels for|rows|expected \(11,\)"),
    "none at all": value([], "0 rows"),
    "scalar": value(1, "1d array"),
    "one-hot": Piece(lambda rng, n: np.eye(K)[codes(rng, n)], "1d array"),
    "ragged": Piece(lambda rng, n: [[0], [0, 1]] * (n // 2), "integer codes"),
    "None": value(None, "1d array|codes"),
    "a dict": value({}, "1d array|codes"),
}

PROBS = {
    "a table": Piece(table),
    "a list": Piece(lambda rng, n: table(rng, n).tolist()),
    "certain": Piece(lambda rng, n: np.eye(K)[codes(rng, n)]),
    "a frame": Piece(lambda rng, n: pd.DataFrame(table(rng, n))),
    "negative": Piece(lambda rng, n: table(rng, n) - [0.5, -0.25, -0.25], "negative"),
    "log odds": Piece(lambda rng, n: np.log(table(rng, n)), "negative|sum to 1"),
    "sums of 2": Piece(lambda rng, n: 2 * table(rng, n), "sum to 1"),
    "NaN": Piece(lambda rng, n: changed(table(rng, n), 2, np.nan), "NaN or infinity"),
    "inf": Piece(lambda rng, n: changed(table(rng, n), 2, np.inf), "NaN or infinity"),
    "one dimension": Piece(lambda rng, n: table(rng, n)[0], "shape"),
    "four dimensions": Piece(lambda rng, n: table(rng, n)[None, None], "shape"),
    "one category": Piece(lambda rng, n: np.ones((n, 1)), "shape|columns"),
    "no rows": Piece(lambda rng, n: np.ones((0, K)), "shape|0 rows"),
    "strings": value([["a", "b"]], "cannot read|numeric"),
    "ragged": value([[0.5, 0.5], [1.0]], "cannot read|numeric"),
    "complex": Piece(lambda rng, n: table(rng, n) + 0j, "cannot read|numeric"),
    "None": value(None, "cannot read|numeric|shape"),
    "a dict": value({}, "cannot read|numeric|shape"),
}

VALUES = {
    "default": value(None),
    "steps": value([0.0, 1.0, 5.0]),
    "integers": value((1, 2, 4)),
    "Series": value(pd.Series([1.0, 2.0, 3.0])),
    "falling": value([3, 2, 1], "must rise"),
    "equal": value([0, 1, 1], "must rise"),
    "NaN": value([0, np.nan, 1], "finite"),
    "too few": value([0, 1], "shape"),
    "scalar": value(2.0, "shape"),
    "strings": value(["a", "b", "c"], "numbers"),
    "complex": value([0, 1j, 2], "numbers"),
    "ragged": value([[1], [1, 2], [3]], "numbers"),
    "a dict": value({"a": 1}, "numbers"),
    "beyond float64": value([0, 1, 10**400], "numbers|finite"),
}

MATRICES = {
    "nominal": value("nominal"),
    "quadratic": value("quadratic"),
    "own": value([[0, 1, 2], [3, 0, 1], [6, 3, 0]]),
    "misspelt": value("quadratik", "Did you mean 'quadratic'"),
    "negative": value([[0, -1, 2], [3, 0, 1], [6, 3, 0]], "not negative"),
    "diagonal": value(np.ones((K, K)), "diagonal"),
    "NaN": value([[0, np.nan, 2], [3, 0, 1], [6, 3, 0]], "finite"),
    "small": value(np.zeros((2, 2)), "shape"),
    "strings": value([["a"] * K] * K, "numbers"),
    "ragged": value([[0], [0, 1]], "numbers|shape"),
    "None": value(None, "numbers|shape"),
    "complex": value(np.zeros((K, K)) * 1j, "numbers"),
}

DECISION = {
    **{name: value(name) for name in DECISIONS},
    "synonym": value("absolute"),
    "costs": value([[0, 1, 2], [3, 0, 1], [6, 3, 0]]),
    "made": value(cost_matrix(np.eye(K))),
    "pinball": value(pinball(0.3)),
    "kappa matrix": value(kappa_matrix(1 - np.eye(K))),
    "misspelt": value("medain", "Did you mean 'median'"),
    "number": value(3, "decision must be"),
    "None": value(None, "decision must be"),
    "ragged": value([[0], [0, 1]], "decision must be"),
    "small": value(np.eye(2), "shape"),
    "not square": value(np.ones((2, 3)), "square"),
    "NaN": value(np.full((K, K), np.nan), "finite"),
    "strings": value([["a"] * K] * K, "decision must be"),
    "complex": value(np.eye(K) * 1j, "decision must be"),
    "a list": value(["qwk"], "decision must be"),
}

SEEDS = {
    "none": value(None),
    "integer": value(7),
    "NumPy": value(np.int64(7)),
    "generator": Piece(lambda rng, n: np.random.default_rng(3)),
    "sequence": Piece(lambda rng, n: np.random.SeedSequence(3)),
    "negative": value(-1, "random_seed"),
    "fraction": value(1.5, "random_seed"),
    "string": value("7", "random_seed"),
    "bool": value(True, "random_seed"),
    "list": value([1, 2], "random_seed"),
}


def counts(name, *good, least=1):
    """Pieces of a setting that counts something."""
    bad = [least - 1, -3, 2.5, "3", True, np.nan, np.inf, [1], object]
    return {**{repr(one): value(one) for one in good}, **{f"bad {one!r}": value(one, name) for one in bad}}


def numbers(name, *good, bad=()):
    """Pieces of a setting that is one number."""
    every = [*bad, np.nan, np.inf, "0.5", True, 1j, [0.5], object]
    return {**{repr(one): value(one) for one in good}, **{f"bad {one!r}": value(one, name) for one in every}}


def choices(name, *known):
    every = ["", "nonsense", 3, ["a"], object, True, np.ones(2), pd.NA]
    return {**{repr(one): value(one) for one in known}, **{f"bad {one!r}": value(one, name) for one in every}}


SCORE = {
    "numbers": Piece(normal),
    "list": Piece(lambda rng, n: normal(rng, n).tolist()),
    "integers": Piece(codes),
    "constant": Piece(lambda rng, n: np.ones(n)),
    "huge": Piece(lambda rng, n: 1e300 * normal(rng, n)),
    "Float64": Piece(lambda rng, n: pd.Series(normal(rng, n), dtype="Float64")),
    "NaN": Piece(lambda rng, n: changed(normal(rng, n), 1, np.nan), "NaN"),
    "pd.NA": Piece(lambda rng, n: pd.Series([0.5, pd.NA] * (n // 2), dtype="Float64"), "NaN"),
    "inf": Piece(lambda rng, n: changed(normal(rng, n), 1, np.inf), "infinity"),
    "strings": Piece(lambda rng, n: list("abc") * (n // 3), "numeric"),
    "complex": Piece(lambda rng, n: normal(rng, n) * 1j, "numeric"),
    "objects": Piece(lambda rng, n: objects([None] * n), "NaN"),
    "two columns": Piece(lambda rng, n: rng.normal(size=(n, 2)), "1d|columns"),
    "too few": Piece(lambda rng, n: normal(rng, n)[:-1], "inconsistent"),
    "none at all": value([], "0 rows"),
    "scalar": value(1.0, "1d"),
    "None": value(None, "1d|numeric"),
    "ragged": value([[1], [1, 2]], "1d|numeric"),
}

_FRACTIONS = {"floats", "tiny", "of all sizes"}
PARAMETERS: dict[str, dict[str, Piece]] = {
    "y": CODES,
    "yhat": CODES,
    "labels": {**CODES, "None": value(None)},
    "yhat_first": CODES,
    "yhat_second": CODES,
    "probs": PROBS,
    "score": SCORE,
    "sample_weight": WEIGHTS,
    "row_counts": {name: piece for name, piece in WEIGHTS.items() if name not in _FRACTIONS},
    "offset": OFFSETS,
    "category_values": VALUES,
    "disagreement": MATRICES,
    "decision": DECISION,
    "random_seed": SEEDS,
    "weights": choices("weights", "frequency", "importance"),
    "objective": choices("objective", "plugin", "expected"),
    "n_categories": counts("n_categories", K, np.int64(K), least=2),
    "n_bins": counts("n_bins", 1, 10),
    "threads": counts("threads", None, 1, 2),
    "draws": counts("draws", 10, np.int64(3)),
    "probability": numbers("probability", 0.5, 0.9, np.float32(0.5), bad=[0.0, 1.0, -1, 2]),
    "undefined": numbers("undefined", 0.0, float("-inf")),
}

_LABELS = ("y", "yhat", "n_categories", "sample_weight")
_PROBS = ("y", "probs", "n_categories", "sample_weight")
_RANKS = ("y", "score", "n_categories", "sample_weight")
FUNCTIONS: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "qwk": (kappa.qwk, (*_LABELS, "category_values", "weights")),
    "weighted_kappa": (kappa.weighted_kappa, (*_LABELS, "disagreement", "category_values", "weights")),
    "qwk_difference": (kappa.qwk_difference, ("y", "yhat_first", "yhat_second", *_LABELS[2:], "weights")),
    "qwk_plugin": (kappa.qwk_plugin, ("probs", "yhat", "category_values", "sample_weight", "threads")),
    "qwk_mean": (kappa.qwk_mean, ("probs", "yhat", "category_values", "sample_weight", "threads")),
    "qwk_predictive": (
        lambda row_counts, **rest: kappa.qwk_predictive(sample_weight=row_counts, **rest),
        ("probs", "yhat", "category_values", "row_counts", "weights", "random_seed"),
    ),
    "expected_qwk": (
        lambda labels, row_counts, **rest: kappa.expected_qwk(yhat=labels, sample_weight=row_counts, **rest),
        ("probs", "labels", "category_values", "row_counts", "weights", "probability", "random_seed"),
    ),
    "optimal_labels": (
        decisions.optimal_labels,
        ("probs", "decision", "category_values", "sample_weight", "weights", "threads"),
    ),
    "LabelRule.from_posterior": (
        decisions.LabelRule.from_posterior,
        ("probs", "decision", "category_values", "sample_weight"),
    ),
    "LabelRule.from_labels": (
        decisions.LabelRule.from_labels,
        ("score", "y", "n_categories", "category_values", "sample_weight"),
    ),
    "LabelRule.predict": (
        lambda probs: decisions.LabelRule.from_posterior(np.eye(K), "mode").predict(probs),
        ("probs",),
    ),
    **{
        name: (getattr(scores, name), (*_LABELS, "category_values"))
        for name in ("mae", "rmse", "amae", "mmae")
    },
    **{name: (getattr(scores, name), _LABELS) for name in ("accuracy", "off_by_one")},
    **{name: (getattr(scores, name), _PROBS) for name in ("rps", "log_score", "brier", "calibration_error")},
    "cutpoint_calibration": (scores.cutpoint_calibration, (*_PROBS, "n_bins")),
    **{
        name: (getattr(scores, name), _RANKS) for name in ("spearman", "kendall_tau_b", "somers_d", "c_index")
    },
}
"""Functions of `bayesord.predictive`, and the parameters that are tried."""
