"""A design as JSON and arrays, and back: what the compiled code will trust is checked here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.archive import Arrays
from bayesord.modelling.design import Design
from bayesord.modelling.encoding import FormulaMap
from bayesord.modelling.groups import GroupTerm
from bayesord.modelling.labels import join
from bayesord.modelling.new_rows import frozen
from bayesord.modelling.rowless import RowlessDesign, RowlessGroupTerm
from bayesord.modelling.sources import ArraySource, FormulaSource
from bayesord.storage.tables import read_index, read_table, write_index, write_table
from bayesord.storage.values import read_value, write_value

__all__ = ["FIELDS", "read_design", "write_design"]

_SAID = (
    "predictors",
    "categories",
    "weights_kind",
    "response",
    "formula",
    "notes",
    "offset_mean",
    "n_effective",
)
_MOMENTS = ("mean", "sd")
_ROWS = ("X", "y", "weights", "offset")
FIELDS = (*_SAID, *_MOMENTS, *_ROWS, "obs_id", "groups", "source", "data")


def write_design(design: Design, arrays: Arrays, include_data: bool) -> dict:
    """A design with its rows, or without."""
    state = {name: write_value(getattr(design, name), arrays) for name in _SAID}
    state |= {name: arrays.put(getattr(design, name), name) for name in _MOMENTS}
    state["counts"] = arrays.put(design.counts, "counts")
    state["groups"] = [_write_group(term, arrays, include_data) for term in design.groups]
    state["source"] = _write_source(design.source, arrays)
    if include_data:
        state["rows"] = {
            name: arrays.put(own, name) for name in _ROWS if (own := getattr(design, name)) is not None
        }
        state["obs_id"] = _write_labels(design.obs_id, arrays)
        if design.data is not None:
            state["data"] = write_table(design.data, arrays)
    return state


def _write_labels(obs_id: pd.Index, arrays: Arrays) -> dict:
    try:
        return write_index(obs_id, arrays)
    except TypeError as error:
        raise TypeError(
            f"{error}: it is a label of a row. Use reset_index() before fitting, or save with include_data=False"
        ) from None


def _write_group(term: GroupTerm, arrays: Arrays, include_data: bool) -> dict:
    state = {name: write_value(getattr(term, name), arrays) for name in ("name", "terms", "labels")}
    if include_data:
        state |= {name: arrays.put(getattr(term, name), f"{term.name} {name}") for name in ("index", "Z")}
    return state


def _write_source(source: FormulaSource | ArraySource, arrays: Arrays) -> dict:
    if isinstance(source, ArraySource):
        names = write_value(source.names, arrays)
        return {"names": names, "named": bool(source.named), "offset": source.offset_name}
    learned = source.encoder.state()
    FormulaMap.restored(learned)  # what could not be read again is found out now
    return {"map": write_value(learned, arrays), "offset": source.offset_name}


def read_design(state: dict, arrays: Arrays) -> Design:
    """The design that `write_design` wrote so.

    Raises
    ------
    ValueError
        Where its parts do not fit together.
    """
    said = {name: read_value(state[name], arrays) for name in _SAID}
    p, K = len(said["predictors"]), len(said["categories"])
    said |= {name: _numbers(arrays.get(state[name]), (p,), name) for name in _MOMENTS}
    _check_words(said)
    counts = _integers(arrays.get(state["counts"]), (K,), "counts", None)
    source = _read_source(state["source"], arrays)
    _check_source(source, said, state["groups"], arrays)
    if "rows" not in state:
        groups = tuple(_read_group(term, arrays, None) for term in state["groups"])
        return RowlessDesign(**said, groups=groups, source=source, data=None, counts=counts)
    rows = {name: arrays.get(state["rows"][name]) if name in state["rows"] else None for name in _ROWS}
    n = len(rows["y"])
    rows["X"], rows["y"] = _numbers(rows["X"], (n, p), "X"), _integers(rows["y"], (n,), "y", K)
    for name in ("weights", "offset"):
        rows[name] = None if rows[name] is None else _numbers(rows[name], (n,), name)
    _check("weights", rows["weights"] is None or (rows["weights"] > 0).all())
    _check("counts", n > 0 and np.array_equal(np.bincount(rows["y"], minlength=K), counts))
    obs_id = read_index(state["obs_id"], arrays)
    data = read_table(state["data"], arrays) if "data" in state else None
    _check("labels of rows", len(obs_id) == n and (data is None or len(data) == n))
    groups = tuple(_read_group(term, arrays, n) for term in state["groups"])
    return Design(**said, **rows, obs_id=obs_id, groups=groups, source=source, data=data)


def _check_words(said: dict) -> None:
    for name in ("predictors", "notes"):
        _check(name, isinstance(said[name], tuple) and all(isinstance(text, str) for text in said[name]))
    _check("predictors", len(set(said["predictors"])) == len(said["predictors"]))
    _check("categories", isinstance(said["categories"], tuple) and len(said["categories"]) >= 2)
    _check("categories", len(set(said["categories"])) == len(said["categories"]))
    _check("kind of weights", said["weights_kind"] in ("frequency", "importance"))
    _check("response", isinstance(said["response"], str))
    _check("formula", said["formula"] is None or isinstance(said["formula"], str))
    for name in ("offset_mean", "n_effective"):
        _check(name, type(said[name]) is float and np.isfinite(said[name]))


def _check_source(source: FormulaSource | ArraySource, said: dict, groups: list, arrays: Arrays) -> None:
    """The map for new rows is that of the columns, the formula and the groups that the rest speaks of."""
    if isinstance(source, ArraySource):
        _check("predictors", source.names == said["predictors"])
        _check("formula", said["formula"] is None and not groups and isinstance(source.offset_name, bool))
        return
    _check("predictors", source.encoder.predictors == said["predictors"])
    _check("formula", source.encoder.formula.text == said["formula"])
    labels = [tuple(join(label) for label in own) for own in source.encoder.state()["labels"]]
    _check("group terms", labels == [read_value(term["labels"], arrays) for term in groups])


def _read_group(state: dict, arrays: Arrays, n: int | None) -> GroupTerm:
    said = {name: read_value(state[name], arrays) for name in ("name", "terms", "labels")}
    _check("group terms", isinstance(said["name"], str))
    _check("group terms", isinstance(said["terms"], tuple) and isinstance(said["labels"], tuple))
    J, q = len(said["labels"]), len(said["terms"])
    _check("group terms", J >= 2 and q >= 1 and len(set(said["labels"])) == J)
    if n is None:
        return RowlessGroupTerm(**said)
    index = _integers(arrays.get(state["index"]), (n,), "groups", J)
    return GroupTerm(**said, index=index, Z=_numbers(arrays.get(state["Z"]), (n, q), "groups"))


def _read_source(state: dict, arrays: Arrays) -> FormulaSource | ArraySource:
    offset = state["offset"]
    _check("offset", isinstance(offset, bool | str))
    if "map" in state:
        return FormulaSource(FormulaMap.restored(read_value(state["map"], arrays)), offset)
    names = read_value(state["names"], arrays)
    _check("predictors", isinstance(names, tuple))
    return ArraySource(names, bool(state["named"]), offset)


def _numbers(array: np.ndarray, shape: tuple[int, ...], what: str) -> np.ndarray:
    _check(what, array.dtype == np.float64 and array.shape == shape and np.isfinite(array).all())
    return frozen(array)


def _integers(array: np.ndarray, shape: tuple[int, ...], what: str, below: int | None) -> np.ndarray:
    _check(what, array.dtype == np.int64 and array.shape == shape and (array >= 0).all())
    _check(what, below is None or (array < below).all())
    return frozen(array)


def _check(what: str, good: object) -> None:
    if not good:
        raise ValueError(f"its {what} cannot be those of a model")
