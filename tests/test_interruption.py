"""kill -9 at any moment: chains that were done stay done, and what goes on ends bitwise as if nothing had happened."""

import os
import signal
import time
from contextlib import suppress

import numpy as np
import pytest
from killed_runs import Runs, cpu_seconds


@pytest.fixture(scope="module")
def runs():
    made = Runs()
    yield made
    made.close()


@pytest.fixture(scope="module")
def unbroken(runs, tmp_path_factory):
    """The digest of a run without a break, and the CPU time it takes."""
    runs.begin(tmp_path_factory.mktemp("unbroken"))
    (digest, seconds, interrupted), status = runs.end()
    assert (status, interrupted) == (0, "0")
    return digest, float(seconds)


def chains_in(folder) -> dict[str, tuple[int, bytes]]:
    """Finished chains: when each was written, and its bytes."""
    found = [path for path in folder.iterdir() if "chain" in path.name and not path.name.startswith(".")]
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def resumed(runs, folder) -> str:
    runs.begin(folder)
    (digest, _, interrupted), status = runs.end()
    assert (status, interrupted) == (0, "0")
    assert not list(folder.glob(".*"))
    return digest


def kill_at_random(runs, unbroken, folder, rng) -> tuple[int, int, bool]:
    """Chains done before the kill, how many of these were lost, and whether going on gave the same bits."""
    digest, seconds = unbroken
    moment = rng.uniform(0, seconds)  # of CPU time: what else the machine does is no matter then
    process = runs.begin(folder)
    while cpu_seconds(process) < moment:
        time.sleep(0.002)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    runs.end()
    before = chains_in(folder) if folder.exists() else {}
    again = resumed(runs, folder)
    after = chains_in(folder)
    return len(before), sum(after.get(name) != own for name, own in before.items()), again == digest


def test_killed_at_random_and_resumed(runs, unbroken, tmp_path, rng):
    for number in range(2):
        _, lost, equal = kill_at_random(runs, unbroken, tmp_path / str(number), rng)
        assert (lost, equal) == (0, True)


@pytest.mark.slow
def test_killed_at_twenty_random_moments(runs, unbroken, tmp_path, rng, capsys):
    told = [kill_at_random(runs, unbroken, tmp_path / str(number), rng) for number in range(20)]
    done, lost, equal = np.array(told).sum(axis=0)
    with capsys.disabled():
        print(
            f"\nkill -9 at 20 random moments: {done} chains were done, {lost} lost; resumed bitwise equal {equal} of 20"
        )
    assert (lost, equal) == (0, 20)
    assert len({chains for chains, _, _ in told}) > 2  # moments of many kinds


def test_killed_again_and_again_in_one_folder_while_writing(runs, unbroken, tmp_path):
    """Each time half-way through the file of the next chain."""
    for done in range(3):
        runs.begin(tmp_path, die_at=3 + 23 * (done > 0))
        assert runs.end() == (None, -signal.SIGKILL)
        assert len(chains_in(tmp_path)) >= done
        assert len(list(tmp_path.glob(".*.unfinished"))) == 1
    assert resumed(runs, tmp_path) == unbroken[0]


def test_terminated_a_run_returns_what_it_has_and_goes_on_later(runs, unbroken, tmp_path):
    process = runs.begin(tmp_path)
    while not chains_in(tmp_path):
        time.sleep(0.002)
    os.kill(process, signal.SIGTERM)
    (_, _, interrupted), status = runs.end()
    assert (status, interrupted) == (0, "1")
    assert 0 < len(chains_in(tmp_path)) < 4
    assert resumed(runs, tmp_path) == unbroken[0]
