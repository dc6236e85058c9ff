"""log P per draw and row against the row kernels, one row at a time; and what it costs in memory."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from bayesord.inference import log_likelihood
from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.likelihood import kernels
from bayesord.likelihood.links import LINKS
from bayesord.modelling.design import from_arrays
from bayesord.modelling.groups import GroupTerm

links = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


@pytest.fixture
def tiles_of_a_few_rows(monkeypatch):
    """So that a small model has tiles that are full, tiles that are not, and several draws of them."""
    monkeypatch.setattr(log_likelihood, "_TILE_ROWS", 70)
    monkeypatch.setattr(log_likelihood, "_TILE_DRAWS", 4)
    monkeypatch.setattr(log_likelihood, "_TASK_DRAWS", 9)


def model(rng, n, p, n_draws, K=4, offset=False):
    X = rng.normal(size=(n, p)) + 3.0
    y = np.concatenate([np.arange(K), rng.integers(0, K, n - K)])
    design = from_arrays(X, y, offset=rng.normal(size=n) if offset else None)
    steps = np.column_stack([rng.normal(-1, 0.3, n_draws), rng.normal(0, 1, (n_draws, K - 2))])
    return design, rng.normal(size=(n_draws, p)), steps


def one_by_one(design, link, beta, steps, effects=()):
    """The definition, by the row kernels."""
    out = np.empty((len(beta), len(design.y)))
    scratch = np.empty((2, len(design.y)))
    for s in range(len(beta)):
        eta = (design.X - design.mean) @ beta[s]
        if design.offset is not None:
            eta = eta + design.offset - design.offset_mean
        for term, u in zip(design.groups, effects, strict=True):
            eta = eta + (term.Z * u[s, term.index]).sum(axis=1)
        kernels.rows(link.code, eta, steps[s], design.y, out[s], *scratch)
    return out


@links
@pytest.mark.parametrize("offset", [False, True])
def test_definition(link, offset, rng, tiles_of_a_few_rows):
    design, beta, steps = model(rng, 200, 3, 21, offset=offset)
    got = log_likelihood_at(design, link, beta, steps)
    assert got.shape == (21, 200)
    np.testing.assert_allclose(got, one_by_one(design, link, beta, steps), rtol=1e-12)
    for rows in (slice(0, 1), slice(60, 150), slice(199, 400), slice(5, 5)):
        np.testing.assert_allclose(
            log_likelihood_at(design, link, beta, steps, rows=rows), got[:, rows], rtol=1e-12
        )


@pytest.mark.parametrize("shape", [(40, 0, 3, 4), (300, 2, 1, 2), (90, 5, 40, 30)])
def test_shapes(shape, rng, tiles_of_a_few_rows):
    """No predictors, one draw, two categories; more categories than a tile has rows of each."""
    n, p, n_draws, K = shape
    design, beta, steps = model(rng, n, p, n_draws, K)
    for link in (LINKS["probit"], LINKS["logit"]):
        got = log_likelihood_at(design, link, beta, steps)
        np.testing.assert_allclose(got, one_by_one(design, link, beta, steps), rtol=1e-12)


@links
def test_group_effects(link, rng, tiles_of_a_few_rows):
    design, beta, steps = model(rng, 150, 2, 11, offset=True)
    judges = GroupTerm("judge", ("Intercept",), tuple("abc"), rng.integers(0, 3, 150), np.ones((150, 1)))
    slopes = GroupTerm(
        "site", ("Intercept", "x"), tuple(range(9)), rng.integers(0, 9, 150), rng.normal(size=(150, 2))
    )
    design = dataclasses.replace(design, groups=(judges, slopes))
    effects = (rng.normal(size=(11, 3, 1)), rng.normal(size=(11, 9, 2)))
    got = log_likelihood_at(design, link, beta, steps, effects=effects)
    np.testing.assert_allclose(got, one_by_one(design, link, beta, steps, effects), rtol=1e-12)
    part = log_likelihood_at(design, link, beta, steps, effects=effects, rows=slice(33, 140))
    np.testing.assert_allclose(part, got[:, 33:140], rtol=1e-12)
    with pytest.raises(ValueError, match="zip"):
        log_likelihood_at(design, link, beta, steps, effects=effects[:1])


def test_any_memory_layout(rng):
    """Draws come from netCDF files and slices in any order of axes."""
    design, beta, steps = model(rng, 50, 3, 20)
    link = LINKS["logit"]
    got = log_likelihood_at(design, link, np.asfortranarray(beta)[::2], np.asfortranarray(steps)[::2])
    np.testing.assert_allclose(got, one_by_one(design, link, beta[::2], steps[::2]), rtol=1e-12)


@pytest.mark.parametrize("p", [3, 300])
def test_memory(p, rng):
    """Little beyond the answer, whatever the number of rows, draws and predictors."""
    design, beta, steps = model(rng, 6000, p, 400)
    link = LINKS["logit"]
    log_likelihood_at(design, link, beta[:2], steps[:2])
    tracemalloc.start()
    try:
        out = log_likelihood_at(design, link, beta, steps)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - out.nbytes < 10e6
