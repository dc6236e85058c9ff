"""Every registered link, all of it: values against mpmath, tails, inverses, mirror images."""

import copy
import dataclasses
import pickle

import make_kernel_reference as reference
import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, stats

from bayesord.likelihood import kernels
from bayesord.likelihood.links import LINKS, get_link

links = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(50):
        yield


def grid(link):
    """Points into both tails, as far as the densest one is a double."""
    far = {"logit": 700.0, "probit": 37.0, "cauchit": 1e8}.get(link.name, 6.4)
    core = np.linspace(-6, 6, 97)
    return np.concatenate([-np.geomspace(far, 6.1, 12), core, np.geomspace(6.1, far, 12)])


def exact(function, link, x):
    return np.array([float(function(link.name, mp.mpf(float(value)))) for value in x])


def test_order_and_codes():
    assert list(LINKS) == ["logit", "probit", "cloglog", "loglog", "cauchit"]
    assert [link.code for link in LINKS.values()] == [0, 1, 2, 3, 4]
    names = ("LOGIT", "PROBIT", "CLOGLOG", "LOGLOG", "CAUCHIT")
    assert [getattr(kernels, name) for name in names] == [LINKS[name.lower()].code for name in names]


@links
class TestValues:
    def test_cdf(self, link):
        x = grid(link)
        np.testing.assert_allclose(link.cdf(x), exact(reference.cdf, link, x), rtol=2e-13, atol=1e-300)

    def test_pdf(self, link):
        x = grid(link)
        np.testing.assert_allclose(link.pdf(x), exact(reference.pdf, link, x), rtol=5e-13, atol=1e-300)

    @pytest.mark.parametrize(("name", "of"), [("log_cdf", reference.cdf), ("log_sf", reference.sf)])
    def test_log_tails(self, link, name, of):
        def log(link, x):
            p = of(link, x)
            other = {reference.cdf: reference.sf, reference.sf: reference.cdf}[of]
            return mp.log(p) if p < 0.5 else mp.log1p(-other(link, x))

        x = grid(link)
        with mp.workdps(400):
            expected = exact(log, link, x)
        np.testing.assert_allclose(getattr(link, name)(x), expected, rtol=3e-13, atol=1e-300)

    def test_log_pdf(self, link):
        x = grid(link)
        expected = exact(lambda name, value: mp.log(reference.pdf(name, value)), link, x)
        np.testing.assert_allclose(link.log_pdf(x), expected, rtol=1e-14)

    def test_logarithms_reach_where_probabilities_do_not(self, link):
        """A million units out, log F and log(1 - F) are finite wherever they are doubles, and 0 elsewhere."""
        for x in (-1e6, -1e3, -40.0, 40.0, 1e3, 1e6):
            low, high = link.log_cdf(x), link.log_sf(x)
            assert not np.isnan([low, high]).any()
            assert max(low, high) <= 0
            assert max(low, high) > -1e-2  # one of the two is certain, or all but
        assert link.log_cdf(-30.0) > -1e14
        assert link.log_sf(30.0) > -1e14

    def test_density_is_the_slope_of_the_cdf(self, link):
        x = np.linspace(-4, 4, 33)
        slope = (link.cdf(x + 1e-5) - link.cdf(x - 1e-5)) / 2e-5
        np.testing.assert_allclose(link.pdf(x), slope, rtol=1e-8, atol=1e-10)

    def test_ends(self, link):
        ends = np.array([-np.inf, np.inf])
        np.testing.assert_array_equal(link.cdf(ends), [0, 1])
        np.testing.assert_array_equal(link.log_cdf(ends), [-np.inf, 0])
        np.testing.assert_array_equal(link.log_sf(ends), [0, -np.inf])
        np.testing.assert_array_equal(link.quantile(np.array([0.0, 1.0])), ends)


@links
class TestQuantile:
    def test_of_cdf(self, link):
        x = np.linspace(-3, 2.5, 111)
        x = x if link.name != "loglog" else -x
        np.testing.assert_allclose(link.quantile(link.cdf(x)), x, rtol=1e-10, atol=1e-13)

    def test_cdf_of(self, link):
        p = np.concatenate(
            [np.geomspace(1e-300, 0.1, 60), np.linspace(0.1, 0.9, 81), 1 - np.geomspace(1e-15, 0.1)]
        )
        np.testing.assert_allclose(link.cdf(link.quantile(p)), p, rtol=1e-12)

    def test_shapes(self, link):
        assert (
            np.shape(link.quantile(0.25)) == np.shape(link.log_cdf(0.25)) == np.shape(link.log_sf(0.25)) == ()
        )
        assert link.quantile(np.full((2, 3), 0.5)).shape == (2, 3)
        assert link.log_cdf(np.zeros((2, 3))).shape == (2, 3)


@links
class TestAttributes:
    def test_mirror(self, link):
        x = grid(link)
        mirror = LINKS[link.mirror]
        assert LINKS[mirror.mirror] is link
        np.testing.assert_allclose(link.log_sf(x), mirror.log_cdf(-x), rtol=1e-14)
        np.testing.assert_allclose(link.log_pdf(x), mirror.log_pdf(-x), rtol=1e-14)

    def test_latent_variance(self, link):
        if link.name == "cauchit":  # it has none; the quartiles stand in for it
            quartile = stats.norm(scale=np.sqrt(link.latent_variance)).ppf(0.75)
            assert link.cdf(quartile) == pytest.approx(0.75)
            return
        moments = [
            integrate.quad(lambda x, power=power: x**power * link.pdf(x), -60, 60, epsabs=1e-12, limit=200)[0]
            for power in (0, 1, 2)
        ]
        assert moments[0] == pytest.approx(1)
        assert link.latent_variance == pytest.approx(moments[2] - moments[1] ** 2)

    def test_log_concave(self, link):
        bend = np.diff(link.log_pdf(np.linspace(-5, 5, 101)), 2)
        assert (bend.max() < 1e-12) == link.log_concave

    def test_tells_what_it_is(self, link):
        assert link.summary
        assert link.formula.startswith("F(x) = ")
        assert link.doi.startswith("10.")
        with pytest.raises(dataclasses.FrozenInstanceError):
            link.code = 9


@links
def test_get_link(link):
    assert get_link(link.name) is link
    assert get_link(link) is link


@pytest.mark.parametrize(
    ("name", "meant"), [("probitt", "probit"), ("Logit", "logit"), ("cloglo", "cloglog")]
)
def test_unknown_name_suggests_the_closest(name, meant):
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        get_link(name)


@pytest.mark.parametrize("name", ["identity", None, 3, ["logit"]])
def test_unknown_name_lists_all(name):
    with pytest.raises(ValueError, match=r"'logit', 'probit', 'cloglog', 'loglog'.*'cauchit'"):
        get_link(name)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_link_is_pickled_as_its_name(link):
    assert pickle.loads(pickle.dumps(link)) is link
    assert copy.deepcopy(link) is link
