"""Networks trained by one method, on a budget that is the same for all."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from bayesord.checks import check_count
from bayesord.neural.arrays import numbers_in
from bayesord.neural.method import Method
from bayesord.neural.seeds import seeded

__all__ = ["Budget", "Trained", "Trainer", "add_head", "always_new"]

VALIDATION_ROWS = 1024
"""Validation rows at a time: losses of whole batches, such as kappas, should see many."""


def adam() -> keras.optimizers.Optimizer:
    """Adam with a learning rate of 0.003 and gradients of norm 1 at most."""
    return keras.optimizers.Adam(3e-3, clipnorm=1.0)


@dataclass(frozen=True)
class Budget:
    """How long and how a network may train.

    Attributes
    ----------
    epochs : int
        At most.
    patience : int
        Epochs without a lower validation loss after which training stops; the best weights are put back.
    batch_size : int
        At least 64 for fairness to kappa losses, which are biased in small batches.
    optimizer : callable
        () -> keras.optimizers.Optimizer, a new one for every network.

    Examples
    --------
    >>> Budget(epochs=30).patience
    20
    """

    epochs: int = 300
    patience: int = 20
    batch_size: int = 64
    optimizer: Callable[[], keras.optimizers.Optimizer] = adam

    def __post_init__(self):
        for name in ("epochs", "patience", "batch_size"):
            check_count(name, getattr(self, name))
        if not callable(self.optimizer):
            raise TypeError(
                "optimizer must be a function that makes one, such as lambda: keras.optimizers.Adam(1e-3)."
            )


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, and what it took: `seconds`, `epochs`."""

    network: keras.Model
    seconds: float
    epochs: int


def add_head(body: keras.Model, method: Method, n_categories: int, frequencies=None) -> keras.Model:
    """The body with the head that the method needs.

    Parameters
    ----------
    body : keras.Model
        Functional or built Sequential, with one output (n, d).
    method : Method
    n_categories : int
    frequencies : array (K,), optional
        Counts in the training rows, from which heads start.

    Raises
    ------
    TypeError, ValueError
        For a body that is no such network.
    """
    if not isinstance(body, keras.Model):
        raise TypeError(
            f"build_network() must return a keras.Model without its head, got {type(body).__name__}."
        )
    outputs = getattr(body, "outputs", None) or ()
    if len(outputs) != 1 or len(outputs[0].shape) != 2:
        shapes = [tuple(tensor.shape) for tensor in outputs]
        raise ValueError(
            f"build_network() must return a network with one output of shape (n, features), got {shapes}: leave the "
            "head out, start with keras.Input, and flatten or pool what has more dimensions."
        )
    x = outputs[0]
    for layer in method.make_head(n_categories, frequencies=frequencies):
        x = layer(x)
    return keras.Model(getattr(body, "_functional", body).input, x)


def always_new(build_network) -> Callable:
    """`build_network`, refusing networks with weights of the one before: these would already be trained."""
    before: list = []

    def build():
        body = build_network()
        weights = list(getattr(body, "weights", ()))
        if any(weight is other for weight in weights for other in before):
            raise ValueError(
                "build_network() returned a network that shares weights with the one it returned before: make a new "
                "one at every call, so that each training starts from the beginning."
            )
        before[:] = weights
        return body

    return build


class _Reseed(keras.callbacks.Callback):
    """Seeds once more when training begins: a network's first training draws numbers before, later ones do not."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_train_begin(self, logs=None):
        keras.utils.set_random_seed(self.seed)


class Trainer:
    """A network for one method, trained as often as asked for; each time from the start.

    Compiling takes longer than training a small network. So there is one network, and a new one only lends it its
    starting weights: what is trained with a seed does not depend on what was trained before.

    Parameters
    ----------
    build_network : callable
        () -> keras.Model without a head, new at every call.
    method : Method
    n_categories : int
    budget : Budget

    Attributes
    ----------
    network : keras.Model or None
        With the weights of the last training.
    """

    def __init__(self, build_network, method: Method, n_categories: int, budget: Budget):
        self.build_network, self.method = build_network, method
        self.n_categories, self.budget = n_categories, budget
        self.network = self._optimizer_start = None

    def train(self, rows: tuple, validation: tuple, seed: int) -> Trained:
        """Train with early stopping, and put the best weights back.

        Parameters
        ----------
        rows, validation : (X, codes)
        seed : int
            Of the weights and of the order of batches: the same for all methods, so that all bodies start alike.
        """
        X, y = rows
        with seeded(seed), warnings.catch_warnings():
            # Keras 3.15 reads variables by NumPy's old protocol when it keeps the best weights
            warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
            began = time.perf_counter()
            frequencies = np.bincount(y, minlength=self.n_categories)
            fresh = add_head(self.build_network(), self.method, self.n_categories, frequencies)
            self._start_from(fresh)
            stop = keras.callbacks.EarlyStopping(
                monitor="val_loss", mode="min", patience=self.budget.patience, restore_best_weights=True
            )
            history = self.network.fit(
                X,
                np.asarray(y, dtype=np.int32),
                epochs=self.budget.epochs,
                batch_size=self.budget.batch_size,
                validation_data=(validation[0], np.asarray(validation[1], dtype=np.int32)),
                validation_batch_size=VALIDATION_ROWS,
                callbacks=[stop, _Reseed(seed)],
                verbose=0,
            )
            return Trained(self.network, time.perf_counter() - began, len(history.epoch))

    def _start_from(self, fresh: keras.Model) -> None:
        if self.network is None:
            fresh.compile(optimizer=self.budget.optimizer(), loss=self.method.make_loss(self.n_categories))
            fresh.optimizer.build(fresh.trainable_variables)
            self._optimizer_start = [numbers_in(variable) for variable in fresh.optimizer.variables]
            self.network = fresh
            return
        for variable, start in zip(self.network.variables, fresh.variables, strict=True):
            variable.assign(start)
        for variable, start in zip(self.network.optimizer.variables, self._optimizer_start, strict=True):
            variable.assign(start)
