"""Does expected QWK keep its word? Truth from the prior, answers by an independent simulator.

The prior is a large but finite set of parameters, so the posterior of a data set is its likelihood over that set:
exact, and a matter of one matrix product.
"""

import numpy as np
import pytest
from scipy import special

from bayesord.predictive.kappa import expected_qwk, qwk
from bayesord.predictive.probabilities import LinearDraws, TableDraws


def simulate(P, rng):
    """Answers from probabilities (..., K)."""
    u = rng.random((*P.shape[:-1], 1))
    return (u > np.cumsum(P, axis=-1)[..., :-1]).sum(axis=-1)


def realised(P, labels, replicates, rng, K):
    """Kappas of labels for answers drawn from probabilities of random draws P (S, n, K), by NumPy alone."""
    a = labels - labels.mean()
    scores = np.empty(replicates)
    for r in range(replicates):
        y = simulate(P[rng.integers(len(P))], rng) - labels.mean()
        scores[r] = 2 * np.sum(a * y) / np.sum(y**2 + a**2)
    return scores


def exact(P, labels):
    """E[kappa] for answers drawn from probabilities P (m, n, K): (m,), an integral and no simulation.

    kappa = A/B, and 1/B is the integral of exp(-u B) over u > 0; with x = u E[B] the rows factor.
    """
    t, a = np.arange(P.shape[2]), labels.astype(float)
    A = 2 * (a - a.mean())[:, None] * (t - a.mean())
    B = (t - a.mean()) ** 2 + ((a - a.mean()) ** 2)[:, None]
    scale, total = (P * B).sum(axis=(1, 2)), np.zeros(len(P))
    for x, weight in zip(*np.polynomial.laguerre.laggauss(32), strict=True):
        damped = P * np.exp(-x / scale[:, None, None] * B)
        phi, psi = damped.sum(axis=2), (damped * A).sum(axis=2)
        total += weight * np.exp(x + np.log(phi).sum(axis=1)) * (psi / phi).sum(axis=1) / scale
    return total


class Prior:
    """M candidate parameters of a model with p covariates and K categories."""

    def __init__(self, rng, M, p, K, n_train, n_test, cutpoints):
        self.beta = rng.normal(0, 0.8, (M, p))
        self.cutpoints = np.sort(rng.normal(cutpoints, 0.5, (M, K - 1)), axis=1)
        self.train, self.test = rng.normal(size=(n_train, p)), rng.normal(size=(n_test, p))
        self.log_p = np.log(self.probs(self.train))

    def probs(self, X):
        z = self.cutpoints[:, None, :] - (self.beta @ X.T)[:, :, None]
        return np.diff(special.expit(z), axis=2, prepend=0.0, append=1.0)

    def posterior(self, y):
        """The posterior probability of every candidate, given training answers; (M,)."""
        log_likelihood = self.log_p[:, np.arange(y.size), y].sum(axis=1)
        weights = np.exp(log_likelihood - log_likelihood.max())
        return weights / weights.sum()

    def draws(self, posterior, S, rng):
        chosen = rng.choice(posterior.size, size=S, p=posterior)
        return LinearDraws("logit", self.test, self.beta[chosen], self.cutpoints[chosen])


def run(prior, replicates, S, rng, K, n_exact):
    """Differences of realised and expected kappa, whether each fell into its interval, and errors of expected kappa.

    The errors are those against the whole posterior, for the first `n_exact` replicates: without the noise of one
    data set of answers they tell a bias ten times smaller.
    """
    train, test = prior.probs(prior.train), prior.probs(prior.test)
    difference, inside, errors = np.zeros(replicates), np.ones(replicates, bool), np.zeros(n_exact)
    for r in range(replicates):
        truth = rng.integers(len(train))
        posterior = prior.posterior(simulate(train[truth], rng))
        expected = expected_qwk(prior.draws(posterior, S, rng), random_seed=rng)
        answers = simulate(test[truth], rng)
        if expected.value == 0.0:
            continue  # constant labels: kappa is 0, as foretold
        score = qwk(answers, expected.labels, n_categories=K)
        low, high = expected.next_score_interval
        difference[r], inside[r] = score - expected.value, low <= score <= high
        if r < n_exact:
            likely = posterior > 1e-5
            mean = np.average(exact(test[likely], expected.labels), weights=posterior[likely])
            errors[r] = expected.value - mean
    return difference, inside, errors


# Two-sided: one false alarm in a hundred runs of nine cases
MOST_ERRORS = special.ndtri(1 - 0.01 / 9 / 2)


def check(difference, inside, errors):
    for numbers in (difference, errors):
        assert abs(numbers.mean()) < MOST_ERRORS * numbers.std() / np.sqrt(numbers.size)
    assert abs(errors.mean()) < 1e-3
    assert 0.88 <= inside.mean() <= 0.92


def test_exact_is_what_simulation_tends_to():
    rng = np.random.default_rng(1)
    P, labels = rng.dirichlet(np.ones(4), (1, 60)), rng.integers(0, 4, 60)
    scores = realised(P, labels, 20_000, rng, 4)
    assert abs(exact(P, labels)[0] - scores.mean()) < 4 * scores.std() / np.sqrt(scores.size)


@pytest.mark.parametrize(
    ("cutpoints", "n_test"),
    [pytest.param([-1.0, 0.0, 1.0], 80, id="even"), pytest.param([2.0, 3.0, 4.0], 100, id="imbalanced")],
)
def test_expected_score_of_the_optimal_labels(cutpoints, n_test):
    """Labels are optimised on the draws that foretell their score, and yet it is not flattered."""
    rng = np.random.default_rng(3)
    prior = Prior(rng, M=1500, p=2, K=4, n_train=60, n_test=n_test, cutpoints=cutpoints)
    check(*run(prior, replicates=800, S=300, rng=rng, K=4, n_exact=30))


@pytest.mark.slow
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("n_test", [15, 60, 400])
def test_expected_score_in_many_places(place, n_test):
    """Nine cases, each of random numbers of its own: what is chance in one is none in another."""
    cutpoints = [[-1.0, 0.0, 1.0], [2.0, 3.0, 4.0], [-4.0, 0.0, 0.5]][place]
    rng = np.random.default_rng([n_test, place])
    prior = Prior(rng, M=4000, p=3, K=4, n_train=100, n_test=n_test, cutpoints=cutpoints)
    check(*run(prior, replicates=2000, S=500, rng=rng, K=4, n_exact=200))


def perturbed(P, S, size, rng):
    """Draws around a table: its log odds moved by normal noise that all rows share."""
    logits = np.log(np.maximum(P, 1e-12)) + size * rng.normal(size=(S, 1, P.shape[1]))
    return special.softmax(logits, axis=2)


def rare(n, K, informative, rng):
    """n rows that are nearly sure to be in the first category, and a few that may be anywhere."""
    P = np.full((n, K), 2e-4)
    P[:, 0] = 1 - 2e-4 * (K - 1)
    P[:informative] = rng.dirichlet(np.ones(K), informative)
    return P


def covered(draws, rng, K):
    """Share of independently simulated scores inside the interval, and the bias of the value in standard errors."""
    expected = expected_qwk(TableDraws(draws), random_seed=rng)
    scores = realised(draws, expected.labels, 2000, rng, K)
    low, high = expected.next_score_interval
    error = np.hypot(scores.std() / np.sqrt(scores.size), expected.mcse)
    return np.mean((low <= scores) & (scores <= high)), (expected.value - scores.mean()) / error


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(lambda rng: rare(1000, 5, 3, rng), id="3 informative among 1000"),
        pytest.param(lambda rng: rare(1000, 5, 25, rng), id="25 informative among 1000"),
        pytest.param(lambda rng: rng.dirichlet([12, 0.6, 0.3, 0.2], 300), id="imbalanced"),
        pytest.param(lambda rng: rng.dirichlet([150, 0.2, 0.1, 0.1], 300), id="heavily imbalanced"),
    ],
)
def test_interval_where_rows_are_many_and_information_is_little(table):
    """Six designs of each kind, 2000 simulated scores each: coverage on average, and in each not far off."""
    rng = np.random.default_rng(8)
    results = []
    for _ in range(6):
        P = table(rng)
        results.append(covered(perturbed(P, 1000, 0.2, rng), rng, P.shape[1]))
    coverage, bias = np.array(results).T
    assert 0.88 <= coverage.mean() <= 0.92
    assert coverage.min() > 0.8
    assert abs(bias.mean()) < 2 / np.sqrt(6) + 0.3
    assert np.abs(bias).max() < 4
