"""Bayesian regression for ordered answers: posteriors, expected kappa, optimal labels.

>>> import bayesord as bo
>>> fit = bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), random_seed=1, progressbar=False)
>>> fit.verdict.level
'ok'
"""

from bayesord import datasets
from bayesord.checks import ConvergenceWarning
from bayesord.leave_one_out import compare_qwk
from bayesord.mode import OrdinalMode
from bayesord.model import OrdinalFit, fit
from bayesord.modelling import priors
from bayesord.modelling.prior_table import prior_table
from bayesord.modelling.priors import Priors
from bayesord.simulate import simulate

__version__ = "0.1.0"

__all__ = [
    "ConvergenceWarning",
    "OrdinalFit",
    "OrdinalMode",
    "Priors",
    "compare_qwk",
    "datasets",
    "fit",
    "prior_table",
    "priors",
    "simulate",
]
