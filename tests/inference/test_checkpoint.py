"""Chains on disk: a run that goes on is to the bit the run without a break, and nothing finished is lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from hashlib import sha256

import numpy as np
import pytest

import bayesord as bo
from bayesord.archive import Lock, container
from bayesord.inference import checkpoint as room
from bayesord.inference import fingerprints, nuts
from bayesord.inference.fingerprints import digest
from bayesord.inference.interrupts import terminated_as_interrupted

FIT = {"draws": 60, "tune": 50, "chains": 3, "random_seed": 5, "progressbar": False, "on_fail": "ignore"}


def fitted(wine, folder=None, formula="rating ~ temp + contact", **changes):
    where = {} if folder is None else {"checkpoint": folder}
    return bo.fit(formula, wine, **(FIT | where | changes))


def bits(fit) -> str:
    """All draws, statistics and derived numbers."""
    groups = [fit.idata[name] for name in ("posterior", "sample_stats", "log_likelihood")]
    found = sha256()
    for group in groups:
        for name in sorted(group.data_vars):
            found.update(f"{name} {group[name].dtype} {group[name].shape}".encode())
            found.update(np.ascontiguousarray(group[name].values).tobytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def unbroken(wine):
    return bits(fitted(wine))


@pytest.fixture
def sampled(monkeypatch):
    """The seeds of the chains that are really sampled."""
    seen = []
    import nutpie

    sample = nutpie.sample

    def counted(*args, **settings):
        seen.append(settings["seed"])
        return sample(*args, **settings)

    monkeypatch.setattr(nutpie, "sample", counted)
    return seen


@pytest.fixture(scope="module")
def finished(wine, tmp_path_factory):
    """A folder with a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    fitted(wine, folder)
    return folder


def chains_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "chain" in path.name)


def test_a_checkpoint_changes_nothing_and_holds_every_chain(wine, tmp_path, unbroken):
    assert bits(fitted(wine, tmp_path / "run")) == unbroken
    assert sorted(os.listdir(tmp_path / "run")) == [
        "lock", "run", *(f"target-accept-0.8-chain-{i}" for i in range(3)),
    ]  # fmt: skip


@pytest.mark.parametrize("missing", [(0,), (2,), (0, 1), (0, 1, 2), ()])
def test_only_what_is_missing_is_sampled_and_the_result_is_the_same(
    missing, wine, tmp_path, unbroken, sampled
):
    fitted(wine, tmp_path)
    sampled.clear()
    for number in missing:
        (tmp_path / f"target-accept-0.8-chain-{number}").unlink()
    (tmp_path / ".run.abc.unfinished").write_bytes(b"half")
    for cores in (1, 2):
        assert bits(fitted(wine, tmp_path, resume=True, cores=cores)) == unbroken
    assert sampled == [nuts.chain_seeds(5, 3)[i] for i in missing]
    assert not list(tmp_path.glob(".*"))


def test_resume_begins_a_run_where_there_is_none(wine, tmp_path, unbroken):
    assert bits(fitted(wine, tmp_path / "a" / "b", resume=True)) == unbroken


def test_through_pytensor_too(wine, tmp_path, sampled):
    how = {"priors": bo.Priors(beta=bo.priors.r2d2()), "draws": 15, "tune": 20, "chains": 2}
    whole = bits(fitted(wine, tmp_path, **how))
    (tmp_path / "target-accept-0.8-chain-1").unlink()
    sampled.clear()
    assert bits(fitted(wine, tmp_path, resume=True, **how)) == whole
    assert len(sampled) == 1


def test_group_effects_too(wine, tmp_path):
    how = {"formula": "rating ~ temp + (1 | judge)", "draws": 30}
    whole = bits(fitted(wine, **how))
    fitted(wine, tmp_path, **how)
    (tmp_path / "target-accept-0.8-chain-0").unlink()
    assert bits(fitted(wine, tmp_path, resume=True, **how)) == whole


def test_a_seed_that_was_drawn_is_kept(wine, tmp_path):
    first = fitted(wine, tmp_path, random_seed=None)
    (tmp_path / "target-accept-0.8-chain-1").unlink()
    assert bits(fitted(wine, tmp_path, random_seed=None, resume=True)) == bits(first)
    with pytest.raises(ValueError, match="What differs: random_seed"):
        fitted(wine, tmp_path, random_seed=1, resume=True)


def test_both_passes_of_a_retry_are_kept(wine, tmp_path, monkeypatch, sampled):
    """A first pass with a divergence, and the second at target_accept .95."""
    read = nuts._read

    def diverging(results):
        chain = read(results)
        if not chain.stats["diverging"].any() and results is not None:
            chain.stats["diverging"][0] = True
        return chain

    monkeypatch.setattr(nuts, "_read", diverging)
    whole = bits(fitted(wine, tmp_path))
    names = [f"target-accept-{t}-chain-{i}" for t in (0.8, 0.95) for i in range(3)]
    assert chains_in(tmp_path) == names
    for name in names[1::2]:
        sampled.clear()
        (tmp_path / name).unlink()
        assert bits(fitted(wine, tmp_path, resume=True)) == whole
        assert len(sampled) == 1


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


class TestInterrupts:
    def test_sigterm_counts_as_the_first_ctrl_c_and_is_given_back(self):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

        def terminate():
            with terminated_as_interrupted():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(1)

        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            terminate()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    def test_a_handler_of_someone_else_stays(self):
        seen = []
        signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
        try:
            with terminated_as_interrupted():
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.01)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        assert seen == [1]

    def test_other_threads_leave_signals_alone(self):
        seen = []

        def run():
            with terminated_as_interrupted():
                seen.append(signal.getsignal(signal.SIGTERM))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        assert seen == [signal.SIG_DFL]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_finished_chains_and_draws_so_far_survive_and_resume_completes(
        self, number, wine, tmp_path, monkeypatch
    ):
        """Stopped as the first of three chains has been written: on going on, what an unbroken run returns."""
        keep = room.Stage.keep

        def keep_and_stop(stage, chain, result):
            keep(stage, chain, result)
            os.kill(os.getpid(), number)

        whole = bits(fitted(wine))
        with monkeypatch.context() as patch:
            patch.setattr(room.Stage, "keep", keep_and_stop)
            fit = fitted(wine, tmp_path, cores=1)
        assert fit.idata["sample_stats"].attrs["interrupted"] == 1
        assert fit.idata["posterior"].sizes["draw"] == 60
        assert "interrupted" in str(fit.verdict)
        assert chains_in(tmp_path) == ["target-accept-0.8-chain-0"]
        assert bits(fitted(wine, tmp_path, resume=True)) == whole

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_second_one_stops_and_loses_no_chain(self, number, wine, tmp_path, monkeypatch, unbroken):
        """It comes while the draws so far are gathered."""
        keep, read, calls = room.Stage.keep, nuts._read, []

        def keep_and_stop(stage, chain, result):
            keep(stage, chain, result)
            os.kill(os.getpid(), number)

        def read_and_stop(results):
            calls.append(1)
            if len(calls) > 1:
                os.kill(os.getpid(), number)
            return read(results)

        with monkeypatch.context() as patch:
            patch.setattr(room.Stage, "keep", keep_and_stop)
            patch.setattr(nuts, "_read", read_and_stop)
            with pytest.raises(KeyboardInterrupt):
                fitted(wine, tmp_path, cores=2)
        assert len(chains_in(tmp_path)) == 1
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert bits(fitted(wine, tmp_path, resume=True)) == unbroken

    def test_ctrl_c_at_the_worst_moment_loses_no_chain(self, wine, tmp_path, monkeypatch):
        """Between the end of a chain and its place on disk."""
        calls = []

        def interrupted(stage, chain, result):
            calls.append(chain)
            stage._waiting[chain] = result
            raise KeyboardInterrupt

        monkeypatch.setattr(room.Stage, "keep", interrupted)
        fit = fitted(wine, tmp_path, cores=1)
        assert calls == [0]
        assert chains_in(tmp_path) == ["target-accept-0.8-chain-0"]
        assert fit.idata["posterior"].sizes == {**fit.idata["posterior"].sizes, "chain": 1, "draw": 60}


def test_digests_tell_everything_apart():
    values = [
        None, 0, False, 0.0, -0.0, "", "0", (), (0,), ((0,),), (0, 0), {"a": 1}, {"a": 1.0}, np.zeros(2), np.zeros((1, 2)),
        np.zeros(2, dtype=np.float32), np.array([0.0, -0.0]), np.zeros(0), np.zeros((0, 3)), np.array(0.0), ("ab", "c"),
        ("a", "bc"),
    ]  # fmt: skip
    assert len({digest(value) for value in values}) == len(values)
    assert digest(np.arange(6.0).reshape(2, 3).T) == digest(np.arange(6.0).reshape(2, 3).T.copy())
    with pytest.raises(TypeError, match="no digest"):
        digest(object())
