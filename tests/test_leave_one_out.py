"""Leave-one-out kappa against ArviZ's own LOO and against fits that really leave rows out."""

import numpy as np
import pytest

import bayesord as bo


def test_probabilities_are_those_of_az_loo(wine_fit):
    import arviz_stats as azs

    loo = wine_fit.qwk()
    pointwise = azs.loo(wine_fit.idata, pointwise=True, reff=1.0).elpd_i.values
    np.testing.assert_allclose(np.log(loo.probs[np.arange(72), wine_fit.design.y]), pointwise, rtol=1e-6)


def test_probabilities_are_those_of_fits_without_the_row(wine, wine_fit):
    loo = wine_fit.qwk()
    for i in (0, 17, 40, 71):
        without = bo.fit("rating ~ temp + contact", wine.drop(i), random_seed=2, progressbar=False)
        np.testing.assert_allclose(loo.probs[i], without.predict_proba(wine.loc[[i]])[0], atol=0.01)


def test_leaving_out_does_not_flatter(wine_fit):
    loo, seen = wine_fit.qwk(), wine_fit.qwk(loo=False)
    assert loo.value < seen.value
    assert seen.labels.tolist() == wine_fit.predict(decision="qwk").tolist()
    assert 0 < loo.se < 0.2


def test_comparison_on_training_and_on_new_rows(wine, wine_fit):
    temp = bo.fit("rating ~ temp", wine, random_seed=1, progressbar=False)
    training = bo.compare_qwk(wine_fit, temp)
    assert training.value == pytest.approx(wine_fit.qwk().value - temp.qwk().value)
    new = bo.compare_qwk(wine_fit, temp, wine.rating, new=wine)
    assert new.value == pytest.approx(wine_fit.qwk(loo=False).value - temp.qwk(loo=False).value)
    assert new.se > 0


def test_comparisons_that_cannot_be_made(wine, wine_fit):
    other = bo.fit("rating ~ temp", wine.iloc[::-1].iloc[1:], random_seed=1, progressbar=False)
    with pytest.raises(ValueError, match="different answers"):
        bo.compare_qwk(wine_fit, other)
    turned = bo.fit("rating ~ temp", wine.sort_values("rating"), random_seed=1, progressbar=False)
    with pytest.raises(ValueError, match="row labels"):
        bo.compare_qwk(turned, wine_fit)
    heavy = bo.fit("rating ~ temp", wine, sample_weight=np.full(72, 2), random_seed=1, progressbar=False)
    with pytest.raises(ValueError, match="different weights"):
        bo.compare_qwk(wine_fit, heavy)
    with pytest.raises(ValueError, match="pass y and new together"):
        bo.compare_qwk(wine_fit, other, wine.rating)
    stem = bo.fit("rating ~ belief", bo.datasets.load_stemcell(), random_seed=1, progressbar=False)
    with pytest.raises(ValueError, match="different categories"):
        bo.compare_qwk(wine_fit, stem)
