"""Group effects in predictions, against plain loops over NumPy and SciPy; nothing here is fitted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bayesord.likelihood.links import LINKS
from bayesord.predictive import confusion, linear_draws
from bayesord.predictive import draws as draws_module
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.group_effects import GroupEffects, GroupPosterior
from bayesord.predictive.kappa import expected_qwk, qwk_mean, qwk_plugin
from bayesord.predictive.loo_kappa import loo_probs
from bayesord.predictive.probabilities import LinearDraws, TableDraws

CDF = {
    "logit": stats.logistic.cdf,
    "probit": stats.norm.cdf,
    "cloglog": lambda z: -np.expm1(-np.exp(z)),
    "loglog": stats.gumbel_r.cdf,
    "cauchit": stats.cauchy.cdf,
}
N, S, P, K = 90, 150, 2, 4


@pytest.fixture
def world(rng):
    """Two crossed terms, one of them with slopes; some rows are without an effect."""
    draws = {
        "X": rng.normal(size=(N, P)),
        "beta": rng.normal(0.5, 0.3, size=(S, P)),
        "cutpoints": np.sort(rng.normal(size=(S, K - 1)), axis=1),
        "offset": rng.normal(size=N),
        "n_chains": 2,
    }
    slopes = np.c_[np.ones(N), rng.normal(size=N)]
    return draws, (
        GroupEffects(rng.integers(-1, 7, N), slopes, rng.normal(size=(S, 7, 2))),
        GroupEffects(rng.integers(0, 5, N), rng.normal(size=(N, 1)), rng.normal(size=(S, 5, 1))),
    )


def slow_eta(draws, terms):
    eta = np.zeros((S, N))
    for s in range(S):
        for i in range(N):
            eta[s, i] = draws["offset"][i] + sum(draws["X"][i, j] * draws["beta"][s, j] for j in range(P))
            for term in terms:
                if term.index[i] >= 0:
                    u = term.effects[s, term.index[i]]
                    eta[s, i] += sum(term.Z[i, r] * u[r] for r in range(len(u)))
    return eta


def slow_probs(draws, terms, link):
    below = CDF[link](draws["cutpoints"][:, None, :] - slow_eta(draws, terms)[:, :, None])
    return np.diff(below, axis=2, prepend=0.0, append=1.0)


@pytest.mark.parametrize("link", LINKS)
def test_everything_is_that_of_probabilities_by_plain_loops(link, world, rng):
    given, terms = world
    draws = LinearDraws(link, **given, groups=terms)
    table = slow_probs(given, terms, link)
    np.testing.assert_allclose(draws.eta(), slow_eta(given, terms), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(draws.probs(), table, atol=1e-13)
    np.testing.assert_allclose(draws.mean_probs(), table.mean(axis=0), atol=1e-13)
    labels, weights = rng.integers(0, K, N), rng.integers(0, 4, N).astype(float)
    tables = TableDraws(table, n_chains=2)
    for kind in (None, weights):
        asked = {"sample_weight": kind}
        np.testing.assert_allclose(
            qwk_mean(draws, labels, **asked), qwk_mean(tables, labels, **asked), atol=1e-12
        )
        assert qwk_plugin(draws, labels, **asked) == pytest.approx(
            qwk_plugin(tables, labels, **asked), abs=1e-12
        )
        ours, theirs = (expected_qwk(one, random_seed=1, **asked) for one in (draws, tables))
        assert ours.labels.tolist() == theirs.labels.tolist()
        assert ours.value == pytest.approx(theirs.value, abs=1e-10)
        np.testing.assert_allclose(ours.draws, theirs.draws, atol=1e-10)
    for decision in ("qwk", "kappa", "mode", "median", "mean"):
        assert (
            optimal_labels(draws, decision).labels.tolist()
            == optimal_labels(tables, decision).labels.tolist()
        )
    log_weights = rng.normal(size=(S, N))
    np.testing.assert_allclose(loo_probs(draws, log_weights), loo_probs(tables, log_weights), atol=1e-12)
    ours, theirs = (one.replicate(np.random.default_rng(3)) for one in (draws, tables))
    assert (ours == theirs).all()


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_effects_are_columns_of_dummies(link, world):
    """The same model with every group a column of X."""
    given, terms = world
    columns, coefficients = [given["X"]], [given["beta"]]
    for term in terms:
        J, q = term.effects.shape[1:]
        Z = np.zeros((N, J, q))
        rows = np.flatnonzero(term.index >= 0)
        Z[rows, term.index[rows]] = term.Z[rows]
        columns.append(Z.reshape(N, -1))
        coefficients.append(term.effects.reshape(S, -1))
    wide = LinearDraws(link, **given | {"X": np.hstack(columns), "beta": np.hstack(coefficients)})
    draws = LinearDraws(link, **given, groups=terms)
    np.testing.assert_allclose(draws.mean_probs(), wide.mean_probs(), atol=1e-13)
    labels = np.arange(N) % K
    np.testing.assert_allclose(qwk_mean(draws, labels), qwk_mean(wide, labels), atol=1e-12)


def test_rows_in_any_order(world, rng):
    given, terms = world
    order = rng.permutation(N)
    shuffled = given | {name: given[name][order] for name in ("X", "offset")}
    moved = tuple(replace(term, index=term.index[order], Z=term.Z[order]) for term in terms)
    here, there = LinearDraws("logit", **given, groups=terms), LinearDraws("logit", **shuffled, groups=moved)
    assert there.mean_probs().tobytes() == here.mean_probs()[order].tobytes()
    part = here.rows(20, 50)
    assert part.mean_probs().tobytes() == here.mean_probs()[20:50].tobytes()
    np.testing.assert_array_equal(part.probs(), here.probs()[:, 20:50])


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_neither_threads_nor_blocks_nor_parts_leave_a_trace(link, world, rng, monkeypatch):
    given, terms = world
    posterior = GroupPosterior("person", np.zeros((S, 0, 1)), np.ones((S, 1)))
    new = posterior.of_rows(rng.permutation(N), np.ones((N, 1)), tuple(range(N)), seed=3)
    labels = rng.integers(0, K, N)

    def everything(threads):
        draws = LinearDraws(link, **given, groups=(*terms, new))
        told = expected_qwk(draws, labels, random_seed=1, weights="importance", threads=threads)
        means, answers = draws.mean_probs(threads), draws.replicate(np.random.default_rng(1), threads)
        return [a.tobytes() for a in (means, answers, told.draws, told.population_draws)], told.value

    expected = everything(1)
    assert everything(3) == expected
    for size in (7, 40):
        monkeypatch.setattr(confusion, "_ROWS_AT_ONCE", size)
        monkeypatch.setattr(draws_module, "_BLOCK_NUMBERS", size)
        monkeypatch.setattr(linear_draws, "_MOST_EFFECTS", 10 * size * S)
        assert everything(2) == expected


# -- groups that the posterior does not know


@pytest.fixture
def posterior(rng):
    r = rng.uniform(-1, 1, S)
    r[0] = 1.0  # on the edge of what is a correlation
    chol = np.tile(np.eye(2), (S, 1, 1))
    chol[:, 1, 0], chol[:, 1, 1] = r, np.sqrt(1 - r**2)
    return GroupPosterior("judge", rng.normal(size=(S, 3, 2)), rng.gamma(2.0, size=(S, 2)), chol)


def effects_of(term):
    """(S, rows, q): what group effects add to eta where Z is a row of the identity."""
    n, q = term.Z.shape
    found = np.empty((len(term.effects), n, q))
    for r in range(q):
        unit = replace(term, Z=np.tile(np.eye(q)[r], (n, 1)))
        X, beta = np.zeros((n, 0)), np.zeros((len(term.effects), 0))
        found[:, :, r] = LinearDraws("logit", X, beta, np.zeros((len(beta), 1)), groups=(unit,)).eta()
    return found


def test_new_groups_follow_the_distribution_of_groups(posterior):
    """Their effects, undone by the covariance of the draw, are standard normal and independent."""
    m = 60
    labels = tuple(f"new {k}" for k in range(m))
    u = effects_of(posterior.of_rows(3 + np.arange(m), np.ones((m, 2)), labels))
    whitened = []
    for s in range(1, S):
        corr = posterior.chol_corr[s] @ posterior.chol_corr[s].T
        covariance = np.diag(posterior.sd[s]) @ corr @ np.diag(posterior.sd[s])
        whitened.append(np.linalg.solve(np.linalg.cholesky(covariance), u[s].T).T)
    z = np.array(whitened)
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    for a, b in ((z[:, :, 0], z[:, :, 1]), (z[:-1], z[1:]), (z[:, :-1], z[:, 1:])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)
    np.testing.assert_allclose(u[0] @ [1 / posterior.sd[0, 0], -1 / posterior.sd[0, 1]], 0, atol=1e-7)


def test_what_a_new_group_gets_belongs_to_draw_label_and_seed_alone(posterior):
    Z = np.ones((5, 2))

    def of(index, labels, **options):
        return effects_of(posterior.of_rows(np.array(index), Z[: len(index)], labels, **options))

    both = of([3, 4, 3, 1, -1], ("x", "y"))
    np.testing.assert_array_equal(both[:, 0], both[:, 2])
    np.testing.assert_array_equal(both[:, 3], posterior.effects[:, 1])
    assert not both[:, 4].any()
    np.testing.assert_array_equal(of([3], ("y",))[:, 0], both[:, 1])
    np.testing.assert_array_equal(of([4, 3], ("y", "x")), both[:, :2])
    np.testing.assert_array_equal(of([3, 4], ("x", "y"), seed=0), both[:, :2])
    assert not np.isin(of([3], ("x",), seed=1), both).any()
    assert not np.isin(of([3], (1,)), of([3], ("1",))).any()
    other = effects_of(replace(posterior, name="school").of_rows(np.array([3]), Z[:1], ("x",)))
    assert not np.isin(other, both).any()


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_the_fast_loops_give_new_groups_the_same_effects(link, posterior, world, rng):
    given, terms = world
    index = rng.integers(-1, 8, N)
    new = posterior.of_rows(index, rng.normal(size=(N, 2)), tuple("abcde"), seed=5)
    draws = LinearDraws(link, **given, groups=(terms[1], new))
    eta = slow_eta(given, (terms[1],)) + np.einsum("sir,ir->si", effects_of(new), new.Z)
    np.testing.assert_allclose(draws.eta(), eta, atol=1e-12)
    below = CDF[link](given["cutpoints"][:, None, :] - eta[:, :, None])
    table = np.diff(below, axis=2, prepend=0.0, append=1.0)
    np.testing.assert_allclose(draws.probs(), table, atol=1e-13)
    np.testing.assert_allclose(draws.mean_probs(), table.mean(axis=0), atol=1e-13)
    labels = rng.integers(0, K, N)
    np.testing.assert_allclose(qwk_mean(draws, labels), qwk_mean(table, labels), atol=1e-12)


# -- what does not fit together


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"index": np.zeros(N - 1, int)}, "do not fit"),
        ({"Z": np.zeros((N, 3))}, "do not fit"),
        ({"index": np.full(N, 7)}, "between -1 and 6"),
        ({"index": np.full(N, -2)}, "between -1 and 6"),
        ({"Z": np.full((N, 2), np.nan)}, "NaN or infinity"),
        ({"effects": np.zeros((S, 7))}, "3 dimensions"),
    ],
)
def test_terms_that_do_not_fit(change, says, world):
    term = world[1][0]
    given = {"index": term.index, "Z": term.Z, "effects": term.effects}
    with pytest.raises(ValueError, match=says):
        GroupEffects(**given | change)


def test_terms_of_other_rows_or_draws(world):
    given, terms = world
    with pytest.raises(ValueError, match=f"{N - 1} rows and {S} draws"):
        LinearDraws("logit", **given, groups=(terms[0].rows(0, N - 1),))
    fewer = replace(terms[0], effects=terms[0].effects[:-2])
    with pytest.raises(ValueError, match=f"{N} rows and {S - 2} draws"):
        LinearDraws("logit", **given, groups=(fewer,))
