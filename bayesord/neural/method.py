"""A method: a loss, the head it needs, and how the head's outputs become answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayesord.neural import decoding, metrics
from bayesord.neural.encodings import encode
from bayesord.neural.heads import HEADS, Head
from bayesord.neural.losses.base import OrdinalLoss
from bayesord.neural.outputs import KINDS
from bayesord.neural.rounding import nelder_mead_rule
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.inputs import check_categories
from bayesord.predictive.labelrule import LabelRule

__all__ = ["Method"]


@dataclass(frozen=True)
class Method:
    """One way to train a network for ordered categories, from the labels to the answers.

    Attributes
    ----------
    name : str
    group : int
        Which family it belongs to, 1 to 13, as the table in the documentation counts them.
    summary : str
    head_name : str
        A key of `HEADS`.
    loss : type
        The loss class; `settings` are its options.
    encoding : str
        A key of `ENCODINGS`: what the loss compares the outputs with.
    source : str
    settings, head_settings : dict
        Options of the loss and of the head.
    likelihood : bool
        Whether the loss is the negative logarithm of a probability of the label, each row counted once. Only
        such a loss could be sampled.
    proper : bool
        Whether the true probabilities minimise its expectation; others need a look at calibration.
    minimum_batch : int
        Rows per batch below which the loss is biased; 1 for losses of rows.
    residual : "normal" or "laplace"
        Of scores: how y is spread around them.

    Examples
    --------
    >>> from bayesord.neural import METHODS
    >>> method = METHODS["coral"]
    >>> [layer.name for layer in method.make_head(5)], method.make_loss(5).name
    (['head'], 'coral')
    >>> method.to_proba([[0.0, 0.0, -1.0, -2.0]], n_categories=5).round(2)
    array([[0.5 , 0.  , 0.23, 0.15, 0.12]])
    """

    name: str
    group: int
    summary: str
    head_name: str
    loss: type[OrdinalLoss]
    encoding: str
    source: str
    settings: dict = field(default_factory=dict)
    head_settings: dict = field(default_factory=dict)
    likelihood: bool = False
    proper: bool = False
    minimum_batch: int = 1
    residual: str = "normal"

    # -- what training needs

    @property
    def head(self) -> Head:
        """The head, an entry of `HEADS`."""
        return HEADS[self.head_name]

    @property
    def kind(self) -> str:
        """The kind of outputs, a key of `outputs.KINDS`."""
        return self.head.kind

    def n_outputs(self, n_categories: int) -> int:
        """How many numbers the network gives per row."""
        return KINDS[self.kind].width(check_categories(n_categories))

    def make_loss(self, n_categories: int, **settings) -> OrdinalLoss:
        """The loss for K categories; `settings` replace the default ones."""
        return self.loss(n_categories, **{"name": self.name, **self.settings, **settings})

    def make_head(self, n_categories: int, *, frequencies=None, name: str = "head", **settings) -> list:
        """The layers that a network must end with, new ones at every call.

        Parameters
        ----------
        n_categories : int
        frequencies : array (K,), optional
            Counts of the categories in the training rows: biases and cutpoints start from them.
        name : str
            Of the last layer; a dense layer before it is called `<name>_score`.
        **settings
            Replace `head_settings`.

        Returns
        -------
        list of keras.layers.Layer, to be applied in turn to features (n, d)
        """
        options = {**self.head_settings, **settings}
        return self.head.make(check_categories(n_categories), frequencies=frequencies, name=name, **options)

    def make_metrics(self, n_categories: int) -> list:
        """Streaming metrics for `compile`: kappa, absolute error and, where there are probabilities, RPS."""
        found = [
            metrics.QuadraticWeightedKappa(n_categories, kind=self.kind),
            metrics.OrdinalMAE(n_categories, kind=self.kind),
        ]
        if self.has_probabilities:
            found.append(metrics.RankedProbabilityScore(n_categories, kind=self.kind))
        return found

    def encode(self, y, *, n_categories: int) -> np.ndarray:
        """The targets that labels (n,) become inside the loss, as an array."""
        parameters = {}
        if self.encoding == "soft":
            parameters = {"targets": self.settings["targets"], **self.settings.get("parameters", {})}
        return encode(self.encoding, y, n_categories=n_categories, **parameters)

    # -- from outputs to answers

    @property
    def has_probabilities(self) -> bool:
        """Whether the outputs alone say category probabilities; if not, `fit_spread` learns what is missing."""
        return not KINDS[self.kind].likelihood_free

    def fit_spread(self, outputs, y, *, n_categories: int) -> float | None:
        """What `to_proba` needs beside the outputs, from rows with known answers; None where it needs nothing."""
        return decoding.fit_spread(self.kind, outputs, y, n_categories=n_categories, residual=self.residual)

    def to_proba(self, outputs, *, n_categories: int, spread: float | None = None) -> np.ndarray:
        """Category probabilities (n, K) of what the network predicted, (n, n_outputs).

        Methods without probabilities of their own take `spread` from `fit_spread`: a normal (or Laplace)
        residual cut at the half-integers, or a slope that makes margins into logits; 1 where none is given.
        """
        return decoding.to_proba(
            self.kind, outputs, n_categories=n_categories, spread=spread, residual=self.residual
        )

    def to_score(
        self, outputs, *, n_categories: int, category_values=None, spread: float | None = None
    ) -> np.ndarray:
        """One number per row (n,): the mean category value, or the score that the network gives."""
        return decoding.to_score(
            self.kind, outputs, n_categories=n_categories, category_values=category_values, spread=spread
        )

    def to_label(
        self,
        outputs,
        decision="native",
        *,
        n_categories: int,
        category_values=None,
        spread: float | None = None,
        rule: LabelRule | None = None,
    ) -> np.ndarray:
        """Labels, codes (n,).

        Parameters
        ----------
        outputs : array (n, n_outputs)
        decision : str
            "native": the method's own published rule. Otherwise a decision of `bayesord.predictive.decisions`:
            "mode", "median", "mean", "qwk", ..., applied to the probabilities of these rows together.
        n_categories : int
        category_values : (K,) numbers, optional
            What the decision gives to the categories; 0..K-1 by default.
        spread : float, optional
            As in `to_proba`.
        rule : LabelRule, optional
            From `label_rule`, learned on other rows; then `decision` and `category_values` are not looked at.
        """
        if rule is not None:
            if self._by_score(rule.decision):
                how = {"category_values": rule.category_values, "spread": spread}
                return rule.predict(self.to_score(outputs, n_categories=n_categories, **how))
            return rule.predict(self.to_proba(outputs, n_categories=n_categories, spread=spread))
        if decision == "native":
            return decoding.native_labels(self.kind, outputs, n_categories=n_categories)
        table = self.to_proba(outputs, n_categories=n_categories, spread=spread)
        return optimal_labels(table, decision, category_values=category_values).labels

    def label_rule(
        self,
        outputs,
        y,
        decision="qwk",
        *,
        n_categories: int,
        category_values=None,
        spread: float | None = None,
    ) -> LabelRule:
        """The rule for a decision, frozen: from training or validation rows, to label others one by one.

        For "qwk" without probabilities of its own it is the best monotone rounding of the score to the answers y
        (`LabelRule.from_labels`), "nelder_mead" the usual search for one; every other rule comes from the
        probabilities.

        Parameters
        ----------
        outputs : array (n, n_outputs)
        y : array (n,) of codes
        decision, n_categories, category_values, spread
            As in `to_label`.
        """
        values = {"category_values": category_values}
        searched = decision == "nelder_mead"
        if searched or self._by_score(decision):
            score = self.to_score(outputs, n_categories=n_categories, spread=spread, **values)
            make = nelder_mead_rule if searched else LabelRule.from_labels
            return make(score, y, n_categories=n_categories, **values)
        table = self.to_proba(outputs, n_categories=n_categories, spread=spread)
        return LabelRule.from_posterior(table, decision, **values)

    def _by_score(self, decision: str) -> bool:
        """Whether a rule for this decision is made from, and asked with, the score and not the probabilities."""
        return decision == "qwk" and not self.has_probabilities
