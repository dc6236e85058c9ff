"""What the tests of the fitted model share: data, priors from tuples, and the comparison of posteriors."""

import numpy as np
import pandas as pd
import reference
from arviz_stats.base import array_stats

import bayesord as bo

GATE = 4.5  # combined Monte Carlo errors
NUTS = {"random_seed": 1, "draws": 2000, "chains": 4, "progressbar": False}


def wine():
    x, y = reference.Cells.from_counts(reference.WINE).rows()
    return pd.DataFrame(
        {
            "rating": y + 1,
            "temp": np.array(["cold", "warm"])[x[:, 0].astype(int)],
            "contact": np.array(["no", "yes"])[x[:, 1].astype(int)],
        }
    )


def stem_cell():
    x, y = reference.Cells.from_counts(reference.STEM_CELL).rows()
    levels = ["fundamentalist", "moderate", "liberal"]
    religion = pd.Categorical.from_codes((x @ [1, 2]).astype(int), levels)
    return pd.DataFrame({"answer": y + 1, "religion": religion})


DATA = {
    "wine": ("rating ~ temp + contact", wine, reference.Cells.from_counts(reference.WINE)),
    "stem cell": ("answer ~ religion", stem_cell, reference.Cells.from_counts(reference.STEM_CELL)),
}


def priors(cutpoints, beta):
    """bo.Priors from two tuples as in `reference`."""
    cutpoints, beta = (getattr(bo.priors, kind)(*numbers) for kind, *numbers in (cutpoints, beta))
    return bo.Priors(cutpoints=cutpoints, beta=beta)


def simulate(link, beta, cutpoints, n, seed):
    """X (n, p), columns correlated, off zero and of unequal spread, and codes y drawn from the model."""
    rng = np.random.default_rng(seed)
    p = len(beta)
    x = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1))
    latent = x @ np.asarray(beta, float) + reference.quantile(link, rng.uniform(size=n))
    y = (latent[:, None] > np.asarray(cutpoints)).sum(1)
    spread = 2.0 ** np.arange(p)
    return x * spread + 3 * (-1) ** np.arange(p), y


def point(fit):
    """(beta, cutpoints) of a fit by `method="mode"`."""
    return fit.beta.to_numpy(), fit.cutpoints.to_numpy()


def moments(fit, name):
    """(mean, sd, Monte Carlo error of the mean) of a variable of the posterior, over its own dimension."""
    draws = fit.idata.posterior[name].transpose(..., "chain", "draw").values
    return draws.mean((-2, -1)), draws.std((-2, -1)), array_stats.mcse(draws, method="mean")


def assert_same_posterior(fit, expected, *, rtol_sd=0.05):
    """expected: {variable: (means, sds, Monte Carlo errors of the means)}."""
    for name, (mean, sd, error) in expected.items():
        got_mean, got_sd, got_error = moments(fit, name)
        z = (got_mean - mean) / np.hypot(got_error, error)
        assert np.all(np.abs(z) < GATE), f"{name}: z = {z}, means {got_mean}, expected {mean}"
        np.testing.assert_allclose(got_sd, sd, rtol=rtol_sd, err_msg=f"sd of {name}")


def by_importance(sample):
    """An importance sample as `expected` of `assert_same_posterior`."""
    assert sample.ess > 20_000, "the oracle itself is weak here"
    expected = {"cutpoints": sample.moments(sample.cutpoints)}
    if sample.beta.shape[1]:
        expected["beta"] = sample.moments(sample.beta)
    if sample.r2 is not None and sample.beta.shape[1]:
        expected["R2"] = sample.moments(sample.r2, sample.r2_square)
    return expected
