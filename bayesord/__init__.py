"""Bayesian regression for ordered answers: posteriors, expected kappa, optimal labels.

>>> import bayesord as bo
>>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
>>> fit.verdict.level
'ok'
"""

from importlib import import_module

from bayesord import datasets
from bayesord.calibration import Calibration, simulate_calibration
from bayesord.checks import ConvergenceWarning
from bayesord.leave_one_out import compare_qwk
from bayesord.mode import OrdinalMode
from bayesord.model import OrdinalFit, fit, load
from bayesord.modelling import priors
from bayesord.modelling.covariate_grid import grid
from bayesord.modelling.prior_table import prior_table
from bayesord.modelling.priors import Priors
from bayesord.simulate import simulate

__version__ = "0.1.0"

# What is not needed for a fit is imported when it is asked for: scikit-learn takes a second, PyMC and Keras several
_LAZY = {
    "Comparison": "bayesord.comparison",
    "OrdinalClassifier": "bayesord.classifier",
    "compare": "bayesord.comparison",
    "CrossValidation": "bayesord.cross_validation",
    "cross_validate": "bayesord.cross_validation",
    "sample": "bayesord.inference.changed",
}
_LAZY_MODULES = ("comparison", "neural")


def __getattr__(name):
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name]), name)
    elif name in _LAZY_MODULES:
        value = import_module(f"bayesord.{name}")
    else:
        raise AttributeError(f"module 'bayesord' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_LAZY, *_LAZY_MODULES})


__all__ = [
    "Calibration",
    "Comparison",
    "ConvergenceWarning",
    "OrdinalClassifier",
    "OrdinalFit",
    "OrdinalMode",
    "Priors",
    "compare",
    "compare_qwk",
    "CrossValidation",
    "cross_validate",
    "datasets",
    "fit",
    "grid",
    "load",
    "prior_table",
    "priors",
    "sample",
    "simulate",
    "simulate_calibration",
]
