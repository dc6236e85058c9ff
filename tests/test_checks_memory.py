"""Arrays that cannot be held are refused before they are made, with their size and what to call instead."""

import tracemalloc

import numpy as np
import pytest

import bayesord as bo
from bayesord.checks import memory
from bayesord.checks.memory import available_memory, check_memory
from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.predictive.probabilities import LinearDraws


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_what_is_free_is_the_smaller_of_machine_and_control_group(tmp_path):
    proc = write(tmp_path / "proc", meminfo="MemTotal: 100 kB\nMemAvailable:       50 kB\n")
    none = tmp_path / "none"
    assert available_memory(proc, none) == 50 * 1024
    second = {
        "memory_dot_max": "9000\n",
        "memory_dot_current": "4000\n",
        "memory_dot_stat": "anon 3\ninactive_file 500\n",
    }
    assert available_memory(proc, write(tmp_path / "v2", **second)) == 5500
    assert available_memory(none, write(tmp_path / "v2", **second)) == 5500
    unlimited = second | {"memory_dot_max": "max\n"}
    assert available_memory(proc, write(tmp_path / "v2max", **unlimited)) == 50 * 1024
    first = {
        "memory__memory_dot_limit_in_bytes": "7000",
        "memory__memory_dot_usage_in_bytes": "8000",
        "memory__memory_dot_stat": "cache 1",
    }
    assert available_memory(proc, write(tmp_path / "v1", **first)) == 0
    assert available_memory(none, none) is None or available_memory(none, none) > 10**8


def test_half_of_what_is_free_is_the_limit():
    check_memory("x", (5, 10**8), "", bytes_each=1, available=10**9)
    with pytest.raises(MemoryError, match=r"would take 0.5 GB \(5 x 100,000,001 entries\), and 1.0 GB"):
        check_memory("x", (5, 10**8 + 1), "", bytes_each=1, available=10**9)
    check_memory("small things are not asked about", (1000, 1000), "", available=0)


@pytest.fixture(scope="module")
def fit():
    return bo.fit("rating ~ temp", bo.datasets.load_wine(), random_seed=1, progressbar=False)


@pytest.mark.parametrize(
    ("method", "instead"),
    [("category_probs", "predict_proba"), ("linear_predictor", "predict_proba"), ("expected_score", "predict_proba"),
     ("posterior_predictive", "expected_qwk")],
)  # fmt: skip
def test_answers_of_many_rows(fit, monkeypatch, method, instead):
    """Refused in a moment, without the memory that they would take."""
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * 10**9)
    rows = bo.datasets.load_wine().iloc[np.zeros(100_000, dtype=int)].reset_index(drop=True)
    tracemalloc.start()
    with pytest.raises(MemoryError, match=instead) as refused:
        getattr(fit, method)(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "4.0 GB of memory are free" in str(refused.value)
    assert peak < 1e8  # the rows themselves


def test_the_log_likelihood_of_a_million_rows(fit, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(memory, "available_memory", lambda: 4 * 10**9)
    rows = np.zeros(1_000_000, dtype=int)
    design = replace(fit.design, X=fit.design.X[rows], y=fit.design.y[rows], obs_id=rows)
    steps = np.zeros((4000, 4))
    with pytest.raises(MemoryError, match=r"32.0 GB \(4,000 x 1,000,000 entries\).*fit.qwk\(\)"):
        log_likelihood_at(design, fit.link, np.zeros((4000, 1)), steps)
    assert log_likelihood_at(design, fit.link, np.zeros((4000, 1)), steps, rows=slice(0, 5)).shape == (
        4000,
        5,
    )


def test_tables_of_probabilities(monkeypatch):
    draws = LinearDraws("logit", np.zeros((10**6, 0)), np.zeros((1000, 0)), np.zeros((1000, 3)))
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * 10**9)
    with pytest.raises(MemoryError, match=r"32.0 GB \(1,000 x 1,000,000 x 4 entries\).*mean_probs"):
        draws.probs()
    with pytest.raises(MemoryError, match=r"8.0 GB \(1,000 x 1,000,000 entries\)"):
        draws.eta()
    assert draws.rows(0, 3).probs().shape == (1000, 3, 4)
