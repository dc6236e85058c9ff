"""Group effects as the fast loops take them: those that the rows need, in chunks of lanes."""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, use_wide_vectors
from bayesord.predictive.group_effects import GroupEffects
from bayesord.predictive.lanes import LANES
from bayesord.predictive.normal import normal
from bayesord.predictive.threads import for_each

__all__ = ["pack_effects"]


def pack_effects(
    terms: tuple[GroupEffects, ...], unit: float, threads: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The effects that rows need, side by side, and where each row finds its own.

    Parameters
    ----------
    terms : tuple of GroupEffects, at least one
    unit : float
        Effects are multiplied by it.
    threads : int, optional

    Returns
    -------
    effects : array (chunks, E, LANES)
        The first is 0, for rows without an effect.
    place, Z : array (n, m)
        m = Σ q over the terms; row i has the effects Σ_m Z[i, m] effects[place[i, m]].
    """
    places, fills, count = [], [], 1
    for term in terms:
        q, known = term.Z.shape[1], term.effects.shape[1]
        used, where = np.unique(term.index, return_inverse=True)
        absent = int(used.size > 0 and used[0] < 0)
        used, where = used[absent:], where - absent
        first = count + q * np.maximum(where, 0)[:, None] + np.arange(q)
        places.append(np.where(where[:, None] < 0, 0, first))
        fills.append((term, used[used < known], used[used >= known] - known, count))
        count += q * used.size
    n_draws = len(terms[0].effects)
    effects = np.zeros((-(-n_draws // LANES), count, LANES))

    def one(chunk):
        draws = slice(chunk * LANES, min((chunk + 1) * LANES, n_draws))
        for term, known, new, first in fills:
            _pack_known(term.effects[draws], known, unit, effects[chunk], first)
            if new.size:
                keys, seeds, root = term.new.keys[new], term.new.seeds[draws], term.new.root[draws]
                _pack_new(seeds, keys, root, unit, effects[chunk], first + known.size * term.Z.shape[1])

    chunks = [(chunk,) for chunk in range(len(effects))]
    for_each(one, chunks, threads, amount=n_draws * count)
    return effects, np.hstack(places), np.hstack([term.Z for term in terms])


@njit
def _pack_known(effects, groups, unit, packed, first):
    """packed[first ...] = effects (s, J, q) of some groups, times the unit."""
    q = effects.shape[2]
    for j in range(groups.size):
        for r in range(q):
            for s in range(effects.shape[0]):
                packed[first + j * q + r, s] = unit * effects[s, groups[j], r]


@njit(**FAST)
def _pack_new(seeds, keys, root, unit, packed, first):
    """The same for new groups: root (s, q, q) times q normal numbers, which `group_effects` numbers alike."""
    use_wide_vectors()
    q, count = root.shape[1], seeds.size
    z = np.empty((q, count))
    for f in range(keys.size):
        for r in range(q):
            place = keys[f] + np.uint64(r)
            for s in range(count):
                z[r, s] = normal(seeds[s], place)
        for r in range(q):
            here = first + f * q + r
            for c in range(q):
                for s in range(count):
                    packed[here, s] += unit * root[s, r, c] * z[c, s]
