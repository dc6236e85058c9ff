"""Loading runs nothing: hostile files with right checksums, a canary, and an eye on what the interpreter is asked to do."""

import io
import json
import operator
import os
import pickle
import re
import sys
from contextlib import contextmanager, suppress

import hostile_files as hostile
import numpy as np
import pytest
import xarray as xr

import bayesord as bo
from bayesord.archive import Arrays
from bayesord.storage.values import read_value

RUNS = re.compile(
    r"os\.(system|exec|posix_spawn|spawn|fork|startfile|remove|rename|mkdir|link|symlink|truncate|chmod)|subprocess|"
    r"pickle|marshal|exec$|socket|ctypes\.dlopen|shutil|webbrowser|urllib"
)
NUMBA = os.path.join("numba", "core", "")
_watching: list | None = None


def _hook(event: str, arguments: tuple) -> None:
    if _watching is not None:
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if (RUNS.match(event) or writes) and not _of_compiled_code():
            _watching.append((event, arguments))


def _of_compiled_code() -> bool:
    """Whether numba asks: it reads its own cache by pickle when the package's functions are first called."""
    frame = sys._getframe(2)
    while frame is not None and NUMBA not in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None


@pytest.fixture(scope="session", autouse=True)
def hook():
    sys.addaudithook(_hook)  # there is no way to take one off again; it looks at nothing unless told to


@contextmanager
def nothing_runs():
    """Fails where the interpreter starts, unpickles, writes or connects to anything."""
    global _watching
    _watching = []
    try:
        yield
        found = list(_watching)
    finally:
        _watching = None
    assert found == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small posterior with factors, transforms and groups, taken apart."""
    data = bo.datasets.load_wine()
    data["dose"] = np.linspace(0, 1, len(data))
    few = {"draws": 6, "tune": 30, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    priors = bo.Priors(beta={"contact[yes]": bo.priors.normal(0, 1)})
    fit = bo.fit("rating ~ scale(dose) + contact + (1 | judge)", data, priors=priors, offset="dose", **few)
    path = tmp_path_factory.mktemp("saved") / "fit"
    posterior, stats = (fit.idata[name].to_dataset() for name in ("posterior", "sample_stats"))
    fit.idata = xr.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": stats[["diverging"]]}
    )  # quick to load
    fit.save(path)
    return data, *hostile.taken_apart(path.read_bytes())


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load bytes in an empty folder; afterwards no canary must be there."""
    monkeypatch.chdir(tmp_path)

    def load(file: bytes):
        (tmp_path / "fit").write_bytes(file)
        with nothing_runs():
            return bo.load("fit")

    yield load
    assert os.listdir(tmp_path) == ["fit"]
    assert not os.path.exists("/tmp/CANARY")


def test_the_canary_sings_and_the_eye_sees(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match=r"pickle\.find_class"), nothing_runs():
        pickle.loads(hostile.PICKLE)
    assert os.path.exists(hostile.CANARY)


def test_what_is_put_together_again_is_a_fit(whole, load):
    data, text, parts = whole
    assert len(load(hostile.put_together(text, parts)).predict(data)) == len(data)


@pytest.mark.parametrize(("name", "array"), list(hostile.arrays()))
def test_hostile_arrays(name, array, whole, load):
    _, text, parts = whole
    for ending in ("_beta.npy", "-X.npy", "-y.npy", "_index.npy", "diverging.npy", "predictor.npy"):
        member = next(own for own in parts if own.endswith(ending))
        free = ending == "diverging.npy" and name == "of another type"  # of no consequence there
        if not free:
            with pytest.raises(ValueError, match="is not a fit that bayesord has written"):
                load(hostile.put_together(text, parts | {member: array}))


def test_hostile_zip_files(whole, load):
    _, text, parts = whole
    for _, file in hostile.members(text, parts):
        with pytest.raises(ValueError, match="is not a fit"):
            load(file)


def test_hostile_texts(whole, load):
    _, text, parts = whole
    for _, file in hostile.texts(text, parts):
        with pytest.raises(ValueError, match="is not a fit"):
            load(file)


SAID = [
    ("kind",), ("link",), ("design", "formula"), ("design", "predictors"), ("design", "categories"),
    ("design", "weights_kind"), ("design", "source", "map"), ("design", "groups", 0, "name"),
    ("design", "groups", 0, "terms"), ("design", "groups", 0, "labels"), ("design", "obs_id", "kind"),
    ("priors", "cutpoints", "call"), ("priors", "beta", "by_name", 0, 1, "call"), ("priors", "cutpoints", "numbers", 0, 0),
    ("idata", 1, "path"), ("idata", 1, "variables", 0, "name"), ("idata", 1, "variables", 0, "dims"), ("verdict",),
    ("design", "rows", "X"), ("design", "mean"),
]  # fmt: skip
MAP = [("formula",), ("columns",), ("levels",), ("transforms",), ("names",), ("labels",)]


@pytest.mark.parametrize("path", SAID)
def test_words_that_are_no_words(path, whole, load):
    """Code, attributes, paths and nonsense in every place where a name or a formula stands."""
    _, text, parts = whole
    for word in hostile.WORDS:
        with pytest.raises(ValueError, match="is not a fit"):
            load(
                hostile.put_together(
                    hostile.changed(text, path, lambda at, key, w=word: operator.setitem(at, key, w)), parts
                )
            )


def test_code_in_the_formula_that_is_read_again(whole, load):
    _, text, parts = whole
    pairs = text["design"]["source"]["map"]["dict"]
    place = {key: i for i, (key, _) in enumerate(pairs)}
    for (key,) in MAP:
        for word in (*hostile.WORDS, [["scale(dose)", {"dict": [["__class__", 1]]}]]):
            path = ("design", "source", "map", "dict", place[key], 1)
            changed = hostile.changed(text, path, lambda at, key, w=word: operator.setitem(at, key, w))
            with pytest.raises(ValueError, match="is not a fit"):
                load(hostile.put_together(changed, parts))


def test_any_change_of_the_text_is_refused_or_makes_a_fit(whole, load):
    """Values of every type in 100 places: an error that names the file, or a fit that answers or says why not."""
    data, text, parts = whole
    rng = np.random.default_rng(20)
    places = list(hostile.leaves(text))
    counts = {"refused": 0, "loaded": 0}
    for _ in range(100):
        path = places[rng.integers(len(places))]
        value = hostile.VALUES[rng.integers(len(hostile.VALUES))]
        if rng.random() < 0.15:
            changed = hostile.changed(text, path, operator.delitem)
        else:
            changed = hostile.changed(text, path, lambda at, key, v=value: operator.setitem(at, key, v))
        try:
            fit = load(hostile.put_together(changed, parts))
        except ValueError as error:
            assert "is not a fit" in str(error)  # noqa: PT017  what else it may be is a fit
            counts["refused"] += 1
            continue
        counts["loaded"] += 1
        with nothing_runs(), suppress(ValueError, TypeError):
            fit.predict_proba(data)
    assert counts["refused"] > 40
    assert counts["loaded"] > 10


@pytest.mark.parametrize(
    "name", ["y", "judge_index", "X", "judge_Z", "posterior_cutpoints", "posterior_effect_judge"]
)
def test_numbers_that_compiled_code_would_follow_out_of_its_arrays(name, whole, load):
    _, text, parts = whole
    member = next(own for own in parts if own.endswith(f"-{name}.npy"))
    array = np.load(io.BytesIO(parts[member]))
    hurt = [array[:-1], array[..., None], array.astype(np.float32)]
    if array.dtype == np.int64:
        hurt += [array - 100, array + 100, np.where(np.arange(len(array)) == 3, 2**40, array)]
    for bad in hurt:
        with pytest.raises(ValueError, match="is not a fit"):
            load(hostile.put_together(text, parts | {member: hostile.npy(bad)}))


def test_tags_of_values_are_a_closed_list():
    for word in ("__class__", "py/object", "os.system", "eval", "exec", "type"):
        with pytest.raises((KeyError, ValueError)):
            read_value({word: "touch CANARY"}, Arrays())
    with pytest.raises(ValueError, match="unpack"):
        read_value({"tuple": [], "float": "nan"}, Arrays())


def test_nothing_of_the_corpus_is_a_fit_by_itself(whole):
    """The words are hostile in the places given, and the text they are put in is sound."""
    _, text, _ = whole
    assert json.loads(json.dumps(text)) == text


def test_no_connection_is_opened(wine, tmp_path, monkeypatch):
    def opened(*args, **kwargs):
        raise AssertionError("a socket")

    monkeypatch.setattr("socket.socket", opened)
    few = {"draws": 10, "tune": 20, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    bo.fit("rating ~ temp", wine, checkpoint=tmp_path / "run", **few).save(tmp_path / "fit")
    assert len(bo.load(tmp_path / "fit").predict(wine)) == len(wine)
