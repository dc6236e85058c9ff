"""What a checkpoint refuses, each by name: other runs, other files, other writers, folders and disks that cannot take it."""

import errno
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from small_runs import bits, chains_in, fitted

import bayesord as bo
from bayesord.archive import Lock, container
from bayesord.inference import checkpoint as room
from bayesord.inference import fingerprints


class TestRefusals:
    @pytest.fixture
    def run(self, finished, tmp_path):
        return shutil.copytree(finished, tmp_path / "run")

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"draws": 61}, r"draws \(60 then, 61 now\)"),
            ({"tune": 51}, r"tune \(50 then, 51 now\)"),
            ({"chains": 4}, r"chains \(3 then, 4 now\)"),
            ({"target_accept": 0.9}, r"target_accept \(0.8 then, 0.9 now\)"),
            ({"random_seed": 6}, "random_seed"),
            ({"random_seed": None}, "random_seed"),
            ({"link": "probit"}, r"link \(logit then, probit now\)"),
            ({"priors": bo.Priors(beta=bo.priors.normal(0, 1))}, r"priors \(.*r2\(0.5, 4.0\) then, .*normal\(0, 1\) now\)"),
            ({"formula": "rating ~ contact + temp"}, "formula .* predictors .* values of the predictors"),
            ({"sample_weight": np.r_[np.ones(71), 2]}, "differs: weights. "),
            ({"weights": "importance", "sample_weight": np.ones(72)}, "differs: weights. "),
            ({"offset": np.linspace(0, 1e-9, 72)}, "differs: offset. "),
        ],
    )  # fmt: skip
    def test_another_run_is_refused_by_name(self, change, named, run, wine):
        before = {name: (run / name).read_bytes() for name in os.listdir(run)}
        with pytest.raises(ValueError, match=named):
            fitted(wine, run, resume=True, **change)
        assert {name: (run / name).read_bytes() for name in os.listdir(run)} == before

    def test_other_data_and_other_categories(self, run, wine):
        changed = wine.copy()
        changed.loc[3, "rating"] = 1 if changed.loc[3, "rating"] != 1 else 2
        with pytest.raises(ValueError, match=r"What differs: answers\. "):
            fitted(changed, run, resume=True)
        text = wine["rating"].astype(str)
        with pytest.raises(
            ValueError, match=r"What differs: categories \(\(1, 2, 3, 4, 5\) then, \('1', '2', "
        ):
            fitted(wine.assign(rating=text), run, resume=True, categories=list("12345"))
        with pytest.raises(ValueError, match="values of the predictors"):
            fitted(wine.assign(temp=wine["temp"].to_numpy()[::-1]), run, resume=True)

    @pytest.mark.parametrize(
        "name", ["version of nutpie", "version of Python", "compiled sources", "features of the processor"]
    )
    def test_another_version_or_processor(self, name, run, wine, monkeypatch):
        described = fingerprints.describe_machine() | {name: "another"}
        monkeypatch.setattr(room, "describe_machine", lambda: described)
        with pytest.raises(ValueError, match=rf"{name} \(.* then, another now\)"):
            fitted(wine, run, resume=True)

    def test_other_coordinates(self, run, wine, monkeypatch):
        monkeypatch.setattr("bayesord.inference.sampling.digest", lambda _: "others")
        with pytest.raises(ValueError, match="in other coordinates"):
            fitted(wine, run, resume=True)

    def test_a_run_that_is_there_without_resume(self, run, wine):
        with pytest.raises(ValueError, match="resume=True"):
            fitted(wine, run)

    def test_a_folder_of_something_else(self, wine, tmp_path):
        (tmp_path / "thesis.tex").write_text("mine")
        for resume in (False, True):
            with pytest.raises(ValueError, match=r"no checkpoint \('thesis.tex'\)"):
                fitted(wine, tmp_path, resume=resume)
        assert (tmp_path / "thesis.tex").read_text() == "mine"
        assert os.listdir(tmp_path) == ["thesis.tex"]  # not even a lock

    def test_a_chain_of_another_run(self, run, wine, tmp_path_factory):
        other = tmp_path_factory.mktemp("other")
        fitted(wine, other, random_seed=9)
        name = "target-accept-0.8-chain-1"
        (run / name).write_bytes((other / name).read_bytes())
        with pytest.raises(ValueError, match="chain of another run"):
            fitted(wine, run, resume=True)
        (run / name).write_bytes((run / "target-accept-0.8-chain-2").read_bytes())
        with pytest.raises(ValueError, match="chain of another run"):
            fitted(wine, run, resume=True)

    def test_a_damaged_chain_is_sampled_again(self, run, wine, unbroken, capsys):
        path = run / "target-accept-0.8-chain-1"
        path.write_bytes(path.read_bytes()[:-1])
        assert bits(fitted(wine, run, resume=True)) == unbroken
        assert "is damaged" in capsys.readouterr().err
        assert bits(fitted(wine, run, resume=True)) == unbroken

    def test_a_damaged_note_is_refused(self, run, wine):
        (run / "run").write_bytes((run / "run").read_bytes()[:-1])
        with pytest.raises(ValueError, match="is damaged"):
            fitted(wine, run, resume=True)

    def test_settings_that_do_not_go_together(self, wine, tmp_path):
        with pytest.raises(ValueError, match="resume= needs checkpoint="):
            fitted(wine, resume=True)
        with pytest.raises(ValueError, match="method='nuts'"):
            fitted(wine, tmp_path / "run", method="mode", priors=bo.Priors(beta=bo.priors.normal()))
        assert not (tmp_path / "run").exists()


class TestTheFolder:
    def test_two_writers_refuse(self, wine, tmp_path):
        lock = Lock(tmp_path / "lock")
        assert lock.acquire()
        with pytest.raises(BlockingIOError, match="in use by another run"):
            fitted(wine, tmp_path, resume=True)
        lock.release()
        fitted(wine, tmp_path, resume=True)

    def test_a_lock_goes_with_its_process(self, wine, tmp_path):
        code = (
            "import fcntl, os, sys, time\n"
            "handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
            "fcntl.flock(handle, fcntl.LOCK_EX)\n"
            "print('held', flush=True)\n"
            "time.sleep(60)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", code, tmp_path / "lock"], stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError):
            fitted(wine, tmp_path)
        child.kill()
        child.communicate()
        fitted(wine, tmp_path)

    def test_a_file_in_its_place_and_a_place_that_cannot_be(self, wine, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(NotADirectoryError, match="takes a folder"):
            fitted(wine, tmp_path / "file")
        with pytest.raises(OSError, match="cannot be written"):
            fitted(wine, tmp_path / "file" / "run")
        with pytest.raises(OSError, match="cannot be written"):
            fitted(wine, "/proc/run")

    def test_a_folder_that_may_not_be_written(self, wine, tmp_path, monkeypatch, sampled):
        """The system's refusal, as any user but root gets it."""

        def refused(*args):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr("bayesord.archive.lock.os.open", refused)
        with pytest.raises(PermissionError, match="cannot be written \\(Permission denied\\)"):
            fitted(wine, tmp_path)
        assert sampled == []

    def test_a_disk_without_room_is_seen_before_sampling(self, wine, tmp_path, monkeypatch, sampled):
        usage = type("usage", (), {"free": 30_000})
        monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage)
        with pytest.raises(OSError, match=r"0\.0 MB are free, and the chains need \d+\.\d MB") as caught:
            fitted(wine, tmp_path, draws=1000)
        assert caught.value.errno == errno.ENOSPC
        assert sampled == []

    def test_a_disk_that_fills_up_costs_no_draws(self, wine, tmp_path, monkeypatch, unbroken):
        write = container.write_array

        def full(file, array):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(container, "write_array", full)
            with pytest.warns(
                UserWarning, match=r"chain 0, 1, 2 could not be written \(No space left on device\)"
            ):
                fit = fitted(wine, tmp_path, cores=1)
        assert bits(fit) == unbroken
        assert chains_in(tmp_path) == []
        assert not list(tmp_path.glob(".*"))
        failures = iter([True, False, False])

        def full_for_a_while(file, array):
            if next(failures, False):
                full(file, array)
            write(file, array)

        monkeypatch.setattr(container, "write_array", full_for_a_while)
        assert bits(fitted(wine, tmp_path, resume=True, cores=1)) == unbroken
        assert len(chains_in(tmp_path)) == 3
