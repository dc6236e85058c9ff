"""Draws of category probabilities: every link against SciPy, forms of input, means, replicates, bad input."""

import numpy as np
import pytest
import reference
import xarray as xr
from scipy import special, stats

from bayesord.likelihood import kernels
from bayesord.likelihood.links import LINKS
from bayesord.predictive.lanes import LANES
from bayesord.predictive.link_lanes import fill_tails
from bayesord.predictive.probabilities import LinearDraws, TableDraws, as_draws
from bayesord.predictive.vector import exp2


def linear_draws(rng, link="logit", n=50, p=3, K=4, S=40, **extra):
    cutpoints = np.sort(rng.normal(size=(S, K - 1)), axis=1)
    return LinearDraws(link, rng.normal(size=(n, p)), rng.normal(size=(S, p)), cutpoints, **extra)


def by_definition(link, draws):
    eta = draws.beta @ draws.X.T + (0 if draws.offset is None else draws.offset)
    lower = reference.cdf(link, draws.cutpoints[:, None, :] - eta[:, :, None])
    return np.diff(lower, axis=2, prepend=0.0, append=1.0)


@pytest.mark.parametrize("link", list(LINKS))
@pytest.mark.parametrize("K", [2, 3, 5, 11])
def test_probabilities_of_the_model(link, K, rng):
    draws = linear_draws(rng, link, K=K, offset=rng.normal(size=50))
    expected = by_definition(link, draws)
    assert draws.probs() == pytest.approx(expected, abs=1e-14)
    assert draws.mean_probs() == pytest.approx(expected.mean(axis=0), abs=1e-14)
    part = draws.rows(10, 30)
    assert part.probs() == pytest.approx(expected[:, 10:30], abs=1e-14)
    assert part.mean_probs() == pytest.approx(expected[:, 10:30].mean(axis=0), abs=1e-14)
    assert (draws.n_draws, draws.n_rows, draws.n_categories) == (40, 50, K)


def test_no_covariates_and_a_single_draw():
    draws = LinearDraws("logit", np.zeros((3, 0)), np.zeros((1, 0)), [[0.0, 2.0]])
    expected = np.diff(special.expit([0.0, 2.0]), prepend=0, append=1)
    assert draws.mean_probs() == pytest.approx(np.tile(expected, (3, 1)))


@pytest.mark.parametrize("link", list(LINKS))
def test_small_probabilities_keep_their_digits(link):
    """A log score needs them: mean probabilities of 1e-40 must not come out as 0 or as rounding."""
    X = np.array([[-60.0], [0.0], [60.0]])
    draws = LinearDraws(link, X, [[1.0], [0.5]], [[-1.0, 0.0, 2.0]] * 2)
    exact = LINKS[link]
    z = np.array([-1.0, 0.0, 2.0])[None, :] - (X @ [[1.0, 0.5]]).T[:, :, None]
    first, last = np.exp(exact.log_cdf(z[:, :, 0])), np.exp(exact.log_sf(z[:, :, 2]))
    for got in (draws.probs().mean(axis=0), draws.mean_probs()):
        assert got[:, 0] == pytest.approx(first.mean(axis=0), rel=1e-9, abs=1e-280)
        assert got[:, -1] == pytest.approx(last.mean(axis=0), rel=1e-9, abs=1e-280)


def test_a_narrow_middle_category_far_out():
    draws = LinearDraws("logit", [[-80.0]], [[1.0]], [[0.0, 1e-9, 1.0]])
    expected = np.exp(-80.0) * -np.expm1(-1e-9)
    assert draws.mean_probs()[0, 1] == pytest.approx(expected, rel=1e-7)
    assert draws.probs()[0, 0, 1] == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("link", list(LINKS))
def test_tails_of_the_fast_loops(link):
    """Lane by lane against the exact scalar kernels: the smaller tail to 1e-12 of itself, the larger to rounding."""
    z = np.r_[
        np.linspace(-12, 12, 2001), np.linspace(-36, 36, 999), np.linspace(-650, 650, 999), 0.0, 1e8, -1e8
    ]
    z = np.pad(z, (0, -z.size % LANES)).reshape(-1, LANES)
    lower, upper = np.empty_like(z), np.empty_like(z)
    fill_tails(LINKS[link].code, np.zeros(LANES), z, lower, upper)
    for got, exact in ((lower, kernels.cdf), (upper, kernels.sf)):
        expected = np.array([exact(LINKS[link].code, v) for v in z.ravel()]).reshape(z.shape)
        assert got == pytest.approx(expected, rel=2e-12, abs=1e-280)
    assert lower + upper == pytest.approx(np.ones_like(z), abs=3e-16)


def test_power_of_two_of_the_fast_loop():
    x = np.r_[np.linspace(-700, 700, 20001), 0.0, 0.5, -0.5, 1.0]
    got = np.array([exp2(v) for v in x])
    assert got == pytest.approx(np.exp2(x), rel=1e-15)


class TestForms:
    def test_arrays_and_lists(self, rng):
        P = rng.dirichlet(np.ones(3), (4, 5))
        assert as_draws(P).n_draws == 4
        assert as_draws(P[0]).probs().shape == (1, 5, 3)
        assert as_draws(P[0].tolist()).mean_probs() == pytest.approx(P[0])
        assert as_draws(P, n_chains=2).n_chains == 2

    def test_draws_pass_unchanged(self, rng):
        draws = linear_draws(rng)
        assert as_draws(draws) is draws

    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
    def test_data_array_in_any_order(self, order, rng):
        P = rng.dirichlet(np.ones(3), (2, 4, 5))
        dims = ("chain", "draw", "obs_id", "category")
        array = xr.DataArray(P, dims=dims).transpose(*(dims[i] for i in order))
        draws = as_draws(array)
        assert draws.n_chains == 2
        assert draws.probs() == pytest.approx(P.reshape(8, 5, 3))

    def test_data_array_of_means(self, rng):
        P = rng.dirichlet(np.ones(3), 5)
        assert as_draws(xr.DataArray(P, dims=("obs_id", "category"))).probs() == pytest.approx(P[None])

    def test_a_fit_with_new_rows(self, rng):
        draws = linear_draws(rng)

        class Fit:
            def predictive_draws(self, rows):
                return draws if rows is None else draws.rows(*rows)

        assert as_draws(Fit()) is draws
        assert as_draws(Fit(), (3, 9)).n_rows == 6


class TestReplicates:
    @pytest.mark.parametrize("link", ["logit", "cloglog"])
    def test_they_follow_the_probabilities(self, link, rng):
        draws = LinearDraws(link, rng.normal(size=(4, 2)), [[1.0, -1.0]] * 20000, [[-1.0, 0.3, 1.0]] * 20000)
        codes = draws.replicate(rng)
        for row, expected in zip(codes.T, draws.probs()[0], strict=True):
            counts = np.bincount(row, minlength=4)
            assert stats.chisquare(counts, 20000 * expected).pvalue > 1e-4

    def test_rows_and_draws_are_independent(self, rng):
        codes = as_draws(np.full((2000, 50, 2), 0.5)).replicate(rng)
        correlations = np.corrcoef(codes.T)[np.triu_indices(50, 1)]
        assert np.sqrt(2000) * correlations.std() == pytest.approx(1.0, abs=0.08)
        between_draws = np.corrcoef(codes[:400])[np.triu_indices(400, 1)]
        assert np.sqrt(50) * between_draws.std() == pytest.approx(1.0, abs=0.05)

    def test_seed(self, rng):
        draws = linear_draws(rng)
        first, again, other = (draws.replicate(np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_impossible_categories_never_come(self, rng):
        P = np.tile([0.0, 0.3, 0.0, 0.7, 0.0], (200, 300, 1))
        assert set(np.unique(as_draws(P).replicate(rng))) == {1, 3}


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (np.nan, r"NaN or infinity in row 2 of draw 1"),
            (np.inf, r"NaN or infinity in row 2 of draw 1"),
            (-0.25, r"negative in row 2 of draw 1 .*not logits"),
            (0.9, r"do not sum to 1 in row 2 of draw 1: the sum is"),
        ],
    )
    def test_the_row_is_named(self, change, words):
        P = np.full((3, 4, 4), 0.25)
        P[1, 2, 3] = change
        with pytest.raises(ValueError, match=words):
            as_draws(P)

    def test_rounding_of_the_sum_is_forgiven(self):
        assert as_draws(np.full((2, 3), 0.3333333)).n_categories == 3

    @pytest.mark.parametrize("shape", [(3,), (3, 1), (0, 3), (2, 2, 3, 3)])
    def test_shapes(self, shape):
        with pytest.raises(ValueError, match=r"\(n, K\) or \(S, n, K\)"):
            as_draws(np.full(shape, 0.5))

    def test_things_that_hold_no_probabilities(self):
        with pytest.raises(TypeError, match="cannot read probabilities from str"):
            as_draws("probabilities")

    def test_rows_without_a_fit(self):
        with pytest.raises(ValueError, match="rows= goes with a fit"):
            as_draws(np.full((2, 2), 0.5), rows=[0])

    def test_chains_that_do_not_divide(self):
        with pytest.raises(ValueError, match="5 draws cannot be 2 chains"):
            as_draws(np.full((5, 2, 2), 0.5), n_chains=2)

    def test_data_array_with_other_dims(self):
        with pytest.raises(ValueError, match=r"obs_id, category.*'rows', 'category'"):
            as_draws(xr.DataArray(np.full((2, 2), 0.5), dims=("rows", "category")))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"X": np.zeros((3, 1))}, "do not fit"),
            ({"cutpoints": np.zeros((3, 2))}, "do not fit"),
            ({"cutpoints": [[1.0, 0.0]] * 2}, "fall in draw 0"),
            ({"X": [[0, 0], [np.nan, 0], [0, 0]]}, "first at row 1"),
            ({"beta": np.zeros(2)}, "2 dimensions"),
            ({"offset": np.zeros(2)}, "offset.shape"),
            ({"link": "logits"}, "Did you mean 'logit'"),
            ({"X": np.zeros((0, 2))}, "at least one"),
        ],
    )
    def test_linear_draws(self, change, words):
        arguments = {
            "link": "logit",
            "X": np.zeros((3, 2)),
            "beta": np.zeros((2, 2)),
            "cutpoints": [[0, 1]] * 2,
        }
        with pytest.raises(ValueError, match=words):
            LinearDraws(**arguments | change)

    def test_input_is_not_changed(self, rng):
        P = rng.dirichlet(np.ones(3), (4, 5))
        before = P.copy()
        draws = TableDraws(P)
        draws.mean_probs(), draws.replicate(rng)
        assert np.array_equal(P, before)
