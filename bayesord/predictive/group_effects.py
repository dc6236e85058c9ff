"""Group effects of rows: eta_i gains z_i'u_{g(i)} for every group term, with u from the posterior draws.

A group that the posterior does not know gets effects from the distribution of groups: in draw s, u = L_s z with
L_s L_s' the covariance of that draw and z standard normal. The numbers z depend on the seed, the draw and the
label of the group alone: not on which other rows are asked for, nor on blocks or threads, and none are stored.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.normal import normal

__all__ = ["GroupEffects", "GroupPosterior", "NewGroups", "add_shifts"]


@dataclass(frozen=True, eq=False)
class NewGroups:
    """Groups without draws of their own.

    Attributes
    ----------
    keys : array (F,) of uint64
        One number for each label.
    seeds : array (S,) of uint64
    root : array (S, q, q)
        L with L L' the covariance of the effects of a group.
    """

    keys: np.ndarray
    seeds: np.ndarray
    root: np.ndarray


@dataclass(frozen=True, eq=False)
class GroupEffects:
    """One group term for n rows and S draws.

    Parameters
    ----------
    index : array (n,) of integers
        Groups 0..J-1 have `effects`, J, J+1, ... are `new`; rows with -1 have no effects.
    Z : array (n, q)
    effects : array (S, J, q)
    new : NewGroups, optional

    Raises
    ------
    ValueError
        For shapes that do not fit together, values that are not finite, groups that do not exist.
    """

    index: np.ndarray
    Z: np.ndarray
    effects: np.ndarray
    new: NewGroups | None = None
    checked: bool = field(default=False, repr=False)

    def __post_init__(self):
        if self.checked:
            return
        set_ = object.__setattr__  # the dataclass is frozen for everyone else
        set_(self, "index", np.ascontiguousarray(self.index, dtype=np.int64))
        for name, dimensions in (("Z", 2), ("effects", 3)):
            array = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if array.ndim != dimensions:
                raise ValueError(f"{name} should have {dimensions} dimensions, got shape {array.shape}.")
            set_(self, name, array)
        if self.index.shape != self.Z.shape[:1] or self.Z.shape[1] != self.effects.shape[2]:
            raise ValueError(
                f"index {self.index.shape}, Z {self.Z.shape} and effects {self.effects.shape} do not fit: "
                "expected (n,), (n, q) and (S, J, q)."
            )
        if not np.isfinite(self.Z).all() or not np.isfinite(self.effects).all():
            raise ValueError("group effects or their columns contain NaN or infinity.")
        if self.index.size and not -1 <= self.index.min() <= self.index.max() < self.n_groups:
            raise ValueError(f"index must lie between -1 and {self.n_groups - 1}, the last group.")

    @property
    def n_groups(self) -> int:
        """How many groups have effects, the new ones included."""
        return self.effects.shape[1] + (0 if self.new is None else self.new.keys.size)

    def rows(self, start: int, stop: int) -> GroupEffects:
        """The same term for rows start ... stop-1."""
        return replace(self, index=self.index[start:stop], Z=self.Z[start:stop], checked=True)


@dataclass(frozen=True, eq=False)
class GroupPosterior:
    """Posterior draws of one group term: what its effects are, and what those of other groups would be.

    Attributes
    ----------
    name : str
    effects : array (S, J, q)
    sd : array (S, q)
    chol_corr : array (S, q, q), or None where q = 1
        Cholesky factors of the correlation matrices.
    """

    name: str
    effects: np.ndarray
    sd: np.ndarray
    chol_corr: np.ndarray | None = None

    def of_rows(self, index, Z, new_labels: tuple = (), seed: int = 0) -> GroupEffects:
        """The term for rows of these groups; `new_labels` are those of groups J, J+1, ..."""
        if not new_labels:
            return GroupEffects(index, Z, self.effects)
        keys = np.array([_key(label) for label in new_labels], dtype=np.uint64)
        stream = np.random.default_rng([_key(self.name), seed])
        seeds = stream.integers(0, 2**64, size=len(self.sd), dtype=np.uint64)
        return GroupEffects(index, Z, self.effects, NewGroups(keys, seeds, self._root()))

    def _root(self) -> np.ndarray:
        """L (S, q, q), with L L' the covariance of the effects of a group."""
        return self.sd[:, :, None] * (1.0 if self.chol_corr is None else self.chol_corr)


def _key(label: object) -> int:
    """64 bits of a label: the same on every machine, and others for 1 and '1'."""
    return int.from_bytes(hashlib.blake2b(repr(label).encode(), digest_size=8).digest(), "little")


@njit
def _new_effect(seed, key, root, z, u):
    """u (q,) of a new group in one draw; z (q,) is room for the normal numbers."""
    for r in range(z.size):
        z[r] = normal(seed, key + np.uint64(r))
    for r in range(u.size):
        u[r] = 0.0
        for c in range(root.shape[1]):
            u[r] += root[r, c] * z[c]


@njit
def _add_known(index, Z, effects, shifts):
    for s in range(shifts.shape[0]):
        for i in range(index.size):
            g = index[i]
            if 0 <= g < effects.shape[1]:
                for r in range(Z.shape[1]):
                    shifts[s, i] += Z[i, r] * effects[s, g, r]


@njit
def _add_new(index, Z, first, seeds, keys, root, shifts):
    z, u = np.empty(Z.shape[1]), np.empty(Z.shape[1])
    for s in range(shifts.shape[0]):
        for i in range(index.size):
            if index[i] >= first:
                _new_effect(seeds[s], keys[index[i] - first], root[s], z, u)
                for r in range(Z.shape[1]):
                    shifts[s, i] += Z[i, r] * u[r]


def add_shifts(terms: tuple[GroupEffects, ...], draws: tuple[int, int], shifts: np.ndarray) -> None:
    """shifts (s, n) += what the group effects of a range of draws add to eta."""
    d = slice(*draws)
    for term in terms:
        _add_known(term.index, term.Z, term.effects[d], shifts)
        if term.new is not None:
            new = term.new
            first = term.effects.shape[1]
            _add_new(term.index, term.Z, first, new.seeds[d], new.keys, new.root[d], shifts)
