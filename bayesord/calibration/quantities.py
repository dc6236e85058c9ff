"""What is ranked: parameters, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.likelihood.links import Link
from bayesord.modelling.cutpoints import cutpoint_labels, cutpoints_from_steps, steps_from_cutpoints
from bayesord.modelling.design import Design
from bayesord.modelling.prior_draws import PriorDraws
from bayesord.predictive.group_effects import GroupEffects, GroupPosterior, add_shifts
from bayesord.predictive.kappa import qwk_mean
from bayesord.predictive.linear_draws import LinearDraws

__all__ = ["Parameters", "fixed_labels", "posterior_parameters", "quantities", "true_parameters"]


@dataclass(frozen=True, eq=False)
class Parameters:
    """S draws: beta (S, p), steps (S, K-1), R2 (S,) or None; for each group term sd (S, q), corr (S, q, q) or None,
    effects (S, J, q), and the effects (S, q) of a group that has no answers."""

    beta: np.ndarray
    steps: np.ndarray
    R2: np.ndarray | None
    sd: tuple
    corr: tuple
    effects: tuple
    new: tuple


def true_parameters(drawn: PriorDraws, rng: np.random.Generator) -> Parameters:
    """One draw from the prior, and new groups from its distribution of groups."""
    new = [
        rng.standard_normal((1, sd.shape[1]))
        @ np.swapaxes(sd[0][:, None] * np.linalg.cholesky(corr[0]), 0, 1)
        for sd, corr in zip(drawn.sd, drawn.corr, strict=True)
    ]
    return Parameters(
        drawn.beta, steps_from_cutpoints(drawn.cutpoints), drawn.R2, drawn.sd, drawn.corr, drawn.effects, tuple(new)
    )  # fmt: skip


def posterior_parameters(design: Design, posterior, R2: bool, rng: np.random.Generator) -> Parameters:
    """Draws of a fit; `posterior(name)` gives those of a variable, one after another."""
    steps = posterior("cutpoint_steps")
    groups = [
        GroupPosterior(
            g.name, posterior(g.effect), posterior(g.sd), posterior(g.chol_corr) if g.n_terms > 1 else None
        )
        for g in design.groups
    ]
    return Parameters(
        beta=posterior("beta") if design.predictors else np.zeros((len(steps), 0)),
        steps=steps,
        R2=posterior("R2") if R2 else None,
        sd=tuple(group.sd for group in groups),
        corr=tuple(posterior(g.corr) if g.n_terms > 1 else None for g in design.groups),
        effects=tuple(group.effects for group in groups),
        new=tuple(_new_effects(group, int(rng.integers(2**63))) for group in groups),
    )


def _new_effects(group: GroupPosterior, seed: int) -> np.ndarray:
    """(S, q) effects of one new group, as predictions draw them."""
    J, q = group.effects.shape[1:]
    effects = np.zeros((len(group.effects), q))
    term = group.of_rows(np.full(q, J), np.eye(q), ("new",), seed)
    add_shifts((term,), (0, len(effects)), effects)
    return effects


def fixed_labels(design: Design) -> np.ndarray:
    """Labels that have something to do with eta: the ranks of the first predictor cut into K parts of equal size."""
    key = design.X[:, 0] if design.predictors else np.arange(len(design.y))
    return np.argsort(np.argsort(key, kind="stable"), kind="stable") * len(design.categories) // len(design.y)


def quantities(
    design: Design, answers: Design, labels: np.ndarray, link: Link, at: Parameters
) -> dict[str, np.ndarray]:
    """Name -> (S,) of everything that is compared.

    `design` are the rows given, with their fixed labels; `answers` those simulated, among which equal ones may have
    been merged.
    """
    cutpoints = cutpoints_from_steps(at.steps)
    shift = at.beta @ design.mean + design.offset_mean
    on_user_scale = cutpoints + shift[:, None]
    found = {f"beta[{name}]": at.beta[:, j] for j, name in enumerate(design.predictors)}
    found |= {
        f"cutpoints[{label}]": on_user_scale[:, j]
        for j, label in enumerate(cutpoint_labels(design.categories))
    }
    found |= {f"log width[{c}]": at.steps[:, j] for j, c in enumerate(design.categories[1:-1], start=1)}
    if at.R2 is not None:
        found["R2"] = at.R2
    found |= _of_groups(design, at)
    terms = tuple(GroupEffects(g.index, g.Z, u) for g, u in zip(design.groups, at.effects, strict=True))
    draws = LinearDraws(link, design.X, at.beta, on_user_scale, design.offset, groups=terms)
    first = draws.rows(0, 1).probs()[:, 0]
    found |= {f"P(y = {c}), first row": first[:, k] for k, c in enumerate(design.categories)}
    if design.groups:
        first = _first_row_in_new_groups(design, link, at, on_user_scale)
        found |= {
            f"P(y = {c}), first row in new groups": first[:, k] for k, c in enumerate(design.categories)
        }
    rows = log_likelihood_at(answers, link, at.beta, at.steps, effects=at.effects)
    found["log-likelihood"] = rows.sum(axis=1) if answers.weights is None else rows @ answers.weights
    found["expected QWK of fixed labels"] = qwk_mean(draws, labels, sample_weight=design.weights)
    return found


def _of_groups(design: Design, at: Parameters) -> dict[str, np.ndarray]:
    found = {}
    for t, group in enumerate(design.groups):
        for k, term in enumerate(group.terms):
            found[f"{group.sd}[{term}]"] = at.sd[t][:, k]
            found[f"{group.effect}[{group.labels[0]}, {term}]"] = at.effects[t][:, 0, k]
            found[f"{group.effect}[a new one, {term}]"] = at.new[t][:, k]
            found[f"mean square of {group.effect}[{term}]"] = (at.effects[t][:, :, k] ** 2).mean(axis=1)
            for other in range(k):
                found[f"{group.corr}[{group.terms[other]}, {term}]"] = at.corr[t][:, other, k]
    return found


def _first_row_in_new_groups(design: Design, link: Link, at: Parameters, cutpoints: np.ndarray) -> np.ndarray:
    """(S, K): eta = x'beta + offset + z'u for the new u; the cutpoints are moved by -eta."""
    eta = at.beta @ design.X[0] + (0.0 if design.offset is None else design.offset[0])
    for group, new in zip(design.groups, at.new, strict=True):
        eta = eta + new @ group.Z[0]
    return LinearDraws(link, np.zeros((1, 0)), np.zeros((len(eta), 0)), cutpoints - eta[:, None]).probs()[
        :, 0
    ]
