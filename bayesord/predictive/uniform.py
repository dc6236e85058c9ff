"""Random numbers that depend on nothing but their place: seed and count give the number."""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit

__all__ = ["uniform"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(forceinline=True)
def uniform(seed, count):
    """The count-th number in [0, 1) of the stream of a seed (both uint64): SplitMix64.

    Streams of one draw each, numbered by the answers, make replicates the same however rows are cut into blocks
    and draws into threads. Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195.
    """
    x = seed + count * _GOLDEN
    x = (x ^ (x >> _S30)) * _MIX1
    x = (x ^ (x >> _S27)) * _MIX2
    return np.int64((x ^ (x >> _S31)) >> _S11) * 2.0**-53
