"""Numbers that any correct implementation gives, for the data typed in `reference`.

Maximum likelihood: `ordinal::clm` and `MASS::polr` give the same for their links, the cauchit row is a
50-digit Newton iteration. Posterior rows: importance sampling with 2-4e5 independent draws, Monte Carlo error
of the means at most `POSTERIOR_ERROR`. Cutpoints are for X as given (dummies, not centred). Priors are tuples
as in `reference`.
"""

from dataclasses import dataclass

POSTERIOR_ERROR = 0.0013


@dataclass(frozen=True)
class MaximumLikelihoodRow:
    link: str
    beta: tuple
    cutpoints: tuple
    log_likelihood: float
    beta_se: tuple | None = None


WINE_MAXIMUM_LIKELIHOOD = [
    MaximumLikelihoodRow(
        "logit",
        (2.503102, 1.527798),
        (-1.344383, 1.250809, 3.466887, 5.006404),
        -86.491923,
        (0.528680, 0.476623),
    ),
    MaximumLikelihoodRow(
        "probit",
        (1.499375, 0.867744),
        (-0.773263, 0.736021, 2.044680, 2.941345),
        -85.761148,
        (0.291790, 0.266907),
    ),
    MaximumLikelihoodRow(
        "cloglog", (1.605760, 0.859714), (-1.740082, 0.296329, 1.728855, 2.596797), -86.634079
    ),
    MaximumLikelihoodRow(
        "loglog", (1.533018, 0.905644), (-0.302441, 1.178605, 2.606233, 3.814823), -87.717855
    ),
    MaximumLikelihoodRow(
        "cauchit", (1.962895, 1.218279), (-2.511148, 0.880218, 2.865742, 4.541171), -92.515554
    ),
]

# Wine, logit: fitted probabilities of the five ratings for two of the conditions (temp warm, contact yes).
WINE_FITTED = {
    (0, 0): (0.206790, 0.570650, 0.192291, 0.023619, 0.006650),
    (1, 1): (0.004608, 0.053801, 0.304210, 0.363596, 0.273785),
}

# Wine, logit, with a normal intercept for each judge (adaptive quadrature with 10 nodes).
WINE_JUDGES = {"beta": (3.061891, 1.833433), "sd": 1.134783, "log_likelihood": -81.532461}


@dataclass(frozen=True)
class PosteriorRow:
    name: str
    data: str  # "wine" or "stem cell"
    link: str
    cutpoint_prior: tuple
    beta_prior: tuple
    cutpoints: tuple
    cutpoints_sd: tuple
    beta: tuple
    beta_sd: tuple
    log_z: float | None = None
    r2: tuple | None = None  # mean, sd


POSTERIOR = [
    PosteriorRow(
        "wine logit, t cutpoints, flat",
        "wine",
        "logit",
        ("student_t", 3, 0, 2.5),
        ("flat",),
        (-1.3619, 1.2559, 3.4705, 5.0553),
        (0.5193, 0.4373, 0.5904, 0.7227),
        (2.5199, 1.5367),
        (0.5283, 0.4792),
    ),
    PosteriorRow(
        "wine probit, t cutpoints, flat",
        "wine",
        "probit",
        ("student_t", 3, 0, 2.5),
        ("flat",),
        (-0.7852, 0.7476, 2.0654, 2.9924),
        (0.2833, 0.2495, 0.3212, 0.3861),
        (1.5224, 0.8804),
        (0.2922, 0.2671),
    ),
    PosteriorRow(
        "wine logit, Dirichlet, normal",
        "wine",
        "logit",
        ("dirichlet", 1.0),
        ("normal", 0, 2.5),
        (-1.3396, 1.1250, 3.1989, 4.7004),
        (0.4991, 0.4152, 0.5452, 0.6700),
        (2.3047, 1.4036),
        (0.4958, 0.4565),
        log_z=-97.6635,
    ),
    PosteriorRow(
        "wine logit, default priors",
        "wine",
        "logit",
        ("dirichlet", 1.0),
        ("r2", 0.5, 4),
        (-1.3581, 1.0938, 3.1527, 4.6477),
        (0.5005, 0.4193, 0.5507, 0.6751),
        (2.2597, 1.3766),
        (0.5014, 0.4575),
        log_z=-97.9277,
        r2=(0.4609, 0.1767),
    ),
    PosteriorRow(
        "wine logit, R2 uniform",
        "wine",
        "logit",
        ("dirichlet", 1.0),
        ("r2", 0.5, 2),
        (-1.3645, 1.0836, 3.1375, 4.6303),
        (0.5014, 0.4218, 0.5547, 0.6795),
        (2.2448, 1.3675),
        (0.5059, 0.4585),
        log_z=-98.146,
        r2=(0.4571, 0.2022),
    ),
    PosteriorRow(
        "stem cell probit, t cutpoints, flat",
        "stem cell",
        "probit",
        ("student_t", 3, 0, 2.5),
        ("flat",),
        (-1.0065, -0.3944, 0.8147),
        (0.0772, 0.0703, 0.0732),
        (0.2434, 0.5566),
        (0.0929, 0.0935),
    ),
    PosteriorRow(
        "stem cell logit, Dirichlet, normal",
        "stem cell",
        "logit",
        ("dirichlet", 1.0),
        ("normal", 0, 2.5),
        (-1.7196, -0.6221, 1.3555),
        (0.1393, 0.1173, 0.1262),
        (0.4138, 0.9731),
        (0.1576, 0.1613),
        log_z=-1028.6366,
    ),
]
