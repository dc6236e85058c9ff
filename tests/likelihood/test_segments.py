"""Rows of one category at once: held to the bar of the row kernels, and to the row kernels themselves."""

import make_kernel_reference as reference
import numpy as np
import pytest
from make_kernel_reference import FIRST, LAST, MIDDLE, TABLE
from numba.core.errors import TypingError

from bayesord.jit import njit
from bayesord.likelihood import (
    cauchit_loops,
    extreme_value_loops,
    kernels,
    logit_loops,
    probit_loops,
    segments,
)
from bayesord.likelihood.links import LINKS
from bayesord.likelihood.segments import address_of, segment
from bayesord.likelihood.special import NO_GAP, gap_terms

EPS = np.finfo(float).eps
FILLS = {
    "logit": logit_loops._fill,
    "probit": probit_loops._fill,
    "cloglog": extreme_value_loops._fill_cloglog,
    "loglog": extreme_value_loops._fill_loglog,
    "cauchit": cauchit_loops._fill,
}
links = pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)


@njit(cache=False)
def intervals(address, place, a, b, rho, out):
    """Every row as 17 equal rows of a block, enough for vectors and for what is left over; both must agree."""
    eta, steps, cutpoints, block, logp = (
        np.zeros(17),
        np.empty(2),
        np.empty(2),
        np.empty((3, 17)),
        np.empty(17),
    )
    for i in range(a.size):
        cutpoints[0], cutpoints[1], steps[1] = a[i], b[i], rho[i]
        if place[i] == 0:
            cutpoints[0], cutpoints[1] = b[i], b[i] + 1.0
        elif place[i] == 2:
            cutpoints[0], cutpoints[1] = a[i] - 1.0, a[i]
        steps[0] = cutpoints[0]
        segment(address, place[i], steps, cutpoints, eta, block[0], block[1], block[2])
        segment(address, place[i], steps, cutpoints, eta, logp, None, None)
        for j in range(3):
            out[j, i] = block[j, 0]
            out[3 + j, i] = block[j, 16]
        out[6, i], out[7, i] = logp[0], logp[16]


def of_intervals(link, place, a, b, delta):
    """log P four times, d_eta twice, d_gap twice."""
    out = np.empty((8, len(a)))
    rho = np.log(np.where(place == MIDDLE, delta, 1.0))
    intervals(address_of(link.code), place.astype(np.int64), a, b, rho, out)
    return out[[0, 3, 6, 7]], out[[1, 4]], out[[2, 5]]


def assert_within_the_bar(got, log_p, d_eta, d_gap):
    error = np.abs(got[0] - log_p) / np.spacing(np.abs(log_p))
    assert error.max() <= 16, np.unravel_index(error.argmax(), error.shape)
    for derivative, expected in zip(got[1:], (d_eta, d_gap), strict=True):
        excess = np.abs(derivative - expected) - (1e-12 * np.abs(expected) + 4 * EPS)
        assert excess.max() <= 0, np.unravel_index(excess.argmax(), excess.shape)


def seams():
    """Intervals where formulas hand over to each other, and on both sides of it."""
    near = (1 - 1e-3, 1 - EPS, 1.0, 1 + EPS, 1 + 1e-3)
    for s in near:
        yield from ((MIDDLE, m - 0.75 * s, m + 0.75 * s, 1.5 * s) for m in (0.0, 1e-9, -0.4, 5.3, -5.33, 9.0))
        yield from ((MIDDLE, m * s - 0.3, m * s + 0.3, 0.6) for m in (4 / 0.3, -4 / 0.3))
        yield from ((MIDDLE, -delta * s, 0.0, delta * s) for delta in (0.1, 1.0, 1.6, 3.0, 20.0))
        yield from ((MIDDLE, 0.0, delta * s, delta * s) for delta in (0.1, 1.0, 1.6, 3.0, 20.0))
        yield from ((MIDDLE, -0.5 * s, 2.0 / s, 2.0 / s + 0.5 * s), (MIDDLE, -1.0 * s, 1.0, 1.0 + s))
        yield from (
            (place, x * s, x * s, 0.0) for place in (FIRST, LAST) for x in (-37.0, -0.69, 0.4, 5.0, 0.01)
        )
        # hazards of 1/2, and those that came before of 1
        yield from (
            (MIDDLE, a, np.log(0.5 * s + np.exp(a)), np.log(0.5 * s + np.exp(a)) - a) for a in (-3.0, 2.0)
        )
        yield from ((MIDDLE, a + s - 1, a + s + 0.3, 1.3) for a in (0.0, -0.02, 3.69))


@links
class TestAgainst60Digits:
    def test_the_table_of_the_kernels(self, link):
        with np.load(TABLE) as stored:
            chosen = stored["link"] == link.code
            rows = {name: stored[name][chosen] for name in stored}
        got = of_intervals(link, *(rows[name] for name in ("place", "a", "b", "delta")))
        assert_within_the_bar(got, rows["log_p"], rows["d_eta"], rows["d_gap"])

    def test_seams(self, link):
        rows = list(seams())
        if link.name in ("cloglog", "loglog"):
            rows = [row for row in rows if max(abs(row[1]), abs(row[2])) < 30]
        place, a, b, delta = (np.array(column) for column in zip(*rows, strict=True))
        # the width that a segment knows is exp(log delta)
        width = np.where(place == MIDDLE, np.exp(np.log(np.where(place == MIDDLE, delta, 1.0))), 0.0)
        expected = [reference.exact(link.name, *row) for row in zip(place, a, b, width, strict=True)]
        assert_within_the_bar(of_intervals(link, place, a, b, delta), *np.array(expected).T)


@links
@pytest.mark.parametrize("K", [2, 3, 6])
def test_equal_to_the_row_kernels(link, K, rng):
    """Blocks of any size, near and far."""
    steps = np.r_[rng.normal(), rng.normal(scale=1.5, size=K - 2)]
    cutpoints = kernels.cutpoints_from_steps(steps)[0]
    for k in range(K):
        for n in (0, 1, 7, 40):
            eta = rng.normal(scale=rng.choice([1.0, 5.0, 300.0]), size=n)
            got, expected = np.empty((2, 3, n))
            segment(address_of(link.code), k, steps, cutpoints, eta, *got)
            kernels.rows(link.code, eta, steps, np.full(n, k), *expected)
            np.testing.assert_allclose(got[0], expected[0], rtol=16 * EPS)
            np.testing.assert_allclose(got[1:], expected[1:], rtol=1e-12, atol=4 * EPS)
            values = np.empty(n)
            segment(address_of(link.code), k, steps, cutpoints, eta, values, None, None)
            np.testing.assert_allclose(values, expected[0], rtol=16 * EPS)


@links
@pytest.mark.parametrize("k", [0, 1, 2])
def test_what_is_out_of_range_is_left_to_the_row_kernels(link, k):
    steps, cutpoints = np.array([-1.0, 0.3]), np.array([-1.0, -1.0 + np.exp(0.3)])
    eta = np.array([0.0, 650.0, -650.0, np.nan, 0.5, 1e9, -1e9, np.inf, -np.inf, 38.0, -38.0])
    got, expected = np.empty((2, 3, eta.size))
    segment(address_of(link.code), k, steps, cutpoints, eta, *got)
    kernels.rows(link.code, eta, steps, np.full(eta.size, k), *expected)
    np.testing.assert_allclose(got[0], expected[0], rtol=16 * EPS)
    np.testing.assert_allclose(got[1:], expected[1:], rtol=1e-12, atol=4 * EPS)
    assert np.isnan(got[0, 3])


@links
def test_not_a_number_among_the_cutpoints(link):
    logp = np.zeros(3)
    for k in range(3):
        segment(
            address_of(link.code),
            k,
            np.array([0.3, np.nan]),
            np.array([0.3, np.nan]),
            np.zeros(3),
            logp,
            None,
            None,
        )
        assert np.isnan(logp).all() == (k > 0)


@links
def test_gaps_below_and_above_every_double(link):
    """The steps say how narrow a category is even where exp(step) cannot."""
    eta = np.zeros(9)
    for rho in (-900.0, -650.0, 720.0):
        steps = np.array([-0.3, rho])
        got, expected = np.empty((2, 3, 9))
        segment(address_of(link.code), 1, steps, kernels.cutpoints_from_steps(steps)[0], eta, *got)
        kernels.rows(link.code, eta, steps, np.ones(9, int), *expected)
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@links
def test_almost_every_row_of_real_data_is_within_range(link):
    """The vector loops are what a fit runs on: categories from narrow to wide, rows within ± 5 of both ends."""
    for delta in (1e-6, 0.1, 1.0, 1.4, 1.6, 4.0, 8.0):
        for place, gap in ((FIRST, NO_GAP), (MIDDLE, gap_terms(delta, np.log(delta))), (LAST, NO_GAP)):
            upper = 0.3 + delta if place == MIDDLE else 0.3
            low, high = FILLS[link.name](place, 0.3, upper, gap, np.zeros(1), np.zeros(1), None, None)
            assert low <= upper - 5.0
            assert high >= 0.3 + 5.0


def test_only_contiguous_vectors():
    one = np.zeros(4)
    with pytest.raises(TypingError, match="contiguous vectors of float64"):
        segment(address_of(0), 0, one, one, one[::2], one, None, None)
    with pytest.raises(TypingError, match="contiguous vectors of float64"):
        segment(address_of(0), 0, one, one, one, one, one, None)


def test_functions_made_around_others_have_names_of_their_own():
    """Or machine code from the disk, of several processes, is linked to the wrong one (`loops.named_after`)."""
    names = [
        (dispatcher.py_func.__module__, dispatcher.py_func.__qualname__)
        for module in (kernels, logit_loops, probit_loops, extreme_value_loops, cauchit_loops)
        for dispatcher in vars(module).values()
        if "<locals>" in getattr(getattr(dispatcher, "py_func", None), "__qualname__", "")
    ]
    assert len(names) == 19
    assert len(set(names)) == len(names)


@links
def test_knows_what_is_compiled(link, monkeypatch, tmp_path):
    address_of(link.code)
    assert segments.is_compiled(link.code)
    monkeypatch.setattr(segments, "cache_folder", tmp_path)
    assert not segments.is_compiled(link.code)
