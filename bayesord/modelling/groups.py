"""Group terms of a formula, as arrays: `(x | judge)` gives every judge an intercept and a slope of their own.

    eta_i = x_i' beta + offset_i + Σ over group terms of z_i' u_{g(i)},    u_g ~ Normal(0, Σ)

z stays on the user's scale and is not centred, so that an intercept is that of z = 0, as in lme4 and brms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["NEW_GROUP", "GroupRows", "GroupTerm"]

NEW_GROUP = -1  # the index of a group that the training rows did not have, where its effects are to be zero


@dataclass(frozen=True, eq=False)
class GroupTerm:
    """One group term met with the training rows: J groups, q terms (columns) within each.

    Attributes
    ----------
    name : str
        The grouping factor, such as ``"judge"`` or ``"school:class"``; a second term of one factor is ``"judge_2"``.
    terms : tuple of str
        Names of the columns of `Z`: ``("Intercept", "temp[warm]")``.
    labels : tuple
        The J groups, in order.
    index : ndarray of int64, shape (n,)
        The group of each row.
    Z : ndarray, shape (n, q)
    """

    name: str
    terms: tuple[str, ...]
    labels: tuple
    index: np.ndarray
    Z: np.ndarray

    @property
    def n_groups(self) -> int:
        return len(self.labels)

    @property
    def n_terms(self) -> int:
        return len(self.terms)

    # names of the posterior's variables and dims
    @property
    def effect(self) -> str:
        return f"effect_{self.name}"

    @property
    def sd(self) -> str:
        return f"sd_{self.name}"

    @property
    def corr(self) -> str:
        return f"corr_{self.name}"

    @property
    def chol_corr(self) -> str:
        return f"chol_corr_{self.name}"

    @property
    def term_dim(self) -> str:
        return f"{self.name}_term"

    @property
    def other_term_dim(self) -> str:
        return f"{self.name}_term_2"


@dataclass(frozen=True, eq=False)
class GroupRows:
    """One group term met with new rows.

    Attributes
    ----------
    index : ndarray of int64, shape (n,)
        0..J-1 known groups; J, J+1, ... those of `new_labels`; `NEW_GROUP` where effects are zero.
    Z : ndarray, shape (n, q)
    new_labels : tuple
        Groups that the training rows did not have and whose effects are to be drawn.
    """

    index: np.ndarray
    Z: np.ndarray
    new_labels: tuple = ()
