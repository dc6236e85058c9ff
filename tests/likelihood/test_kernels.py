"""The bar that the kernels are held to: 16 units in the last place against 60 digits, over the whole grid."""

import numpy as np
import pytest
from make_kernel_reference import CUTPOINTS, ETA, ETA_EXTREME_VALUE, FIRST, LAST, MIDDLE, TABLE
from make_kernel_reference import LINKS as NAMES

from bayesord.likelihood import kernels
from bayesord.likelihood.links import LINKS

EPS = np.finfo(float).eps
links = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


def log_p(link, eta, steps, y):
    """(log P, d/d eta, d/d rho) as rows of a (3, n) array."""
    out = np.empty((3, len(y)))
    kernels.rows(link.code, np.asarray(eta, float), np.asarray(steps, float), np.asarray(y), *out)
    return out


def etas(link):
    sizes = np.array(ETA_EXTREME_VALUE if link.name in ("cloglog", "loglog") else ETA)
    return np.concatenate([-sizes[:0:-1], sizes])


def steps_of(cutpoints):
    return np.concatenate([cutpoints[:1], np.log(np.diff(cutpoints))])


@pytest.fixture(scope="module")
def table():
    with np.load(TABLE) as stored:
        return dict(stored)


@links
class TestAgainst60Digits:
    @pytest.fixture
    def rows(self, table, link):
        chosen = table["link"] == NAMES.index(link.name)
        rows = {name: column[chosen] for name, column in table.items()}
        got = np.array([
            kernels.row(link.code, place, 3, a, b, delta, np.log(delta) if place == MIDDLE else 0.0)
            for place, a, b, delta in zip(
                *(rows[name].tolist() for name in ("place", "a", "b", "delta")), strict=True
            )
        ])  # fmt: skip
        return rows | {"got": got}

    def test_table_covers_the_grid(self, rows, link):
        middle = rows["place"] == MIDDLE
        assert {FIRST, MIDDLE, LAST} == set(rows["place"])
        assert middle.sum() > 3 * 40 * len(etas(link))
        assert rows["delta"][middle].min() == 1e-300
        assert rows["delta"].max() > 19.9
        for eta in etas(link):
            for c in CUTPOINTS:
                assert c - eta in rows["a"]
                assert c - eta in rows["b"]

    def test_log_probability(self, rows):
        error = np.abs(rows["got"][:, 0] - rows["log_p"]) / np.spacing(np.abs(rows["log_p"]))
        worst = np.argmax(error)
        assert error[worst] <= 16, (error[worst], {name: column[worst] for name, column in rows.items()})

    @pytest.mark.parametrize(("column", "name"), [(1, "d_eta"), (2, "d_gap")])
    def test_gradient(self, rows, column, name):
        allowed = 1e-12 * np.abs(rows[name]) + 4 * EPS
        error = np.abs(rows["got"][:, column] - rows[name]) / allowed
        worst = np.argmax(error)
        assert error[worst] <= 1, (error[worst], {name: column[worst] for name, column in rows.items()})


@links
class TestProbabilities:
    def test_sum_to_one_on_the_grid(self, link):
        eta = np.repeat(etas(link), 4)
        y = np.tile(np.arange(4), len(etas(link)))
        total = np.exp(log_p(link, eta, steps_of(CUTPOINTS), y)[0]).reshape(-1, 4).sum(axis=1)
        assert np.abs(total - 1).max() <= 4 * EPS

    @pytest.mark.parametrize("K", range(2, 11))
    def test_sum_to_one_off_the_grid(self, link, K, rng):
        eta = rng.normal(scale=3, size=50)
        for _ in range(20):
            steps = np.concatenate([rng.normal(scale=2, size=1), rng.normal(scale=1.5, size=K - 2)])
            p = np.exp(log_p(link, np.repeat(eta, K), steps, np.tile(np.arange(K), 50))[0])
            assert np.abs(p.reshape(50, K).sum(axis=1) - 1).max() <= 4 * EPS

    def test_are_differences_of_the_cdf(self, link, rng):
        eta, cutpoints = rng.normal(size=200), np.array([-1.0, 0.2, 1.5])
        below = link.cdf(np.concatenate([[-np.inf], cutpoints])[:, None] - eta)
        above = link.cdf(np.concatenate([cutpoints, [np.inf]])[:, None] - eta)
        for k in range(4):
            p = np.exp(log_p(link, eta, steps_of(cutpoints), np.full(200, k))[0])
            np.testing.assert_allclose(p, above[k] - below[k], rtol=1e-12, atol=1e-15)

    def test_two_categories_are_the_two_tails(self, link):
        at = np.linspace(-30, 30, 241)
        np.testing.assert_allclose(
            log_p(link, -at, [0.0], np.zeros(241, int))[0], link.log_cdf(at), rtol=1e-12
        )
        np.testing.assert_allclose(log_p(link, -at, [0.0], np.ones(241, int))[0], link.log_sf(at), rtol=1e-12)

    def test_never_positive_and_finite_where_doubles_reach(self, link):
        # |log P| grows as e^|eta|, eta^2 / 2, |eta| and log |eta|: each link up to |log P| = 1e298 or so
        reach = {"logit": 1e298, "probit": 1e149, "cauchit": 1e307}.get(link.name, 600.0)
        size = np.geomspace(1e-300, reach, 200)
        eta = np.concatenate([-size, [0.0], size])
        wide = () if link.name in ("cloglog", "loglog") else (300.0,)
        for rho in (-1e5, -700.0, -300.0, -30.0, 0.0, 4.0, *wide):
            for k in range(4):
                out = log_p(link, eta, [-0.3, rho, 0.1], np.full(eta.size, k))
                assert np.isfinite(out[0]).all()
                assert not np.isnan(out).any()
                assert out[0].max() <= 0

    def test_not_a_number_stays_so(self, link):
        for k in range(3):
            assert np.isnan(log_p(link, [np.nan], [0.0, 0.0], [k])[0, 0])
            assert np.isnan(log_p(link, [0.3], [np.nan, 0.0], [k])[0, 0])


@links
class TestSymmetries:
    def test_reversal(self, link, rng):
        """Category k of X under a link is category K-1-k of -X under its mirror."""
        mirror = LINKS[link.mirror]
        a, delta = rng.normal(scale=4, size=500), np.exp(rng.normal(scale=3, size=500))
        for ai, di in zip(a, delta, strict=True):
            logp, d_eta, d_gap = kernels.row(link.code, 1, 3, ai, ai + di, di, np.log(di))
            back = kernels.row(mirror.code, 1, 3, -(ai + di), -ai, di, np.log(di))
            assert back[0] == pytest.approx(logp, rel=1e-14)
            assert back[1] == pytest.approx(-d_eta, rel=1e-12, abs=1e-14)
            # here the lower end is held, there the upper one: they differ by the shift of the whole interval
            assert back[2] == pytest.approx(d_gap + di * d_eta, rel=1e-11, abs=1e-13 * (1 + di * abs(d_eta)))
            first = kernels.row(link.code, 0, 3, 0.0, ai, 0.0, 0.0)
            last = kernels.row(mirror.code, 2, 3, -ai, 0.0, 0.0, 0.0)
            assert last == pytest.approx((first[0], -first[1], 0.0), rel=1e-14)

    def test_only_differences_to_the_cutpoints_count(self, link):
        eta, y = np.linspace(-2, 2, 9), np.arange(9) % 3
        here = log_p(link, eta, [-0.5, 0.25], y)
        there = log_p(link, eta + 2.0, [1.5, 0.25], y)
        np.testing.assert_allclose(there, here, rtol=1e-13)

    def test_rows_are_row_in_any_order_and_code_type(self, link, rng):
        steps = np.array([-1.0, 0.3, -2.0])
        eta, y = rng.normal(size=60), rng.integers(0, 4, size=60)
        cutpoints, delta = kernels.cutpoints_from_steps(steps)
        ends = np.concatenate([[-np.inf], cutpoints, [np.inf]])
        single = np.array([
            kernels.row(link.code, k, 4, ends[k] - e, ends[k + 1] - e, delta[min(k, 2)], steps[min(k, 2)])
            for e, k in zip(eta.tolist(), y.tolist(), strict=True)
        ]).T  # fmt: skip
        shuffled = rng.permutation(60)
        for code_type in (np.int8, np.int32, np.int64):
            np.testing.assert_array_equal(log_p(link, eta, steps, y.astype(code_type)), single)
        np.testing.assert_array_equal(log_p(link, eta[shuffled], steps, y[shuffled]), single[:, shuffled])


@links
class TestDerivatives:
    def test_differences_of_log_p(self, link, rng):
        """d/d eta, d/d c_1 and every d/d rho of a sum over rows, the chain rule as `kernels.rows` documents it."""
        K, n, step = 6, 80, 1e-6
        eta, y = rng.normal(scale=2, size=n), np.arange(n) % K
        steps = np.array([-2.0, -0.5, 0.4, -3.0, 0.1])
        _, d_eta, d_gap = log_p(link, eta, steps, y)
        gradient = [-d_eta.sum()] + [
            d_gap[y == j].sum() - np.exp(steps[j]) * d_eta[y > j].sum() for j in range(1, K - 1)
        ]
        for j in range(K - 1):
            moved = np.zeros(K - 1)
            moved[j] = step
            up, down = (log_p(link, eta, steps + sign * moved, y)[0].sum() for sign in (1, -1))
            assert gradient[j] == pytest.approx((up - down) / (2 * step), rel=1e-7, abs=1e-6)
        up, down = (log_p(link, eta + sign * step, steps, y)[0] for sign in (1, -1))
        np.testing.assert_allclose(d_eta, (up - down) / (2 * step), rtol=1e-6, atol=1e-7)

    def test_outer_categories_have_no_gap(self, link):
        assert (log_p(link, [0.3, 0.3], [-1.0, 0.5], [0, 2])[2] == 0).all()

    def test_log_density(self, link):
        at = np.linspace(-6, 6, 49)
        got = np.array([kernels.log_pdf(link.code, x) for x in at])
        np.testing.assert_allclose(got, link.log_pdf(at), rtol=1e-14)
        slope = np.array([kernels.d_log_pdf(link.code, x) for x in at])
        differences = (link.log_pdf(at + 1e-6) - link.log_pdf(at - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, differences, rtol=1e-6, atol=1e-8)

    def test_distribution_function(self, link):
        at = np.linspace(-30, 30, 241)
        for compiled, registered in ((kernels.cdf, link.cdf), (kernels.sf, LINKS[link.mirror].cdf)):
            got = np.array([compiled(link.code, x) for x in at])
            np.testing.assert_allclose(
                got, registered(at if compiled is kernels.cdf else -at), rtol=1e-12, atol=1e-300
            )


def test_cutpoints_from_steps():
    cutpoints, delta = kernels.cutpoints_from_steps(np.array([-1.0, np.log(2.0), -1e4, 1e4]))
    np.testing.assert_allclose(cutpoints, [-1, 1, 1, np.exp(700)])
    np.testing.assert_allclose(delta, [np.inf, 2, np.exp(-700), np.exp(700)])


@links
def test_a_gap_below_the_smallest_double_still_counts(link):
    """log P goes on falling with rho, and its derivative says so."""
    out = log_p(link, [0.3, 0.3], [0.0, -900.0], [1, 1])
    nearer = log_p(link, [0.3], [0.0, -690.0], [1])
    assert out[0, 0] == pytest.approx(nearer[0, 0] - 210.0, rel=1e-12)
    assert out[2, 0] == pytest.approx(1.0)
