"""Small classic data sets of ordered answers, built from published tables; no file and no network."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["load_stemcell", "load_wine"]

# Ratings of bottles 1..8 by each judge. Bottles 1-4 were cold and 5-8 warm; in each four, the first two were
# pressed without and the last two with contact of juice and skins.
_WINE = (
    "23344455",
    "12132354",
    "23325544",
    "32323253",
    "23433333",
    "32322454",
    "11222323",
    "22233334",
    "12323244",
)

_STEMCELL = {
    "fundamentalist": (40, 54, 119, 55),
    "moderate": (25, 41, 135, 71),
    "liberal": (23, 31, 113, 122),
}


def load_wine() -> pd.DataFrame:
    """Bitterness of white wine: 9 judges rated 8 bottles each, in a 2 x 2 design.

    Returns
    -------
    DataFrame, 72 rows
        ``rating``
            Bitterness 1 to 5, ordered Categorical of integers.
        ``temp``
            Temperature when the grapes were crushed: cold, warm.
        ``contact``
            Contact of juice and skins: no, yes.
        ``bottle``
            1 to 8, Categorical; two bottles for each condition.
        ``judge``
            1 to 9, Categorical.

    References
    ----------
    J. H. Randall (1989). The analysis of sensory data by generalised linear model. Biometrical Journal
    31(7), 781-793. https://doi.org/10.1002/bimj.4710310703. Also the data `wine` of the R package
    ordinal (R. H. B. Christensen).

    Examples
    --------
    >>> wine = load_wine()
    >>> wine[(wine.temp == "cold") & (wine.contact == "no")].rating.value_counts(sort=False).tolist()
    [4, 9, 5, 0, 0]
    """
    ratings = [int(digit) for row in _WINE for digit in row]
    n_judges = len(_WINE)
    return pd.DataFrame(
        {
            "rating": pd.Categorical(ratings, categories=[1, 2, 3, 4, 5], ordered=True),
            "temp": pd.Categorical((["cold"] * 4 + ["warm"] * 4) * n_judges, categories=["cold", "warm"]),
            "contact": pd.Categorical(["no", "no", "yes", "yes"] * 2 * n_judges, categories=["no", "yes"]),
            "bottle": pd.Categorical(np.tile(np.arange(1, 9), n_judges), categories=range(1, 9)),
            "judge": pd.Categorical(
                np.repeat(np.arange(1, n_judges + 1), 8), categories=range(1, n_judges + 1)
            ),
        }
    )


def load_stemcell() -> pd.DataFrame:
    """Support for stem cell research by religious belief, General Social Survey 2006.

    Returns
    -------
    DataFrame, 829 rows
        ``rating``
            Should the government fund research on stem cells from human embryos? From 1 (definitely not)
            to 4 (definitely), ordered Categorical of integers.
        ``belief``
            fundamentalist (the reference), moderate, liberal.

    References
    ----------
    General Social Survey 2006, NORC at the University of Chicago; as analysed by P.-C. Bürkner &
    M. Vuorre (2019). Ordinal regression models in psychology: a tutorial. Advances in Methods and
    Practices in Psychological Science 2(1), 77-101. https://doi.org/10.1177/2515245918823199

    Examples
    --------
    >>> load_stemcell()["belief"].value_counts(sort=False).to_dict()
    {'fundamentalist': 268, 'moderate': 272, 'liberal': 289}
    """
    rows = [
        (rating, belief)
        for belief, counts in _STEMCELL.items()
        for rating, count in enumerate(counts, start=1)
        for _ in range(count)
    ]
    ratings, beliefs = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "rating": pd.Categorical(ratings, categories=[1, 2, 3, 4], ordered=True),
            "belief": pd.Categorical(beliefs, categories=list(_STEMCELL)),
        }
    )
