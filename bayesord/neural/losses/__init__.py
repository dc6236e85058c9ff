"""Losses for ordered categories 0..K-1, all of them `keras.losses.Loss`.

Labels are codes (n,) or (n, 1), or one-hot rows (n, K). What `y_pred` must be is said by `outputs`: K logits,
K-1 logits, one score, or log probabilities. `METHODS` of `bayesord.neural` pairs each with its head.
"""

from bayesord.neural.losses.binary import CondorLoss, CoralLoss, CornLoss, CumulativeBitsLoss
from bayesord.neural.losses.distance import EMDLoss, OrdinalLogLoss
from bayesord.neural.losses.kappa import KappaLoss
from bayesord.neural.losses.likelihood import CumulativeLinkLoss, NegativeLogLikelihood
from bayesord.neural.losses.nominal import (
    CrossEntropyLoss,
    OrdinalCrossEntropyLoss,
    SmoothOrdinalCrossEntropyLoss,
)
from bayesord.neural.losses.regression import AbsoluteErrorLoss, LeastAbsoluteDeviationLoss, SquaredErrorLoss
from bayesord.neural.losses.soft import SoftLabelLoss
from bayesord.neural.losses.thresholds import ThresholdLoss
from bayesord.neural.losses.unimodality import CO2Loss, COLoss, HO2Loss

__all__ = [
    "AbsoluteErrorLoss",
    "CO2Loss",
    "COLoss",
    "CondorLoss",
    "CoralLoss",
    "CornLoss",
    "CrossEntropyLoss",
    "CumulativeBitsLoss",
    "CumulativeLinkLoss",
    "EMDLoss",
    "HO2Loss",
    "KappaLoss",
    "LeastAbsoluteDeviationLoss",
    "NegativeLogLikelihood",
    "OrdinalCrossEntropyLoss",
    "OrdinalLogLoss",
    "SmoothOrdinalCrossEntropyLoss",
    "SoftLabelLoss",
    "SquaredErrorLoss",
    "ThresholdLoss",
]
