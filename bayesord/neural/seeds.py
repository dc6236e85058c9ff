"""Seeds for as long as they are needed."""

from __future__ import annotations

import random
from contextlib import contextmanager

import keras
import numpy as np

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int | None):
    """Everything that Keras draws inside is fixed by this seed; Python's and NumPy's generators are put back after.

    Keras draws the seeds of its layers from Python's generator and the order of batches from NumPy's, both global.
    None leaves all as it is.

    Examples
    --------
    >>> import keras
    >>> with seeded(1):
    ...     first = keras.random.normal((2,))
    >>> with seeded(1):
    ...     second = keras.random.normal((2,))
    >>> bool(keras.ops.all(first == second))
    True
    """
    if seed is None:
        yield
        return
    states = random.getstate(), np.random.get_state()
    try:
        keras.utils.set_random_seed(seed)
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
