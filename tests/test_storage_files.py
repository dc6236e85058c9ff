"""The files of saved fits: whole or not there, every damage seen, nothing else touched."""

import errno
import os
import pickle
import re
import resource
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import bayesord as bo
from bayesord.archive import Arrays, atomic, read_archive, write_archive

FLIPS, TRUNCATIONS = 200, 50


@pytest.fixture(scope="module")
def fit(wine):
    priors = bo.Priors(beta=bo.priors.normal(0, 1))
    return bo.fit("rating ~ temp + contact", wine, method="mode", priors=priors)


@pytest.fixture(scope="module")
def posterior(wine):
    few = {"draws": 25, "tune": 50, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    return bo.fit("rating ~ temp + contact", wine, **few)


@pytest.fixture(scope="module")
def payload(posterior, tmp_path_factory):
    """A saved posterior, as bytes."""
    path = tmp_path_factory.mktemp("saved") / "wine.fit"
    posterior.save(path)
    return path.read_bytes()


def refused(path) -> str:
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        bo.load(path)
    return str(caught.value)


def test_every_truncation_is_refused(payload, tmp_path, rng):
    lengths = {0, 1, 23, 24, 25, 100, len(payload) - 1, *rng.integers(0, len(payload), TRUNCATIONS).tolist()}
    for length in lengths:
        path = tmp_path / "cut.fit"
        path.write_bytes(payload[:length])
        refused(path)
    assert len(lengths) >= TRUNCATIONS


def test_every_flipped_bit_is_refused(payload, tmp_path, rng):
    start = payload.index(b"PK")
    bits = [int(bit) for bit in rng.integers(0, 8 * len(payload), FLIPS)]
    bits += list(range(8 * start))  # every bit of the header
    path = tmp_path / "flipped.fit"
    for bit in bits:
        flipped = bytearray(payload)
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(flipped)
        refused(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b + b"x", "bytes should follow its header"),
        (lambda b: b.replace(b"format 1", b"format 2", 1), "reads format 1"),
        (lambda b: b.replace(b"format 1", b"format 01", 1), "reads format 1"),
        (lambda b: b.replace(b"bayesord file", b"bayesord_file", 1), "does not begin with"),
        (lambda b: b[b.index(b"PK") :], "does not begin with"),
        (lambda b: b"", "does not begin with"),
        (lambda b: pickle.dumps([1, 2, 3]), "does not begin with"),
        (lambda b: b.replace(b"sha256 ", b"sha256\t", 1), "header is not whole"),
    ],
)
def test_what_is_no_whole_file_is_named(change, message, payload, tmp_path):
    path = tmp_path / "odd.fit"
    path.write_bytes(change(payload))
    assert message in refused(path)


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        bo.load(tmp_path / "none.fit")
    with pytest.raises(ValueError, match="is not a file"):
        bo.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    with pytest.raises(ValueError, match="is not a file"):
        bo.load(tmp_path / "pipe")


def test_nothing_is_parsed_before_the_checksum(payload, tmp_path, monkeypatch):
    path = tmp_path / "flipped.fit"
    path.write_bytes(payload[:-1] + bytes([payload[-1] ^ 1]))

    def looked(*args, **kwargs):
        raise AssertionError("parsed")

    monkeypatch.setattr(zipfile, "ZipFile", looked)
    assert "checksum" in refused(path)


def test_any_zip_tool_reads_the_file_and_equal_fits_make_equal_files(posterior, payload, tmp_path):
    path = tmp_path / "wine.fit"
    path.write_bytes(payload)
    with zipfile.ZipFile(path) as members:
        assert members.testzip() is None
        names = members.namelist()
        beta = next(name for name in names if name.endswith("posterior_beta.npy"))
        with members.open(beta) as file:
            values = np.lib.format.read_array(file, allow_pickle=False)
    np.testing.assert_array_equal(values, posterior.idata["posterior"]["beta"].values)
    assert all(not name.startswith("/") and ".." not in name for name in names)
    posterior.save(path, overwrite=True)
    assert path.read_bytes() == payload


def test_saving_and_loading_pickle_nothing(posterior, tmp_path, monkeypatch):
    def pickled(*args, **kwargs):
        raise AssertionError("pickle")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, pickled)
    posterior.save(tmp_path / "wine.fit")
    bo.load(tmp_path / "wine.fit")


class TestTarget:
    def test_a_file_of_that_name_stays(self, fit, tmp_path):
        path = tmp_path / "wine.fit"
        path.write_text("mine")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            fit.save(path)
        assert path.read_text() == "mine"
        fit.save(path, overwrite=True)
        assert bo.load(path).beta.equals(fit.beta)
        assert os.listdir(tmp_path) == ["wine.fit"]

    def test_a_link_is_replaced_and_not_followed(self, fit, tmp_path):
        (tmp_path / "mine").write_text("mine")
        (tmp_path / "link").symlink_to(tmp_path / "mine")
        fit.save(tmp_path / "link", overwrite=True)
        assert (tmp_path / "mine").read_text() == "mine"
        assert not (tmp_path / "link").is_symlink()
        (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
        with pytest.raises(FileExistsError):
            fit.save(tmp_path / "nowhere")

    def test_no_folder_and_a_folder_for_a_file(self, fit, tmp_path):
        with pytest.raises(FileNotFoundError, match="make it first"):
            fit.save(tmp_path / "no" / "wine.fit")
        with pytest.raises(IsADirectoryError, match="name of a file"):
            fit.save(tmp_path)

    def test_the_target_is_looked_at_before_any_work(self, posterior, tmp_path, monkeypatch):
        monkeypatch.setattr("bayesord.storage.write_design", lambda *args: pytest.fail("worked"))
        monkeypatch.setattr(
            "bayesord.storage.methods.LabelRule.from_posterior", lambda *args: pytest.fail("worked")
        )
        for include_data in (True, False):
            with pytest.raises(FileNotFoundError):
                posterior.save(tmp_path / "no" / "wine.fit", include_data=include_data)

    def test_too_little_room_is_told_with_the_figure(self, posterior, tmp_path, monkeypatch):
        usage = type("usage", (), {"free": 20_000})
        monkeypatch.setattr(atomic.shutil, "disk_usage", lambda _: usage)
        with pytest.raises(OSError, match=r"0\.0 MB are free, and \d\.\d MB are needed") as caught:
            posterior.save(tmp_path / "wine.fit")
        assert caught.value.errno == errno.ENOSPC
        assert os.listdir(tmp_path) == []

    def test_a_pipe_or_device_is_not_replaced(self, fit, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        for overwrite in (False, True):
            with pytest.raises(FileExistsError, match="is a device or a pipe"):
                fit.save(tmp_path / "pipe", overwrite=overwrite)
        assert (tmp_path / "pipe").is_fifo()

    def test_permissions_are_those_of_any_new_file(self, fit, tmp_path):
        fit.save(tmp_path / "wine.fit")
        (tmp_path / "other").touch()
        assert (tmp_path / "wine.fit").stat().st_mode == (tmp_path / "other").stat().st_mode

    def test_a_folder_that_may_not_be_written(self, tmp_path):
        """As another user where this one may do everything."""
        code = (
            "import importlib.util, os, sys\n"
            "from pathlib import Path\n"
            "spec = importlib.util.spec_from_file_location('atomic', sys.argv[1])\n"
            "atomic = importlib.util.module_from_spec(spec); spec.loader.exec_module(atomic)\n"
            "if os.getuid() == 0: os.setuid(65534)\n"
            "try: atomic.check_target(Path('wine.fit'), overwrite=False, size=1)\n"
            "except PermissionError as error: print(error)\n"
        )
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o555)
        child = [sys.executable, "-c", code, atomic.__file__]
        done = subprocess.run(child, capture_output=True, text=True, timeout=60, cwd=closed)
        assert "nothing may be written in this folder" in done.stdout, done.stderr


class TestInterruption:
    @pytest.mark.parametrize("at", [0, 1, 2, 3])
    def test_a_write_that_fails_leaves_the_old_file_and_no_trace(self, at, fit, tmp_path, monkeypatch):
        path = tmp_path / "wine.fit"
        fit.save(path)
        before = path.read_bytes()
        calls = {"n": -1}

        def fail(*args, **kwargs):
            calls["n"] += 1
            if calls["n"] == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(*args, **kwargs)

        from bayesord.archive import container

        write = container.write_array
        monkeypatch.setattr(container, "write_array", fail)
        with pytest.raises(OSError, match="No space left"):
            fit.save(path, overwrite=True)
        assert os.listdir(tmp_path) == ["wine.fit"]
        assert path.read_bytes() == before

    def test_a_file_that_grows_beyond_its_limit_is_not_left_half(self, tmp_path):
        """A real refusal of the system."""
        arrays = Arrays()
        arrays.put(np.zeros(100_000))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                write_archive(tmp_path / "large", {}, arrays)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert os.listdir(tmp_path) == []

    def test_of_two_writers_one_wins_and_the_file_is_whole(self, tmp_path):
        """Without `overwrite` exactly one of many that write at once; with it the last, never a mixture."""
        path, told = tmp_path / "one", []
        start = threading.Barrier(8)

        def write(number: int, overwrite: bool) -> None:
            arrays = Arrays()
            name = arrays.put(np.full(50_000, number))
            start.wait()
            try:
                write_archive(path, name, arrays, overwrite=overwrite)
                told.append(number)
            except FileExistsError:
                pass

        for overwrite in (False, True):
            told.clear()
            threads = [threading.Thread(target=write, args=(i, overwrite)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            values = read_archive(path, "numbers", lambda name, arrays: arrays.get(name))
            assert len(told) == (8 if overwrite else 1)
            assert set(values.tolist()) <= set(told)
            assert len(set(values.tolist())) == 1
            assert os.listdir(tmp_path) == ["one"]


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = Arrays()
    given = [
        np.array(3.0), np.zeros((0, 4)), np.array(["ä", "", "日本"]), np.array([True, False]),
        np.arange(6, dtype=np.uint8).reshape(2, 3).T, np.array([np.nan, -0.0, np.inf]), np.array([1], dtype=">f8"),
        np.array(["", ""]), np.float32([0.1]), np.array(5, dtype=np.int64),
    ]  # fmt: skip
    names = [arrays.put(array, f"../odd name {i}") for i, array in enumerate(given)]
    write_archive(tmp_path / "f", names, arrays)
    back = read_archive(tmp_path / "f", "arrays", lambda names, arrays: [arrays.get(name) for name in names])
    for mine, own in zip(back, given, strict=True):
        assert (mine.dtype, mine.shape) == (own.dtype.newbyteorder("="), own.shape)
        assert mine.tobytes() == own.astype(mine.dtype).tobytes()
    for bad in (np.array([object()]), np.array([(1, 2.0)], dtype="i4,f8"), np.array(["2020"], dtype="M8[D]")):
        arrays = Arrays()
        arrays.put(bad)
        with pytest.raises(TypeError, match="cannot be stored"):
            write_archive(tmp_path / "g", 1, arrays)
    assert os.listdir(tmp_path) == ["f"]


def test_the_path_may_be_text_or_path(fit, tmp_path):
    fit.save(str(tmp_path / "wine.fit"))
    assert bo.load(str(tmp_path / "wine.fit")).beta.equals(bo.load(Path(tmp_path / "wine.fit")).beta)
