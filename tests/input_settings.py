"""Settings of the front door, good and bad: fits, priors, simulations; pieces that know what is wrong with them."""

from __future__ import annotations

import numpy as np
from input_arguments import SEEDS, choices, counts, numbers, value
from input_columns import Piece, normal

import bayesord as bo
from bayesord import priors

__all__ = ["FRONT_DOOR", "SETTINGS"]

N = 12
LINKS = ("logit", "probit", "cloglog", "loglog", "cauchit")
X = np.random.default_rng(5).normal(size=(N, 2))
Y = [1, 2, 3] * 4

PRIORS = {
    "none": value(None),
    "default": value(bo.Priors()),
    "named": value(bo.Priors(beta={"x0": priors.normal(0, 1)})),
    "per category": value(bo.Priors(cutpoints=priors.dirichlet((1, 2, 3)))),
    "a name of nothing": value(bo.Priors(beta={"age": priors.normal(0, 1)}), "does not have.*'age'"),
    "a group of nothing": value(bo.Priors(group_sd={"g": priors.half_normal(1)}), "does not have.*'g'"),
    "too few alphas": value(bo.Priors(cutpoints=priors.dirichlet((1, 2))), "2 values for 3 categories"),
    "a prior alone": value(priors.normal(0, 1), "bayesord.Priors"),
    "a dict": value({"beta": priors.normal(0, 1)}, "bayesord.Priors"),
    "an empty dict": value({}, "bayesord.Priors"),
    "a string": value("flat", "bayesord.Priors"),
    "zero": value(0, "bayesord.Priors"),
    "the class": value(bo.Priors, "bayesord.Priors"),
}

BETA = {
    "none": value(None),
    "two": value((0.5, -0.5)),
    "an array": Piece(normal),
    "nothing": value(()),
    "number": value(1.0),
    "NaN": value((0.5, np.nan), "beta must be"),
    "strings": value(("a", "b"), "beta must be"),
    "complex": value((1j, 0), "beta must be"),
    "ragged": value(([1], [1, 2]), "beta must be"),
    "table": value(np.ones((2, 2)), "beta must be"),
    "beyond float64": value((10**400,), "beta must be"),
    "a dict": value({"a": 1}, "beta must be"),
}

CUTPOINTS = {
    "none": value(None),
    "rising": value((-1.0, 1.0)),
    "falling": value((1.0, -1.0), "cutpoints must"),
    "equal": value((1.0, 1.0), "cutpoints must"),
    "NaN": value((np.nan, 1.0), "cutpoints must"),
    "inf": value((0.0, np.inf), "cutpoints must"),
    "none at all": value((), "cutpoints must|unclear"),
    "strings": value(("a", "b"), "cutpoints must"),
    "complex": value((1j, 2j), "cutpoints must"),
    "table": value(np.ones((2, 2)), "cutpoints must|unclear"),
    "a dict": value({}, "cutpoints must"),
}

CATEGORIES = {
    "none": value(None),
    "labels": value(["low", "mid", "high"]),
    "numbers": value((1, 2, 3)),
    "mixed": value([0, "some", None], "missing or unhashable"),
    "repeated": value(["a", "a", "b"], "repeats"),
    "one": value(["a"], "at least 2 classes"),
    "text": value("abc", "labels in order"),
    "a dict": value({}, "labels in order"),
    "lists": value([[1], [2], [3]], "missing or unhashable"),
}

PRIOR = {
    "normal": value(priors.normal(0, 1)),
    "flat": value(priors.flat()),
    "half": value(priors.half_normal(1), "is not a prior for|choose one of"),
    "lkj": value(priors.lkj(1), "is not a prior for|choose one of"),
    "number": value(1.0, "make it with bayesord.priors"),
    "None": value(None, "make it with bayesord.priors"),
    "function": value(priors.normal, "make it with bayesord.priors"),
    "string": value("normal(0, 1)", "make it with bayesord.priors"),
}

SETTINGS = {
    "link": {**choices("link", *LINKS), "a Link": value(bo.likelihood.links.get_link("probit"))},
    "priors": PRIORS,
    "method": {name: piece for name, piece in choices("method", "nuts", "mode").items() if name != "'mode'"},
    "on_fail": choices("on_fail", "warn", "raise", "ignore"),
    "weights": choices("weights", "frequency", "importance"),
    "draws": counts("draws", 1, 1000, np.int64(7)),
    "n_draws": counts("draws", 100, np.int64(200)),
    "tune": {**counts("tune", 1, 500, "auto"), "misspelt": value("Auto", "tune")},
    "chains": counts("chains", 1, 4),
    "cores": counts("cores", None, 1, 3),
    "target_accept": numbers("target_accept", 0.8, 0.999, np.float32(0.5), bad=[0.0, 1.0, -1, 2]),
    "prob": numbers("prob", 0.5, 0.9, bad=[0.0, 1.0, -1, 2]),
    "random_seed": SEEDS,
    "n": counts("n", None, 1, 20),
    "n_categories": counts("n_categories", None, least=2),
    "beta": BETA,
    "cutpoints": CUTPOINTS,
    "categories": CATEGORIES,
    "a prior of cutpoints": PRIOR,
    "a prior of beta": PRIOR,
    "location": numbers("location", 0, -2.5, np.float64(3)),
    "scale": numbers("scale", 1, 0.5, np.int64(2), bad=[0, -1.0]),
    "nu": numbers("nu", 3, 0.5, bad=[0, -1.0]),
    "mean": numbers("mean", 0.5, 0.01, bad=[0, 1, -1.0, 2]),
    "precision": numbers("precision", 4, bad=[0, -1.0]),
    "alpha": {
        **numbers("alpha", 1.0, 2, bad=[0, -1.0]),
        "bad [0.5]": value((0.5, 2.0)),
        "a zero": value((1, 0, 1), "alpha"),
        "a NaN": value([1, np.nan], "alpha"),
        "strings": value(["a", "b"], "alpha"),
        "table": value(np.ones((2, 2)), "alpha"),
        "ragged": value([[1], [1, 2]], "alpha"),
    },
    "autoscale": {
        "True": value(True),
        "False": value(False),
        "text": value("yes", "autoscale"),
        "2": value(2, "autoscale"),
    },
}
"""What each setting may be; `FRONT_DOOR` says which function takes which."""


def _fit(**settings):
    return bo.fit(X, Y, progressbar=False, **settings)


def _priors(**given):
    return bo.Priors(cutpoints=given["a prior of cutpoints"], beta=given["a prior of beta"])


def _prior_table(n_draws, **settings):
    return bo.prior_table(X, Y, draws=n_draws, **settings)


FRONT_DOOR = {
    "fit": (
        _fit,
        (
            "link",
            "priors",
            "method",
            "on_fail",
            "weights",
            "draws",
            "tune",
            "chains",
            "cores",
            "target_accept",
            "random_seed",
        ),
    ),
    "prior_table": (_prior_table, ("n_draws", "prob", "link", "priors", "random_seed", "weights")),
    "simulate": (bo.simulate, ("n", "beta", "cutpoints", "link", "random_seed", "categories")),
    "Priors": (_priors, ("a prior of cutpoints", "a prior of beta")),
    "priors.normal": (priors.normal, ("location", "scale", "autoscale")),
    "priors.student_t": (priors.student_t, ("nu", "location", "scale")),
    "priors.laplace": (priors.laplace, ("scale", "autoscale")),
    "priors.r2": (priors.r2, ("mean", "precision")),
    "priors.r2d2": (priors.r2d2, ("mean", "precision")),
    "priors.dirichlet": (priors.dirichlet, ("alpha",)),
    "priors.half_normal": (priors.half_normal, ("scale",)),
    "priors.half_student_t": (priors.half_student_t, ("nu", "scale")),
    "priors.exponential": (priors.exponential, ("scale",)),
}
"""Functions, and the settings that are tried."""
