"""What notebooks show: well-formed, escaped, and the same numbers as in print."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import bayesord as bo
from bayesord import html
from bayesord.inference.diagnostics import Verdict
from bayesord.modelling import prior_kinds
from bayesord.modelling.prior_words import describe_prior
from bayesord.predictive.kappa import expected_qwk

ATTACK = "<script>alert(1)</script> & \"more\" 'quotes'"
MODE = {"method": "mode", "priors": bo.Priors(beta=bo.priors.normal(0, 2.5))}
NOT_CLOSED = {"br", "hr", "img"}


class Page(HTMLParser):
    """Reads a piece of HTML: every tag must be closed in order; collects tags, visible text and table cells."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.words, self.rows = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        assert tag not in NOT_CLOSED
        self.open.append((tag, dict(attrs)))
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "style" in tags:
            return
        self.words.append(data)
        hidden = any("aria-hidden" in attrs for _, attrs in self.open)
        if ("td" in tags or "th" in tags) and not hidden:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def hostile():
    """Names and categories that are HTML."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=120)
    data = pd.DataFrame({"<i>x</i>": x, "<b>other</b>": rng.normal(size=120)})
    answers = np.array([ATTACK, "ok", "<b>bold</b>"])[np.digitize(x + rng.logistic(size=120), [-1, 1])]
    return bo.fit(data, answers, categories=[ATTACK, "ok", "<b>bold</b>"], **MODE), data, answers


def test_escaping():
    assert html.escape(ATTACK) == (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot; &#x27;quotes&#x27;"
    )
    assert html.escape(html.escape("<")) == "&lt;"
    assert html.escape(3) == "3"


def test_user_text_is_never_html(hostile):
    mode, data, answers = hostile
    page = Page(mode._repr_html_())
    assert ATTACK in page.text
    assert "<i>x</i>" in page.text
    result = bo.compare({ATTACK: mode, "<u>": np.full((120, 3), 1 / 3)}, data, answers, progressbar=False)
    compared = Page(result._repr_html_())
    assert ATTACK in {row[0] for row in compared.rows}
    verdict = Page(Verdict("failed", _figures(), (ATTACK,), ("<b>",))._repr_html_())
    assert ATTACK in verdict.text
    for each in (page, compared, verdict):
        assert {tag for tag, _ in each.tags} <= {
            "div",
            "style",
            "p",
            "b",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "span",
            "ul",
            "li",
        }


def _figures():
    return {
        "r_hat": 1.2,
        "ess_bulk": 12.0,
        "ess_tail": 9.0,
        "divergences": 3,
        "e_bfmi": 0.1,
        "chains": 4,
        "draws": 50,
    }


def test_a_fit_shows_what_print_shows(wine_fit):
    page = Page(wine_fit._repr_html_())
    assert "rating ~ temp + contact, 72 rows" in page.text
    assert str(wine_fit.verdict) in page.text
    assert wine_fit.link.summary in page.text
    assert "R² ~ Beta(2, 2)" in page.text
    summary = wine_fit.summary()
    cells = {row[0]: row[1:] for row in page.rows}
    for name, row in summary.iterrows():
        mean, sd, interval, ess, r_hat = cells[name]
        low, high = interval.split(" to ")
        numbers = [float(text) for text in (mean, sd, low, high)]
        expected = row[["mean", "sd", "eti90_lb", "eti90_ub"]].to_numpy()
        np.testing.assert_allclose(numbers, expected, atol=0.005 * row["sd"])
        assert ess == f"{min(row['ess_bulk'], row['ess_tail']):,.0f}"
        assert r_hat == f"{row['r_hat']:.3f}"
    assert [cells[str(k)][0] for k in range(1, 6)] == ["5", "22", "26", "12", "7"]


def test_bars_are_as_long_as_the_counts(wine_fit):
    widths = re.findall(r"opacity:.5;background:currentColor;width:([\d.]+)%", wine_fit._repr_html_())
    np.testing.assert_allclose(
        np.array(widths, dtype=float) / 100, np.array([5, 22, 26, 12, 7]) / 26, atol=1e-3
    )


def test_tables_have_the_ink_of_the_page(wine_fit):
    """Pages without a doctype give tables a black of their own, which a dark page swallows."""
    assert re.search(r"\.bayesord table \{[^}]*color: inherit", wine_fit._repr_html_())


def test_tables_are_read_aloud_with_their_names(wine_fit):
    tags = Page(wine_fit._repr_html_()).tags
    headers = [attrs for tag, attrs in tags if tag == "th"]
    assert all(attrs.get("scope") in ("row", "col") for attrs in headers)
    drawn = [attrs for tag, attrs in tags if tag == "span" and "inline-block" in attrs.get("style", "")]
    assert drawn
    assert "img" not in {tag for tag, _ in tags}


def test_group_effects_and_priors_in_words(wine):
    fit = bo.fit(
        "rating ~ temp + (1 + temp | judge)",
        wine,
        draws=100,
        chains=2,
        random_seed=1,
        progressbar=False,
        on_fail="ignore",
    )
    page = Page(fit._repr_html_())
    assert "sd_judge[temp[warm]]" in {row[0] for row in page.rows}
    assert "standard deviations over judge: half-Student-t, 3 degrees of freedom" in page.text
    assert "correlations over judge: LKJ(1)" in page.text


def test_a_mode(wine):
    flat = bo.Priors(bo.priors.flat(), bo.priors.flat())
    mode = bo.fit("rating ~ temp + contact", wine, method="mode", priors=flat)
    page = Page(mode._repr_html_())
    assert "log-likelihood -86.4919" in page.text
    assert ["beta[temp[warm]]", "2.503", "0.529"] in page.rows
    assert "coefficients: flat: none" in page.text


def test_long_tables_are_cut_and_say_so(monkeypatch, wine_fit):
    monkeypatch.setattr("bayesord.views._MOST_ROWS", 3)
    page = Page(wine_fit._repr_html_())
    assert "The first 3 of 7: summary() has all of them" in page.text
    assert "The first 3 of 5" in page.text
    assert len(page.rows) == 2 * (1 + 3)


@pytest.mark.parametrize(
    ("sd", "decimals"), [(12.3, 1), (123.0, 0), (0.5, 3), (0.0042, 5), (0.0, 3), (np.nan, 3)]
)
def test_decimals_follow_the_standard_deviation(sd, decimals):
    from bayesord.views import _decimals

    assert _decimals(sd) == decimals


def test_expected_qwk(wine_fit):
    expected = wine_fit.expected_qwk(random_seed=1)
    page = Page(expected._repr_html_())
    assert f"Expected QWK {expected.value:.3f}" in page.text
    for low, high in (expected.next_score_interval, expected.population_interval):
        assert f"{low:.3f} to {high:.3f} with probability 90 %" in page.text
    places = re.findall(r"left:([\d.]+)%;width:([\d.]+)%", expected._repr_html_())
    assert float(places[0][0]) == pytest.approx(100 * expected.next_score_interval[0], abs=0.01)
    assert sum(map(float, places[0])) == pytest.approx(100 * expected.next_score_interval[1], abs=0.02)


def test_expected_qwk_that_is_undefined_or_negative():
    with pytest.warns(UserWarning, match="0/0"):
        undefined = expected_qwk([[1.0, 0.0], [1.0, 0.0]], random_seed=1)
    assert "nan" not in "".join(str(attrs) for _, attrs in Page(undefined._repr_html_()).tags)
    worst = expected_qwk([[0.9, 0.1], [0.1, 0.9]], [1, 0], random_seed=1)
    assert worst.value < 0
    assert all(float(p) >= 0 for p in re.findall(r"left:(-?[\d.]+)%", worst._repr_html_()))


def test_a_comparison_shows_what_print_shows(wine, wine_fit):
    result = bo.compare(
        {"model": wine_fit, "even": np.full((72, 5), 0.2)}, wine, wine["rating"], progressbar=False
    )
    page = Page(result._repr_html_())
    printed = [re.split(r"\s{2,}", line.strip()) for line in str(result).splitlines()[2:]]
    assert [row[0] for row in page.rows[1:]] == [line[0].split()[0] for line in printed]
    assert "qwk ↑" in page.rows[0]
    assert "rps ↓" in page.rows[0]
    assert page.rows[1][2] == next(iter(re.findall(r"\d\.\d{3} ± \d\.\d{3}", str(result))))


@pytest.mark.parametrize("level", ["ok", "caution", "failed"])
def test_verdicts_are_said_in_words_and_signs(level):
    verdict = Verdict(level, _figures(), ("chains disagree",) if level != "ok" else ())
    page = Page(verdict._repr_html_())
    assert str(verdict).splitlines()[0] in page.text
    assert any(sign in page.text for sign in "✓⚠✗")


@pytest.mark.parametrize("kind", [kind for kind in prior_kinds.__all__ if kind != "Prior"])
@pytest.mark.parametrize("role", ["cutpoints", "beta", "group_sd", "group_corr"])
def test_every_prior_has_words(kind, role):
    prior = getattr(prior_kinds, kind)()
    if not getattr(prior, f"for_{role}"):
        return
    said = describe_prior(prior, role)
    assert said
    assert "Prior(" not in said
    if getattr(prior, "autoscale", False):
        assert "standard deviation" in said


def test_different_priors_are_named_by_coefficient(wine):
    normal = bo.priors.normal
    priors = bo.Priors(
        bo.priors.student_t(3, 0, 2.5), {"temp[warm]": normal(1, 0.5), "contact[yes]": normal(0, 2)}
    )
    page = Page(bo.fit("rating ~ temp + contact", wine, method="mode", priors=priors)._repr_html_())
    assert "coefficients of 'temp[warm]': Normal, mean 1 and standard deviation 0.5" in page.text
    assert "scale 2.5, independent and put in order" in page.text


def test_a_long_comparison_is_cut_and_says_so(monkeypatch, wine, wine_fit):
    monkeypatch.setattr("bayesord.comparison.result.MOST_SHOWN", 3)
    result = bo.compare({"model": wine_fit}, wine, wine["rating"], progressbar=False)
    page = Page(result._repr_html_())
    assert "the first 3 of 4, .table has all" in page.text
    assert "the first 3 of 4, .table has all" in str(result)
    assert len(page.rows) == 4
