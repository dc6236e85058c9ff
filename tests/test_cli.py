"""The command line, called as a shell would and in this process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayesord as bo
from bayesord.cli import main

FORMULA = "rating ~ temp + contact"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the wine data, and a fit of it."""
    folder = tmp_path_factory.mktemp("cli")
    bo.datasets.load_wine().astype({"rating": int}).to_csv(folder / "wine.csv", index=False)
    assert main(["fit", str(folder / "wine.csv"), FORMULA, "--out", str(folder / "wine.fit"), "--seed", "1", "--quiet"]) == 0  # fmt: skip
    return folder


def test_the_installed_command_fits_and_predicts(folder, tmp_path):
    command = Path(sys.executable).with_name("bayesord")
    run = [str(command), "predict", str(folder / "wine.fit"), str(folder / "wine.csv")]
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["label", "1"]
    assert list(tmp_path.iterdir()) == []


def test_fit_prints_what_the_fit_says_and_saves_it(folder, tmp_path, capsys):
    out = tmp_path / "again.fit"
    code = main(["fit", str(folder / "wine.csv"), FORMULA, "--out", str(out), "--seed", "1", "--quiet"])
    said = capsys.readouterr().out
    assert code == 0
    assert "Converged: R-hat" in said
    assert "beta[temp[warm]]" in said
    assert f"saved to {out}" in said
    by_hand = bo.fit(FORMULA, pd.read_csv(folder / "wine.csv"), random_seed=1, progressbar=False)
    np.testing.assert_array_equal(by_hand.idata["posterior"]["beta"], bo.load(out).idata["posterior"]["beta"])


def test_show_prints_it_again(folder, capsys):
    assert main(["show", str(folder / "wine.fit")]) == 0
    assert "cutpoints[4|5]" in capsys.readouterr().out
    assert main(["show", str(folder / "wine.fit"), "--prob", "0.5"]) == 0
    assert "eti50_lb" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [".csv", ".tsv"])
def test_predict_writes_labels_and_probabilities(folder, tmp_path, kind):
    out = tmp_path / f"labels{kind}"
    command = ["predict", str(folder / "wine.fit"), str(folder / "wine.csv"), "--out", str(out), "--probs"]
    assert main([*command, "--decision", "mode"]) == 0
    table = pd.read_csv(out, sep="\t" if kind == ".tsv" else ",")
    fit, wine = bo.load(folder / "wine.fit"), pd.read_csv(folder / "wine.csv")
    np.testing.assert_array_equal(table["label"], fit.predict(wine, decision="mode"))
    np.testing.assert_allclose(table.filter(like="P(").to_numpy(), fit.predict_proba(wine), rtol=1e-12)
    assert list(table)[1:] == [f"P({k})" for k in range(1, 6)]


def test_words_as_categories(folder, tmp_path, capsys):
    wine = pd.read_csv(folder / "wine.csv")
    wine["rating"] = np.array(["awful", "poor", "fair", "good", "great"])[wine["rating"] - 1]
    wine.to_csv(tmp_path / "words.csv", index=False)
    command = ["fit", str(tmp_path / "words.csv"), FORMULA, "--quiet", "--seed", "1"]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert "order is unknown" in said
    assert (
        "--categories awful,fair,good,great,poor" in said
    )  # what can be typed here, not an argument in Python
    assert main([*command, "--categories", "awful,poor,fair,good,great", "--link", "probit"]) == 0
    assert "[probit; 72 rows; awful: 5, poor: 22" in capsys.readouterr().out


def test_an_interrupted_fit_goes_on(folder, tmp_path):
    command = ["fit", str(folder / "wine.csv"), FORMULA, "--quiet", "--seed", "1"]
    command += ["--checkpoint", str(tmp_path / "chains")]
    assert main(command) == 0
    assert main([*command, "--resume"]) == 0


def test_the_categories_that_are_offered_can_be_pasted(folder, tmp_path, capsys):
    wine = pd.read_csv(folder / "wine.csv")
    words = ["awful", "not good", "fair", "good", "great"]
    for middle, offered in (
        ("not good", "--categories 'awful,fair,good,great,not good'"),
        ("so, so", "FIRST,SECOND"),
    ):
        words[1] = middle
        wine.assign(rating=np.array(words)[wine["rating"] - 1]).to_csv(tmp_path / "words.csv", index=False)
        assert main(["fit", str(tmp_path / "words.csv"), FORMULA, "--quiet"]) == 1
        assert offered in capsys.readouterr().err


def test_without_an_output_to_write_to(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["show", str(folder / "wine.fit")]) == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["fit", "wine.csv", "ratng ~ temp"], "'ratng'"),
        (["fit", "wine.csv", "rating ~ temp", "--out", "wine.fit"], "--overwrite"),
        (["fit", "wine.csv", "rating ~ temp", "--out", "nowhere/wine.fit"], "there is no folder"),
        (["fit", "wines.csv", "rating ~ temp"], "Did you mean"),
        (["fit", "wine.xlsx", "rating ~ temp"], ".parquet"),
        (["fit", "wine.csv", "rating ~ temp", "--resume"], "--checkpoint"),
        (["fit", "wine.csv", "rating ~ temp", "--categories", "low,high"], "whole numbers"),
        (["fit", "wine.csv", "__import__('os').system('touch canary') ~ temp"], "formula"),
        (["show", "wien.fit"], "there is no file wien.fit. Did you mean 'wine.fit'"),
        (["predict", "win.fit", "wine.csv"], "Did you mean 'wine.fit'"),
        (["predict", "wine.fit", "no.csv", "--out", "labels.xls"], "labels.xls must end in"),
        (["show", "wine.csv"], "not a fit|not a file of bayesord|bayesord"),
        (["predict", "wine.fit", "wine.csv", "--decision", "qvk"], "qwk"),
    ],
)
def test_what_is_wrong_is_said_in_words(folder, monkeypatch, capsys, command, says):
    monkeypatch.chdir(folder)
    assert main(command) == 1
    said = capsys.readouterr()
    assert said.err.startswith("bayesord: ")
    assert "Traceback" not in said.err
    assert pd.Series([said.err]).str.contains(says, regex=True).item(), said.err
    assert not (folder / "canary").exists()


def test_a_command_that_is_not_understood(capsys):
    with pytest.raises(SystemExit) as end:
        main(["guess"])
    assert end.value.code == 2
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "bayesord predict wine.fit new.csv" in capsys.readouterr().out


def test_a_fit_that_has_not_converged_says_so_by_its_exit_code(folder, capsys):
    command = ["fit", str(folder / "wine.csv"), FORMULA, "--draws", "20", "--quiet", "--seed", "1"]
    assert main(command) == 3
    assert "Not converged" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(folder, tmp_path):
    """And the fit is saved by then."""
    code = "import sys; sys.stdin.readline(); from bayesord.cli import main; sys.exit(main())"
    run = [
        sys.executable,
        "-c",
        code,
        "fit",
        str(folder / "wine.csv"),
        FORMULA,
        "--quiet",
        "--out",
        str(tmp_path / "x.fit"),
    ]
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(run, text=True, **pipe) as process:
        process.stdout.close()
        process.stdin.write("\n")
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
    assert (tmp_path / "x.fit").is_file()
