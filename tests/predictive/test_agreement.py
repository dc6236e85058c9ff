"""Expected kappa of given labels: oracles and enumeration in fractions, identities, weights, streaming."""

import math
from fractions import Fraction

import kappa_reference as reference
import numpy as np
import pytest
from scipy import special

from bayesord.likelihood.links import LINKS
from bayesord.predictive import agreement, confusion
from bayesord.predictive import draws as draws_module
from bayesord.predictive.agreement import (
    Labelled,
    conditional_kappa,
    expected_draws,
    expected_value,
    moments,
    plugin_value,
)
from bayesord.predictive.probabilities import LinearDraws, TableDraws, as_draws

P1 = reference.table([("1/2", "1/2"), ("1/4", "3/4")])
P2 = reference.table([("1/2", "1/3", "1/6"), ("1/4", "1/2", "1/4"), ("1/6", "1/3", "1/2")])
P3 = reference.table([("2/3", "1/6", "1/6"), ("1/4", "1/2", "1/4"), ("1/6", "1/6", "2/3")])
O1 = reference.table([(6, 3, 1), (4, 4, 2), (3, 4, 3), (2, 4, 4), (5, 4, 1)], 10)
CE1 = reference.table([("3/4", 0, "1/4"), ("5/8", "3/8", 0)])


def given(P, a, t=None, w=None, kind="frequency"):
    """The draws of one table, or of several, and the labels."""
    tables = P if isinstance(P[0][0], list) else [P]
    values = np.arange(len(tables[0][0]), dtype=float) if t is None else np.array(t, dtype=float)
    weights = None if w is None else np.array(w, dtype=float)
    draws = TableDraws(np.array([reference.floats(table) for table in tables]))
    return draws, Labelled(np.array(a), values, weights, kind)


def plugin_of(draws, labelled):
    m, q = moments(draws, labelled.values)
    return plugin_value(labelled.labels, m, q, values=labelled.values, weights=labelled.weights)


def near(fraction, tolerance=1e-14):
    return pytest.approx(float(fraction), abs=tolerance)


def linear_draws(rng, link="logit", n=400, p=6, K=5, S=150, **extra):
    cutpoints = np.sort(rng.normal(size=(S, K - 1)), axis=1)
    X, beta = rng.normal(size=(n, p)), 0.4 * rng.normal(size=(S, p))
    return LinearDraws(link, X, beta, cutpoints, **extra)


class TestOracles:
    def test_p1(self):
        a, t = (0, 1), (0, 1)
        assert reference.kappa_moments(P1, a, t) == (Fraction(1, 4), Fraction(7, 16))
        assert reference.plugin(P1, a, t) == Fraction(1, 4)
        draws, labelled = given(P1, a)
        assert expected_draws(draws, labelled)[0] == near(Fraction(1, 4))
        assert conditional_kappa(draws, labelled).rho == near(Fraction(1, 4))
        assert plugin_of(draws, labelled) == near(Fraction(1, 4))

    def test_p2(self):
        a, t = (0, 1, 2), (0, 1, 2)
        assert reference.kappa_moments(P2, a, t) == (Fraction(89, 270), Fraction(9967, 36450))
        second = (Fraction(8, 23), Fraction(4064, 12167), Fraction(80352, 279841))
        assert reference.second_order(P2, a, t) == second
        draws, labelled = given(P2, a)
        kappa = conditional_kappa(draws, labelled)
        for got, exact in zip((kappa.rho, kappa.mean, kappa.variance), second, strict=True):
            assert got == near(exact)
        expected, method = expected_draws(draws, labelled)
        assert method == "exact integral"
        assert expected == near(Fraction(89, 270))

    def test_p3(self):
        a, t = (0, 1, 2), (0, 1, 2)
        assert reference.plugin(reference.mixture([P2, P3]), a, t) == Fraction(5, 12)
        (e2, v2), (e3, v3) = (reference.kappa_moments(P, a, t) for P in (P2, P3))
        assert (e2 + e3) / 2 == Fraction(433, 1080)
        assert (v2 + e2**2 + v3 + e3**2) / 2 - Fraction(433, 1080) ** 2 == Fraction(317429, 1166400)
        draws, labelled = given([P2, P3], a)
        assert conditional_kappa(draws, labelled).rho == pytest.approx([8 / 23, 12 / 25], abs=1e-14)
        assert plugin_of(draws, labelled) == near(Fraction(5, 12))
        assert expected_value(draws, labelled.labels, values=labelled.values) == near(Fraction(433, 1080))

    @pytest.mark.parametrize(
        ("labels", "plugin"),
        [("01120", "92/287"), ("01220", "22/71"), ("01111", "32/187"), ("00110", "56/251")],
    )
    def test_o1_plugin(self, labels, plugin):
        a = [int(c) for c in labels]
        assert reference.plugin(O1, a, (0, 1, 2)) == Fraction(plugin)
        assert plugin_of(*given(O1, a)) == near(Fraction(plugin))

    def test_o1_expected(self):
        a = (0, 1, 1, 2, 0)
        assert float(reference.kappa_moments(O1, a, (0, 1, 2))[0]) == pytest.approx(0.30733281615614616)
        assert expected_draws(*given(O1, a))[0] == pytest.approx(0.30733281615614616, abs=1e-13)

    @pytest.mark.parametrize(("labels", "exact"), [((0, 1), "7/48"), ((2, 1), "5/48"), ((1, 0), "-7/48")])
    def test_ce1_the_plugin_optimum_can_be_a_bad_label(self, labels, exact):
        """What the default objective does not reach: it picks (1, 0), plug-in 1/12."""
        assert reference.kappa_moments(CE1, labels, (0, 1, 2))[0] == Fraction(exact)
        assert expected_draws(*given(CE1, labels))[0] == near(Fraction(exact))

    def test_ce1_plugin(self):
        assert plugin_of(*given(CE1, (1, 0))) == near(Fraction(1, 12))

    @pytest.mark.parametrize("repeats", [1, 4, 20])
    def test_ce2_draws_that_contradict_each_other(self, repeats):
        """Two worlds: the expected kappa of (2, 2, 1) is 5/44, of the best by the plug-in only 1/18."""
        worlds = np.stack([np.eye(4)[[0, 0, 3] * repeats], np.eye(4)[[2, 2, 0] * repeats]])
        for labels, exact in (((2, 2, 1), 5 / 44), ((0, 0, 3), 1 / 18)):
            a = np.array(labels * repeats)
            assert expected_value(TableDraws(worlds), a, values=np.arange(4.0)) == pytest.approx(
                exact, abs=1e-12
            )


class TestEnumeration:
    @pytest.mark.parametrize("kind", ["none", "frequency", "importance"])
    def test_expected_kappa(self, kind, rng):
        for _ in range(8):
            n, K = int(rng.integers(2, 7 if kind == "none" else 5)), int(rng.integers(2, 4))
            P, a = reference.random_table(rng, n, K), rng.integers(0, K, n).tolist()
            t = np.cumsum(rng.integers(1, 5, K)).tolist()
            w = None if kind == "none" else rng.integers(0, 3, n).tolist()
            if w is not None and sum(w) == 0:
                continue
            rows = np.repeat(np.arange(n), w).tolist() if kind == "frequency" else range(n)
            exact_w = w if kind == "importance" else None
            exact, _ = reference.kappa_moments([P[i] for i in rows], [a[i] for i in rows], t, exact_w)
            draws, labelled = given(P, a, t, w, "importance" if kind == "importance" else "frequency")
            if np.nan_to_num(exact) == 0 and labelled.constant:
                continue
            assert expected_draws(draws, labelled)[0] == near(exact, 1e-11)

    def test_second_order_moments(self, rng):
        for _ in range(10):
            n, K = int(rng.integers(2, 6)), int(rng.integers(2, 4))
            P, a = reference.random_table(rng, n, K), rng.integers(0, K, n).tolist()
            t, w = np.cumsum(rng.integers(1, 5, K)).tolist(), rng.integers(1, 4, n).tolist()
            if len(set(a)) == 1:
                continue
            draws, labelled = given(P, a, t, w, "importance")
            kappa = conditional_kappa(draws, labelled)
            exact = reference.second_order(P, a, t, w)
            for got, value in zip((kappa.rho, kappa.mean, kappa.variance), exact, strict=True):
                assert got == near(value, 1e-12)

    def test_plugin_minus_expected_is_a_covariance(self, rng):
        for _ in range(10):
            n, K = int(rng.integers(2, 6)), int(rng.integers(2, 4))
            P, a = reference.random_table(rng, n, K), rng.integers(0, K, n).tolist()
            t = list(range(K))
            _, B, _, _, _, covariance = reference.ratio_moments(P, a, t)
            if len(set(a)) == 1:
                continue
            draws, labelled = given(P, a)
            gap = plugin_of(draws, labelled) - expected_draws(draws, labelled)[0]
            assert gap == near(covariance / B, 1e-12)

    def test_many_draws_use_their_own_nodes_well(self, rng):
        """One set of quadrature nodes serves draws whose E[B] differ twentyfold."""
        tables = [
            reference.table([[90, 9, 1]] * 4, 100),
            reference.table([[1, 9, 90]] * 4, 100),
            reference.random_table(rng, 4, 3),
        ]
        a, t = (0, 0, 1, 2), (0, 1, 2)
        exact = [float(reference.kappa_moments(P, a, t)[0]) for P in tables]
        assert expected_draws(*given(tables, a))[0] == pytest.approx(exact, abs=1e-11)


class TestSecondOrder:
    def test_its_error_falls_as_the_square_of_the_rows(self):
        """The expansion against the integral, for copies of the same rows."""
        errors = []
        for copies in (15, 60, 240):
            draws = as_draws(np.tile(reference.floats(O1), (copies // 5, 1)))
            labelled = Labelled(np.tile([0, 1, 1, 2, 0], copies // 5), np.arange(3.0))
            exact = agreement.expected_ratio(
                draws, labelled.centred, labelled.labels, np.ones(copies), np.ones(copies), 10.0
            )
            errors.append(abs(conditional_kappa(draws, labelled).mean - exact)[0])
        assert errors[0] < 2e-3
        assert errors[1] / errors[0] < 1 / 10
        assert errors[2] / errors[1] < 1 / 10

    def test_few_informative_rows_among_many_are_integrated(self):
        """1000 rows of which three are uncertain: the expansion is off by .005, so it is not used."""
        n, p = 1000, 0.7
        P = np.tile([1.0, 0, 0, 0, 0], (n, 1))
        P[:3] = [1 - p, 0, 0, 0, p]
        draws, labelled = as_draws(P), Labelled(np.where(np.arange(n) < 3, 4, 0), np.arange(5.0))
        exact = 0.0
        for j in range(4):  # of the three get the high answer
            agreed, chance = 1 - (3 - j) / n, (j * 3 + (n - j) * (n - 3)) / n**2
            exact += math.comb(3, j) * p**j * (1 - p) ** (3 - j) * (agreed - chance) / (1 - chance)
        expected, method = expected_draws(draws, labelled)
        assert method == "exact integral"
        assert expected == near(exact, 1e-10)
        assert abs(conditional_kappa(draws, labelled).mean[0] - exact) > 0.004

    def test_out_of_reach_of_the_integral_says_so(self, monkeypatch):
        monkeypatch.setattr(agreement, "INTEGRAL_LIMIT", 10)
        P = np.tile([1.0, 0.0], (100, 1))
        P[:2] = 0.5
        draws, labelled = as_draws(P), Labelled(np.r_[1, np.zeros(99, int)], np.arange(2.0))
        assert expected_draws(draws, labelled)[1] == "second order, noisy"


class TestProperties:
    def test_values_may_be_shifted_and_scaled(self, rng):
        P, a = reference.random_table(rng, 6, 3), [0, 1, 2, 2, 1, 0]
        results = []
        for t in (
            (0, 1, 3),
            (1e6, 1e6 + 1, 1e6 + 3),
            (-7e-150, -7e-150 + 1e-160, -7e-150 + 3e-160),
            (0, 1e150, 3e150),
        ):
            draws, labelled = given(P, a, t)
            kappa = conditional_kappa(draws, labelled)
            results.append(
                [kappa.rho[0], kappa.mean[0], kappa.variance[0], expected_draws(draws, labelled)[0][0]]
            )
        assert results[1] == pytest.approx(results[0], abs=1e-13)
        assert results[2] == pytest.approx(results[0], abs=1e-5)  # t itself has lost its last digits
        assert results[3] == pytest.approx(results[0], abs=1e-13)

    def test_frequency_weights_are_repeated_rows(self, rng):
        draws = linear_draws(rng, n=60)
        labels, w = rng.integers(0, 5, 60), rng.integers(0, 4, 60)
        values = np.array([0.0, 1, 2, 4, 5])
        repeated = LinearDraws(draws.link, np.repeat(draws.X, w, axis=0), draws.beta, draws.cutpoints)
        weighted = conditional_kappa(draws, Labelled(labels, values, w.astype(float)))
        plain = conditional_kappa(repeated, Labelled(np.repeat(labels, w), values))
        for name in ("rho", "mean", "variance"):
            assert getattr(weighted, name) == pytest.approx(getattr(plain, name), abs=1e-13)

    def test_constant_labels_are_exactly_zero(self, rng):
        draws = linear_draws(rng)
        labelled = Labelled(np.full(400, 2), np.arange(5.0), rng.random(400))
        kappa = conditional_kappa(draws, labelled)
        assert not kappa.rho.any()
        assert not kappa.mean.any()
        assert not expected_draws(draws, labelled)[0].any()
        assert plugin_of(draws, labelled) == 0.0

    def test_certain_constant_and_equal_is_nan(self):
        draws, labelled = given([[0, 1, 0]] * 3, (1, 1, 1))
        assert np.isnan(conditional_kappa(draws, labelled).rho).all()
        assert np.isnan(plugin_of(draws, labelled))

    def test_certain_answers_give_the_sample_kappa(self, rng):
        y, a = rng.integers(0, 4, 40), rng.integers(0, 4, 40)
        draws, labelled = as_draws(np.eye(4)[y]), Labelled(a, np.arange(4.0))
        exact = reference.qwk(y.tolist(), a.tolist(), range(4))
        kappa = conditional_kappa(draws, labelled)
        for got in (kappa.rho, kappa.mean, expected_draws(draws, labelled)[0], plugin_of(draws, labelled)):
            assert got == near(exact)
        assert kappa.variance == pytest.approx(0.0, abs=1e-15)

    def test_plugin_never_exceeds_its_bound(self, rng):
        for _ in range(50):
            K, n = int(rng.integers(2, 6)), int(rng.integers(2, 20))
            P, t = rng.dirichlet(np.ones(K), n), np.cumsum(rng.random(K))
            m, q = P @ t, P @ t**2
            bound = np.sqrt(m.var() / (q.mean() - m.mean() ** 2))
            assert plugin_value(rng.integers(0, K, n), m, q, values=t) <= bound + 1e-12


class TestStreaming:
    @pytest.mark.parametrize("link", list(LINKS))
    def test_from_the_linear_predictor_or_from_tables(self, link, rng):
        for K in (2, 3, 5, 6, 9):
            draws = linear_draws(rng, link, n=70, K=K, offset=rng.normal(size=70))
            labels, w = rng.integers(0, K, 70), rng.random(70)
            for kind in ("frequency", "importance"):
                labelled = Labelled(labels, np.cumsum(rng.random(K)), w, kind)
                linear = conditional_kappa(draws, labelled)
                tables = conditional_kappa(TableDraws(draws.probs()), labelled)
                for name in ("rho", "mean", "variance", "chance"):
                    assert getattr(linear, name) == pytest.approx(getattr(tables, name), abs=1e-12)

    def test_against_numpy_in_one_piece(self, rng):
        draws = linear_draws(rng, n=200)
        t, labels = np.arange(5.0), rng.integers(0, 5, 200)
        P = draws.probs()
        m, a = P @ t, t[labels]
        top = 2 * ((a - a.mean()) * m).sum(axis=1)
        bottom = (P @ t**2).sum(axis=1) + np.sum(a**2) - 2 * a.sum() * m.mean(axis=1)
        assert conditional_kappa(draws, Labelled(labels, t)).rho == pytest.approx(top / bottom, abs=1e-13)

    @pytest.mark.parametrize("link", ["logit", "probit", "table"])
    def test_block_size_and_threads_leave_no_trace(self, link, rng, monkeypatch):
        draws = linear_draws(rng, "logit" if link == "table" else link, n=300, S=200)
        draws = TableDraws(draws.probs()) if link == "table" else draws
        labelled = Labelled(rng.integers(0, 5, 300), np.arange(5.0), rng.random(300), "importance")

        def everything(threads):
            kappa = conditional_kappa(draws, labelled, threads=threads)
            exact = agreement.expected_ratio(
                draws, labelled.centred, labelled.labels, np.ones(300), labelled.weights, 100.0, threads
            )
            means = draws.mean_probs(threads)
            replicates = draws.replicate(np.random.default_rng(3), threads)
            return [a.tobytes() for a in (kappa.rho, kappa.mean, kappa.variance, exact, means, replicates)]

        expected = everything(1)
        assert everything(3) == expected
        for size in (37, 500):
            monkeypatch.setattr(draws_module, "_BLOCK_NUMBERS", size)
            monkeypatch.setattr(confusion, "_ROWS_AT_ONCE", size)
            assert everything(2) == expected

    def test_rows_far_out_and_cutpoints_far_apart(self, rng):
        """Columns with a large mean, predictors beyond every cutpoint, cutpoints too far apart to pack."""
        for shift, spread, scale in ((1e4, 1.0, 1.0), (0.0, 1.0, 300.0), (0.0, 400.0, 300.0)):
            cutpoints = spread * np.sort(rng.normal(size=(130, 4)), axis=1) + shift
            X, beta = (
                np.c_[rng.normal(size=90), np.full(90, shift)],
                rng.normal(size=(130, 2)) * [scale, 0] + [0, 1],
            )
            draws = LinearDraws("logit", X, beta, cutpoints)
            slow = special.expit(cutpoints[:, None, :] - (X @ beta.T).T[:, :, None])
            P = np.diff(slow, axis=2, prepend=0, append=1)
            labelled = Labelled(rng.integers(0, 5, 90), np.arange(5.0))
            expected = conditional_kappa(TableDraws(P), labelled)
            assert conditional_kappa(draws, labelled).rho == pytest.approx(expected.rho, abs=1e-9)
            assert draws.mean_probs() == pytest.approx(P.mean(axis=0), abs=1e-9)
