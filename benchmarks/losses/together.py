"""The same network trained on many splits by one compiled program for each method.

`bayesord.neural.training.Trainer` trains with `keras.Model.fit`, and for networks as small as these most of the time
goes into starting each step. Here a whole training (batches, optimizer, early stopping) is one function of arrays,
compiled once and run for every split. Heads, losses and optimizer are the same objects as there, and so are the rules:
every epoch in a new order, the weights of least validation loss are kept, training ends when that has not fallen for
`budget.patience` epochs. Rows beyond the last full batch of an epoch wait for another epoch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import keras
import numpy as np

from bayesord.neural.method import Method
from bayesord.neural.seeds import seeded
from bayesord.neural.training import Budget, add_head

__all__ = ["Rows", "Trained", "bodies", "train"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of R trainings: `X`, `y` (R, n, ...) train, `X_validation`, `y_validation` (R, m, ...) stop, `X_new`
    (R, l, ...) are predicted; `seeds` (R,) are those of the orders of the batches."""

    X: np.ndarray
    y: np.ndarray
    X_validation: np.ndarray
    y_validation: np.ndarray
    X_new: np.ndarray
    seeds: list[int]


@dataclass(frozen=True, eq=False)
class Trained:
    """R networks of one architecture.

    Attributes
    ----------
    validation, new : array (R, m, width), (R, l, width)
        Outputs for the validation rows and for the new ones.
    units : array (R, n + m + l, d)
        What the body makes of the rows: those that trained, validation, new.
    epochs : array (R,)
    seconds : float
        Of all.
    """

    validation: np.ndarray
    new: np.ndarray
    units: np.ndarray
    epochs: np.ndarray
    seconds: float


def bodies(build_network, seeds) -> list[keras.Model]:
    """A network without a head for each seed: the same starting weights for every method."""
    found = []
    for seed in seeds:
        with seeded(seed):
            found.append(build_network())
    return found


def train(
    starts: list[keras.Model], method: Method, n_categories: int, budget: Budget, rows: Rows
) -> Trained:
    """Train one network for each split, from the weights of `starts`, to the least validation loss.

    Parameters
    ----------
    starts : list of keras.Model
        R bodies of one architecture; they keep their weights.
    method : Method
    n_categories : int
    budget : Budget
    rows : Rows

    Returns
    -------
    Trained
    """
    began = time.perf_counter()
    networks = [
        _with_head(body, method, n_categories, y, seed)
        for body, y, seed in zip(starts, rows.y, rows.seeds, strict=True)
    ]
    first, body = networks[0], starts[0]
    optimizer = budget.optimizer()
    optimizer.build(first.trainable_variables)
    at_start = [_value(variable) for variable in optimizer.variables]
    run = _training(first, body, method.make_loss(n_categories), optimizer, budget)
    orders = _orders(rows.seeds, rows.y.shape[1], budget)
    arrays = (rows.X, rows.y, rows.X_validation, rows.y_validation, rows.X_new)

    @jax.jit
    def one_after_another(state, *stacked):
        return jax.lax.map(lambda one: run(state, *one), stacked)

    found = one_after_another(
        at_start,
        _stacked([network.trainable_variables for network in networks]),
        _stacked([network.non_trainable_variables for network in networks]),
        jnp.asarray(orders),
        *map(jnp.asarray, arrays),
    )
    return Trained(*map(np.asarray, found), time.perf_counter() - began)


def _with_head(body, method, n_categories, y, seed) -> keras.Model:
    with seeded(seed + 1_000_000):  # other numbers than those the body began with
        return add_head(body, method, n_categories, np.bincount(y, minlength=n_categories))


def _value(variable):
    return jnp.asarray(keras.ops.convert_to_tensor(variable))


def _stacked(lists) -> list:
    return [jnp.stack([_value(variable) for variable in same]) for same in zip(*lists, strict=True)]


def _orders(seeds, n: int, budget: Budget) -> np.ndarray:
    """Row numbers (R, epochs, steps, batch), the same for all methods."""
    size = min(budget.batch_size, n)
    steps = n // size
    found = np.empty((len(seeds), budget.epochs, steps, size), dtype=np.int32)
    for at, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        for epoch in range(budget.epochs):
            found[at, epoch] = rng.permutation(n)[: steps * size].reshape(steps, size)
    return found


def _training(network, body, loss, optimizer, budget: Budget):
    """One training as a function of arrays."""
    position = {
        id(v): at for at, v in enumerate([*network.trainable_variables, *network.non_trainable_variables])
    }

    def outputs(part, trainable, fixed, X):
        every = [*trainable, *fixed]
        mine = [
            [every[position[id(v)]] for v in kind]
            for kind in (part.trainable_variables, part.non_trainable_variables)
        ]
        return part.stateless_call(*mine, X, training=False)[0]

    def total(trainable, fixed, X, y, training):
        found, fixed, penalties = network.stateless_call(
            trainable, fixed, X, training=training, return_losses=True
        )
        return loss(y, found) + sum(penalties), fixed

    def run(state, trainable, fixed, orders, X, y, X_validation, y_validation, X_new):
        def step(carry, chosen):
            trainable, fixed, state = carry
            (_, fixed), gradients = jax.value_and_grad(total, has_aux=True)(
                trainable, fixed, X[chosen], y[chosen], True
            )
            trainable, state = optimizer.stateless_apply(state, gradients, trainable)
            return (trainable, fixed, state), None

        def epoch(carry):
            now, best, least, waited, done = carry
            now, _ = jax.lax.scan(step, now, orders[done])
            value = total(*now[:2], X_validation, y_validation, False)[0]
            better = value < least
            best = jax.tree.map(lambda new, old: jnp.where(better, new, old), now[:2], best)
            return now, best, jnp.where(better, value, least), jnp.where(better, 0, waited + 1), done + 1

        def going_on(carry):
            return (carry[3] < budget.patience) & (carry[4] < budget.epochs)

        begin = ((trainable, fixed, state), (trainable, fixed), jnp.inf, 0, 0)
        _, best, _, _, done = jax.lax.while_loop(going_on, epoch, begin)
        every = jnp.concatenate([X, X_validation, X_new])
        m, n = len(X), len(X) + len(X_validation)
        found = outputs(network, *best, every[m:])
        return found[: n - m], found[n - m :], outputs(body, *best, every), done

    return run
