"""Progress bars: rich's in a terminal, a line of HTML in a notebook, nothing anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bayesord import html

__all__ = ["Bar", "counted", "in_notebook", "steps"]

_REFRESH_SECONDS = 0.1


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (and so can show HTML)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


@contextmanager
def steps(title: str, total: int, *, shown: bool):
    """Gives a function (what comes next) to call before each of `total` things.

    Examples
    --------
    >>> with steps("Scoring", 2, shown=False) as begin:
    ...     begin("first")
    ...     begin("second")
    """
    begun = 0

    def begin(name: str) -> None:
        nonlocal begun
        bar.show(
            begun, f"{begun:,} of {total:,}  {name}", now=True
        )  # what takes long must be named from its start
        begun += 1

    with Bar(title, total, shown=shown) as bar:
        yield begin
        bar.show(total, f"{total:,} of {total:,}", now=True)


def counted(title: str, total: int, *, shown: bool) -> Iterator[int]:
    """0, 1, ..., total - 1, with a bar.

    Examples
    --------
    >>> list(counted("Replicates", 3, shown=False))
    [0, 1, 2]
    """
    with Bar(title, total, shown=shown) as bar:
        for i in range(total):
            bar.show(i, f"{i:,} of {total:,}")
            yield i
        bar.show(total, f"{total:,} of {total:,}", now=True)


class Bar:
    """One bar, which stays when it has come to its end; `show` may be called as often as one likes.

    Parameters
    ----------
    title : str
    total : int
    shown : bool
        False: nothing is ever written.
    """

    def __init__(self, title: str, total: int, *, shown: bool):
        self._display = (_Notebook if in_notebook() else _Terminal)(title, total) if shown else None
        self._next = 0.0

    @property
    def shown(self) -> bool:
        return self._display is not None

    def __enter__(self):
        if self._display:
            self._display.start()
        return self

    def __exit__(self, *exc):
        if self._display:
            self._display.stop()

    def show(self, completed: int, note: str, *, now: bool = False) -> None:
        """How much is done; not drawn if that was just done, unless `now`."""
        clock = time.perf_counter()
        if self._display and (now or clock >= self._next):
            self._next = clock + _REFRESH_SECONDS
            self._display.show(completed, note)


class _Terminal:
    """On standard error; nothing where that is a file or a pipe."""

    def __init__(self, title: str, total: int):
        self._title, self._total = title, total

    def start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
        from rich.text import Text

        class Seconds(ProgressColumn):
            def render(self, task):
                return Text(f"{(task.finished_time if task.finished else task.elapsed) or 0:.1f} s")

        console = Console(stderr=True)
        columns = [TextColumn("{task.description}"), BarColumn(bar_width=30), Seconds()]
        note = TextColumn("{task.fields[note]}", markup=False)
        self._bar = Progress(*columns, note, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task(self._title, total=self._total, note="")
        self._bar.start()

    def show(self, completed: int, note: str) -> None:
        self._bar.update(self._task, completed=completed, note=note)

    def stop(self) -> None:
        self._bar.stop()


class _Notebook:
    def __init__(self, title: str, total: int):
        self._title, self._total = title, total

    def start(self) -> None:
        from IPython.display import display

        self._began = time.perf_counter()
        self._handle = display(self._bundle(0, ""), raw=True, display_id=True)

    def show(self, completed: int, note: str) -> None:
        self._handle.update(self._bundle(completed, note), raw=True)

    def stop(self) -> None:
        """The last state stays."""

    def _bundle(self, completed: int, note: str) -> dict[str, str]:
        """As HTML, and as text for front ends that show none."""
        seconds = f"{time.perf_counter() - self._began:.1f} s"
        title, said = html.escape(self._title), html.escape(note)
        drawn = (
            f'<progress aria-label="{title}" max="{self._total}" value="{completed}" '
            'style="width:20em;vertical-align:middle"></progress>'
        )
        return {
            "text/html": f"<div>{title} {drawn} {seconds} &nbsp; {said}</div>",
            "text/plain": f"{self._title}: {seconds}  {note}",
        }
