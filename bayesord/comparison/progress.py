"""A bar for things that are done one after another: in a terminal or in Jupyter, nothing elsewhere."""

from __future__ import annotations

from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(title: str, total: int, *, shown: bool):
    """Gives a function (what comes next) to call before each of `total` things.

    Examples
    --------
    >>> with progress("Scoring", 2, shown=False) as begin:
    ...     begin("first")
    ...     begin("second")
    """
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(title),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[name]}"),
        console=console,
        disable=not (console.is_terminal or console.is_jupyter),
    )
    task = bar.add_task("", total=total, name="")
    begun = 0

    def begin(name: str) -> None:
        nonlocal begun
        bar.update(task, completed=begun, name=name)
        begun += 1

    with bar:
        yield begin
        bar.update(task, completed=total, name="")
