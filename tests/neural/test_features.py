"""Networks' layers as covariates: the right numbers, from every kind of network, and refusals that say what to do."""

import pickle

import keras
import numpy as np
import pytest
from feature_networks import ROWS, dense, functional
from keras import layers
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import bayesord as bo
from bayesord.neural.columns import Columns
from bayesord.neural.features import NeuralFeatures


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(2).normal(size=(ROWS, 3)).astype(np.float32)


def test_components_are_those_of_scikit_learn(X):
    network = functional(dense(6, "body"), layers.Dense(2))
    columns = NeuralFeatures(network).fit_transform(X)
    features = NeuralFeatures(network, n_components=2)
    found, reference = features.fit_transform(X), PCA(2).fit(columns)
    np.testing.assert_allclose(np.abs(found), np.abs(reference.transform(columns)), atol=1e-9)
    np.testing.assert_allclose(features.columns_.explained, reference.explained_variance_ratio_)
    assert features.get_feature_names_out().tolist() == ["body[pc1]", "body[pc2]"]
    share = NeuralFeatures(network, n_components=0.9).fit(X).columns_.explained
    assert share.sum() >= 0.9 > share[:-1].sum()
    with pytest.raises(ValueError, match="n_components=9 is more than the 6"):
        NeuralFeatures(network, n_components=9).fit(X)


def test_new_rows_are_standardised_by_the_training_rows(X):
    network = functional(dense(4, "body"), layers.Dense(2))
    features = NeuralFeatures(network).fit(X[:30])
    raw = NeuralFeatures(network, standardise=False).fit(X).transform(X)
    expected = (raw - raw[:30].mean(axis=0)) / raw[:30].std(axis=0)
    np.testing.assert_allclose(features.transform(X), expected, atol=1e-9)


# -- dead units, and other refusals ------------------------------------------------------------------------


def test_dead_units_are_dropped_and_listed(X):
    body = dense(5, "body", activation="relu")
    network = functional(body, layers.Dense(2))
    body.bias.assign([0, -1e6, 0, 0, -1e6])
    with pytest.warns(UserWarning, match=r"layer 'body': 2 of 5 units are constant.*dropped: 1, 4"):
        features = NeuralFeatures(network).fit(X)
    assert features.dead_units_.tolist() == [1, 4]
    assert features.get_feature_names_out().tolist() == ["body[0]", "body[2]", "body[3]"]
    assert features.transform(X).shape == (ROWS, 3)
    body.bias.assign([-1e6] * 5)
    with pytest.raises(ValueError, match=r"all 5 units of layer 'body' are constant over the 40 rows"):
        NeuralFeatures(network).fit(X)


def test_rounding_is_no_signal():
    """A saturated unit that differs by the last bits of float32 is dead; one that moves by 1e-4 lives."""
    units = np.stack([1 + np.arange(10) * 1.2e-8, 1 + np.arange(10) * 1e-5, np.arange(10)], axis=1)
    columns = Columns.learn(units, "body")
    assert (columns.dead.tolist(), columns.live.tolist()) == ([0], [1, 2])


def test_training_after_fit_is_noticed(X):
    network = functional(dense(4, "body"), layers.Dense(2))
    features = NeuralFeatures(network).fit(X)
    before = features.transform(X)
    network.compile(optimizer="sgd", loss="mse")
    network.fit(X, X[:, :2], epochs=1, verbose=0)
    with pytest.raises(ValueError, match=r"weights of network .* have changed since fit.*Fit again"):
        features.transform(X)
    assert not np.allclose(features.fit(X).transform(X), before)


def test_overflow_of_half_precision_is_named(X):
    body = layers.Dense(
        4, dtype="mixed_float16", kernel_initializer=keras.initializers.Constant(6e4), name="body"
    )
    network = functional(body, layers.Dense(2, dtype="float32"))
    with pytest.raises(
        ValueError, match=r"layer 'body' gives (infinity|NaN) in \d+ rows.*float16, which overflows"
    ):
        NeuralFeatures(network).fit(100 * X)


def test_what_is_no_network(X, tmp_path):
    with pytest.raises(TypeError, match="Loading runs code that the file brings"):
        NeuralFeatures(tmp_path / "network.keras").fit(X)
    with pytest.raises(TypeError, match="must be a keras.Model"):
        NeuralFeatures(3.0).fit(X)
    with pytest.raises(ValueError, match="pass train="):
        NeuralFeatures(lambda: None).fit(X)
    with pytest.raises(ValueError, match="cross_fit= trains a network on each fold"):
        NeuralFeatures(functional(dense(2, "a"), layers.Dense(1)), cross_fit=3).fit(X)
    network = functional(dense(2, "a"), layers.Dense(1))
    with pytest.raises(TypeError, match="pass layer='a'"):
        NeuralFeatures(network, layer=network.get_layer("a")).fit(X)
    with pytest.raises(TypeError, match="X is of type <U1: pass numbers"):
        NeuralFeatures(network).fit(np.array([["a", "b", "c"]]))
    with pytest.raises(ValueError, match="pool='men' is unknown"):
        NeuralFeatures(pool="men").fit(X[:, :, None])


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_network_keeps_its_weights_whatever_happens(error, X, monkeypatch):
    """On JAX a step that ends in an error, or is interrupted, takes the weights with it."""
    network = functional(dense(4, "body"), layers.Dense(2))
    features = NeuralFeatures(network).fit(X)
    before = features.transform(X)

    def broken(run, rows):
        for weight in run.weights:
            weight.assign(weight * 0)
            weight._value = None if keras.backend.backend() == "jax" else weight._value
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(keras.Model, "predict_on_batch", broken)
        with pytest.raises(error):
            features.transform(X)
    np.testing.assert_array_equal(features.transform(X), before)
    with pytest.raises(ValueError, match="incompatible|expected"):
        NeuralFeatures(network).fit(X[:, :2])
    np.testing.assert_array_equal(features.transform(X), before)


def test_new_rows_of_another_shape_are_refused(X):
    features = NeuralFeatures(functional(dense(4, "body"), layers.Dense(2))).fit(X)
    with pytest.raises(ValueError, match="X has 2 features, but NeuralFeatures is expecting 3"):
        features.transform(X[:, :2])
    with pytest.raises(ValueError, match="is expecting"):
        features.transform(X[:, :, None])
    with pytest.raises(ValueError, match="0 sample"):
        features.transform(X[:0])


# -- embeddings that are there already ---------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # of the constant columns that scikit-learn's checks bring
def test_scikit_learns_checks_without_a_network():
    statuses = {}
    for result in check_estimator(NeuralFeatures(), on_fail=None, on_skip=None):
        statuses.setdefault(result["status"], []).append((result["check_name"], result["exception"]))
    assert "failed" not in statuses, statuses["failed"]
    assert {name for name, _ in statuses.get("skipped", [])} <= {"check_array_api_input"}


def test_arrays_are_checked_like_covariates(X):
    with pytest.raises(ValueError, match="column 'x1', 1 row"):
        NeuralFeatures().fit(np.where(np.arange(ROWS * 3).reshape(ROWS, 3) == 4, np.nan, X))
    with pytest.raises(ValueError, match="float16, which overflows beyond 65504"), np.errstate(over="ignore"):
        NeuralFeatures().fit((X * 1e5).astype(np.float16))
    with pytest.raises(ValueError, match="Pool or flatten it first"):
        NeuralFeatures().fit(X[:, :, None])
    maps = np.random.default_rng(1).normal(size=(ROWS, 4, 4, 2))
    np.testing.assert_allclose(
        NeuralFeatures(pool="mean", standardise=False).fit_transform(maps), maps.mean(axis=(1, 2))
    )


# -- in pipelines ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def task():
    """300 rows in which only the product of two columns matters, and a body that can make it."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(300, 2)).astype(np.float32)
    y = 1 + np.searchsorted([-1.0, 0.0, 1.0], 3 * X[:, 0] * X[:, 1] + 0.5 * rng.logistic(size=300))
    body = layers.Dense(16, activation="relu", kernel_initializer=keras.initializers.RandomNormal(seed=1))
    return X, y, functional(body, layers.Dense(4), inputs=2)


FEW = {"draws": 100, "chains": 2, "on_fail": "ignore", "random_state": 1}


def test_a_head_on_features_sees_what_the_covariates_do_not(task):
    X, y, network = task
    features = NeuralFeatures(network, n_components=8)
    pipe = make_pipeline(features, bo.OrdinalClassifier(decision="qwk", **FEW)).fit(X[:200], y[:200])
    linear = bo.OrdinalClassifier(**FEW).fit(X[:200], y[:200])
    assert pipe.score(X[200:], y[200:]) > linear.score(X[200:], y[200:]) + 0.1
    fit = bo.fit(
        features.transform(X[:200]),
        y[:200],
        random_seed=1,
        draws=100,
        chains=2,
        on_fail="ignore",
        progressbar=False,
    )
    by_hand = fit.predict_proba(features.transform(X[200:]))
    np.testing.assert_allclose(pipe.predict_proba(X[200:]), by_hand, atol=0.05)


def test_names_reach_the_summary(task):
    X, y, network = task
    features = NeuralFeatures(network, n_components=2).set_output(transform="pandas")
    pipe = make_pipeline(features, bo.OrdinalClassifier(**FEW)).fit(X, y)
    assert [name for name in pipe[-1].fit_.summary().index if "pc" in name] == [
        f"beta[{name}]" for name in features.get_feature_names_out()
    ]


def test_cloning_shares_the_network(task):
    features = NeuralFeatures(task[2], layer=1)
    copy = clone(features)
    assert copy.network is task[2]
    assert copy.get_params() == features.get_params()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras 3.15's saving
def test_pickled_and_read_back(task):
    X, _, network = task
    features = NeuralFeatures(network).fit(X)
    copy = pickle.loads(pickle.dumps(features))
    np.testing.assert_allclose(copy.transform(X), features.transform(X), atol=1e-6)
