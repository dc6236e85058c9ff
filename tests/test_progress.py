"""Bars: they come to their end in a terminal and in a notebook, and nothing is written where none was asked for."""

import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from bayesord.inference.progress import Progress
from bayesord.progress import Bar, counted, in_notebook, steps

TWO_STEPS = """
import time
from bayesord.progress import steps
with steps("Scoring", 2, shown={shown}) as begin:
    begin("a <b>")
    begin("[red]second")
    time.sleep(0.3)
"""


@pytest.mark.parametrize("shown", [False, True])
def test_nothing_is_written_where_nobody_looks(capfd, shown):
    with steps("Scoring", 3, shown=shown) as begin:
        for name in "abc":
            begin(name)
    assert list(counted("Replicates", 4, shown=shown)) == [0, 1, 2, 3]
    with Progress(2, 10, shown=shown) as progress:
        progress.finish(0)
    assert capfd.readouterr() == ("", "")


def test_this_is_no_notebook():
    assert not in_notebook()


def test_a_terminal_sees_the_end():
    pty = pytest.importorskip("pty", reason="pseudo-terminals are of POSIX")
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}
    program = [sys.executable, "-c", TWO_STEPS.format(shown=True)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=writer, env=environment) as process:
        os.close(writer)
        seen = b""
        while True:
            try:
                part = os.read(reader, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not part:
                break
            seen += part
        assert process.stdout.read() == b""
    os.close(reader)
    assert process.returncode == 0
    text = seen.decode()
    assert "Scoring" in text
    assert "[red]second" in text  # a name is not rich's markup
    assert "━ 0." in text.split("[red]second")[-1]
    assert "2 of 2" in text.split("[red]second")[-1]


def _run(*cells: str) -> list:
    """The outputs of each cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(c)) for c in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_notebook_sees_one_line_that_ends_full():
    broken = """
    with steps("Scoring", 4, shown=True) as begin:
        begin("first")
        raise RuntimeError("on purpose")
    """
    shown, hidden, failed = _run(TWO_STEPS.format(shown=True), TWO_STEPS.format(shown=False), broken)
    assert [output.output_type for output in shown] == ["display_data"]
    seen = shown[0].data["text/html"]
    assert 'max="2" value="2"' in seen
    assert "2 of 2" in seen
    assert shown[0].data["text/plain"].startswith("Scoring: ")
    assert hidden == []
    assert [output.output_type for output in failed] == ["display_data", "error"]
    assert 'max="4" value="0"' in failed[0].data["text/html"]


class Recorder:
    """Stands in for a display."""

    def __init__(self):
        self.states = []

    def start(self):
        self.states.append("start")

    def show(self, completed, note):
        self.states.append((completed, note))

    def stop(self):
        self.states.append("stop")


def watch(bar: Bar) -> Recorder:
    bar._display = Recorder()
    return bar._display


def test_the_bar_of_draws_counts_all_chains(monkeypatch):
    monkeypatch.setattr("bayesord.progress._REFRESH_SECONDS", 0.0)
    progress = Progress(2, 100, shown=False)
    seen = watch(progress._bar)
    with progress:
        first, second = progress.callback(0), progress.callback(1)
        first([SimpleNamespace(finished_draws=40, divergences=0)])
        second([SimpleNamespace(finished_draws=10, divergences=3)])
        progress.refresh()
        progress.finish(0)
        first([SimpleNamespace(finished_draws=90, divergences=0)])  # too late
        progress.finish(1)
    assert seen.states == [
        "start",
        (50, "50 of 200 draws, 3 divergences"),
        (200, "200 of 200 draws, 3 divergences"),
        "stop",
    ]


def test_drawing_is_rationed_but_the_end_is_shown():
    bar = Bar("Scoring", 1000, shown=False)
    seen = watch(bar)
    with bar:
        for i in range(1000):
            bar.show(i, "")
        bar.show(1000, "", now=True)
    assert len(seen.states) < 100
    assert seen.states[-2] == (1000, "")


def test_a_bar_that_is_not_shown_takes_no_callbacks():
    assert Progress(1, 10, shown=False).callback(0) is None
