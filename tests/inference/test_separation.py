"""Separation in any direction, against all directions that matter in the plane, and against the likelihood itself."""

from itertools import pairwise, product

import numpy as np
import pytest

import bayesord as bo
from bayesord.inference.diagnostics import separation_check
from bayesord.inference.separation import Estimate, _overlap, find_separation
from bayesord.likelihood.links import LINKS, get_link


def names(X):
    return tuple(f"x{j}" for j in range(X.shape[1]))


def separates(X, y, d, strict=False, room=0.0) -> bool:
    """Whether the scores x'd have the observed categories in order, neighbours overlapping by `room` at most."""
    score = X @ d
    ranges = [(score[y == k].min(), score[y == k].max()) for k in np.unique(y)]
    return all(
        before[1] < after[0] if strict else before[1] <= after[0] + room for before, after in pairwise(ranges)
    )


def in_the_plane(X, y) -> tuple[bool, bool]:
    """(separation, complete separation) of integer points of the plane.

    A cone of directions in the plane ends at directions normal to a difference of two points; between its two ends, or in
    the direction of a difference where it is a half-plane, lies its inside.
    """
    differences = np.unique([b - a for a, b in product(X, X) if np.any(a != b)], axis=0)
    ends = [d for d in differences @ np.array([[0, 1], [-1, 0]]) if separates(X, y, d)]
    units = [d / np.hypot(*d) for d in ends]
    inside = [a + b for a, b in product(units, units)] + list(differences)
    return bool(ends), any(separates(X, y, d, strict=True) for d in inside)


def test_all_directions_of_the_plane(rng):
    seen = set()
    for _ in range(200):
        n, K = rng.integers(4, 12), rng.integers(2, 5)
        X = rng.integers(0, 4, size=(n, 2))
        X[:3] = [[0, 0], [1, 0], [0, 1]]  # points on one line would be separated by what tells them nothing
        y = rng.integers(0, K, n)
        if rng.uniform() < 0.7:  # most random answers are far from separated
            d = rng.integers(-2, 3, 2)
            y = np.searchsorted(np.sort(rng.uniform(-4, 4, K - 1)), X @ d)
        if len(np.unique(y)) < 2:
            continue
        expected = in_the_plane(X, y)
        found = find_separation(X, y, names(X))
        assert (found is not None, found is not None and found.complete) == expected
        if found is not None:
            assert separates(X, y, found.direction, room=1e-6)
        seen.add((*expected, found is not None and found.alone))
    assert len(seen) == 5  # none, and both kinds by one column or two


@pytest.mark.parametrize("link", LINKS)
def test_the_likelihood_rises_for_ever_along_the_direction(link, rng):
    X = rng.normal(size=(60, 4))
    y = np.searchsorted([-1.0, 0.2, 1.1], 2 * X[:, 1] + X[:, 3])
    found = find_separation(X, y, names(X))
    assert set(found.columns) >= {"x1", "x3"}
    score = X @ found.direction
    ends = np.array([(score[y == k].max() + score[y == k + 1].min()) / 2 for k in range(3)])
    start = rng.normal(size=4), np.array([-1.0, 0.0, 1.0])

    def log_likelihood(t):
        at = start[1] + t * ends - (X @ (start[0] + t * found.direction))[:, None]
        below = np.column_stack([np.full(60, -np.inf), at, np.full(60, np.inf)])
        cdf = get_link(link).cdf
        return np.log(cdf(below[np.arange(60), y + 1]) - cdf(below[np.arange(60), y])).sum()

    values = [log_likelihood(t) for t in np.linspace(0, 6, 13)]
    assert np.all(np.diff(values) > 0)


@pytest.mark.parametrize("link", LINKS)
def test_the_proof_never_contradicts_the_program(link, rng):
    """At the truth the multipliers prove something or nothing, but nothing that is wrong."""
    proved = separated = 0
    for _ in range(40):
        n, K = rng.choice([10, 70]), rng.integers(2, 4)
        truth = bo.simulate(n, beta=(2, 1, 0), n_categories=K, link=link, random_seed=rng)
        X, (seen, y) = truth.X, np.unique(truth.y, return_inverse=True)
        if len(seen) < K:
            continue
        found = find_separation(X, y, names(X))
        proof = _overlap(X, y, Estimate(get_link(link), truth.eta, truth.cutpoints), None)
        assert not (found and proof)
        proved, separated = proved + proof, separated + (found is not None)
    assert proved > 4
    assert separated > 2


def test_a_fit_proves_overlap_without_a_program(wine_fit, monkeypatch):
    design = wine_fit.design
    posterior = wine_fit.idata["posterior"]
    near = Estimate(
        wine_fit.link,
        design.X @ posterior["beta"].values.mean(axis=(0, 1)),
        posterior["cutpoints"].values.mean(axis=(0, 1)),
    )
    monkeypatch.setattr("bayesord.inference.separation.Program", None)  # whoever calls it, fails
    assert find_separation(design.X, design.y, design.predictors, near=near) is None


def test_a_cut_that_only_one_end_of_the_scale_respects_is_no_separation(rng):
    """x parts the lowest category from the others, but it cannot go to infinity while these overlap."""
    x = np.r_[rng.uniform(-2, -1, 30), rng.uniform(1, 2, 60)]
    y = np.r_[np.zeros(30, int), rng.integers(1, 3, 60)]
    assert find_separation(x[:, None], y, ("x",)) is None
    flat = bo.Priors(bo.priors.flat(), bo.priors.flat())
    assert np.isfinite(bo.fit(x[:, None], y, method="mode", priors=flat).beta).all()


def test_an_indicator_whose_rows_are_all_in_the_last_category(rng):
    x = np.r_[np.zeros(50), np.ones(6)]
    y = np.r_[rng.integers(0, 4, 50), np.full(6, 3)]
    found = find_separation(np.column_stack([rng.normal(size=56), x]), y, ("age", "treated"))
    assert (found.columns, found.alone, found.complete) == (("treated",), True, False)


def test_empty_categories_play_no_part(rng):
    X = rng.normal(size=(40, 2))
    y = np.where(X.sum(axis=1) > 0, 4, 2)
    found = find_separation(X, y, names(X))
    assert found.complete
    assert find_separation(X, np.full(40, 3), names(X)) is None


def test_rows_enter_the_program_as_needed(rng):
    """Many rows: most of them are never in the linear program, and the answer is still that of all."""
    X = rng.normal(size=(20_000, 6))
    score = X[:, 0] + 0.5 * X[:, 3]
    y = np.searchsorted([-1.0, 0.0, 1.0], score)
    found = find_separation(X, y, names(X))
    assert {"x0", "x3"} <= set(found.columns)
    assert separates(X, y, found.direction, room=1e-6)
    y[np.argmin(score)] = 3
    assert find_separation(X, y, names(X)) is None


def test_more_columns_than_rows_always_separate(rng):
    X = rng.normal(size=(30, 40))
    found = find_separation(X, rng.integers(0, 3, 30), names(X))
    assert found.complete
    assert len(found.columns) < 30
    assert "more together separate" in str(found)


def test_a_limit_of_time(rng):
    X = rng.normal(size=(60, 4))
    with pytest.raises(TimeoutError):
        find_separation(X, rng.integers(0, 3, 60), names(X), seconds=0)


def test_what_was_not_decided_is_said(wine_fit, monkeypatch):
    monkeypatch.setattr("bayesord.inference.separation._overlap", lambda *_: False)
    monkeypatch.setattr("bayesord.inference.separation.Program.solve", _too_long)
    check, found = separation_check(wine_fit.design, None)
    assert found is None
    assert check.level == "ok"
    assert "2 columns separate the categories was not decided" in check.advice


def _too_long(self, complete):
    raise TimeoutError
