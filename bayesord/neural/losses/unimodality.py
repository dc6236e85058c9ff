"""Losses that want the probabilities to fall away on both sides of the answer."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_number
from bayesord.neural.losses.base import CategoryLoss
from bayesord.neural.losses.nominal import picked

__all__ = ["CO2Loss", "COLoss", "HO2Loss"]


def disorder(y, probs, margin: float):
    """Σ_{k<y} (margin + p_k - p_{k+1})+ + Σ_{k>=y} (margin + p_{k+1} - p_k)+, (n,)."""
    k = ops.convert_to_tensor(np.arange(probs.shape[-1] - 1), dtype="int32")
    side = ops.cast(ops.where(k >= ops.expand_dims(y, -1), 1.0, -1.0), probs.dtype)
    return ops.sum(ops.relu(margin + side * (probs[:, 1:] - probs[:, :-1])), axis=-1)


class UnimodalityLoss(CategoryLoss):
    """A first term plus strength times `disorder`."""

    def __init__(self, n_categories=None, *, strength: float, margin: float, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.strength = check_number("strength", strength, least=0)
        self.margin = check_number("margin", margin, least=0)

    def first_term(self, y, log_probs):
        raise NotImplementedError

    def row_losses(self, y, outputs):
        return self.first_term(y, outputs) + self.strength * disorder(y, ops.exp(outputs), self.margin)

    def get_config(self):
        return {**super().get_config(), "strength": self.strength, "margin": self.margin}


@keras.saving.register_keras_serializable(package="bayesord")
class CO2Loss(UnimodalityLoss):
    """-log p_y + strength Σ_k (margin ± (p_{k+1} - p_k))+: probabilities must fall by a margin at every step away.

    The sign is + for k >= y and - for k < y.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    strength : float
        Of the penalty; 0.01 is the authors' value. Where the order should count for more, try 1.
    margin : float
    from_logits, name, reduction, dtype
        As in `CrossEntropyLoss`.

    Source: Albuquerque, Cruz & Cardoso 2021, doi:10.7717/peerj-cs.457.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CO2Loss(strength=1)([0], [[0.0, 0.0]])), 4)  # log 2 + 0.05
    0.7431
    """

    def __init__(self, n_categories=None, *, strength: float = 0.01, margin: float = 0.05, **kwargs):
        super().__init__(n_categories, strength=strength, margin=margin, **kwargs)

    def first_term(self, y, log_probs):
        return -picked(log_probs, y)


@keras.saving.register_keras_serializable(package="bayesord")
class COLoss(CO2Loss):
    """`CO2Loss` without a margin: probabilities must not rise on the way from the answer.

    Parameters
    ----------
    n_categories, strength, from_logits, name, reduction, dtype
        As in `CO2Loss`.

    Source: Albuquerque, Cruz & Cardoso 2021, doi:10.7717/peerj-cs.457.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.COLoss(strength=1)([0], [[0.0, 0.0]])), 4)  # log 2
    0.6931
    """

    def __init__(self, n_categories=None, *, strength: float = 0.01, margin: float = 0.0, **kwargs):
        super().__init__(n_categories, strength=strength, margin=margin, **kwargs)


@keras.saving.register_keras_serializable(package="bayesord")
class HO2Loss(UnimodalityLoss):
    """-Σ_k p_k log p_k + strength Σ_k (margin ± (p_{k+1} - p_k))+: entropy in the place of cross-entropy.

    The answer enters through the penalty alone, as the category from which probabilities must fall.

    Parameters
    ----------
    n_categories, margin, from_logits, name, reduction, dtype
        As in `CO2Loss`.
    strength : float
        Of the penalty. Entropy is least where all is said of one category, whichever: as strong as the penalty, it
        makes networks sure before they have learned. The authors' experiments choose its share of the penalty by
        cross-validation, at most 1/10; hence 10.

    Source: Albuquerque, Cruz & Cardoso 2021, doi:10.7717/peerj-cs.457.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.HO2Loss()([0], [[0.0, 0.0]])), 4)  # log 2 + 10 * 0.05
    1.1931
    """

    def __init__(self, n_categories=None, *, strength: float = 10.0, margin: float = 0.05, **kwargs):
        super().__init__(n_categories, strength=strength, margin=margin, **kwargs)

    def first_term(self, y, log_probs):
        return -ops.sum(ops.exp(log_probs) * log_probs, axis=-1)
