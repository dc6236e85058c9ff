"""One progress bar for all chains: rich in a terminal, a few lines of HTML in Jupyter, nothing elsewhere."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress", "in_notebook"]

_REFRESH_SECONDS = 0.1


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel (and so can show HTML)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


class Progress:
    """Counts finished draws over all chains; `callback(chain)` is given to each sampler."""

    def __init__(self, chains: int, draws_per_chain: int, *, shown: bool):
        self._finished = [0] * chains
        self._divergences = [0] * chains
        self._per_chain = draws_per_chain
        self._total = chains * draws_per_chain
        self._next = 0.0
        self._display = None
        if shown:
            self._display = _Notebook() if in_notebook() else _Terminal()

    def __enter__(self):
        self._began = time.perf_counter()
        if self._display:
            self._display.start(self._total)
        return self

    def __exit__(self, *exc):
        self.refresh(now=True)
        if self._display:
            self._display.stop()

    def callback(self, chain: int):
        """What nutpie calls, from a thread of its own, with the progress of this chain."""
        if not self._display:
            return None

        def update(progress):
            self._finished[chain] = progress[0].finished_draws
            self._divergences[chain] = progress[0].divergences

        return update

    def finish(self, chain: int) -> None:
        self._finished[chain] = self._per_chain

    def refresh(self, *, now: bool = False) -> None:
        clock = time.perf_counter()
        if not self._display or (clock < self._next and not now):
            return
        self._next = clock + _REFRESH_SECONDS
        self._display.show(sum(self._finished), sum(self._divergences), clock - self._began)


class _Terminal:
    """rich's bar on standard error; only its last state where that is no terminal."""

    def start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("Sampling"),
            BarColumn(bar_width=30),
            TextColumn(
                "{task.completed:,.0f} of {task.total:,.0f} draws, {task.fields[seconds]:.1f} s{task.fields[trouble]}"
            ),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, seconds=0.0, trouble="")
        self._bar.start()

    def show(self, finished: int, divergences: int, seconds: float) -> None:
        self._bar.update(self._task, completed=finished, seconds=seconds, trouble=_trouble(divergences))

    def stop(self) -> None:
        self._bar.stop()


class _Notebook:
    def start(self, total: int) -> None:
        from IPython.display import HTML, display

        self._html, self._total = HTML, total
        self._handle = display(HTML(""), display_id=True)

    def show(self, finished: int, divergences: int, seconds: float) -> None:
        self._handle.update(
            self._html(
                f'Sampling <progress max="{self._total}" value="{finished}" style="width: 20em"></progress> '
                f"{finished:,} of {self._total:,} draws, {seconds:.1f} s{_trouble(divergences)}"
            )
        )

    def stop(self) -> None:
        pass


def _trouble(divergences: int) -> str:
    return f", {divergences} divergences" if divergences else ""
