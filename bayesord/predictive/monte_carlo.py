"""How far the mean of a chain of draws is from the mean of endlessly many."""

from __future__ import annotations

import numpy as np

__all__ = ["mean_error"]


def _autocovariances(chains: np.ndarray) -> np.ndarray:
    """Autocovariances (chains, n) of every lag, divided by n."""
    n = chains.shape[1]
    centred = chains - chains.mean(axis=1, keepdims=True)
    length = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(centred, length, axis=1)
    return np.fft.irfft(spectrum * spectrum.conj(), length, axis=1)[:, :n] / n


def mean_error(draws: np.ndarray, n_chains: int = 1) -> float:
    """Monte Carlo standard error of the mean of draws from one or more Markov chains.

    sd / √(effective sample size), with autocorrelations summed by Geyer's initial monotone sequence over
    chains that are split in halves.

    Parameters
    ----------
    draws : array (S,)
        Chain after chain, all of one length.
    n_chains : int

    Returns
    -------
    float: 0 for a single draw and for constant draws, nan where draws are

    Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, doi:10.1214/20-BA1221.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=4000)
    >>> bool(0.9 < mean_error(x, 4) * np.sqrt(4000) < 1.1)
    True
    """
    if not np.isfinite(draws).all():
        return np.nan
    if np.ptp(draws) == 0.0:
        return 0.0
    half = draws.size // n_chains // 2
    if half < 4:  # too short to say anything about dependence
        return float(draws.std(ddof=1) / np.sqrt(draws.size))
    by_chain = draws.reshape(n_chains, -1)
    chains = np.concatenate([by_chain[:, :half], by_chain[:, -half:]])
    covariance = _autocovariances(chains)
    within = covariance[:, 0].mean() * half / (half - 1)
    total = within * (half - 1) / half + chains.mean(axis=1).var(ddof=1)
    correlation = 1.0 - (within - covariance.mean(axis=0) * half / (half - 1)) / total
    correlation[0] = 1.0
    pairs = correlation[: 2 * (half // 2)].reshape(-1, 2).sum(axis=1)
    positive = pairs.size if (pairs > 0).all() else int(np.argmax(pairs <= 0))
    monotone = np.minimum.accumulate(pairs[: max(positive, 1)])
    time = max(2.0 * monotone.sum() - 1.0, 1.0 / np.log10(chains.size))
    return float(np.sqrt(total * time / chains.size))
