"""Small networks whose layers are known one by one."""

import keras
from keras import layers
from network_backends import to_numpy

ROWS = 40


def dense(width, name, **options):
    return layers.Dense(width, name=name, **{"activation": "tanh", **options})


def functional(*stack, inputs=3):
    start = keras.Input((inputs,))
    x = start
    for layer in stack:
        x = layer(x)
    return keras.Model(start, x)


def by_hand(X, *stack):
    """The layers in turn, in inference mode, standardised."""
    for layer in stack:
        X = layer(X, training=False)
    units = to_numpy(X)
    return (units - units.mean(axis=0)) / units.std(axis=0)
