"""Small pieces of HTML for notebooks: plain data in, safe text out.

Colours and fonts are those of the page around, so that light and dark themes both work, and the few rules of style apply
inside `block` alone. What is drawn with spans is there in numbers too, and hidden from screen readers. Everything that is
not `Markup` is escaped.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

__all__ = ["Markup", "bar", "block", "escape", "interval_bar", "paragraph", "side_by_side", "status", "table"]

_STYLE = """<style>
.bayesord p, .bayesord .status, .bayesord table {margin: .4em 0}
.bayesord .beside {display: flex; flex-wrap: wrap; gap: 0 2.5em; align-items: flex-start}
.bayesord .status {padding-left: .6em; border-left: 3px solid}
.bayesord .status ul {margin: .2em 0 0; padding-left: 1.5em}
.bayesord table {color: inherit}
.bayesord caption {text-align: left; white-space: nowrap}
.bayesord :is(td, th) {text-align: right; vertical-align: top; padding: .2em .6em; white-space: nowrap;
  font-variant-numeric: tabular-nums}
.bayesord :is(td, th).words {text-align: left}
.bayesord th.words {white-space: normal}
</style>"""
_INK = "background:currentColor"
# JupyterLab's own colours where it shows the page, which follow its theme; elsewhere ones that light and dark both bear
_SIGNS = {
    "ok": ("✓", "var(--jp-success-color1, #388e3c)"),
    "caution": ("⚠", "var(--jp-warn-color1, #f57c00)"),
    "failed": ("✗", "var(--jp-error-color1, #e53935)"),
}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Any value as text that HTML shows as it is.

    Examples
    --------
    >>> escape("a < b"), escape(Markup("<b>1</b>"))
    ('a &lt; b', '<b>1</b>')
    """
    return value if isinstance(value, Markup) else Markup(html.escape(str(value)))


def _joined(parts: Iterable[object]) -> str:
    return "".join(escape(part) for part in parts)


def block(*parts: object) -> Markup:
    """All of what one object shows; the other pieces are made to stand in one."""
    return Markup(f'<div class="bayesord">{_STYLE}{_joined(parts)}</div>')


def paragraph(*parts: object) -> Markup:
    """A line of text."""
    return Markup(f"<p>{_joined(parts)}</p>")


def side_by_side(*parts: object) -> Markup:
    """Parts beside each other where there is room, else below."""
    return Markup(f'<div class="beside">{_joined(parts)}</div>')


def status(level: str, head: str, text: str, notes: Sequence[str] = ()) -> Markup:
    """A verdict: a sign and words, never colour alone.

    Parameters
    ----------
    level : "ok" | "caution" | "failed"
    head, text : str
    notes : sequence of str
        One line each.
    """
    sign, colour = _SIGNS[level]
    lines = "".join(f"<li>{escape(note)}</li>" for note in notes)
    listed = f"<ul>{lines}</ul>" if lines else ""
    return Markup(
        f'<div class="status" style="border-color:{colour}">'
        f'<span aria-hidden="true">{sign} </span><b>{escape(head)}</b>: {escape(text)}{listed}</div>'
    )


def table(
    columns: Sequence[object],
    rows: Iterable[Sequence[object]],
    *,
    caption: object = "",
    words: Sequence[int] = (0,),
) -> Markup:
    """A table whose first column names the rows.

    Parameters
    ----------
    columns : sequence
        Names of all columns, the first included; without any name there is no line of names.
    rows : iterable of sequences
    caption : text, optional
    words : sequence of int
        The columns of words, which begin at the left; numbers end at the right.

    Examples
    --------
    >>> print(table(["", "n"], [["a & b", 3]]))
    <table><thead><tr><th scope="col" class="words"></th><th scope="col">n</th></tr></thead>
    <tbody><tr><th scope="row" class="words">a &amp; b</th><td>3</td></tr></tbody></table>
    """

    def cell(column: int, content: object, tag: str) -> str:
        kind = ' class="words"' if column in words else ""
        return f"<{tag}{kind}>{escape(content)}</{tag.split()[0]}>"

    def line(cells: Iterable[str]) -> str:
        return f"<tr>{''.join(cells)}</tr>"

    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    names = line(cell(i, name, 'th scope="col"') for i, name in enumerate(columns))
    head = f"<thead>{names}</thead>\n" if any(columns) else ""
    body = "\n".join(
        line(cell(i, content, "td" if i else 'th scope="row"') for i, content in enumerate(row))
        for row in rows
    )
    return Markup(f"<table>{said}{head}<tbody>{body}</tbody></table>")


def bar(share: float, *, width: float = 6.0) -> Markup:
    """A bar of a share of `width` (em), for a number that stands beside it."""
    return Markup(
        f'<span aria-hidden="true" style="display:inline-block;width:{width:g}em;text-align:left">'
        f'<span style="display:inline-block;height:.7em;opacity:.5;{_INK};width:{_percent(share)}"></span></span>'
    )


def interval_bar(
    interval: tuple[float, float], value: float, span: tuple[float, float], *, width: float = 11.0
) -> Markup:
    """An interval and a value on a line from one end of `span` to the other, for numbers that stand beside it."""
    low, high = span
    places = [(x - low) / (high - low) for x in (*interval, value)]
    if not all(map(math.isfinite, places)):
        return Markup("")
    left, right, mark = (min(max(place, 0.0), 1.0) for place in places)
    piece = f"position:absolute;{_INK}"
    return Markup(
        f'<span aria-hidden="true" style="white-space:nowrap">{low:.3g} '
        f'<span style="display:inline-block;position:relative;width:{width:g}em;height:.9em;vertical-align:middle">'
        f'<span style="{piece};opacity:.25;left:0;right:0;top:.42em;height:1px"></span>'
        f'<span style="{piece};opacity:.5;left:{_percent(left)};width:{_percent(right - left)};top:.2em;height:.5em">'
        f'</span><span style="{piece};left:{_percent(mark)};top:0;width:2px;height:.9em"></span></span> {high:.3g}</span>'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
