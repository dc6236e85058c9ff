"""The image task: a convolutional network on damaged shapes, trained by `bayesord.neural.training.Trainer`."""

from __future__ import annotations

import time
from functools import cache, lru_cache

import keras
import numpy as np

from bayesord.neural.bayesian_head import NAME, bayesian_head
from bayesord.neural.registry import METHODS
from bayesord.neural.training import Budget, Trainer
from benchmarks.losses.images import N_GRADES, SIZE, draw
from benchmarks.losses.store import OUTPUTS, PROBABILITIES, Answer

__all__ = ["BUDGET", "METHODS_OF_IMAGES", "TASK", "TEST", "TRAIN", "VALIDATION", "answer", "body"]

TASK = "images"
TRAIN, VALIDATION, TEST = 3600, 600, 1800
BUDGET = Budget(epochs=40, patience=8, batch_size=64)
EMBEDDED = "cumulative_logit"
METHODS_OF_IMAGES = (NAME, *METHODS)
BATCH = 600
NOTHING = np.empty(0, dtype=np.int64)


def body() -> keras.Model:
    """Three convolutions and a layer of 32 units."""
    layers = [keras.layers.Conv2D(n, 3, 2, "same", activation="relu") for n in (16, 24, 32)]
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            *layers,
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
        ]
    )


@cache
def _data(repetition: int):
    """Training, validation and test rows (X, codes), new for every repetition."""
    X, y, _ = draw(TRAIN + VALIDATION + TEST, repetition)
    y = y.astype(np.int32)
    ends = np.cumsum([TRAIN, VALIDATION])
    return tuple(zip(np.split(X, ends), np.split(y, ends), strict=True))


@lru_cache(maxsize=1)
def _trainer(method: str, budget: Budget) -> Trainer:
    return Trainer(body, METHODS[method], N_GRADES, budget)


def answer(method: str, repetition: int, budget: Budget = BUDGET) -> Answer:
    """What a method of `METHODS`, or "bayesian_head", says of the test images of this repetition."""
    rows, validation, (X_test, y_test) = _data(repetition)
    trainer = _trainer(EMBEDDED if method == NAME else method, budget)
    began = time.perf_counter()
    trainer.train(rows, validation, repetition)
    if method != NAME:
        new, rule = (trainer.network.predict(X, batch_size=BATCH, verbose=0) for X in (X_test, validation[0]))
        return Answer(OUTPUTS, new, rule, validation[1], y_test, NOTHING, time.perf_counter() - began)
    posterior, _, new = bayesian_head(
        trainer,
        rows,
        validation,
        X_test,
        link="logit",
        cross_fit=5,
        seed=repetition,
        fit_options={"cores": 1, "on_fail": "ignore"},
    )
    y_rule = np.concatenate([rows[1], validation[1]])
    seconds = time.perf_counter() - began
    return Answer(PROBABILITIES, new, posterior.predict_proba(), y_rule, y_test, NOTHING, seconds)
