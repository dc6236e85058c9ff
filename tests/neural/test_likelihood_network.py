"""A cumulative-link network without hidden layers is the cumulative link model: it must find its maximum."""

import keras
import numpy as np
import pytest
from network_backends import to_numpy
from oracles import WINE_MAXIMUM_LIKELIHOOD

from bayesord.neural import layers, losses

COUNTS = np.array([[4, 9, 5, 0, 0], [1, 7, 8, 2, 0], [0, 5, 8, 3, 2], [0, 1, 5, 7, 5]])
CONDITIONS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # temp warm, contact yes
STEPS = 600


@pytest.mark.parametrize("row", WINE_MAXIMUM_LIKELIHOOD, ids=lambda row: row.link)
def test_the_maximum_likelihood_numbers_are_reached(row):
    condition, rating = np.nonzero(COUNTS)
    X = CONDITIONS[condition].astype(np.float32)
    y, weights = rating.astype(np.int32), COUNTS[condition, rating].astype(np.float32)
    keras.utils.set_random_seed(1)
    body = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    head = layers.CumulativeLink(5, link=row.link, frequencies=COUNTS.sum(axis=0))
    network = keras.Sequential([keras.Input((2,)), body, head])
    rate = keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    network.compile(
        optimizer=keras.optimizers.Adam(rate, beta_2=0.99),
        loss=losses.CumulativeLinkLoss(reduction="mean_with_sample_weight"),
    )
    repeats = [np.tile(a, (STEPS, *[1] * (a.ndim - 1))) for a in (X, y, weights)]
    network.fit(*repeats[:2], sample_weight=repeats[2], batch_size=len(y), shuffle=False, verbose=0)

    np.testing.assert_allclose(to_numpy(body.kernel)[:, 0], row.beta, atol=1e-3)
    np.testing.assert_allclose(head.cutpoints, row.cutpoints, atol=1e-3)
    log_p = to_numpy(network(X))[np.arange(len(y)), y]
    assert weights @ log_p == pytest.approx(row.log_likelihood, abs=1e-3)
