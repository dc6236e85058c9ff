"""The kappa of known answers: oracles in fractions, scikit-learn, the published standard error, edges."""

import warnings
from fractions import Fraction

import kappa_reference as reference
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from bayesord.predictive.disagreement import DISAGREEMENTS, disagreement_matrix
from bayesord.predictive.kappa import qwk, qwk_difference, weighted_kappa

ORACLES = {
    "S1": ("0123", "0133", 4, None, None, "11/12"),
    "S2": ("001223", "011133", 4, None, None, "4/5"),
    "S3": ("003443", "033433", 5, None, None, "26/41"),
    "S4": ("0122", "0212", 3, None, (1, 2, 1, 3), "32/53"),
    "S5": ("0122", "0212", 3, (0, 1, 4), None, "5/17"),
}


def codes(text):
    return [int(c) for c in text]


@pytest.mark.parametrize("name", ORACLES)
def test_oracle(name):
    y, a, K, values, weights, kappa = ORACLES[name]
    y, a = codes(y), codes(a)
    assert reference.qwk(y, a, values or range(K), weights) == Fraction(kappa)
    got = qwk(y, a, n_categories=K, category_values=values, sample_weight=weights)
    assert got == pytest.approx(float(Fraction(kappa)), abs=1e-15)


def test_categories_are_never_inferred_from_the_labels_present():
    """Oracle S3: renumbering the labels present, as scikit-learn does by default, gives 2/3."""
    y, a = codes("003443"), codes("033433")
    assert cohen_kappa_score(y, a, weights="quadratic") == pytest.approx(2 / 3)
    assert qwk(y, a, n_categories=5) == pytest.approx(26 / 41)
    assert qwk(y, a, n_categories=9) == pytest.approx(26 / 41)


@pytest.mark.parametrize("name", DISAGREEMENTS)
def test_scikit_learn_agrees(name, rng):
    sklearn_name = None if name == "nominal" else name
    for K in (2, 3, 7):
        for n in (2, 5, 40, 1000):
            y, a = rng.integers(0, K, n), rng.integers(0, K, n)
            if np.ptp(y) == 0 or np.ptp(a) == 0:
                continue
            w = rng.integers(0, 4, n) + (np.arange(n) < 2)
            for weights in (None, w, rng.random(n) + 0.1):
                got = weighted_kappa(y, a, n_categories=K, disagreement=name, sample_weight=weights)
                peer = cohen_kappa_score(y, a, weights=sklearn_name, labels=range(K), sample_weight=weights)
                assert got == pytest.approx(peer, abs=1e-12)


def test_any_matrix_against_fractions(rng):
    for _ in range(20):
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 9))
        D = rng.integers(0, 6, (K, K))
        np.fill_diagonal(D, 0)
        y, a, w = rng.integers(0, K, n), rng.integers(0, K, n), rng.integers(1, 4, n)
        exact = reference.weighted_kappa(y.tolist(), a.tolist(), D.tolist(), w.tolist())
        if exact is None or len(set(y)) == 1 or len(set(a)) == 1:
            continue
        got = weighted_kappa(y, a, n_categories=K, disagreement=D, sample_weight=w)
        assert got == pytest.approx(float(exact), abs=1e-13)


def test_quadratic_kappa_is_a_concordance(rng):
    y, a, t = rng.integers(0, 4, 50), rng.integers(0, 4, 50), np.array([-1.0, 0.5, 2.0, 7.0])
    s, u = t[y], t[a]
    lin = 2 * np.mean((s - s.mean()) * (u - u.mean())) / (s.var() + u.var() + (s.mean() - u.mean()) ** 2)
    assert qwk(y, a, n_categories=4, category_values=t) == pytest.approx(lin, abs=1e-14)


def test_values_may_be_shifted_and_scaled(rng):
    y, a, t = rng.integers(0, 5, 60), rng.integers(0, 5, 60), np.cumsum(rng.random(5) + 0.1)
    plain = qwk(y, a, n_categories=5, category_values=t)
    assert qwk(y, a, n_categories=5, category_values=1000 * t - 77) == pytest.approx(plain, abs=1e-11)


def test_integer_weights_are_repeated_rows(rng):
    y, a, w = rng.integers(0, 4, 30), rng.integers(0, 4, 30), rng.integers(0, 4, 30)
    repeated = qwk(np.repeat(y, w), np.repeat(a, w), n_categories=4, se=True)
    assert qwk(y, a, n_categories=4, sample_weight=w, se=True) == pytest.approx(repeated, abs=1e-14)


def test_importance_weights_change_the_standard_error_alone(rng):
    y, a, w = rng.integers(0, 4, 30), rng.integers(0, 4, 30), rng.integers(1, 4, 30)
    value, se = qwk(y, a, n_categories=4, sample_weight=w, se=True)
    value_i, se_i = qwk(y, a, n_categories=4, sample_weight=w, weights="importance", se=True)
    assert value_i == value
    assert se_i > se
    # doubling every weight repeats every row, but leaves importance what it was
    doubled = {"n_categories": 4, "sample_weight": 2 * w, "se": True}
    assert qwk(y, a, **doubled)[1] == pytest.approx(se / np.sqrt(2))
    assert qwk(y, a, weights="importance", **doubled)[1] == pytest.approx(se_i)


@pytest.mark.parametrize("name", DISAGREEMENTS)
def test_standard_error_is_that_of_fleiss_cohen_and_everitt(name, rng):
    for K in (2, 3, 6):
        y = rng.integers(0, K, 200)
        a = np.where(rng.random(200) < 0.6, y, rng.integers(0, K, 200))
        counts = np.zeros((K, K))
        np.add.at(counts, (y, a), 1)
        expected = reference.fleiss_cohen_everitt(counts, disagreement_matrix(name, K))
        _, se = weighted_kappa(y, a, n_categories=K, disagreement=name, se=True)
        assert se == pytest.approx(expected, rel=1e-10)


def test_standard_error_is_the_spread_over_samples(rng):
    joint = rng.dirichlet(np.full(9, 2.0))
    cells = rng.choice(9, size=(2000, 400), p=joint)
    results = [qwk(c // 3, c % 3, n_categories=3, se=True) for c in cells]
    values, errors = np.array(results).T
    assert np.mean(errors) == pytest.approx(values.std(), rel=0.06)


def test_difference_is_paired(rng):
    y = rng.integers(0, 4, 500)
    first = np.where(rng.random(500) < 0.7, y, rng.integers(0, 4, 500))
    second = np.where(rng.random(500) < 0.9, first, rng.integers(0, 4, 500))
    both = qwk_difference(y, first, second, n_categories=4)
    (k1, se1), (k2, se2) = (qwk(y, a, n_categories=4, se=True) for a in (first, second))
    assert (both.value, both.first, both.second) == pytest.approx((k1 - k2, k1, k2))
    assert both.se < 0.7 * np.hypot(se1, se2)
    again = rng.integers(0, 500, (3000, 500))
    resampled = [
        qwk(y[i], first[i], n_categories=4) - qwk(y[i], second[i], n_categories=4) for i in again[:1500]
    ]
    assert both.se == pytest.approx(np.std(resampled), rel=0.1)
    assert str(both).endswith("on the same 500 rows")


def test_difference_to_itself_is_zero(rng):
    y, a = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    same = qwk_difference(y, a, a, n_categories=4)
    assert (same.value, same.se) == (0.0, 0.0)


class TestUndefined:
    @pytest.mark.parametrize("name", DISAGREEMENTS)
    def test_both_constant_and_equal(self, name):
        with pytest.warns(UserWarning, match="0/0, undefined: y and yhat are constant and equal"):
            assert np.isnan(weighted_kappa([2, 2], [2, 2], n_categories=3, disagreement=name))

    def test_the_value_may_be_chosen_and_is_still_announced(self):
        with pytest.warns(UserWarning, match="undefined"):
            assert qwk([1, 1], [1, 1], n_categories=3, undefined=0.0) == 0.0
        with pytest.warns(UserWarning, match="undefined"):
            value, se = qwk([1, 1], [1, 1], n_categories=3, se=True)
        assert np.isnan([value, se]).all()

    def test_rows_of_weight_zero_do_not_count(self):
        with pytest.warns(UserWarning, match="undefined"):
            qwk([1, 1, 0], [1, 1, 2], n_categories=3, sample_weight=[1, 1, 0])

    @pytest.mark.parametrize(("y", "a"), [([0, 1, 2], [1, 1, 1]), ([1, 1, 1], [0, 1, 2]), ([0, 0], [1, 1])])
    def test_one_constant_is_exactly_zero(self, y, a):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for weights in (None, np.full(len(y), 0.1)):
                value, se = qwk(y, a, n_categories=3, sample_weight=weights, se=True)
                assert value == 0.0
                assert se == pytest.approx(0.0, abs=1e-12)

    def test_difference(self):
        with pytest.warns(UserWarning, match="undefined"):
            assert np.isnan(qwk_difference([1, 1], [1, 1], [0, 1], n_categories=2).value)


class TestBadInput:
    def test_label_outside_names_the_row(self):
        with pytest.raises(ValueError, match=r"yhat is outside the codes 0..2 .*\(3\)"):
            qwk([0, 1, 2, 0], [0, 1, 2, 7], n_categories=3)

    def test_labels_from_one_get_a_hint(self):
        with pytest.raises(ValueError, match=r"look like 1\.\.3: subtract 1"):
            qwk([0, 1, 2], [1, 2, 3], n_categories=3)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"sample_weight": [1, -1, 1]}, r"sample_weight`: 1 row \(1\)"),
            ({"sample_weight": [1, 1]}, "sample_weight.shape"),
            ({"weights": "frequencies"}, "frequency"),
            ({"n_categories": 1}, "at least 2"),
            ({"category_values": [0, 2, 1]}, "rise along"),
            ({"category_values": [0, 1]}, "category_values.shape"),
        ],
    )
    def test_messages(self, arguments, words):
        with pytest.raises(ValueError, match=words):
            qwk([0, 1, 2], [0, 1, 1], **{"n_categories": 3} | arguments)

    @pytest.mark.parametrize(
        ("disagreement", "words"),
        [
            ("quadratik", "quadratic"),
            (np.ones((3, 3)), "diagonal"),
            (-np.ones((3, 3)) + np.eye(3), "not negative"),
            (np.zeros((2, 2)), "shape"),
        ],
    )
    def test_disagreement(self, disagreement, words):
        with pytest.raises(ValueError, match=words):
            weighted_kappa([0, 1, 2], [0, 1, 1], n_categories=3, disagreement=disagreement)

    def test_lengths(self):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            qwk([0, 1, 2], [0, 1], n_categories=3)
