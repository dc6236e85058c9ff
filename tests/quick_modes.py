"""Posterior modes for tests that need many fits: milliseconds each."""

import bayesord as bo
from bayesord.likelihood.links import get_link
from bayesord.mode import fit_mode

NORMAL = bo.Priors(beta=bo.priors.normal(0, 1))


def simulated_mode(rng, n=300, beta=(0.8, -0.5, 0.0), K=5, link="logit", **options):
    """The posterior mode of data from the model."""
    truth = bo.simulate(n, beta=beta, n_categories=K, link=link, random_seed=rng)
    return bo.fit(truth.X, truth.y, categories=range(K), link=link, method="mode", priors=NORMAL, **options)


def mode_of(design, link="logit", priors=NORMAL):
    """The posterior mode for a design that is there already."""
    return fit_mode(design, get_link(link), priors)
