"""A design whose training rows were not kept: it codes new rows, and says so where the old ones are needed."""

from __future__ import annotations

from bayesord.modelling.design import Design
from bayesord.modelling.groups import GroupTerm

__all__ = ["RowlessDesign", "RowlessGroupTerm"]

_MISSING = (
    "the training rows are not here: this fit was saved with include_data=False. Pass new= with rows to use, or load a "
    "file that holds them"
)


class _Rowless:
    """Attributes of rows raise; the rest are given by name."""

    _rows: frozenset[str] = frozenset()

    def __init__(self, **kept) -> None:
        vars(self).update(kept)

    def __getattr__(self, name: str):
        if name in type(self)._rows:
            raise ValueError(_MISSING)
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class RowlessGroupTerm(_Rowless, GroupTerm):
    """A group term without index and Z."""

    _rows = frozenset({"index", "Z"})


class RowlessDesign(_Rowless, Design):
    """A design without X, y, weights, offset and the labels of the rows; `counts` are kept."""

    _rows = frozenset({"X", "y", "weights", "offset", "obs_id"})
