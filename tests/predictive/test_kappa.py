"""Expected QWK from the outside: forms of input, the three quantities, replicates, the result, its words."""

from dataclasses import replace

import kappa_reference as reference
import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from scipy import stats

from bayesord.predictive import agreement, replicates
from bayesord.predictive.agreement import Labelled, conditional_kappa, settled
from bayesord.predictive.expected_kappa import interval
from bayesord.predictive.kappa import expected_qwk, qwk, qwk_mean, qwk_plugin, qwk_predictive
from bayesord.predictive.monte_carlo import mean_error
from bayesord.predictive.probabilities import LinearDraws, TableDraws, as_draws

P2 = [[1 / 2, 1 / 3, 1 / 6], [1 / 4, 1 / 2, 1 / 4], [1 / 6, 1 / 3, 1 / 2]]
P3 = [[2 / 3, 1 / 6, 1 / 6], [1 / 4, 1 / 2, 1 / 4], [1 / 6, 1 / 6, 2 / 3]]
WORLDS = np.tile([P2, P3], (10000, 1, 1))  # oracle P3, often enough to see its distribution


def linear_draws(rng, n=200, p=2, K=4, S=1000, n_chains=1):
    cutpoints = np.sort(rng.normal(size=K - 1)) + 0.1 * rng.normal(size=(S, 1))
    X, beta = rng.normal(size=(n, p)), 1.0 + 0.2 * rng.normal(size=(S, p))
    return LinearDraws("logit", X, beta, cutpoints, n_chains=n_chains)


class TestForms:
    def test_all_of_them_give_the_same(self, rng):
        draws = linear_draws(rng, n=60, S=200, n_chains=2)
        probs = draws.probs()

        class Fit:
            def predictive_draws(self, rows):
                return draws if rows is None else draws.rows(*rows)

        dims = ("chain", "draw", "obs_id", "category")
        array = xr.DataArray(probs.reshape(2, 100, 60, 4), dims=dims).transpose(
            "category", "obs_id", "draw", "chain"
        )
        first = expected_qwk(draws, random_seed=1)
        for form in (probs, array, Fit(), TableDraws(probs, n_chains=2)):
            other = expected_qwk(form, random_seed=1)
            assert np.array_equal(other.labels, first.labels)
            for name in ("value", "plugin", "upper_bound", "next_score_interval", "population_interval"):
                assert getattr(other, name) == pytest.approx(getattr(first, name), abs=1e-12)
            assert qwk_plugin(form, first.labels) == pytest.approx(first.plugin, abs=1e-12)
            assert qwk_mean(form, first.labels) == pytest.approx(first.population_draws, abs=1e-12)
            assert qwk_predictive(form, first.labels, random_seed=1) == pytest.approx(first.draws, abs=1e-12)
        new = expected_qwk(Fit(), rows=(10, 50), random_seed=1)
        assert new.value == expected_qwk(draws.rows(10, 50), random_seed=1).value

    def test_a_single_table(self, rng):
        table = linear_draws(rng).mean_probs()
        expected = expected_qwk(table, random_seed=1)
        assert expected.draws.shape == (replicates.TABLE_REPLICATES,)
        assert expected.mcse == 0.0
        low, high = expected.population_interval
        assert low == high == pytest.approx(expected.plugin)


class TestThreeQuantities:
    """Oracle P3: equal mixture of two tables, labels 0 1 2."""

    def test_plugin(self):
        assert qwk_plugin(WORLDS[:2], [0, 1, 2]) == pytest.approx(5 / 12, abs=1e-14)

    def test_mean(self):
        assert qwk_mean(WORLDS[:2], [0, 1, 2]) == pytest.approx([8 / 23, 12 / 25], abs=1e-14)

    def test_predictive(self):
        draws = qwk_predictive(WORLDS, [0, 1, 2], random_seed=5)
        variance = 317429 / 1166400
        assert draws.mean() == pytest.approx(433 / 1080, abs=4 * np.sqrt(variance / draws.size))
        assert draws.var() == pytest.approx(variance, rel=0.02)

    def test_expected(self):
        assert expected_qwk(WORLDS[:2], [0, 1, 2]).value == pytest.approx(433 / 1080, abs=1e-14)

    def test_every_answer_has_its_probability(self):
        """The whole distribution of replicated kappas of oracle P2, against enumeration."""
        P = reference.table([("1/2", "1/3", "1/6"), ("1/4", "1/2", "1/4"), ("1/6", "1/3", "1/2")])
        exact = {}
        for y, probability in reference.outcomes(P):
            k = round(float(reference.qwk(y, (0, 1, 2), range(3))), 9)
            exact[k] = exact.get(k, 0) + float(probability)
        values, counts = np.unique(
            qwk_predictive(P2, [0, 1, 2], random_seed=2).round(9) + 0.0, return_counts=True
        )
        assert set(values) == set(exact)
        assert stats.chisquare(counts, counts.sum() * np.array([exact[v] for v in values])).pvalue > 1e-3

    def test_population_interval_alone_is_over_confident(self, rng):
        """At n = 30 the spread of qwk_mean is a fraction of that of the score itself."""
        draws = linear_draws(rng, n=30)
        expected = expected_qwk(draws, random_seed=1)
        assert expected.population_draws.std() < 0.5 * expected.draws.std()


class TestReplicates:
    def test_tanh_normal_agrees_with_simulation(self, rng):
        draws = linear_draws(rng, n=400, S=8000)
        labels = expected_qwk(draws).labels
        labelled = Labelled(labels, np.arange(4.0))
        given = conditional_kappa(draws, labelled)
        assert settled(labelled, given)
        normal = replicates.replicate_kappa(draws, labelled, given, rng).kappa
        simulated = replicates.simulate_kappa(draws, labelled, given, rng).kappa
        assert stats.ks_2samp(normal, simulated).pvalue > 0.01
        assert normal.mean() == pytest.approx(simulated.mean(), abs=4 * simulated.std() / np.sqrt(4000))
        assert normal.std() == pytest.approx(simulated.std(), rel=0.04)

    @pytest.mark.parametrize(
        ("n", "informative", "normal"), [(29, 29, False), (300, 300, True), (1000, 3, False)]
    )
    def test_when_it_is_used(self, n, informative, normal):
        P = np.tile([1.0, 0.0, 0.0], (n, 1))
        P[:informative] = [0.3, 0.3, 0.4]
        P[: informative // 2] = [0.6, 0.3, 0.1]
        labels = np.where(np.arange(n) < informative, 2, 0)
        labels[: informative // 2] = 1
        expected = expected_qwk(P, labels, random_seed=1)
        assert expected.replicates == ("tanh-normal" if normal else "simulated")
        assert expected.method == ("second order" if normal else "exact integral")

    def test_control_variate(self, rng):
        """It leaves the mean alone and removes most of the noise."""
        draws = linear_draws(rng, n=100, S=4000)
        labelled = Labelled(expected_qwk(draws).labels, np.arange(4.0))
        given = conditional_kappa(draws, labelled)
        simulated = replicates.simulate_kappa(draws, labelled, given, rng)
        scores = simulated.kappa - given.mean
        corrected = simulated.corrected - given.mean
        assert corrected.std() < 0.2 * scores.std()
        assert corrected.mean() == pytest.approx(0.0, abs=4 * corrected.std() / np.sqrt(4000) + 1e-4)

    def test_control_variate_where_the_integral_is_out_of_reach(self, rng, monkeypatch):
        P = np.tile([0.999, 0.001, 0.0], (2000, 1))
        P[:4] = [0.3, 0.1, 0.6]
        labels = np.r_[2, 2, 2, 2, np.zeros(1996, int)]
        draws = TableDraws(np.tile(P, (600, 1, 1)))
        exact = expected_qwk(draws, labels, random_seed=1)
        assert exact.method == "exact integral"
        monkeypatch.setattr(agreement, "INTEGRAL_LIMIT", 10**5)
        simulated = expected_qwk(draws, labels, random_seed=1)
        assert simulated.method == "simulation with a control variate"
        assert 0 < simulated.mcse < 0.3 * simulated.draws.std() / np.sqrt(600)
        assert simulated.value == pytest.approx(exact.value, abs=4 * simulated.mcse)

    def test_frequency_weights_are_repeated_rows(self, rng):
        """The same answers, bit for bit: a replicate counts answers, not rows."""
        P, labels, w = rng.dirichlet(np.ones(3), (40, 12)), rng.integers(0, 3, 12), rng.integers(0, 3, 12)
        weighted = qwk_predictive(P, labels, sample_weight=w, random_seed=3)
        repeated = qwk_predictive(np.repeat(P, w, axis=1), np.repeat(labels, w), random_seed=3)
        assert weighted == pytest.approx(repeated, abs=1e-12)

    def test_importance_weights_are_more_noisy(self, rng):
        P, labels, w = rng.dirichlet(np.ones(3), (1, 50)), rng.integers(0, 3, 50), np.full(50, 4)
        counts = qwk_predictive(P, labels, sample_weight=w, random_seed=3)
        importance = qwk_predictive(P, labels, sample_weight=w, weights="importance", random_seed=3)
        assert importance.std() == pytest.approx(2 * counts.std(), rel=0.1)
        assert importance == pytest.approx(qwk_predictive(P, labels, random_seed=3), abs=1e-12)

    def test_fractional_counts_cannot_be_replicated(self):
        with pytest.raises(ValueError, match=r"not a whole number in row 1 \(0.5\).*weights='importance'"):
            qwk_predictive(P2, [0, 1, 2], sample_weight=[1, 0.5, 1])
        assert qwk_predictive(P2, [0, 1, 2], sample_weight=[1, 0.5, 1], weights="importance").size == 4000

    def test_seed_and_threads(self, rng):
        for draws in (linear_draws(rng, n=20, S=300), linear_draws(rng, n=300, S=300)):
            labels = expected_qwk(draws).labels
            one = qwk_predictive(draws, labels, random_seed=1, threads=1)
            assert np.array_equal(one, qwk_predictive(draws, labels, random_seed=1, threads=3))
            assert not np.array_equal(one, qwk_predictive(draws, labels, random_seed=2))


class TestExpectedQWK:
    def test_default_labels_are_the_plugin_optimum(self, rng):
        P = rng.dirichlet(np.ones(3), 5)
        expected = expected_qwk(P, random_seed=1)
        best = max(
            (reference.plugin([[float(p) for p in row] for row in P], a, (0.0, 1.0, 2.0)) or 0.0)
            for a in np.ndindex(*[3] * 5)
        )
        assert expected.plugin == pytest.approx(best, abs=1e-12)
        assert expected.plugin <= expected.upper_bound

    def test_given_labels_have_the_same_bound(self, rng):
        draws = linear_draws(rng)
        best = expected_qwk(draws, random_seed=1)
        given = expected_qwk(draws, rng.integers(0, 4, 200), random_seed=1)
        assert given.upper_bound == pytest.approx(best.upper_bound)
        assert given.value < best.value
        assert given.plugin < best.plugin
        again = expected_qwk(draws, best.labels, random_seed=1)
        assert again.value == best.value
        assert again.plugin == pytest.approx(best.plugin)

    def test_intervals_are_quantiles_of_their_draws(self, rng):
        draws = linear_draws(rng)
        expected = expected_qwk(draws, probability=0.5, random_seed=1)
        for (low, high), values in (
            (expected.next_score_interval, expected.draws),
            (expected.population_interval, expected.population_draws),
        ):
            assert (low, high) == pytest.approx(np.quantile(values, [0.25, 0.75]), abs=0.01)
            assert np.mean(values < low) <= 0.25 <= np.mean(values <= low)
            assert np.mean(values < high) <= 0.75 <= np.mean(values <= high)
        wide = expected_qwk(draws, probability=0.95, random_seed=1)
        assert wide.next_score_interval[0] < expected.next_score_interval[0]

    def test_an_interval_never_cuts_between_the_few_values_of_kappa(self):
        assert interval(np.repeat([0.1, 0.5, 0.9], [6, 88, 6]), 0.9) == (0.1, 0.9)
        assert interval(np.repeat([0.1, 0.5, 0.9], [4, 92, 4]), 0.9) == (0.5, 0.5)

    def test_values_and_weights_reach_everything(self, rng):
        draws, values, w = linear_draws(rng, n=80), [0, 1, 5, 6], rng.integers(0, 3, 80)
        expected = expected_qwk(draws, category_values=values, sample_weight=w, random_seed=1)
        rows = np.repeat(np.arange(80), w)
        repeated = LinearDraws("logit", draws.X[rows], draws.beta, draws.cutpoints)
        same = expected_qwk(repeated, category_values=values, random_seed=1)
        assert np.array_equal(expected.labels[rows], same.labels)
        for name in ("value", "plugin", "upper_bound", "next_score_interval", "population_interval"):
            assert getattr(expected, name) == pytest.approx(getattr(same, name), abs=1e-12)
        assert expected.value != pytest.approx(expected_qwk(draws, random_seed=1).value, abs=1e-3)

    def test_constant_labels(self, rng):
        expected = expected_qwk(linear_draws(rng), np.full(200, 1), random_seed=1)
        assert (expected.value, expected.plugin, expected.mcse) == (0.0, 0.0, 0.0)
        assert expected.next_score_interval == expected.population_interval == (0.0, 0.0)

    def test_certain_answers(self, rng):
        y, a = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
        expected = expected_qwk(np.eye(4)[y], a, random_seed=1)
        exact = qwk(y, a, n_categories=4)
        assert expected.value == pytest.approx(exact, abs=1e-12)
        assert expected.next_score_interval == pytest.approx((exact, exact), abs=1e-12)
        assert expected_qwk(np.eye(4)[y], random_seed=1).value == pytest.approx(1.0, abs=1e-12)

    @pytest.mark.parametrize("yhat", [None, [1, 1, 1]])
    def test_undefined_says_why(self, yhat):
        with pytest.warns(UserWarning, match="0/0"):
            expected = expected_qwk([[0.0, 1.0, 0.0]] * 3, yhat)
        assert np.isnan([expected.value, expected.mcse, *expected.next_score_interval]).all()

    def test_monte_carlo_error_knows_of_chains(self, rng):
        """Draws that crawl are worth fewer: the error must be that of the effective sample size."""
        noise = rng.normal(size=(4, 500))
        beta = np.empty_like(noise)
        beta[:, 0] = noise[:, 0]
        for s in range(1, 500):
            beta[:, s] = 0.9 * beta[:, s - 1] + noise[:, s]
        X = rng.normal(size=(100, 1))
        draws = LinearDraws(
            "logit", X, 1 + 0.1 * beta.reshape(-1, 1), np.tile([-1.0, 1.0], (2000, 1)), n_chains=4
        )
        expected = expected_qwk(draws, random_seed=1)
        means = agreement.expected_draws(draws, Labelled(expected.labels, np.arange(3.0)))[0]
        peer = array_stats.mcse(means.reshape(4, 500), chain_axis=0, draw_axis=1, method="mean")
        assert expected.mcse == pytest.approx(float(peer), rel=0.02)
        assert expected.mcse > 3 * means.std() / np.sqrt(2000)

    def test_words(self, rng):
        expected = expected_qwk(linear_draws(rng), probability=0.9, random_seed=1)
        text = str(expected)
        low, high = expected.next_score_interval
        assert (
            f"score of the next answers to these rows   {low:.3f} to {high:.3f} with probability 90 %" in text
        )
        low, high = expected.population_interval
        assert f"population value, given endless answers   {low:.3f} to {high:.3f}" in text
        assert f"Expected QWK {expected.value:.3f} (Monte Carlo error" in text
        assert repr(expected) == text
        html = expected._repr_html_()
        assert html.count("<tr>") == 2
        assert "score of the next answers" in html

    def test_labels_can_be_put_in_other_words(self, rng):
        expected = expected_qwk(linear_draws(rng), random_seed=1)
        assert replace(expected, labels=np.array(["low", "mid", "high", "top"])[expected.labels]).value


class TestMonteCarloError:
    def test_independent_draws(self, rng):
        x = rng.normal(size=(200, 1000))
        errors = [mean_error(row, 4) for row in x]
        assert np.mean(errors) == pytest.approx(x.mean(axis=1).std(), rel=0.15)

    def test_edges(self):
        assert mean_error(np.ones(100), 4) == 0.0
        assert mean_error(np.array([0.5])) == 0.0
        assert np.isnan(mean_error(np.array([0.5, np.nan])))
        assert mean_error(np.array([0.0, 1.0, 0.0, 1.0])) == pytest.approx(np.std([0, 1, 0, 1], ddof=1) / 2)


class TestBadInput:
    @pytest.mark.parametrize("function", [qwk_plugin, qwk_mean, qwk_predictive, expected_qwk])
    @pytest.mark.parametrize(
        ("yhat", "words"),
        [
            ([0, 1, 3], r"yhat is outside the codes 0\.\.2 in 1 row \(2\)"),
            ([1, 2, 3], "subtract 1"),
            ([0, 1], "yhat has 2 labels for 3 rows"),
            ([[0], [1], [2]], "1d array"),
        ],
    )
    def test_labels(self, function, yhat, words):
        with pytest.raises(ValueError, match=words):
            function(P2, yhat)

    @pytest.mark.parametrize("function", [qwk_plugin, qwk_mean, qwk_predictive, expected_qwk])
    def test_probabilities_and_weights(self, function):
        with pytest.raises(ValueError, match="do not sum to 1 in row 1"):
            function([[0.5, 0.5, 0.0], [0.5, 0.4, 0.0]], [0, 1])
        with pytest.raises(ValueError, match=r"sample_weight`: 1 row \(2\)"):
            function(P2, [0, 1, 2], sample_weight=[1, 1, -1])
        with pytest.raises(ValueError, match="category_values"):
            function(P2, [0, 1, 2], category_values=[2, 1, 0])
        with pytest.raises(ValueError, match="rows= goes with a fit"):
            function(P2, [0, 1, 2], rows=[1])

    def test_settings(self):
        with pytest.raises(ValueError, match=r"probability=1\.5"):
            expected_qwk(P2, probability=1.5)
        with pytest.raises(ValueError, match="random_seed"):
            qwk_predictive(P2, [0, 1, 2], random_seed=-1)
        with pytest.raises(ValueError, match="threads=0"):
            qwk_mean(np.tile(P2, (64, 1, 1)), [0, 1, 2], threads=0)
        with pytest.raises(ValueError, match="importance"):
            expected_qwk(P2, weights="importances")

    def test_input_is_not_changed(self, rng):
        P = rng.dirichlet(np.ones(3), (4, 50))
        labels, w, before = rng.integers(0, 3, 50), rng.random(50), P.copy()
        copies = labels.copy(), w.copy()
        expected_qwk(P, labels, sample_weight=w, weights="importance")
        assert np.array_equal(P, before)
        assert np.array_equal(labels, copies[0])
        assert np.array_equal(w, copies[1])


def test_draws_are_read_once(rng):
    """as_draws gives the same object back, so a caller may prepare rows once and ask many things."""
    draws = linear_draws(rng)
    assert as_draws(draws) is draws
    assert as_draws(draws).packed is draws.packed
