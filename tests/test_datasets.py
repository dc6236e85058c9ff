"""The data sets against the published counts."""

import numpy as np
import pandas as pd

from bayesord import datasets

WINE = {
    ("cold", "no"): [4, 9, 5, 0, 0],
    ("cold", "yes"): [1, 7, 8, 2, 0],
    ("warm", "no"): [0, 5, 8, 3, 2],
    ("warm", "yes"): [0, 1, 5, 7, 5],
}
STEMCELL = {
    "fundamentalist": [40, 54, 119, 55],
    "moderate": [25, 41, 135, 71],
    "liberal": [23, 31, 113, 122],
}


def test_wine_has_the_published_counts():
    """Entered by judge, counted by condition: the two tables of the literature agree."""
    wine = datasets.load_wine()
    assert len(wine) == 72
    for (temp, contact), counts in WINE.items():
        cell = wine[(wine["temp"] == temp) & (wine["contact"] == contact)]
        assert cell["rating"].value_counts(sort=False).tolist() == counts


def test_wine_is_a_full_factorial():
    wine = datasets.load_wine()
    assert (pd.crosstab(wine["judge"], wine["bottle"]) == 1).all(axis=None)
    assert (pd.crosstab(wine["temp"], wine["contact"]) == 18).all(axis=None)
    assert (wine.groupby("bottle", observed=True)[["temp", "contact"]].nunique() == 1).all(axis=None)


def test_wine_by_judge():
    """The table as published: a row for each judge, a column for each bottle."""
    rows = """23344455 12132354 23325544 32323253 23433333 32322454 11222323 22233334 12323244"""
    table = datasets.load_wine().pivot(index="judge", columns="bottle", values="rating").to_numpy()
    assert ["".join(str(rating) for rating in row) for row in table] == rows.split()


def test_wine_types():
    wine = datasets.load_wine()
    assert wine["rating"].cat.ordered
    assert wine["rating"].cat.categories.tolist() == [1, 2, 3, 4, 5]
    assert wine["temp"].cat.categories.tolist() == ["cold", "warm"]
    assert wine["contact"].cat.categories.tolist() == ["no", "yes"]
    assert not wine["temp"].cat.ordered
    assert wine["judge"].cat.categories.tolist() == list(range(1, 10))


def test_stemcell_has_the_published_counts():
    stemcell = datasets.load_stemcell()
    assert len(stemcell) == 829 == np.sum(list(STEMCELL.values()))
    assert stemcell["belief"].cat.categories.tolist() == list(STEMCELL)
    assert stemcell["rating"].cat.ordered
    for belief, counts in STEMCELL.items():
        rows = stemcell[stemcell["belief"] == belief]
        assert rows["rating"].value_counts(sort=False).tolist() == counts


def test_each_call_gives_fresh_data():
    first = datasets.load_wine()
    first.loc[0, "judge"] = 9
    assert datasets.load_wine().loc[0, "judge"] == 1
