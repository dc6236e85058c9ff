"""What the heads share: K, full precision, and cutpoints that stay in order."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_choice
from bayesord.neural.numerics import log_softplus
from bayesord.predictive.inputs import check_categories

__all__ = ["Cutpoints", "Head", "check_frequencies"]

INCREMENTS = ("exp", "softplus")
RAREST = 1e-3
"""Share that an absent category is started with, so that its cutpoints are finite."""


def check_frequencies(frequencies, n_categories: int) -> np.ndarray:
    """Counts or shares of the categories as shares (K,) that sum to 1; equal ones for None.

    Shares below 0.001 are raised to it: a category that no row has still gets finite cutpoints.
    """
    if frequencies is None:
        return np.full(n_categories, 1 / n_categories)
    counts = np.asarray(frequencies, dtype=np.float64)
    if counts.shape != (n_categories,):
        raise ValueError(
            f"frequencies has shape {counts.shape}, expected ({n_categories},): one count per category, zeros "
            "included. For codes y they are np.bincount(y, minlength=n_categories)."
        )
    if not np.isfinite(counts).all() or (counts < 0).any() or counts.sum() <= 0:
        raise ValueError(f"frequencies must be counts or shares, not all zero; got {counts.tolist()}.")
    shares = np.maximum(counts / counts.sum(), RAREST)
    return shares / shares.sum()


class Head(keras.layers.Layer):
    """A last layer for K categories, in float32 (float64 where Keras is set to it) whatever the body uses."""

    inputs = 1
    """How many columns come in; None for any number."""

    def __init__(self, n_categories: int, **kwargs):
        kwargs.setdefault("dtype", "float64" if keras.config.floatx() == "float64" else "float32")
        super().__init__(**kwargs)
        self.n_categories = check_categories(n_categories)

    def outputs(self) -> int:
        """How many columns go out."""
        return self.n_categories

    def check_input(self, shape) -> None:
        """Refuse a body of another width, saying which layer to put before this one."""
        wanted = self.inputs_wanted()
        if wanted is not None and shape[-1] != wanted:
            raise ValueError(
                f"{type(self).__name__}({self.n_categories}) takes {wanted} column{'s' * (wanted > 1)}, got input "
                f"of shape {tuple(shape)}: put keras.layers.Dense({wanted}{self.bias_wanted()}) before it."
            )

    def inputs_wanted(self) -> int | None:
        return self.inputs

    def bias_wanted(self) -> str:
        return ""

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.outputs())

    def get_config(self):
        return {**super().get_config(), "n_categories": self.n_categories}


class Cutpoints(Head):
    """A head with K-1 ordered cutpoints: the first is free, the gaps are exp or softplus of free numbers."""

    def __init__(self, n_categories: int, *, frequencies=None, increments: str = "exp", **kwargs):
        super().__init__(n_categories, **kwargs)
        self.increments = check_choice("increments", increments, INCREMENTS)
        self.frequencies = None if frequencies is None else np.asarray(frequencies, dtype=float).tolist()
        check_frequencies(frequencies, self.n_categories)

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        """Where cutpoints stand for cumulative shares (K-1,)."""
        raise NotImplementedError

    def adapt(self, y) -> None:
        """Move the cutpoints to where the category frequencies of y (n,) put them, before training.

        The layer must be built. Codes are 0..K-1, as the loss takes them.
        """
        from bayesord.predictive.inputs import check_codes

        if not self.built:
            raise ValueError(f"{self.name} has no weights yet: call the network on a batch, then adapt(y).")
        codes = check_codes("y", np.asarray(y).reshape(-1), self.n_categories)
        self.frequencies = np.bincount(codes, minlength=self.n_categories).tolist()
        first, gaps = self._start()
        self.first_cutpoint.assign(first)
        if self.raw_gaps is not None:
            self.raw_gaps.assign(gaps)

    @property
    def cutpoints(self) -> np.ndarray:
        """The cutpoints c_1 < ... < c_{K-1} as they are now, (K-1,)."""
        return np.asarray(ops.convert_to_numpy(ops.copy(self._cutpoints()[0])))

    def _start(self) -> tuple[np.ndarray, np.ndarray]:
        """Starting values of the first cutpoint (1,) and of the free numbers behind the gaps (K-2,)."""
        shares = np.cumsum(check_frequencies(self.frequencies, self.n_categories))[:-1]
        cutpoints = self.quantile(shares)
        gaps = np.diff(cutpoints)
        raw = np.log(gaps) if self.increments == "exp" else gaps + np.log(-np.expm1(-gaps))
        return cutpoints[:1], raw

    def _add_cutpoints(self) -> None:
        first, gaps = self._start()
        self.first_cutpoint = self.add_weight(
            shape=(1,), initializer=_values(first), name="first_cutpoint", autocast=False
        )
        self.raw_gaps = None
        if gaps.size:
            self.raw_gaps = self.add_weight(
                shape=gaps.shape, initializer=_values(gaps), name="cutpoint_gaps", autocast=False
            )

    def _cutpoints(self):
        """Cutpoints (K-1,), gaps (K-2,) and their logarithms; None for the last two where K = 2."""
        first = ops.convert_to_tensor(self.first_cutpoint)
        if self.raw_gaps is None:
            return first, None, None
        raw = ops.convert_to_tensor(self.raw_gaps)
        gaps, log_gaps = (
            (ops.exp(raw), raw) if self.increments == "exp" else (ops.softplus(raw), log_softplus(raw))
        )
        return ops.concatenate([first, first + ops.cumsum(gaps)]), gaps, log_gaps

    def get_config(self):
        return {**super().get_config(), "frequencies": self.frequencies, "increments": self.increments}


def _values(array: np.ndarray):
    """An initialiser that gives these numbers. The layer makes it anew from its configuration, so it needs none."""
    return lambda shape, dtype: ops.convert_to_tensor(array, dtype=dtype)
