"""Bad labels, soft targets and outputs: refused where values are known, NaN where they are not."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from network_backends import TRACES, compiled, to_numpy

from bayesord.neural import METHODS, losses
from bayesord.neural.losses.base import BatchLoss

K = 4


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


def zeros(method, n=3):
    return np.zeros((n, method.n_outputs(K)), dtype=np.float32)


def test_labels_outside_the_codes_are_refused(method):
    loss = method.make_loss(K)
    with pytest.raises(ValueError, match="They look like 1..4: subtract 1"):
        loss([1, 4, 2], zeros(method))
    with pytest.raises(ValueError, match=r"outside the codes 0..3 in 1 row \(1\)"):
        loss([0, -1, 2], zeros(method))
    with pytest.raises(ValueError, match="not integer"):
        loss([0, 1.5, 2], zeros(method))
    with pytest.raises(ValueError, match="contains NaN"):
        loss([0, np.nan, 2], zeros(method))


def test_another_number_of_categories_is_refused(method):
    with pytest.raises(ValueError, match=r"METHODS makes for this loss and n_categories=4"):
        method.make_loss(K)([0, 1, 2], np.zeros((3, method.n_outputs(K) + 1), dtype=np.float32))
    with pytest.raises(ValueError, match="another number of categories"):
        method.make_loss(K)(np.eye(5)[[0, 1, 2]], zeros(method))
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[2, 3\]"):
        method.make_loss(K)([0, 1], zeros(method))


@pytest.mark.parametrize(
    "loss", [losses.CrossEntropyLoss(), losses.EMDLoss(), losses.SoftLabelLoss(targets="given")]
)
def test_soft_targets_must_be_distributions(loss):
    outputs = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ValueError, match=r"does not sum to 1: 1 row \(1\), first sum 0.9"):
        loss([[0.2, 0.3, 0.5], [0.2, 0.3, 0.4]], outputs)
    with pytest.raises(ValueError, match="negative"):
        loss([[0.2, 0.3, 0.5], [-0.2, 0.6, 0.6]], outputs)
    if TRACES:
        run = compiled(lambda y: loss(y, keras.ops.convert_to_tensor(outputs)))
        bad = np.array([[0.2, 0.3, 0.5], [0.2, 0.3, 0.4]], dtype=np.float32)
        assert np.isnan(to_numpy(run(keras.ops.convert_to_tensor(bad))))


def test_soft_targets_given_by_the_user(rng):
    t, z = rng.dirichlet(np.ones(3), size=5), rng.normal(size=(5, 3))
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    expected = -(t * log_p).sum(axis=1)
    for loss in (
        losses.CrossEntropyLoss(reduction=None),
        losses.SoftLabelLoss(targets="given", reduction=None),
    ):
        np.testing.assert_allclose(to_numpy(loss(t, z)), expected, rtol=2e-6)
    mixed = losses.SoftLabelLoss(targets="given", mix=0.25, reduction=None)
    hard = -log_p[np.arange(5), t.argmax(axis=1)]
    np.testing.assert_allclose(to_numpy(mixed(t, z)), 0.25 * expected + 0.75 * hard, rtol=2e-6)
    emd = losses.EMDLoss(reduction=None)
    gap = np.cumsum(np.exp(log_p) - t, axis=1)[:, :-1]
    np.testing.assert_allclose(to_numpy(emd(t, z)), (gap**2).sum(axis=1), rtol=1e-5, atol=1e-7)


def test_a_loss_of_labels_refuses_soft_targets():
    with pytest.raises(ValueError, match="not one-hot: 1 row"):
        losses.OrdinalLogLoss()([[0.5, 0.5], [0, 1]], np.zeros((2, 2)))


@pytest.mark.parametrize("loss", [losses.CrossEntropyLoss, losses.KappaLoss, losses.EMDLoss, losses.COLoss])
def test_probabilities_instead_of_logits(loss, rng):
    z, y = rng.normal(size=(6, 4)), [0, 1, 2, 3, 1, 2]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = to_numpy(loss(4)(y, z))
    np.testing.assert_allclose(to_numpy(loss(4, from_logits=False)(y, p)), expected, rtol=2e-5)
    certain = loss(4, from_logits=False)(y, np.eye(4)[[3, 1, 2, 3, 0, 0]])
    assert np.isfinite(to_numpy(certain))


@pytest.mark.parametrize("loss", [losses.CumulativeBitsLoss, losses.CondorLoss, losses.CornLoss])
def test_probabilities_of_bits_instead_of_logits(loss, rng):
    g, y = rng.normal(size=(6, 3)), [0, 1, 2, 3, 1, 2]
    expected = to_numpy(loss(4)(y, g))
    got = loss(4, from_logits=False)(y, 1 / (1 + np.exp(-g)))
    np.testing.assert_allclose(to_numpy(got), expected, rtol=2e-5)
    assert np.isfinite(to_numpy(loss(4, from_logits=False)(y, np.tile([0.0, 1.0, 0.5], (6, 1)))))


def test_weights_of_tasks_and_classes(rng):
    g, y = rng.normal(size=(6, 3)), np.array([0, 1, 2, 3, 1, 2])
    tasks, classes = np.array([1.0, 0.5, 2.0]), np.array([1.0, 2.0, 0.0, 3.0])
    costs = np.logaddexp(0, np.where(y[:, None] > np.arange(3), -g, g))
    got = losses.CoralLoss(task_weights=tasks, class_weights=classes, reduction=None)(y, g)
    np.testing.assert_allclose(to_numpy(got), classes[y] * (costs * tasks).sum(axis=1), rtol=2e-6)
    asked = y[:, None] >= np.arange(3)
    got = losses.CondorLoss(task_weights=tasks, reduction=None)(y, g)
    np.testing.assert_allclose(to_numpy(got), (asked * costs * tasks).sum(axis=1), rtol=2e-6)
    with pytest.raises(ValueError, match="class_weights has 3 numbers, expected 4"):
        losses.CoralLoss(4, class_weights=[1, 1, 1])
    with pytest.raises(ValueError, match="task_weights has 4 numbers, expected 3"):
        losses.CoralLoss(task_weights=[1, 1, 1, 1])(y, g)


def test_settings_out_of_range_are_refused():
    for make, message in (
        (lambda: losses.SoftLabelLoss(targets="sort"), "Did you mean 'sord'"),
        (lambda: losses.SoftLabelLoss(parameters={"alpha": -1}), "alpha=-1"),
        (lambda: losses.SoftLabelLoss(mix=1.5), "mix=1.5"),
        (lambda: losses.SoftLabelLoss(targets="given", parameters={"alpha": 1}), "no parameters"),
        (lambda: losses.ThresholdLoss(margin="hing"), "Did you mean 'hinge'"),
        (lambda: losses.KappaLoss(mix=1), "mix=1"),
        (lambda: losses.KappaLoss(reduction="sum"), "one number for the whole batch"),
        (lambda: losses.OrdinalLogLoss(alpha=0), "alpha=0"),
        (lambda: losses.CrossEntropyLoss(1), "at least 2"),
        (lambda: losses.LeastAbsoluteDeviationLoss(epsilon=-1), "epsilon=-1"),
    ):
        with pytest.raises(ValueError, match=message):
            make()


def test_a_mask_is_a_weight_of_nothing(rng):
    """Keras hangs it on the tensor; a loss of the whole batch must take it inside its sums."""
    z, y = keras.ops.convert_to_tensor(rng.normal(size=(4, 3)), dtype="float32"), np.array([0, 1, 2, 2])
    for loss in (losses.KappaLoss(), losses.CornLoss()):
        assert isinstance(loss, BatchLoss)
        outputs = z if isinstance(loss, losses.KappaLoss) else z[:, :2]
        expected = to_numpy(loss(y[:3], outputs[:3]))
        masked = outputs + 0
        masked._keras_mask = keras.ops.convert_to_tensor([True, True, True, False])
        np.testing.assert_allclose(to_numpy(loss(y, masked)), expected, rtol=2e-6)


# -- without Keras


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


HIDE_KERAS = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "{hidden}":
            raise ModuleNotFoundError("No module named {hidden!r}", name="{hidden}")
sys.meta_path.insert(0, Hidden())
"""


def test_the_package_does_not_need_keras_and_the_room_says_what_to_install():
    code = "import bayesord; print(sys.modules.keys() & {'keras', 'jax'}); import bayesord.neural"
    done = run_python(HIDE_KERAS.format(hidden="keras") + code)
    assert done.stdout == "set()\n"  # importing the package alone did not even ask
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: bayesord.neural needs Keras 3")
    assert 'pip install "bayesord[keras]"' in last


def test_a_backend_that_is_not_installed_is_named():
    done = run_python(HIDE_KERAS.format(hidden="torch") + "import bayesord.neural", KERAS_BACKEND="torch")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError")
    assert "'torch'" in last
    assert "KERAS_BACKEND" in last


def test_keras_gets_a_backend_that_is_installed(tmp_path):
    """Left alone, Keras wants TensorFlow, and keeps wanting it once it has written its settings."""
    code = "import sys, bayesord.neural, keras; print(keras.backend.backend())"
    chosen = {"KERAS_HOME": str(tmp_path)}
    environment = {**os.environ, **chosen}
    environment.pop("KERAS_BACKEND", None)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )
        installed = "tensorflow" if importlib.util.find_spec("tensorflow") else "jax"
        assert done.stdout == f"{installed}\n", done.stderr
        (tmp_path / "keras.json").write_text('{"backend": "tensorflow"}')
