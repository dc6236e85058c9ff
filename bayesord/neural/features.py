"""`NeuralFeatures`: a layer of a Keras network as covariates."""

from __future__ import annotations

import os
import warnings

import keras
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from bayesord import checks
from bayesord.checks import Problems
from bayesord.neural.arrays import finite, read_arrays, rows_of
from bayesord.neural.columns import Columns, pooling
from bayesord.neural.cross_fit import folds_of, fresh_copy, map_units
from bayesord.neural.embedding import embed, find_layer, fingerprint, network_until
from bayesord.neural.seeds import seeded

__all__ = ["NeuralFeatures"]


class NeuralFeatures(TransformerMixin, BaseEstimator):
    """A layer of a network as columns of numbers, for `bayesord.fit` or for a pipeline with `OrdinalClassifier`.

    The network runs in inference mode (no dropout, batch normalisation by its moving averages), in batches. Units
    that are constant over the training rows are dropped and listed; the others are standardised, and turned to
    principal components where asked, with statistics of the training rows.

    Parameters
    ----------
    network : keras.Model, callable or None
        A network in memory, trained; with `train`, one that says what to train, or a function without arguments
        that makes one. None: X is an embedding already.
    layer : str, int or callable
        Which layer's output: "penultimate" (what the head takes in), a name, a path into nested networks
        ("body/dense_1"), an index into `network.layers`; or a function (network, batch) -> embedding, which models
        written as a subclass need.
    pool : {"mean", "max", "flatten"} or callable, optional
        From maps (n, ..., d) to columns (n, d). Needed where the layer gives more than two dimensions.
    standardise : bool
        Divide by the standard deviation, having subtracted the mean.
    n_components : int or float in (0, 1), optional
        Keep this many principal components, or as many as have this share of the variance.
    batch_size : int
        Rows at a time.
    train : callable, optional
        (network, X, y) -> None trains a network in place. Then `fit` trains a fresh copy of `network` on the rows
        it is given, and leaves the one that was passed alone: what cross-validation of a pipeline needs.
    cross_fit : int, optional
        Number of folds, with `train`: `fit_transform` embeds each row by a network that was trained without it.
    random_state : int, RandomState or None
        Of folds and training.

    Attributes
    ----------
    network_ : keras.Model or None
        The network that embeds.
    layer_ : str
        The layer's path.
    dead_units_ : array of int
        Units dropped because they are constant.
    columns_ : Columns
        Means, scales and components.

    Notes
    -----
    **Rows that trained the network give over-confident embeddings.** In its last layer they lie further apart than
    new rows will, and a head fitted to them takes that for signal. Either keep rows for the head that the network
    has not seen, or let `cross_fit` train on folds and embed the part that was held out (units of the fold networks
    are mapped to those of the full network, see `bayesord.neural.cross_fit`).

    **A Bayesian last layer understates what the network itself does not know**: its posterior takes the embedding as
    given. Far from the training rows a network is as sure as anywhere.

    **Wide embeddings cost.** A draw of the head reads the table of columns some fifteen times: 512 columns of 4,000 rows
    take three minutes of processor time, shared by the cores, 64 components of the same six seconds.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> import bayesord as bo
    >>> network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="body"), keras.layers.Dense(5)])
    >>> features = NeuralFeatures(network)
    >>> features.fit_transform(np.random.default_rng(1).normal(size=(20, 3))).shape
    (20, 4)
    >>> features.layer_, features.get_feature_names_out().tolist()
    ('body', ['body[0]', 'body[1]', 'body[2]', 'body[3]'])
    """

    def __init__(
        self,
        network=None,
        *,
        layer="penultimate",
        pool=None,
        standardise=True,
        n_components=None,
        batch_size=256,
        train=None,
        cross_fit=None,
        random_state=None,
    ):
        self.network = network
        self.layer = layer
        self.pool = pool
        self.standardise = standardise
        self.n_components = n_components
        self.batch_size = batch_size
        self.train = train
        self.cross_fit = cross_fit
        self.random_state = random_state

    # -- scikit-learn's three

    def fit(self, X, y=None) -> NeuralFeatures:
        """Learn which units live, their means and scales; with `train`, train a network first.

        Parameters
        ----------
        X : array (n, ...), DataFrame, or list or dict of arrays for networks with several inputs
        y : (n,) answers, optional
            Given to `train`, and to spread categories over folds.
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None) -> np.ndarray:
        """`fit`, and the columns (n, p) of the training rows: with `cross_fit`, each by a network that has not seen it."""
        self._check_settings()
        checks.check_count("batch_size", self.batch_size)
        seed = _seed(self.random_state)
        self._source = None
        if self.network is None:
            self.network_, self.layer_ = None, "x"
            units = self._given(X, fitting=True)
            step = np.finfo(np.float32 if getattr(X, "dtype", None) == np.float32 else np.float64).eps
        else:
            step = None
            arrays = self._arrays(X, fitting=True)
            self.network_ = self._trained(arrays, y, seed)
            units = self._units(self.network_, arrays)
            if self.cross_fit is not None:
                units = self._cross_fitted(arrays, y, units, seed)
            self._fingerprint = fingerprint(self.network_)
        how = {"standardise": self.standardise, "n_components": self.n_components, "step": step}
        self.columns_ = Columns.learn(units, self.layer_, self._names, **how)
        self.dead_units_ = self.columns_.dead
        if self.dead_units_.size:
            warnings.warn(self.columns_.about_dead(len(units)), UserWarning, stacklevel=2)
        return self.columns_.transform(units)

    def transform(self, X) -> np.ndarray:
        """Columns (n, p), float64, of new rows.

        Raises
        ------
        ValueError
            If the network has been trained since `fit`.
        """
        checks.check_fitted(self, "columns_")
        if self.network_ is None:
            return self.columns_.transform(self._given(X, fitting=False))
        if fingerprint(self.network_) != self._fingerprint:
            raise ValueError(
                f"the weights of network {self.network_.name!r} have changed since fit: its units are no longer those "
                "that were standardised, and that a head has learned from. Fit again, the head too."
            )
        return self.columns_.transform(self._units(self.network_, self._arrays(X, fitting=False)))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns: "layer[unit]", or "layer[pc1]" for components."""
        checks.check_fitted(self, "columns_")
        return np.array(self.columns_.names, dtype=object)

    # -- settings

    def _check_settings(self) -> None:
        network = self.network
        if isinstance(network, str | os.PathLike):
            raise TypeError(
                f"network must be a keras.Model in memory, got the path {os.fspath(network)!r}. Loading runs code that "
                "the file brings: if you trust it, pass keras.saving.load_model(path)."
            )
        if network is not None and not isinstance(network, keras.Model) and not callable(network):
            raise TypeError(
                f"network must be a keras.Model, a function that makes one, or None; got {network!r}."
            )
        if isinstance(self.layer, keras.layers.Layer):
            raise TypeError(
                f"layer must be the name of a layer, not the layer itself: pass layer={self.layer.name!r}."
            )
        if self.train is not None and not callable(self.train):
            raise TypeError("train must be a function (network, X, y) that trains the network in place.")
        if self.train is None and callable(network) and not isinstance(network, keras.Model):
            raise ValueError(
                "network is a function that makes networks: pass train=, or call it and train the result."
            )
        if self.cross_fit is not None:
            if self.train is None or network is None:
                raise ValueError(
                    "cross_fit= trains a network on each fold: pass network= and train=, a function "
                    "(network, X, y) that trains in place."
                )
            checks.check_count("cross_fit", self.cross_fit, 2)

    def __sklearn_clone__(self):
        # the network is shared: a copy of its weights for every fold of a search would serve nobody
        return type(self)(**self.get_params(deep=False))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self):
        return {**super().__getstate__(), "_source": None}  # made again when it is needed

    # -- rows

    def _given(self, X, fitting: bool) -> np.ndarray:
        """An embedding that was passed as X."""
        if self.pool is not None and np.ndim(X) > 2:
            X = pooling(self.pool)(np.asarray(X))
        problems = Problems()
        covariates = checks.read_covariates(X, problems)
        problems.raise_if_any()
        if fitting:
            checks.check_size(covariates.values.shape, "X", problems)
            if covariates.values.shape[1] == 0:
                shape = covariates.values.shape
                problems.add(
                    f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required."
                )
            problems.raise_if_any()
            self._names = covariates.names
        validate_data(self, X, reset=fitting, skip_check_array=True)
        return covariates.values

    def _arrays(self, X, fitting: bool):
        """X as arrays of the types that networks compute in."""
        arrays, flat = read_arrays(X)
        if flat[0] is arrays and arrays.ndim == 2:
            validate_data(self, X, reset=fitting, skip_check_array=True)
        shapes = [part.shape[1:] for part in flat]
        if fitting:
            self._shapes, self._names = shapes, None
        elif shapes != self._shapes:
            raise ValueError(f"X has rows of shape {shapes}, but NeuralFeatures is expecting {self._shapes}.")
        return arrays

    # -- networks

    def _trained(self, arrays, y, seed) -> keras.Model:
        if self.train is None:
            return self.network
        with seeded(seed):
            network = fresh_copy(self.network)
            self.train(network, arrays, y)
        return network

    def _cross_fitted(self, arrays, y, units, seed) -> np.ndarray:
        """Units of the rows by networks that have not seen them, as units of `network_`."""
        found = np.empty_like(units)
        answers = None if y is None else np.asarray(y)
        for training, held_out in folds_of(y, len(units), self.cross_fit, seed):
            network = self._trained(
                rows_of(arrays, training), None if y is None else answers[training], seed
            )  # one seed for all: they start alike, and end less differently
            theirs = self._units(network, arrays)
            found[held_out] = map_units(theirs[training], units[training], theirs[held_out])
        return found

    def _units(self, network, arrays) -> np.ndarray:
        """The layer's units (n, d), float64, finite."""
        run = self._runner(network)
        units = embed(run, arrays, self.batch_size, None if self.pool is None else pooling(self.pool))
        n = len(keras.tree.flatten(arrays)[0])
        if units.ndim != 2 or len(units) != n:
            remedy = "Pass pool='mean', 'max' or 'flatten', or a function." if units.ndim > 2 else ""
            raise ValueError(
                f"layer {self.layer_!r} gives shape {units.shape} for {n} rows, expected (n, units). {remedy}".rstrip()
            )
        return finite(units, self.layer_)

    def _runner(self, network):
        """The network up to the layer; that of `network_` is kept, for compiling it takes longer than running it."""
        if self._source is not None and self._source[0] is network:
            return self._source[1]
        if callable(self.layer):
            self.layer_ = getattr(self.layer, "__name__", type(self.layer).__name__).strip("<>")
            if not network.built:
                raise ValueError(
                    f"network {network.name!r} has no weights yet: call it on a batch, or train it."
                )
            return lambda batch: self.layer(network, batch)
        place = find_layer(network, self.layer)
        self.layer_ = place.path
        run = network_until(network, place)
        if self._source is None:
            self._source = network, run
        return run


def _seed(random_state) -> int | None:
    """An integer for folds and training, None for none."""
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    checks.check_random_seed(random_state)
    return random_state
