"""Settings that differ from the registry's, against formulas written down here in NumPy."""

import numpy as np
import pytest
from network_backends import to_numpy
from scipy.special import log_softmax

from bayesord.neural import losses

Y = np.array([0, 1, 2, 3, 1])
FAR = np.abs(Y[:, None] - np.arange(4))


@pytest.fixture
def log_p(rng):
    return log_softmax(rng.normal(size=(5, 4)) * 2, axis=1)


def rows(loss, outputs):
    return to_numpy(loss(Y, outputs))


def nll(log_p):
    return -log_p[np.arange(5), Y]


def test_power_of_the_distance_in_cross_entropy(log_p):
    hard = (np.abs(log_p.argmax(axis=1) - Y) / 3) ** 2
    got = rows(losses.OrdinalCrossEntropyLoss(power=2, reduction=None), log_p)
    np.testing.assert_allclose(got, (1 + hard) * nll(log_p), rtol=2e-6)
    smooth = (np.exp(log_p) * (FAR / 3) ** 2).sum(axis=1)
    got = rows(losses.SmoothOrdinalCrossEntropyLoss(power=2, reduction=None), log_p)
    np.testing.assert_allclose(got, (1 + smooth) * nll(log_p), rtol=2e-6)


def test_linear_kappa_and_a_share_of_cross_entropy(log_p):
    p, weights = np.exp(log_p), np.array([1.0, 2.0, 0.5, 1.0, 3.0])
    matrix = np.abs(np.arange(4)[:, None] - np.arange(4))
    observed = (np.eye(4)[Y] * weights[:, None]).T @ p
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / weights.sum()
    ratio = (matrix * observed).sum() / (matrix * expected).sum()
    loss = losses.KappaLoss(power=1, log=False, mix=0.2)
    got = to_numpy(loss(Y, log_p, sample_weight=weights))
    assert got == pytest.approx(0.8 * ratio + 0.2 * np.average(nll(log_p), weights=weights), rel=2e-6)


def test_soft_labels_with_parameters_and_a_share_of_the_label(log_p):
    soft = np.exp(-0.7 * FAR**1.5)
    target = 0.6 * np.eye(4)[Y] + 0.4 * soft / soft.sum(axis=1, keepdims=True)
    loss = losses.SoftLabelLoss(parameters={"alpha": 0.7, "power": 1.5}, mix=0.4, reduction=None)
    np.testing.assert_allclose(rows(loss, log_p), -(target * log_p).sum(axis=1), rtol=2e-6)


def test_distances_to_a_power_in_the_log_loss(log_p):
    expected = -(FAR**3 * np.log1p(-np.exp(log_p))).sum(axis=1)
    got = rows(losses.OrdinalLogLoss(alpha=3, reduction=None), log_p)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_errors_within_epsilon_cost_nothing(rng):
    f = rng.normal(size=(5, 1)) * 2
    got = rows(losses.LeastAbsoluteDeviationLoss(epsilon=0.5, reduction=None), f)
    np.testing.assert_allclose(got, np.maximum(np.abs(f[:, 0] - Y) - 0.5, 0), rtol=2e-6)


def test_weights_of_the_squared_error_under_any_margin(rng):
    g = rng.normal(size=(5, 3))
    k = np.arange(3)
    side = np.where(Y[:, None] > k, 1, -1)
    step = np.abs((Y[:, None] - k) ** 2 - (Y[:, None] - k - 1) ** 2)
    ends = (Y[:, None] == k) | (Y[:, None] == k + 1)
    expected = (step * ends * np.maximum(1 - side * g, 0)).sum(axis=1)
    loss = losses.ThresholdLoss(kind="immediate", margin="hinge", weights="squared", reduction=None)
    # 1 - m is rounded in float32, also where it is small
    np.testing.assert_allclose(rows(loss, g), expected, rtol=2e-6, atol=5e-7)


def test_strength_and_margin_of_the_penalty(log_p):
    p, k = np.exp(log_p), np.arange(3)
    rises = np.where(k >= Y[:, None], 1, -1) * np.diff(p, axis=1)
    expected = nll(log_p) + 2 * np.maximum(0.1 + rises, 0).sum(axis=1)
    got = rows(losses.CO2Loss(strength=2, margin=0.1, reduction=None), log_p)
    np.testing.assert_allclose(got, expected, rtol=2e-6)
