"""Indexes and DataFrames of pandas as JSON and arrays, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.archive import Arrays
from bayesord.storage.values import read_value, read_zone, write_value, write_zone

__all__ = ["read_index", "read_table", "write_index", "write_table"]

_NULLABLE = {
    "boolean", "string", "Float32", "Float64",
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
}  # fmt: skip
_OF_LABELS = _NULLABLE | {"object", "str"}


def write_index(index: pd.Index, arrays: Arrays) -> dict:
    """An index, its name included."""
    names = [write_value(name, arrays) for name in index.names]
    return {"names": names} | _write(index, arrays)


def _write(index: pd.Index, arrays: Arrays) -> dict:
    if isinstance(index, pd.RangeIndex):
        return {"kind": "range", "range": [index.start, index.stop, index.step]}
    if isinstance(index, pd.MultiIndex):
        levels = [_write(level, arrays) for level in index.levels]
        codes = [arrays.put(np.asarray(own, dtype=np.int64), "codes") for own in index.codes]
        return {"kind": "several", "levels": levels, "codes": codes}
    if isinstance(index, pd.CategoricalIndex):
        codes = arrays.put(np.asarray(index.codes, dtype=np.int64), "codes")
        categories = _write(index.categories, arrays)
        return {
            "kind": "categories",
            "codes": codes,
            "categories": categories,
            "ordered": bool(index.ordered),
        }
    if isinstance(index, pd.IntervalIndex):
        ends = [_write(end, arrays) for end in (index.left, index.right)]
        return {"kind": "intervals", "ends": ends, "closed": index.closed}
    if isinstance(index, pd.PeriodIndex):
        return {"kind": "periods", "values": arrays.put(index.asi8, "periods"), "frequency": index.freqstr}
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        own = {"values": arrays.put(index.asi8, "times"), "unit": index.unit, "frequency": _frequency(index)}
        if isinstance(index, pd.TimedeltaIndex):
            return {"kind": "durations"} | own
        return {"kind": "times", "zone": write_zone(index.tz)} | own
    if isinstance(index.dtype, np.dtype) and index.dtype.kind in "biuf":
        return {"kind": "numbers", "values": arrays.put(index.to_numpy(), "index")}
    dtype = str(index.dtype) if str(index.dtype) in _OF_LABELS else "object"
    labels = [None if label is pd.NA else label for label in index]
    return {"kind": "labels", "dtype": dtype, "labels": write_value(labels, arrays)}


def read_index(state: dict, arrays: Arrays) -> pd.Index:
    """The index that `write_index` wrote so."""
    index = _read(state, arrays)
    names = [read_value(name, arrays) for name in state["names"]]
    return index.set_names(names)


def _read(state: dict, arrays: Arrays) -> pd.Index:
    match state["kind"]:
        case "range":
            return pd.RangeIndex(*state["range"])
        case "several":
            levels = [_read(level, arrays) for level in state["levels"]]
            return pd.MultiIndex(levels, [_integers(name, arrays) for name in state["codes"]])
        case "categories":
            categories = _read(state["categories"], arrays)
            codes = _integers(state["codes"], arrays)
            return pd.CategoricalIndex(pd.Categorical.from_codes(codes, categories, bool(state["ordered"])))
        case "intervals":
            left, right = (_read(end, arrays) for end in state["ends"])
            return pd.IntervalIndex.from_arrays(left, right, closed=state["closed"])
        case "periods":
            values = _integers(state["values"], arrays)
            return pd.PeriodIndex.from_ordinals(values, freq=str(state["frequency"]))
        case "times":
            times = pd.DatetimeIndex(_integers(state["values"], arrays).view(f"M8[{_unit(state)}]"))
            zone = read_zone(state["zone"])
            times = times if zone is None else times.tz_localize("UTC").tz_convert(zone)
            return _regular(times, state)
        case "durations":
            durations = pd.TimedeltaIndex(_integers(state["values"], arrays).view(f"m8[{_unit(state)}]"))
            return _regular(durations, state)
        case "numbers":
            return pd.Index(_one_row(arrays.get(state["values"])))
        case "labels" if state["dtype"] in _OF_LABELS:
            return pd.Index(read_value(state["labels"], arrays), dtype=state["dtype"], tupleize_cols=False)
    raise ValueError(f"an index of kind {state['kind']!r}")


def _integers(name: str, arrays: Arrays) -> np.ndarray:
    values = _one_row(arrays.get(name))
    if values.dtype != np.int64:
        raise ValueError(f"an index made of {values.dtype}")
    return values


def _one_row(values: np.ndarray) -> np.ndarray:
    if values.ndim != 1:
        raise ValueError(f"an index of shape {values.shape}")
    return values


def _unit(state: dict) -> str:
    if state["unit"] not in ("s", "ms", "us", "ns"):
        raise ValueError(f"times in units of {state['unit']!r}")
    return state["unit"]


def _frequency(index: pd.DatetimeIndex | pd.TimedeltaIndex) -> str | None:
    """The name of its frequency, where the name says all of it."""
    try:
        return index.freqstr if index.freq == pd.tseries.frequencies.to_offset(index.freqstr) else None
    except ValueError:
        return None


def _regular(times: pd.DatetimeIndex | pd.TimedeltaIndex, state: dict):
    """With its frequency, which pandas holds against the times."""
    if state["frequency"] is not None:
        times.freq = str(state["frequency"])
    return times


def write_table(table: pd.DataFrame, arrays: Arrays) -> dict:
    """A DataFrame; numbers that NumPy has no type for become float64."""
    columns = [
        [write_value(name, arrays), _write(pd.Index(column), arrays)] for name, column in table.items()
    ]
    return {"index": write_index(table.index, arrays), "columns": columns}


def read_table(state: dict, arrays: Arrays) -> pd.DataFrame:
    """The DataFrame that `write_table` wrote so."""
    index = read_index(state["index"], arrays)
    columns = {read_value(name, arrays): _read(own, arrays).array for name, own in state["columns"]}
    return pd.DataFrame(columns, index=index)
