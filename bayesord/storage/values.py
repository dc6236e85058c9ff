"""Labels and settings as JSON, and back: the same value of the same type, or an error. Nothing is looked up by name.

What JSON has no word for is a dict of one entry, its tag: {"tuple": [...]}, {"float": "nan"}, {"time": [...]}.
"""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bayesord.archive import Arrays

__all__ = ["read_value", "read_zone", "write_value", "write_zone"]


def write_value(value: object, arrays: Arrays) -> object:
    """A label, or a list, tuple, dict or array of such, as JSON.

    Raises
    ------
    TypeError
        For what no label is.
    """
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return _plain(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, list):
        return [write_value(part, arrays) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [write_value(part, arrays) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[write_value(part, arrays) for part in pair] for pair in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return {"array": arrays.put(value)}
    return _write_time(value, arrays)


def read_value(value: object, arrays: Arrays) -> object:
    """The value that `write_value` wrote so."""
    if isinstance(value, list):
        return [read_value(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    ((tag, held),) = value.items()
    return _READ[tag](held, arrays)


def _plain(value: bool | int | str | None) -> bool | int | str | None:
    """Without the class of an enumeration, or of any other heir."""
    if value is None or isinstance(value, bool):
        return value
    return str.__str__(value) if isinstance(value, str) else int(value)


def _read_float(text: str, arrays: Arrays) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[text]


def _read_tuple(parts: list, arrays: Arrays) -> tuple:
    return tuple(read_value(part, arrays) for part in parts)


def _read_dict(pairs: list, arrays: Arrays) -> dict:
    return {read_value(key, arrays): read_value(value, arrays) for key, value in pairs}


# -- times -------------------------------------------------------------------------------------------------

_UNITS = ("s", "ms", "us", "ns")


def _write_time(value: object, arrays: Arrays) -> object:
    if value is pd.NaT:
        return {"nat": ""}
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        value = pd.Timedelta(value)
    if isinstance(value, pd.Timestamp):
        return {"time": [_count(value), value.unit, write_zone(value.tz)]}
    if isinstance(value, pd.Timedelta):
        return {"duration": [_count(value), value.unit]}
    if isinstance(value, pd.Period):
        return {"period": [value.ordinal, value.freqstr]}
    if isinstance(value, pd.Interval):
        ends = [write_value(end, arrays) for end in (value.left, value.right)]
        return {"interval": [*ends, value.closed]}
    if isinstance(value, dt.datetime):
        return {"moment": [value.replace(tzinfo=None).isoformat(), value.fold, write_zone(value.tzinfo)]}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be stored")


def _count(value: pd.Timestamp | pd.Timedelta) -> int:
    """Units since 1970, or of duration."""
    return int(value.asm8.view(np.int64))


def _read_time(held: list, arrays: Arrays) -> pd.Timestamp:
    count, unit, zone = held
    time = pd.Timestamp(np.datetime64(int(count), _unit(unit)))
    return time if zone is None else time.tz_localize("UTC").tz_convert(read_zone(zone))


def _read_duration(held: list, arrays: Arrays) -> pd.Timedelta:
    count, unit = held
    return pd.Timedelta(np.timedelta64(int(count), _unit(unit)))


def _read_period(held: list, arrays: Arrays) -> pd.Period:
    ordinal, frequency = held
    return pd.PeriodIndex.from_ordinals([int(ordinal)], freq=str(frequency))[0]


def _read_interval(held: list, arrays: Arrays) -> pd.Interval:
    left, right, closed = held
    return pd.Interval(read_value(left, arrays), read_value(right, arrays), closed=closed)


def _read_date(text: str, arrays: Arrays) -> dt.date:
    return dt.date.fromisoformat(text)


def _read_moment(held: list, arrays: Arrays) -> dt.datetime:
    text, fold, zone = held
    return dt.datetime.fromisoformat(text).replace(fold=fold, tzinfo=read_zone(zone))


def _unit(unit: str) -> str:
    if unit not in _UNITS:
        raise ValueError(f"a time in units of {unit!r}")
    return unit


def write_zone(zone: dt.tzinfo | None) -> object:
    """A time zone by its name in the time zone database, or by its distance from UTC in seconds."""
    if zone is None:
        return None
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if isinstance(name, str):
        return name
    if isinstance(zone, dt.timezone):
        return zone.utcoffset(None).total_seconds()
    raise TypeError(f"the time zone {zone!r} cannot be stored; use zoneinfo.ZoneInfo")


def read_zone(zone: object) -> dt.tzinfo | None:
    """ZoneInfo opens no file outside its database; the names that pandas takes may be paths."""
    if zone is None:
        return None
    return ZoneInfo(zone) if isinstance(zone, str) else dt.timezone(dt.timedelta(seconds=zone))


_READ = {
    "array": lambda name, arrays: arrays.get(name),
    "date": _read_date,
    "dict": _read_dict,
    "duration": _read_duration,
    "float": _read_float,
    "interval": _read_interval,
    "moment": _read_moment,
    "nat": lambda _, arrays: pd.NaT,
    "period": _read_period,
    "time": _read_time,
    "tuple": _read_tuple,
}
