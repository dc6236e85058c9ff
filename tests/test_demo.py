"""The demonstration runs from a shell without a word on standard error, and its tables say what the fit says."""

import os
import subprocess
import sys

import pytest

from bayesord.demo import condition_table


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    # No screen, and every warning an error
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "MPLBACKEND")}
    command = [sys.executable, "-W", "error", "-m", "bayesord.demo"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300), folder


def test_it_prints_the_verdict_the_answers_and_where_the_figure_is(demo):
    run, folder = demo
    assert run.returncode == 0, run.stderr
    assert (
        run.stderr.replace("bayesord: compiling once for this machine (later fits start at once)\n", "") == ""
    )
    for said in (
        "Converged: R-hat",
        "beta[temp[warm]]",
        "cutpoints[4|5]",
        "Expected QWK 0.52",
        "next answers",
    ):
        assert said in run.stdout
    figure = folder / "demo-output" / "wine.png"
    assert run.stdout.rstrip().endswith(f"The figure: {figure}")
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_each_condition_has_its_probabilities_and_labels(demo, wine, wine_fit):
    out = demo[0].stdout
    conditions = wine[["temp", "contact"]].drop_duplicates(ignore_index=True)
    table = condition_table(wine_fit, conditions)
    for (name, cells), label in zip(table.iterrows(), wine_fit.predict(conditions), strict=True):
        lines = [line.split("  ") for line in out.splitlines() if line.startswith(name)]
        probabilities, labels = ([part.strip() for part in line[1:] if part.strip()] for line in lines)
        assert probabilities == cells.tolist()
        assert labels[0] == str(label)


def test_cells_are_means_with_intervals_in_per_cent(wine, wine_fit):
    table = condition_table(wine_fit, wine.head(1), prob=0.8)
    probs = 100 * wine_fit.category_probs(wine.head(1)).values.reshape(-1, 5)[:, 1]
    low, high = sorted(probs)[400], sorted(probs)[3600]
    assert table.shape == (1, 5)
    assert table.iloc[0, 1] == f"{probs.mean():.0f} ({low:.0f} to {high:.0f})"
