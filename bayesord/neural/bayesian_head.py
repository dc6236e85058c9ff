"""A Bayesian last layer: the posterior of an ordinal regression on what a network makes of the rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from bayesord.model import OrdinalFit, fit
from bayesord.neural.arrays import finite, rows_of
from bayesord.neural.columns import Columns
from bayesord.neural.cross_fit import folds_of, map_units
from bayesord.neural.embedding import embed, find_layer, network_until
from bayesord.neural.training import Trainer

__all__ = ["NAME", "bayesian_head", "head_of"]

NAME = "bayesian_head"

BATCH = 256


def bayesian_head(
    trainer: Trainer,
    rows: tuple,
    validation: tuple,
    new,
    *,
    link: str,
    cross_fit: int | None,
    seed: int,
    fit_options: Mapping,
) -> tuple[OrdinalFit, np.ndarray, np.ndarray]:
    """A posterior on the embedding of a network that has just been trained.

    It learns from all rows: those that trained the network as networks of the other folds embed them (as the trained
    network itself does, without `cross_fit`), and those of the validation part, which chose when to stop.

    Parameters
    ----------
    trainer : Trainer
        Its network has been trained on `rows` with this seed. With `cross_fit` it is trained again.
    rows, validation : (X, codes)
    new : array
        Rows to predict.
    link : str
    cross_fit : int or None
        Number of folds.
    seed : int
    fit_options : dict
        Of `bayesord.fit`.

    Returns
    -------
    OrdinalFit
    array (m, K)
        Probabilities of the validation rows.
    array (n, K)
        Probabilities of the new rows.
    """
    place = find_layer(trainer.network, "penultimate")
    run = network_until(trainer.network, place)

    def units(X):
        return finite(embed(run, X, BATCH), place.path)

    (X, y), (X_validation, y_validation) = rows, validation
    learned, held_out, unseen = units(X), units(X_validation), units(new)
    if cross_fit is not None:
        apart = np.empty_like(learned)
        for training, left_out in folds_of(y, len(y), cross_fit, seed):
            trainer.train((rows_of(X, training), y[training]), validation, seed)
            theirs = units(X)
            apart[left_out] = map_units(theirs[training], learned[training], theirs[left_out])
        learned = apart
    posterior, columns = head_of(
        np.concatenate([learned, held_out]),
        np.concatenate([y, y_validation]),
        place.path,
        n_categories=trainer.n_categories,
        link=link,
        seed=seed,
        fit_options=fit_options,
    )
    held_out, unseen = (posterior.predict_proba(columns.transform(part)) for part in (held_out, unseen))
    return posterior, held_out, unseen


def head_of(
    units: np.ndarray, y, layer: str, *, n_categories: int, link: str, seed: int, fit_options: Mapping
) -> tuple[OrdinalFit, Columns]:
    """The posterior on units (n, d) of a layer, and what makes its columns of other rows' units."""
    columns = Columns.learn(units, layer)
    with warnings.catch_warnings():
        # Units repeat each other; that is no fault of the data, and the prior on R² bears it
        for text in ("X is rank deficient", "Columns .* are nearly collinear", "There are more predictors"):
            warnings.filterwarnings("ignore", text, UserWarning)
        posterior = fit(
            columns.transform(units),
            y,
            link=link,
            **{
                "categories": range(n_categories),
                "random_seed": seed,
                "progressbar": False,
                **fit_options,
            },
        )
    return posterior, columns
