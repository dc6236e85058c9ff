"""What a fitted model answers: probabilities, labels, scores, for the training rows or new ones.

`Answers` needs a design, a link and `predictive_draws(new)`; a posterior and a posterior mode both have these.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from bayesord.checks import (
    check_category_values,
    check_choice,
    check_random_seed,
    check_same_index,
    read_codes,
)
from bayesord.diagnosis import diagnose, residuals
from bayesord.effects import comparisons, predictions
from bayesord.likelihood.links import Link
from bayesord.modelling.design import Design
from bayesord.modelling.new_rows import NEW_GROUPS, NewRows
from bayesord.plots import plot_residuals
from bayesord.predictive import decisions, kappa
from bayesord.predictive.group_effects import GroupPosterior
from bayesord.predictive.probabilities import LinearDraws
from bayesord.storage.methods import Storable

__all__ = ["Answers", "Coefficients", "format_table"]


class Coefficients(NamedTuple):
    """Draws on the user's scale, chain after chain: beta (S, p), cutpoints (S, K-1), and those of every group term."""

    beta: np.ndarray
    cutpoints: np.ndarray
    n_chains: int
    groups: tuple[GroupPosterior, ...] = ()


class Answers(Storable):
    """Predictive methods; `new` is a DataFrame (formula) or array with the training columns, or None: training rows.

    In a model with group terms such as ``(1 | judge)`` every method that takes `new` also takes

    new_groups : "error" | "sample" | "zero"
        What to do with groups that the training rows did not have: refuse them; draw their effects from the
        distribution of groups, once for each draw and label; or give them no effects.
    group_effects : bool
        False: no group has effects (the population level), and `new` need not say which group a row belongs to.
    """

    design: Design
    link: Link

    predictions, comparisons = predictions, comparisons
    diagnose, residuals, plot_residuals = diagnose, residuals, plot_residuals

    @cached_property
    def _coefficients(self) -> Coefficients:
        raise NotImplementedError

    @cached_property
    def _training_probs(self) -> np.ndarray:
        """(n, K) posterior means of the training rows: what decision rules are frozen from."""
        return self.predictive_draws().mean_probs()

    @cached_property
    def _population_probs(self) -> np.ndarray:
        """The same without group effects."""
        return self.predictive_draws(group_effects=False).mean_probs()

    def _ask(
        self, new, offset, new_groups: str, group_effects: bool, random_seed=None
    ) -> tuple[Design | NewRows, LinearDraws]:
        """The training rows, or new ones coded like them, and beside them the posterior draws."""
        if new is not None:
            rows = self.design.rows(new, offset=offset, new_groups=new_groups, group_effects=group_effects)
        elif offset is not None:
            raise ValueError("offset= belongs to new rows; the training rows keep theirs")
        else:
            check_choice("new_groups", new_groups, NEW_GROUPS)
            rows = self.design if group_effects else self.design.without_groups()
        beta, cutpoints, chains, posteriors = self._coefficients
        labels = [getattr(term, "new_labels", ()) for term in rows.groups]
        seed = _effect_seed(random_seed) if any(labels) else 0
        groups = tuple(
            posterior.of_rows(term.index, term.Z, new_labels, seed)
            for posterior, term, new_labels in zip(posteriors, rows.groups, labels, strict=False)
        )
        return rows, LinearDraws(self.link, rows.X, beta, cutpoints, rows.offset, chains, groups)

    def predictive_draws(
        self, new=None, *, offset=None, new_groups: str = "error", group_effects: bool = True
    ) -> LinearDraws:
        """The rows beside the posterior draws: what every function of `bayesord.predictive` takes."""
        return self._ask(new, offset, new_groups, group_effects)[1]

    def _labelled(self, values: np.ndarray, rows, name: str, category: bool = False) -> xr.DataArray:
        """(S, n[, K]) -> DataArray (chain, draw, obs_id[, category])."""
        chains = self._coefficients.n_chains
        values = values.reshape(chains, -1, *values.shape[1:])
        coords = {
            "chain": np.arange(chains),
            "draw": np.arange(values.shape[1]),
            "obs_id": np.asarray(rows.obs_id),
        }
        if category:
            coords["category"] = list(self.design.categories)
        return xr.DataArray(values, coords=coords, dims=list(coords), name=name)

    def _labels(self, codes: np.ndarray) -> np.ndarray:
        """Codes as the user's own categories."""
        categories = np.array(self.design.categories)
        if categories.dtype.kind in "US" and not all(isinstance(c, str) for c in self.design.categories):
            categories = np.array(self.design.categories, dtype=object)
        return categories[codes]

    def category_probs(
        self, new=None, *, offset=None, new_groups: str = "error", group_effects: bool = True
    ) -> xr.DataArray:
        """Category probabilities P(y = k) of every draw.

        Parameters
        ----------
        new : DataFrame or array, optional
            Rows to predict; the training rows by default.
        offset : (n,) numbers, optional
            Of the new rows, where the fit was given an offset as an array.
        new_groups, group_effects
            See `Answers`.

        Returns
        -------
        xarray.DataArray
            Dims (chain, draw, obs_id, category): draws x rows x K numbers. For many rows use `predict_proba`
            or the functions of `bayesord.predictive`, which never hold them all.
        """
        rows, draws = self._ask(new, offset, new_groups, group_effects)
        return self._labelled(draws.probs(), rows, "category_probs", category=True)

    def predict_proba(
        self, new=None, *, offset=None, new_groups: str = "error", group_effects: bool = True
    ) -> np.ndarray:
        """Posterior mean of the category probabilities: (n, K), columns in the order of the categories."""
        return self._ask(new, offset, new_groups, group_effects)[1].mean_probs()

    def linear_predictor(
        self, new=None, *, offset=None, new_groups: str = "error", group_effects: bool = True
    ) -> xr.DataArray:
        """eta = X beta + offset + group effects on the user's scale, so that P(y <= k) = F(cutpoint_k - eta); dims
        (chain, draw, obs_id)."""
        rows, draws = self._ask(new, offset, new_groups, group_effects)
        return self._labelled(draws.eta(), rows, "linear_predictor")

    def expected_score(
        self,
        new=None,
        *,
        category_values=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ) -> xr.DataArray:
        """Σ_k t_k P(y = k) for the numbers t given to the categories; (chain, draw, obs_id).

        Parameters
        ----------
        category_values : (K,) increasing numbers, optional
            By default the categories themselves where they are numbers, else 1..K. (Kappas and decisions count
            from 0 by default: they do not see the origin, and take unequal steps only where told.)
        offset, new_groups, group_effects
            As for `category_probs`.
        """
        values = self._values(category_values)
        rows, draws = self._ask(new, offset, new_groups, group_effects)
        return self._labelled(draws.probs() @ values, rows, "expected_score")

    def _values(self, category_values) -> np.ndarray:
        if category_values is not None:
            return check_category_values(category_values, len(self.design.categories))
        if all(isinstance(c, (int, float)) and not isinstance(c, bool) for c in self.design.categories):
            return np.array(self.design.categories, dtype=float)
        return np.arange(1.0, len(self.design.categories) + 1.0)

    def posterior_predictive(
        self,
        new=None,
        *,
        random_seed=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ) -> xr.DataArray:
        """Replicated answers, one for every draw and row, in the user's categories; (chain, draw, obs_id).

        A posterior keeps those of the training rows, as codes, for ArviZ's predictive checks.
        """
        rng = np.random.default_rng(check_random_seed(random_seed))
        rows, draws = self._ask(new, offset, new_groups, group_effects, random_seed)
        codes = draws.replicate(rng)
        if rows is self.design:
            self._keep_replicates(self._labelled(codes.astype(np.int64), rows, "y"))
        return self._labelled(self._labels(codes), rows, "y")

    def _keep_replicates(self, codes: xr.DataArray) -> None:
        """What to do with replicates of the training rows: nothing, unless there is a place for them."""

    def predict(
        self,
        new=None,
        decision="qwk",
        *,
        rule: str = "frozen",
        category_values=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ) -> np.ndarray:
        """One label a row: the one that is optimal for `decision` under the posterior.

        Parameters
        ----------
        new : DataFrame or array, optional
        decision : str, Decision or (K, K) cost matrix
            "qwk", "kappa", "linear_kappa", "mode", "median", "mean", ...: see `bayesord.predictive.decisions`.
        rule : "frozen" | "batch"
            For kappas, whose optimal labels depend on each other: "frozen" applies the rule fixed by the training
            rows, so that a label never depends on which other rows are asked for; "batch" optimises the given rows.
            With group_effects=False the rule is that of the training rows without their effects.
        category_values : (K,) numbers, optional
            0..K-1 by default.
        offset : (n,) numbers, optional
        new_groups, group_effects
            See `Answers`.

        Returns
        -------
        (n,) array in the user's own categories
        """
        check_choice("rule", rule, ("frozen", "batch"))
        draws = self._ask(new, offset, new_groups, group_effects)[1]
        values = {"category_values": check_category_values(category_values, len(self.design.categories))}
        if rule == "batch":
            return self._labels(
                decisions.optimal_labels(draws, decision, **values, **self._weights(new)).labels
            )
        return self._labels(
            self._rule(decision, **values, group_effects=group_effects).predict(draws.mean_probs())
        )

    def expected_qwk(
        self,
        new=None,
        yhat=None,
        *,
        category_values=None,
        random_seed=None,
        offset=None,
        new_groups: str = "error",
        group_effects: bool = True,
    ) -> kappa.ExpectedQWK:
        """Expected quadratic weighted kappa of labels for these rows; by default of the labels that maximise it.

        Parameters
        ----------
        new : DataFrame or array, optional
            The training rows (with their weights) by default: then it is what *replications* of them would score.
        yhat : (n,) labels in the user's categories, optional
        category_values : (K,) numbers, optional
            0..K-1 by default.
        random_seed : int, optional
            For the simulated part of the next-score interval, and the effects of new groups.
        offset : (n,) numbers, optional
        new_groups, group_effects
            See `Answers`.
        """
        check_same_index(new, yhat, ("the rows", "yhat"))
        expected = kappa.expected_qwk(
            self._ask(new, offset, new_groups, group_effects, random_seed)[1],
            None if yhat is None else self.codes_of(yhat, "yhat"),
            category_values=category_values,
            random_seed=random_seed,
            **self._weights(new),
        )
        return replace(expected, labels=self._labels(expected.labels))

    def _weights(self, new) -> dict:
        """The training weights, for the training rows alone."""
        if new is not None or self.design.weights is None:
            return {}
        return {"sample_weight": self.design.weights, "weights": self.design.weights_kind}

    def codes_of(self, labels, name: str = "labels") -> np.ndarray:
        """Labels in the user's categories as codes 0..K-1; messages call them `name`."""
        return read_codes(labels, self.design.categories, name)


def _effect_seed(random_seed) -> int:
    """The seed of new groups' effects: without one they are the same in every call, in all methods."""
    seed = check_random_seed(0 if random_seed is None else random_seed)
    return seed if isinstance(seed, int) else int(np.random.default_rng(seed).integers(2**63))


def format_table(table: pd.DataFrame) -> str:
    """A summary in plain text: three decimals for estimates, whole numbers for effective sample sizes."""
    shown = table.copy()
    for name in shown.columns:
        whole = name.startswith("ess")
        shown[name] = [f"{v:,.0f}" if whole else f"{v:.3f}" for v in shown[name].astype(float)]
    return shown.to_string()
