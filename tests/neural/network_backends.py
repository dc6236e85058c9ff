"""Compiling and differentiating on whatever backend Keras runs: what the losses themselves never need to know."""

import keras
import numpy as np

BACKEND = keras.backend.backend()
TRACES = BACKEND in ("jax", "tensorflow")  # whether `compiled` runs before values are known


def to_numpy(x):
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.copy(x)), dtype=np.float64)


def compiled(function):
    """The function of tensors, traced and compiled; torch runs as it is."""
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function


def value_and_gradient(function):
    """(x, *others) -> value of the scalar function and its gradient in the first argument, as float64 arrays."""
    if BACKEND == "jax":
        import jax

        both = jax.jit(jax.value_and_grad(function))

        def run(x, *others):
            value, gradient = both(np.asarray(x, dtype=np.float32), *others)
            return float(value), to_numpy(gradient)

    elif BACKEND == "tensorflow":
        import tensorflow as tf

        @tf.function(reduce_retracing=True)
        def both(x, *others):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = function(x, *others)
            return value, tape.gradient(value, x)

        def run(x, *others):
            value, gradient = both(
                tf.constant(x, dtype=tf.float32), *(tf.convert_to_tensor(o) for o in others)
            )
            return float(value), to_numpy(tf.convert_to_tensor(gradient))

    else:
        import torch

        def run(x, *others):
            x = torch.tensor(np.asarray(x, dtype=np.float32), requires_grad=True)
            value = function(x, *others)
            (gradient,) = torch.autograd.grad(value, x)
            return float(value.detach()), gradient.detach().cpu().numpy().astype(np.float64)

    return run
