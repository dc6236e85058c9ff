"""Losses that price every category by its distance from the answer."""

from __future__ import annotations

import keras
from keras import ops

from bayesord.checks import check_number
from bayesord.neural.losses.base import CategoryLoss
from bayesord.neural.losses.nominal import distances
from bayesord.neural.numerics import log_complement

__all__ = ["EMDLoss", "OrdinalLogLoss"]


def _cumulative(table):
    """Sums of the first 1, ..., K-1 columns and of the last K-1, ..., 1, both (n, K-1)."""
    below = ops.cumsum(table[:, :-1], axis=-1)
    beyond = ops.flip(ops.cumsum(ops.flip(table[:, 1:], axis=-1), axis=-1), axis=-1)
    return below, beyond


@keras.saving.register_keras_serializable(package="bayesord")
class EMDLoss(CategoryLoss):
    """Squared earth mover's distance: Σ_{k<K-1} (F_k - G_k)², F and G the cumulative prediction and target.

    With a label, G_k = 1[y <= k], and it is the ranked probability score: proper, and in units of the order.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    from_logits : bool
        Whether `y_pred` holds logits (default) or probabilities.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Notes
    -----
    `y_true` may be codes (n,), or one distribution per row (n, K). The difference is taken as
    F(1 - G) - (1 - F)G with 1 - F summed from the other end, which loses nothing where F rounds to 1.

    Source: Hou, Yu & Samaras 2016, arXiv:1611.05916; Epstein 1969,
    doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.EMDLoss(from_logits=False)([0], [[0.5, 0.5, 0.0]])), 4)
    0.25
    """

    takes_distributions = True

    def row_losses(self, y, outputs):
        below, beyond = _cumulative(ops.exp(outputs))
        target, rest = _cumulative(y)
        return ops.sum(ops.square(below * rest - beyond * target), axis=-1)


@keras.saving.register_keras_serializable(package="bayesord")
class OrdinalLogLoss(CategoryLoss):
    """-Σ_k |k - y|^alpha log(1 - p_k): probability at a distance is punished, the answer's own is not rewarded.

    Known as OLL (alpha 1 to 2) and as class distance weighted cross-entropy, CDW-CE (alpha about 5).

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    alpha : float
        How fast the price rises with distance.
    from_logits, name, reduction, dtype
        As in `EMDLoss`.

    Notes
    -----
    log(1 - p_k) is computed as LSE_{j≠k} z_j - LSE z: 1 - p_k is 0 in float32 once p_k is within 6e-8 of 1.

    Source: Castagnos, Mihelich & Dognin 2022, https://aclanthology.org/2022.coling-1.407; Polat, Ergenc, Kani, Alahdab,
    Atug & Temizel 2022, doi:10.1007/978-3-031-12053-4_12.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.OrdinalLogLoss(alpha=1)([0], [[0.0, 0.0]])), 4)  # log 2
    0.6931
    """

    def __init__(self, n_categories=None, *, alpha: float = 1.5, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.alpha = check_number("alpha", alpha, above=0)

    def row_losses(self, y, outputs):
        price = distances(y, outputs.shape[-1], outputs.dtype) ** self.alpha
        return -ops.sum(price * log_complement(outputs), axis=-1)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
