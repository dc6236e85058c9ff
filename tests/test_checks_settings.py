"""Checks of single settings, and of the moments of columns."""

from fractions import Fraction

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import bayesord as bo
from bayesord import checks
from bayesord.inference import sampling


def test_not_fitted():
    class Model:
        result_ = None

    with pytest.raises(NotFittedError, match="This Model instance is not fitted yet"):
        checks.check_fitted(Model(), "result_")
    with pytest.raises(NotFittedError):
        checks.check_fitted(Model(), "other_")
    fitted = Model()
    fitted.result_ = 1
    checks.check_fitted(fitted, "result_")


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "2", None, True])
def test_a_scale_must_be_positive(value):
    with pytest.raises(ValueError, match=r"sigma=.*above 0"):
        checks.check_number("sigma", value, above=0)


def test_unknown_predictor_names_are_listed():
    with pytest.raises(ValueError, match=r"'temp'.*Did you mean 'temp.warm.'.*contact.yes.") as caught:
        checks.check_known_names("prior for", ["temp", "x"], ["temp[warm]", "contact[yes]"])
    assert "2 problems" in str(caught.value)


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "4", None])
def test_counts(value):
    with pytest.raises(ValueError, match=r"chains=.*integer of at least 1"):
        checks.check_count("chains", value)
    assert checks.check_count("chains", np.int64(4)) == 4


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, [1, 2]])
def test_bad_seeds(seed):
    with pytest.raises(ValueError, match="random_seed="):
        checks.check_random_seed(seed)


def test_good_seeds():
    generator = np.random.default_rng(0)
    assert checks.check_random_seed(generator) is generator
    assert checks.check_random_seed(None) is None
    assert checks.check_random_seed(np.uint32(3)) == 3


def test_cores_are_clipped_and_it_is_said():
    assert checks.check_cores(None, chains=4, available=2) == (2, None)
    assert checks.check_cores(None, chains=4, available=16) == (4, None)
    assert checks.check_cores(3, chains=4, available=8) == (3, None)
    cores, said = checks.check_cores(8, chains=4, available=2)
    assert cores == 2
    assert "more than the 2" in said
    with pytest.raises(ValueError, match="cores=0"):
        checks.check_cores(0, chains=4)


def test_cores_are_spoken_of_once(capsys):
    for _ in range(2):
        found = sampling.check_settings(10, "auto", 4, 987_654, 0.8, 1)
    assert found["cores"] == checks.available_cores()
    assert capsys.readouterr().err.count("cores=987654 is more than") == 1


def test_settings_and_data_are_refused_together():
    with pytest.raises(ValueError, match="8 problems") as refused:
        bo.fit(
            "rating ~ temp + nope",
            bo.datasets.load_wine(),
            link="lgit",
            chains=0,
            draws=1.5,
            strict="yes",
            progressbar=None,
            on_fail="stop",
            random_seed=-1,
        )
    for said in (
        "link='lgit'",
        "chains=0",
        "draws=1.5",
        "strict='yes'",
        "progressbar=None",
        "on_fail='stop'",
        "'nope'",
    ):
        assert said in str(refused.value)


def test_warnings_are_about_the_line_that_calls():
    X = np.random.default_rng(1).normal(size=(30, 2))
    with pytest.warns(UserWarning, match="linear combination|collinear|rank") as warned:
        bo.fit(
            np.column_stack([X, X[:, 0]]),
            np.arange(30) % 3,
            draws=10,
            chains=1,
            progressbar=False,
            on_fail="ignore",
        )
    assert {warning.filename for warning in warned} == {__file__}


def test_one_fault_alone_is_raised_as_it_was():
    """With the traceback to where it was found, which a note of its text would lose."""
    with pytest.raises(ValueError, match="^formula uses 'nope'") as refused:
        bo.fit("rating ~ nope", bo.datasets.load_wine())
    assert any(entry.name == "from_formula" for entry in refused.traceback)
    problems = checks.Problems()
    assert problems.of(divmod, 7, 2) == (3, 1)
    assert problems.of(int, "x") is None
    assert problems.of(len, 3) is None
    with pytest.raises(ValueError, match="1. invalid literal.*\n  2. object of type 'int' has no len"):
        problems.raise_if_any()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
    ],
)
def test_control_group_quotas_count(tmp_path, monkeypatch, files, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(16)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert checks.available_cores(tmp_path) == expected
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert checks.available_cores(tmp_path) == 16
    assert checks.available_cores(tmp_path / "absent") == 16


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ([1, 2], ValueError, "shape"),
        ([1, 2, np.nan], ValueError, "finite"),
        ([1, 3, 2], ValueError, "rise"),
        ([1, 1, 1], ValueError, "rise"),
        ([1, 1, 5], ValueError, "rise"),
        (["a", "b", "c"], TypeError, "numbers"),
    ],
)
def test_bad_category_values(values, error, says):
    with pytest.raises(error, match=says):
        checks.check_category_values(values, 3)


def test_good_category_values():
    np.testing.assert_array_equal(checks.check_category_values(None, 3), [0, 1, 2])
    np.testing.assert_array_equal(checks.check_category_values([1, 1.5, 5], 3), [1, 1.5, 5])


def test_choices_are_suggested():
    with pytest.raises(ValueError, match="Did you mean 'median'"):
        checks.check_choice("decision", "medain", ["mode", "median"])
    assert checks.check_choice("decision", "mode", ["mode", "median"]) == "mode"


def test_means_are_right_to_the_last_digits(rng):
    """Against sums in exact arithmetic, where the variation is a millionth of the values."""
    X, weights = 1e6 + rng.normal(size=(10_000, 6)), rng.uniform(size=10_000)
    shares = [Fraction(float(w)) for w in weights]
    exact = [
        float(sum(w * Fraction(float(v)) for w, v in zip(shares, x, strict=True)) / sum(shares)) for x in X.T
    ]
    np.testing.assert_array_max_ulp(checks.column_moments(X, weights)[0], np.array(exact), maxulp=1)


def test_moments_keep_their_digits():
    years = np.arange(1950.0, 2011.0)[:, None]
    weights = np.arange(61.0) + 1
    mean, sd = checks.column_moments(years, weights)
    exact_mean = sum(int(w) * int(v) for w, v in zip(weights, years[:, 0], strict=True)) / int(weights.sum())
    assert mean[0] == pytest.approx(exact_mean, rel=1e-15)
    shifted = checks.column_moments(years - 1980, weights)[1]
    assert sd[0] == pytest.approx(shifted[0], rel=1e-14)
    huge = checks.column_moments(years * 1e300, weights)
    np.testing.assert_allclose(huge[1], sd * 1e300, rtol=1e-13)
