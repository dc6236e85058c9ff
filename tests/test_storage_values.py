"""Labels, indexes and tables as JSON and arrays: the same type and value come back, or an error says which cannot."""

import datetime as dt
import enum
import json
import math
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from bayesord.archive import Arrays
from bayesord.storage.tables import read_index, read_table, write_index, write_table
from bayesord.storage.values import read_value, write_value

PARIS = ZoneInfo("Europe/Paris")
INDEXES = [
    pd.RangeIndex(3, 9, 2, name="q"),
    pd.Index([1, 5, 2]),
    pd.Index([1, 2], dtype="int8"),
    pd.Index([0.1], dtype="float32"),
    pd.Index([1.5, np.nan]),
    pd.Index([True, False]),
    pd.Index(["a", "b"]),
    pd.Index(["a", 3], dtype=object),
    pd.Index(["x", None], name=("a", 1)),
    pd.Index([(1, 2), (3, 4)], tupleize_cols=False),
    pd.Index([], dtype=object),
    pd.Index([1, None], dtype="Int64"),
    pd.Index([1.5], dtype="Float32"),
    pd.Index([True, None], dtype="boolean"),
    pd.Index(["a", None], dtype="string"),
    pd.Index([dt.date(2020, 1, 1)]),
    pd.Index([pd.Timestamp("2020"), 3], dtype=object),
    pd.DatetimeIndex(["2020", pd.NaT]),
    pd.DatetimeIndex(["2020"]).as_unit("s"),
    pd.date_range("2020", periods=3),
    pd.date_range("2024-03-30", periods=50, freq="h", tz=PARIS, name="t"),
    pd.date_range("2020-03", periods=2, tz=dt.timezone(dt.timedelta(hours=2))),
    pd.bdate_range("2020", periods=9),
    pd.bdate_range("2020", periods=9, freq="C", weekmask="Mon Wed"),
    pd.timedelta_range("1s", periods=3),
    pd.period_range("2020", periods=3, freq="Q"),
    pd.interval_range(0, 3),
    pd.interval_range(pd.Timestamp("2020"), periods=2, closed="left"),
    pd.CategoricalIndex(["a", "b", None], categories=["b", "a", "c"], ordered=True),
    pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 2)], names=["x", None]),
    pd.MultiIndex.from_product([pd.date_range("2020", periods=2, tz="UTC"), ["u"]]),
]


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{type(index).__name__} {index.dtype}")
def test_indexes(index):
    arrays = Arrays()
    back = read_index(json.loads(json.dumps(write_index(index, arrays), allow_nan=False)), arrays)
    pd.testing.assert_index_equal(back, index, exact=True, check_freq=False)
    assert (type(back), back.dtype, list(back.names)) == (type(index), index.dtype, list(index.names))
    if getattr(index, "freqstr", None) not in (
        None,
        "C",
    ):  # of a calendar of one's own the name says too little
        assert back.freq == index.freq


VALUES = [
    None, True, False, 0, 3, -(2**70), "", "ä", "\ud800", 2.5, -0.0, 5e-324, 1e308, math.inf, -math.inf, (), (1, "a", (2.0,)),
    [1, [2]], {"a": 1, (1, 2): [3]}, pd.Timestamp("2020-01-01 12:00:00.000000001"), pd.Timestamp("2020", tz=PARIS),
    pd.Timestamp("2020", tz="UTC"), pd.Timedelta("3s"), pd.Period("2020-05", "M"), pd.Interval(1, 2.5, closed="both"),
    dt.date(2020, 1, 2), dt.datetime(2020, 1, 2, 3), dt.datetime(2024, 10, 27, 2, 30, tzinfo=PARIS, fold=1),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_values(value):
    arrays = Arrays()
    back = read_value(json.loads(json.dumps(write_value(value, arrays), allow_nan=False)), arrays)
    assert type(back) is type(value)
    assert back == value
    assert repr(back) == repr(value)  # -0.0, and time zones


class Grade(enum.IntEnum):
    A = 3


def test_what_has_no_value_of_its_own():
    arrays = Arrays()

    def again(value):
        return read_value(json.loads(json.dumps(write_value(value, arrays), allow_nan=False)), arrays)

    assert math.isnan(again(math.nan))
    assert again(pd.NaT) is pd.NaT
    for given, kind in [
        (np.int64(3), int),
        (np.float64(0.1), float),
        (np.bool_(True), bool),
        (np.str_("x"), str),
        (Grade.A, int),
    ]:
        assert type(again(given)) is kind
        assert again(given) == given
    assert again(np.datetime64("2020-01-01")) == pd.Timestamp("2020-01-01")
    np.testing.assert_array_equal(again(np.eye(2)), np.eye(2))


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"x", 1j, dt.time(3), np.array([object()]), print, Grade]
)
def test_values_that_cannot_be_stored(value):
    with pytest.raises(TypeError, match="cannot be stored"):
        write_value(value, Arrays())


@pytest.mark.parametrize(
    "text",
    [
        {"time": [0, "ns", "../../../etc/passwd"]}, {"time": [0, "ns", "/etc/passwd"]}, {"time": [0, "years", None]},
        {"float": "1.0"}, {"unknown": 1}, {"a": 1, "b": 2}, {}, {"tuple": 3}, {"date": "today"}, {"array": "none.npy"},
        {"period": [1, "os"]}, {"interval": [2, 1, "right"]}, {"moment": ["2020-01-01", 7, None]},
    ],
)  # fmt: skip
def test_text_that_is_no_value(text):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_value(text, Arrays())


def test_tables():
    table = pd.DataFrame(
        {
            "x": [1.5, -0.0],
            "n": np.array([1, 2], dtype=np.int16),
            "b": [True, False],
            "f": pd.Categorical(["u", "v"], categories=["v", "u"]),
            "w": pd.Categorical([2, 1], categories=[1, 2], ordered=True),
            "m": pd.array([1, None], dtype="Int64"),
            "o": np.array([1, 2.5], dtype=object),
            3: ["p", "q"],
        },
        index=pd.Index(["r", "s"], name="row"),
    )
    arrays = Arrays()
    back = read_table(json.loads(json.dumps(write_table(table, arrays), allow_nan=False)), arrays)
    pd.testing.assert_frame_equal(back, table)
    assert list(back.dtypes) == list(table.dtypes)
