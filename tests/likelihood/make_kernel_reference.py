"""Compute `kernel_reference.npz`, the table that the kernels are held against.

Every value is P = F(b) - F(a) from its definition, with as many digits as leave 60 after the subtraction, and
rounded once. A kernel receives three doubles a, b and delta for a middle category, and rounding makes b - a a
little different from delta; `interval` says which interval is meant. Run it when the grid changes, not when a kernel
does: python tests/likelihood/make_kernel_reference.py (a quarter of a minute).
"""

from pathlib import Path

import mpmath as mp
import numpy as np

LINKS = ("logit", "probit", "cloglog", "loglog", "cauchit")
CUTPOINTS = (-1.0, 0.0, 0.7)
ETA = (0.0, 1e-8, 0.5, 5.0, 13.0, 20.0, 38.0, 40.0, 300.0, 745.0, 1e4)
ETA_EXTREME_VALUE = (0.0, 1e-8, 0.5, 5.0, 13.0, 20.0, 30.0)
LOG10_DELTA = (
    -300, -200, -100, -50, -30, -20, -17, -16, -15, -14, -12, -10, -9, -8, -7, -6, -5, -4, -3, -2.5, -2,
    -1.5, -1, -0.7, -0.5, -0.3, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3,
)  # fmt: skip
N_RANDOM = 2000
FIRST, MIDDLE, LAST = 0, 1, 2
TABLE = Path(__file__).with_name("kernel_reference.npz")


def cdf(link, x):
    """F(x) to full relative precision, however small."""
    match link:
        case "logit":
            return 1 / (1 + mp.exp(-x))
        case "probit":
            return mp.erfc(-x / mp.sqrt(2)) / 2
        case "cloglog":
            return -mp.expm1(-mp.exp(x))
        case "loglog":
            return mp.exp(-mp.exp(-x))
        case "cauchit":
            return mp.atan2(1, -x) / mp.pi


def sf(link, x):
    """1 - F(x), likewise."""
    return cdf({"cloglog": "loglog", "loglog": "cloglog"}.get(link, link), -x)


def pdf(link, x):
    """f(x)."""
    match link:
        case "logit":
            return cdf(link, x) * cdf(link, -x)
        case "probit":
            return mp.npdf(x)
        case "cloglog":
            return mp.exp(x - mp.exp(x))
        case "loglog":
            return mp.exp(-x - mp.exp(-x))
        case "cauchit":
            return 1 / (mp.pi * (1 + x * x))


def interval(a, b, delta):
    """The interval that three doubles mean: its width is delta and its end nearer zero is as given.

    Where it spans zero and is wider than 1, nothing cancels: both ends are as given.
    """
    if a < 0 < b and delta >= 1:
        return mp.mpf(a), mp.mpf(b)
    if a + b > 0:
        return mp.mpf(a), mp.mpf(a) + mp.mpf(delta)
    return mp.mpf(b) - mp.mpf(delta), mp.mpf(b)


def exact(link, place, a, b, delta):
    """log P, d log P / d eta = (f(a) - f(b)) / P and d log P / d log delta = delta f(b) / P, at fixed a."""
    mp.mp.dps = 80 + (max(0, int(-np.log10(delta))) if place == MIDDLE else 0)
    zero = mp.mpf(0)
    if place == MIDDLE:
        low, high = interval(a, b, delta)
        below, above = cdf(link, low), sf(link, high)
        p = cdf(link, high) - below if low + high < 0 else sf(link, low) - above
        density_low, density_high = pdf(link, low), pdf(link, high)
    elif place == FIRST:
        p, below, above = cdf(link, mp.mpf(b)), zero, sf(link, mp.mpf(b))
        density_low, density_high = zero, pdf(link, mp.mpf(b))
    else:
        p, below, above = sf(link, mp.mpf(a)), cdf(link, mp.mpf(a)), zero
        density_low, density_high = pdf(link, mp.mpf(a)), zero
    log_p = mp.log(p) if p < 0.5 else mp.log1p(-(below + above))
    d_gap = delta * density_high / p if place == MIDDLE else zero
    return float(log_p), float((density_low - density_high) / p), float(d_gap)


def grid(link):
    """Rows (place, a, b, delta) of the grid that the bar is stated on."""
    sizes = ETA_EXTREME_VALUE if link in ("cloglog", "loglog") else ETA
    for eta in sorted({sign * size for size in sizes for sign in (-1.0, 1.0)}):
        for c in CUTPOINTS:
            yield FIRST, 0.0, c - eta, 0.0
            yield LAST, c - eta, 0.0, 0.0
            for exponent in LOG10_DELTA:
                delta = 10.0**exponent
                yield MIDDLE, c - eta, (c + delta) - eta, delta


def scattered(link, rng):
    """Rows off the grid: round numbers, where kernels have their seams, and numbers that are not round."""
    for a in np.arange(-4.0, 4.0, 0.5):
        for delta in (0.5, 1.0, 2.0, 4.0):
            yield MIDDLE, a, a + delta, delta
    largest = 30.0 if link in ("cloglog", "loglog") else 50.0
    for i in range(N_RANDOM):
        c = rng.normal(scale=2.0)
        eta = rng.uniform(-largest, largest) if i % 2 else rng.normal(scale=3.0)
        delta = 10.0 ** rng.uniform(-3.0, 1.3) if i % 4 else 10.0 ** rng.uniform(-20.0, 1.3)
        if i % 10 == 0:
            yield (FIRST, 0.0, c - eta, 0.0) if i % 20 else (LAST, c - eta, 0.0, 0.0)
        else:
            yield MIDDLE, c - eta, (c + delta) - eta, delta


def mills(z):
    """Mills' ratio Phi(-z) / phi(z)."""
    if z > 60:  # its asymptotic series; erfc would need too many digits
        terms = [mp.mpf(1)]
        while abs(terms[-1]) > mp.eps and len(terms) < 400:
            terms.append(-terms[-1] * (2 * len(terms) - 1) / (z * z))
        return mp.fsum(terms) / z
    return mp.sqrt(mp.pi / 2) * mp.exp(z * z / 2) * mp.erfc(z / mp.sqrt(2))


def mills_coefficients(degree=13):
    """Chebyshev interpolants, as ascending powers, of (4 + z) / 4 * mills(z) on the quarters of 4 / (4 + z)."""
    nodes = [mp.cos(mp.pi * (2 * j + 1) / (2 * degree + 2)) for j in range(degree + 1)]
    powers = mp.matrix([[node**i for i in range(degree + 1)] for node in nodes])
    table = []
    for k in range(4):
        w = [(2 * k + 1 + node) / 8 for node in nodes]
        table.append([float(x) for x in mp.lu_solve(powers, mp.matrix([mills(4 / x - 4) / x for x in w]))])
    return np.array(table)


def one_piece_mills_coefficients(degree=23):
    """The Chebyshev interpolant, as ascending powers of (z - 5)/(z + 5), of (1 + z) * mills(z) on all z >= 0."""
    nodes = [mp.cos(mp.pi * (2 * j + 1) / (2 * degree + 2)) for j in range(degree + 1)]
    powers = mp.matrix([[node**i for i in range(degree + 1)] for node in nodes])
    values = [(1 + z) * mills(z) for z in (5 * (1 + node) / (1 - node) for node in nodes)]
    return np.array([float(x) for x in mp.lu_solve(powers, mp.matrix(values))])


def make():
    """The whole table as arrays: link (index into LINKS), place, a, b, delta, log_p, d_eta, d_gap."""
    rng = np.random.default_rng(20240229)
    rows = []
    for code, link in enumerate(LINKS):
        for place, a, b, delta in (*grid(link), *scattered(link, rng)):
            rows.append((code, place, a, b, delta, *exact(link, place, a, b, delta)))
    names = ("link", "place", "a", "b", "delta", "log_p", "d_eta", "d_gap")
    columns = dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))
    return columns | {name: columns[name].astype(np.int8) for name in ("link", "place")}


if __name__ == "__main__":
    np.savez_compressed(TABLE, **make())
