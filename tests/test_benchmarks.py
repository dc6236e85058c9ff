"""The benchmark of sampling runs, and its table says what was measured."""

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.sampling.cases import CASES, get_case
from benchmarks.sampling.peers import Settings
from benchmarks.sampling.report import agreement, table
from benchmarks.sampling.run import Result, _call

ROOT = Path(__file__).parents[1]


def test_one_command_runs_and_prints_the_table():
    command = [sys.executable, "-m", "benchmarks.sampling", "--sizes", "300x2", "--peers", "--draws", "200",
               "--chains", "2", "--cores", "1", "--cold"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| bayesord")]
    assert [re.split(r"\s*\|\s*", row)[2] for row in rows] == ["default", "normal"]
    for row in rows:
        seconds, _, sampling, _, _, bulk = re.split(r"\s*\|\s*", row)[3:9]
        assert 0 < float(sampling) <= float(seconds)
        assert 100 < float(bulk.replace(",", "")) < 2000


@pytest.mark.parametrize("name", ["1000x5", "2000x128", "factors", "crossed", "40x3"])
def test_data_are_centred_with_five_categories(name):
    X, y, groups = get_case(name).data()
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    assert set(y) == set(range(5))
    assert groups.shape == (len(X), len(get_case(name).groups))
    if name[0].isdigit():
        assert X.shape == tuple(map(int, name.split("x")))


def test_factors_collapse_to_few_distinct_rows():
    X, *_ = CASES["factors"].data()
    assert len(np.unique(X, axis=0)) == 3 * 4 * 5 * 3


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="300x4"):
        get_case("large")


def _result(name, means, seconds, ess):
    figures = {
        "seconds": seconds,
        "seconds_sampling": seconds / 2,
        "seconds_import": 1.0,
        "gradients_per_draw": 7.0,
    }
    return Result(name, "normal", figures, np.array(means), np.full(len(means), 0.3), ess, ess / 2)


def test_the_table_compares_speed_and_means_and_bounds_what_did_not_end():
    own = _result("bayesord", [0.0, 1.0], 2.0, 4000.0)
    peer = _result("peer", [0.0, 2.5], 20.0, 400.0)
    slow = Result("slow", "normal", trouble="over 100 s", bound=40.0)
    assert agreement(peer, own) == pytest.approx(1.5 / np.hypot(0.3, 0.3))
    lines = table([(own, None, True), (peer, own, True), (peer, own, False), (slow, own, True)]).splitlines()
    assert "2,000" in lines[2]  # ESS a second
    assert "3.5" in lines[3]
    assert "100 x" in lines[3]
    assert "3.5" not in lines[4]  # another posterior: only speed is compared
    for said in ("over 100 s", "< 40", "> 50 x"):
        assert said in lines[5]


def test_a_run_past_its_limit_is_ended_with_its_children():
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    began = time.perf_counter()
    assert _call([sys.executable, "-c", code], 1.0, Settings()) == (False, "over 1 s")
    assert time.perf_counter() - began < 20  # a child that lived on would hold the pipe open for a minute


def test_a_run_that_fails_says_why():
    ended, trouble = _call([sys.executable, "-c", "raise ValueError('no such prior')"], 30, Settings())
    assert not ended
    assert "no such prior" in trouble
