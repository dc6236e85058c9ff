"""Comparisons of predictors, good and bad: pieces of input that know what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from input_arguments import SEEDS, VALUES, counts, table, value
from input_columns import Piece
from input_parts import WEIGHTS

import bayesord as bo
from bayesord.comparison import Predictions

__all__ = ["COMPARE", "COMPARED"]

K = 3


def _codes(rng, n):
    return rng.permutation(n) % K


def _named(make):
    return lambda rng, n: {"one": make(rng, n), "two": table(rng, n)}


class Guess:
    """A classifier: what it says, and about which classes."""

    def __init__(self, probs, classes=(1, 2, 3)):
        self.probs, self.classes_ = probs, np.array(classes)

    def predict_proba(self, X):
        return self.probs

    def predict(self, X):
        return self.classes_[self.probs.argmax(axis=1)]


PREDICTORS = {
    "probabilities": Piece(_named(table)),
    "a list": Piece(_named(lambda rng, n: table(rng, n).tolist())),
    "float32": Piece(_named(lambda rng, n: table(rng, n).astype(np.float32))),
    "a classifier": Piece(_named(lambda rng, n: Guess(table(rng, n)))),
    "predictions": Piece(_named(lambda rng, n: Predictions(probs=table(rng, n)))),
    "given labels": Piece(_named(lambda rng, n: Predictions(labels={"mine": _codes(rng, n)}))),
    "nothing": value({}, "must be a dict"),
    "a fit alone": value(table, "must be a dict"),
    "a list of them": value([1, 2], "must be a dict"),
    "something else": Piece(_named(lambda rng, n: object()), "is a object|pass a fit"),
    "text": Piece(_named(lambda rng, n: "fit"), "is a str|pass a fit"),
    "log odds": Piece(_named(lambda rng, n: np.log(table(rng, n))), "probabilities of 'one'"),
    "NaN": Piece(_named(lambda rng, n: table(rng, n) * np.nan), "probabilities of 'one'.*NaN"),
    "too few rows": Piece(_named(lambda rng, n: table(rng, n)[1:]), "11 rows, y has 12"),
    "too few columns": Piece(_named(lambda rng, n: np.full((n, 2), 0.5)), "columns"),
    "three dimensions": Piece(_named(lambda rng, n: table(rng, n)[None]), "probabilities of 'one'"),
    "ragged": Piece(_named(lambda rng, n: [[0.5, 0.5], [1.0]]), "probabilities of 'one'|numeric"),
    "strings": Piece(_named(lambda rng, n: [["a"] * K] * n), "probabilities of 'one'|numeric"),
    "complex": Piece(_named(lambda rng, n: table(rng, n) * 1j), "probabilities of 'one'|numeric"),
    "labels outside": Piece(
        _named(lambda rng, n: Predictions(labels={"mine": _codes(rng, n) + 1})), "labels of 'one'.*outside"
    ),
    "other classes": Piece(_named(lambda rng, n: Guess(table(rng, n), (1, 2, 4))), "not in the categories"),
    "too many classes": Piece(_named(lambda rng, n: Guess(table(rng, n)[:, :2])), "expected 3 columns"),
}

ANSWERS = {
    "codes": Piece(lambda rng, n: _codes(rng, n) + 1),
    "floats": Piece(lambda rng, n: _codes(rng, n) + 1.0),
    "Series": Piece(lambda rng, n: pd.Series(_codes(rng, n) + 1)),
    "ordered": Piece(lambda rng, n: pd.Categorical(_codes(rng, n) + 1, categories=[1, 2, 3], ordered=True)),
    "one class": Piece(lambda rng, n: np.full(n, 2)),
    "from 0": Piece(_codes, "not in the categories"),
    "strings": Piece(lambda rng, n: (_codes(rng, n) + 1).astype(str), "of type str"),
    "NaN": Piece(lambda rng, n: [1, None, 3] * (n // 3), "contains NaN"),
    "too few": Piece(lambda rng, n: _codes(rng, n)[:-1] + 1, "rows, y has 11|shape == "),
    "none at all": value([], r"0 sample\(s\)"),
    "None": value(None, "requires y"),
    "a number": value(2, "got int"),
    "one-hot": Piece(lambda rng, n: np.eye(K)[_codes(rng, n)], "1d array"),
    "lists": Piece(lambda rng, n: [[1, 2]] * n, "1d array|cannot be labels"),
}

CATEGORIES = {
    "numbers": value([1, 2, 3]),
    "a tuple": value((1, 2, 3)),
    "repeated": value([1, 1, 2], "repeats"),
    "text": value("123", "labels in order"),
    "one": value([1], "at least 2 classes"),
    "a hole": value([1, 2, None], "missing or unhashable"),
}

DECISIONS = {
    "default": value(("mode", "median", "mean", "qwk")),
    "one": value("mode"),
    "a matrix": value(["mode", np.array([[0, 1, 2], [3, 0, 1], [6, 3, 0]])]),
    "misspelt": value(["medain"], "Did you mean 'median'"),
    "twice": value(["mode", "accuracy"], "more than once"),
    "None": value(None, "decisions must"),
    "a number": value(3, "decisions must"),
    "numbers": value([1, 2], "decision must be"),
    "small": value([np.eye(2)], "shape"),
}

METRICS = {
    "default": value(None),
    "two": value(["qwk", "rps"]),
    "one": value("rps"),
    "misspelt": value(["qwkk"], "Did you mean 'qwk'"),
    "a number": value(3, "metrics must"),
    "numbers": value([1], "unknown|metrics must"),
    "none at all": value([], "metrics must"),
}

COMPARED = {
    "predictors": PREDICTORS,
    "y": ANSWERS,
    "categories": CATEGORIES,
    "decisions": DECISIONS,
    "metrics": METRICS,
    "category_values": VALUES,
    "sample_weight": {name: piece for name, piece in WEIGHTS.items() if name not in ("of all sizes", "tiny")},
    "n_boot": {**counts("n_boot", 0, least=0), "few": value(20)},
    "random_seed": SEEDS,
}


def _compare(predictors, y, **options):
    return bo.compare(predictors, None, y, progressbar=False, **options)


COMPARE = {"compare": (_compare, tuple(COMPARED))}
"""The function and the arguments that are tried."""
