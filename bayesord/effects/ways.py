"""How two settings of a covariate are compared. `WAYS` is the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesord.checks import name_list

__all__ = ["WAYS", "Way"]

Compare = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _difference(high, low):
    return high - low


def _ratio(high, low):
    with np.errstate(divide="ignore", invalid="ignore"):  # a probability of 0
        return high / low


def _exp_rise(high, low):
    with np.errstate(over="ignore"):
        return np.exp(high - low)


def _exp_fall(high, low):
    return _exp_rise(low, high)


@dataclass(frozen=True)
class Way:
    """One way to compare.

    Attributes
    ----------
    name : str
    said : str
        In words; {q} is the quantity, {y} the name of the response.
    sign : str
        What stands between the two settings.
    neutral : float
        The value of no effect.
    of : callable, optional
        (high, low) of any quantity -> number.
    of_eta : dict, optional
        The same for eta, under those links where it makes one number for all categories.
    """

    name: str
    said: str
    sign: str
    neutral: float
    of: Compare | None = None
    of_eta: dict[str, Compare] | None = None

    def under(self, link: str) -> Compare | None:
        """How it compares under a link; None: by whole distributions.

        Raises
        ------
        ValueError
            Where it has no meaning.
        """
        if self.of_eta is None or link in self.of_eta:
            return self.of if self.of_eta is None else self.of_eta[link]
        others = [f"comparison={way.name!r}" for way in WAYS.values() if link in (way.of_eta or {})]
        instead = [*others, "quantity='eta' for the difference on the latent scale", "probabilities"]
        raise ValueError(
            f"link {link!r} has no {self.name.replace('_', ' ')} that is the same in every category; "
            f"{name_list(list(self.of_eta))} ha{'ve' if len(self.of_eta) > 1 else 's'} one. Compare by "
            f"{', or '.join(instead)}."
        )


WAYS = {
    way.name: way
    for way in (
        Way("difference", "difference of {q}", " - ", 0.0, _difference),
        Way("ratio", "ratio of {q}", " / ", 1.0, _ratio),
        Way("odds_ratio", "odds ratio of {y} >= k, any k", " / ", 1.0, of_eta={"logit": _exp_rise}),
        Way(
            "hazard_ratio",
            "hazard ratio of {y}",
            " / ",
            1.0,
            of_eta={"cloglog": _exp_fall, "loglog": _exp_rise},
        ),
        Way("superiority", "probability of a higher {y}, ties counted half", " > ", 0.5),
    )
}
