import numpy as np

from bayesord.inference.rows import prepare_rows
from bayesord.modelling.design import from_arrays


def rows_of(X, y, **options):
    design = from_arrays(X, y, **options)
    columns = np.arange(design.X.shape[1])
    return design, prepare_rows(design, columns, 1 / design.sd)


def test_sorted_by_category_with_their_weights(rng):
    X, y = rng.normal(size=(50, 2)), np.r_[0:3, rng.integers(0, 3, 47)]
    w = rng.uniform(0.5, 2, 50)
    design, rows = rows_of(X, y, sample_weight=w, weights="importance")
    assert np.all(np.diff(rows.y) >= 0)
    assert [np.sum(y == k) for k in range(3)] == np.diff(rows.starts).tolist()
    order = np.argsort(y, kind="stable")
    np.testing.assert_array_equal(rows.weight, w[order])
    np.testing.assert_allclose(rows.X, ((X - design.mean) / design.sd)[order])


def test_equal_rows_are_merged_into_their_weight(rng):
    X = rng.integers(0, 2, (500, 3)).astype(float)
    y = np.r_[0:3, rng.integers(0, 3, 497)]
    w = rng.integers(1, 5, 500)
    design, rows = rows_of(X, y, sample_weight=w)
    cells = {}
    for x, k, weight in zip(X, y, w, strict=True):
        cells[(*x, k)] = cells.get((*x, k), 0) + weight
    assert len(rows.y) == len(cells)
    back = np.rint(rows.X * design.sd + design.mean)
    got = {(*x, k): weight for x, k, weight in zip(back, rows.y, rows.weight, strict=True)}
    assert got == cells


def test_rows_that_differ_in_offset_alone_stay_apart():
    X, y = np.tile([[0.0], [1.0]], (10, 1)), np.tile([0, 1], 10)
    _, merged = rows_of(X, y)
    _, apart = rows_of(X, y, offset=np.arange(20.0))
    assert len(merged.y) == 2
    assert len(apart.y) == 20


def test_an_empty_category_has_no_rows():
    import pytest

    with pytest.warns(UserWarning, match="0 observations"):
        _, rows = rows_of(np.arange(6.0)[:, None], [0, 2, 0, 2, 0, 2], categories=[0, 1, 2])
    assert rows.starts.tolist() == [0, 3, 3, 6]
