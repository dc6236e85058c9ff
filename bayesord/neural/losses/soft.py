"""Cross-entropy with a soft label: the answer's neighbours are a little right too."""

from __future__ import annotations

import keras
from keras import ops

from bayesord.checks import check_choice, check_number
from bayesord.neural.losses.base import CategoryLoss
from bayesord.neural.soft_targets import SHAPES, soft_target_table

__all__ = ["SoftLabelLoss"]

GIVEN = "given"


@keras.saving.register_keras_serializable(package="bayesord")
class SoftLabelLoss(CategoryLoss):
    """-Σ_k t_k log p_k with t = (1 - mix) 1[k = y] + mix (soft target of y).

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    targets : str
        "sord", "exponential", "binomial", "poisson", "beta", "triangular" or "geometric" (see `soft_targets`),
        with a label as `y_true`; or "given": `y_true` (n, K) holds the soft targets themselves.
    parameters : dict, optional
        Of that shape; the others keep their defaults.
    mix : float
        From 0, plain cross-entropy, to 1, the soft target alone.
    from_logits : bool
        Whether `y_pred` holds logits (default) or probabilities.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Raises
    ------
    ValueError
        For unknown shapes and parameters; for given targets that do not sum to 1 (naming the row).

    Notes
    -----
    The minimum of a row is the entropy of t, not 0. Probabilities learned from soft labels are as soft as these:
    not calibrated for the labels.

    Source: of each shape, `bayesord.neural.soft_targets.SHAPES`; the first, Díaz & Marathe 2019,
    doi:10.1109/CVPR.2019.00487.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> loss = losses.SoftLabelLoss(targets="triangular", parameters={"alpha": 0.1})
    >>> round(float(loss([1], [[0.0, 0.0, 0.0]])), 4)  # log 3, whatever the target
    1.0986
    """

    def __init__(
        self, n_categories=None, *, targets: str = "sord", parameters=None, mix: float = 1.0, **kwargs
    ):
        super().__init__(n_categories, **kwargs)
        self.targets = check_choice("targets", targets, [*SHAPES, GIVEN])
        self.parameters = dict(parameters or {})
        self.mix = check_number("mix", mix, least=0)
        if self.mix > 1:
            raise ValueError(f"mix={mix!r} must be from 0 (the label alone) to 1 (the soft target alone).")
        if self.targets == GIVEN:
            if self.parameters:
                raise ValueError(f"targets='given' has no parameters; got {sorted(self.parameters)}.")
        else:
            soft_target_table(self.targets, self.n_categories or 3, **self.parameters)  # refuse bad ones here

    @property
    def takes_distributions(self) -> bool:
        return self.targets == GIVEN

    def row_losses(self, y, outputs):
        return -ops.sum(self._target(y, outputs) * outputs, axis=-1)

    def _target(self, y, outputs):
        n_categories, dtype = outputs.shape[-1], outputs.dtype
        if self.targets == GIVEN:
            hard = ops.one_hot(ops.argmax(y, axis=-1), n_categories, dtype=dtype)
            return self.mix * y + (1 - self.mix) * hard
        table = soft_target_table(self.targets, n_categories, **self.parameters)
        table = self.mix * ops.convert_to_tensor(table, dtype=dtype)
        return ops.take(table + (1 - self.mix) * ops.eye(n_categories, dtype=dtype), y, axis=0)

    def get_config(self):
        return {
            **super().get_config(),
            "targets": self.targets,
            "parameters": self.parameters,
            "mix": self.mix,
        }
