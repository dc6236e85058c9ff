"""Rows 36 to 40 of the table of bad input: settings, embeddings, kappas; and what the rows before say of other calls."""

from functools import cache

import numpy as np
import pandas as pd
from input_cases import DATES, N, X, Y, bad, frame, good, numbers, ordered, table, warned, with_value
from input_outcomes import no_engine
from sklearn.exceptions import NotFittedError

import bayesord as bo
from bayesord import priors
from bayesord.likelihood.links import get_link
from bayesord.mode import fit_mode
from bayesord.modelling.design import from_formula
from bayesord.predictive.decisions import LabelRule
from bayesord.predictive.kappa import expected_qwk, qwk


def fit(*data, **options):
    with no_engine():
        return bo.fit(*data, progressbar=False, **options)


def classify(*data, **options):
    with no_engine():
        return bo.OrdinalClassifier(**options).fit(*data)


def with_priors(**given):
    return fit(X, Y, priors=bo.Priors(**given))


def setting(name, value, error, *says):
    return bad(38, (X, Y), error, *says, call=fit, **{name: value})


def unfitted(X):
    return bo.OrdinalClassifier().predict(X)


def dead(X):
    X = X.copy()
    X[:, 1] = 0.0
    return X


@cache
def fitted():
    """A point estimate, which needs no engine."""
    modest = bo.Priors(beta=priors.normal(0, 1))
    return fit_mode(from_formula("rating ~ age + colour", table()), get_link("logit"), modest)


def predict(new, **asked):
    return fitted().expected_qwk(new, **asked)


CASES = [
    bad(36, (X,), NotFittedError, "instance is not fitted yet. Call 'fit'", call=unfitted),
    # priors
    bad(37, (0, -1.0), ValueError, r"normal\(0, -1.0\): scale must be positive", call=priors.normal),
    bad(37, (0, 0), ValueError, "scale must be positive", call=priors.normal),
    bad(37, (0, np.nan), ValueError, "scale must be finite", call=priors.normal),
    bad(37, (0, "1"), TypeError, "scale must be a number, got '1'", call=priors.normal),
    bad(37, (0, [1.0, 2.0]), ValueError, "scale must be one number", call=priors.normal),
    bad(37, (0, 1, "yes"), TypeError, "autoscale must be True or False", call=priors.normal),
    bad(37, (1.0,), ValueError, "must lie between 0 and 1", call=priors.r2),
    bad(37, ((1, 0, 1),), ValueError, "alpha must be positive", call=priors.dirichlet),
    bad(
        37,
        (),
        ValueError,
        "2 values for 3 categories",
        "give one number, or one for each",
        call=with_priors,
        cutpoints=priors.dirichlet((1, 2)),
    ),
    bad(
        37,
        (),
        ValueError,
        r"does not have: \['x2'\]",
        r"Its coefficients are \['x0', 'x1'\]",
        call=with_priors,
        beta={"x2": priors.normal()},
    ),
    bad(
        37, (), ValueError, r"does not have: \['g'\]", call=with_priors, group_sd={"g": priors.half_normal()}
    ),
    bad(37, (), ValueError, "is not a prior for", "choose one of", call=with_priors, beta=priors.dirichlet()),
    bad(37, (), TypeError, "make it with bayesord.priors", call=with_priors, beta=1.0),
    bad(37, (X, Y), TypeError, r"must be bayesord.Priors\(...\), got dict", call=fit, priors={}),
    bad(37, (X, Y), ValueError, "Did you mean 'probit'", call=fit, link="probti"),
    # settings of the sampler
    setting("chains", 0, ValueError, "chains=0 must be an integer of at least 1"),
    setting("chains", 2.0, ValueError, "chains=2.0 must be an integer"),
    setting("draws", 0, ValueError, "draws=0 must be an integer of at least 1"),
    setting("draws", True, ValueError, "draws=True must be an integer"),
    setting("tune", "Auto", ValueError, "tune='Auto'"),
    setting("cores", 0, ValueError, "cores=0 must be an integer of at least 1"),
    setting("target_accept", 1.0, ValueError, "target_accept=1.0", "above 0 and below 1"),
    setting("random_seed", -1, ValueError, "random_seed=-1 must be None, an integer of at least 0"),
    setting("random_seed", "a", ValueError, "random_seed='a'"),
    setting("random_seed", 1.5, ValueError, "random_seed=1.5"),
    setting("method", "nut", ValueError, "Did you mean 'nuts'"),
    setting("on_fail", "error", ValueError, "use one of 'warn', 'raise', 'ignore'"),
    # embeddings, as arrays; those of a network are in tests/neural/test_features.py
    bad(39, (with_value(np.nan), Y), ValueError, "contains NaN: column 'x1', 1 row"),
    bad(39, (with_value(np.inf, dtype=np.float16), Y), ValueError, "float16, which overflows beyond 65504"),
    bad(39, (numbers(8)[:-2], Y), ValueError, r"inconsistent numbers of samples: \[10, 12\]"),
    bad(39, (dead(X), Y), ValueError, "'x1' is constant"),
    good(39, (X.astype(np.float16), Y), lambda design: design.X.dtype == np.float64),
    # kappas
    bad(40, ([1, 2, 3], [1, 2, 3]), ValueError, "look like 1..3: subtract 1", call=qwk, n_categories=3),
    bad(40, ([0, 1, 4], [0, 1, 2]), ValueError, "outside the codes 0..2 in 1 row", call=qwk, n_categories=3),
    bad(40, ([0, 1], [0, 1, 1]), ValueError, r"numbers of samples: \[2, 3\]", call=qwk, n_categories=3),
    bad(
        40, (list("ab"), [0, 1]), TypeError, "Map the categories to their positions", call=qwk, n_categories=2
    ),
    bad(40, ([0, 1], [0, 1]), TypeError, "counts the categories that exist", call=qwk, n_categories=2.0),
    warned(
        40,
        ([1, 1], [1, 1]),
        UserWarning,
        "0/0",
        "constant and equal",
        call=qwk,
        check=np.isnan,
        n_categories=3,
    ),
    good(40, ([0, 1, 2], [1, 1, 1]), lambda kappa: kappa == 0, call=qwk, n_categories=3),
    bad(40, ([[0.5, 0.4]], [0]), ValueError, "sum to 1 in row 0", "Divide each row", call=expected_qwk),
    bad(40, ([[0.5, 0.5]], [2]), ValueError, "outside the codes 0..1", call=expected_qwk),
    bad(40, ([0.1, 0.2], [0, 1]), ValueError, "n_categories is needed", call=LabelRule.from_labels),
    bad(
        40,
        (table(), [0] * N),
        ValueError,
        "0 that is not in the categories",
        call=lambda new, y: predict(new, yhat=y),
    ),
    bad(40, (table(), ["1"] * N), ValueError, "of type str", call=lambda new, y: predict(new, yhat=y)),
    # rows before, through other doors
    bad(
        5,
        ("rating ~ age", table(age=np.full(N, np.inf, np.float16))),
        ValueError,
        "float16",
        call=from_formula,
    ),
    bad(
        4,
        (frame(["age", "b"]).assign(age=[None, *range(1, N)]), Y),
        ValueError,
        "'age', 1 row",
        call=classify,
    ),
    bad(11, (table().iloc[:0],), ValueError, r"0 sample\(s\)", "new data is empty", call=predict),
    bad(19, (X, [1, None, 2] * 4), ValueError, r"NaN: 4 rows \(first 1, 4", call=classify),
    bad(22, (X, ["low", "mid", "high"] * 4), ValueError, "high<low<mid", call=classify),
    bad(25, (X, [1, 2, 4] * 4), ValueError, "gaps", "3 is missing", call=classify),
    bad(
        27,
        (X, ["Low ", "High", "Low"] * 4),
        ValueError,
        r"'Low '.*Did you mean 'Low' \(they differ in spaces\)",
        categories=["Low", "High"],
    ),
    warned(
        29,
        (
            numbers(1).repeat(17, axis=0)[:200] + np.arange(200)[:, None],
            ordered(np.arange(200) % 60, range(60)),
        ),
        UserWarning,
        "60 categories in 200 rows",
    ),
    bad(32, (frame(), pd.Series(Y)[::-1]), ValueError, "another order", call=classify),
    bad(32, (frame(), pd.Series(Y, index=DATES)), ValueError, "different index labels", "reset_index"),
    bad(
        32,
        (table(), pd.Series([1] * N, index=range(1, N + 1))),
        ValueError,
        "the rows and yhat have different index",
        call=lambda new, y: predict(new, yhat=y),
    ),
    bad(33, (X, Y, [0] * N), ValueError, "0 in every row", call=classify),
    bad(33, (X, Y), ValueError, "all below 1e-100 vanish", sample_weight=[1e-200] * N),
    bad(34, (table().drop(columns="colour"),), ValueError, "lack the column 'colour'", call=predict),
    bad(34, (table().rename(columns={"colour": "color"}),), ValueError, "Did you mean 'color'", call=predict),
    bad(
        34,
        (table().set_axis(pd.MultiIndex.from_product([["rating", "age", "colour"], [1]]), axis=1),),
        TypeError,
        "names of 2 levels",
        call=predict,
    ),
    bad(
        35,
        (table(colour="puce"),),
        ValueError,
        "'puce' \\(12 rows",
        "Known levels: 'blue', 'green', 'red'",
        call=predict,
    ),
]
