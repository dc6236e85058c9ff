"""The tables of the documentation, made from the registries: `python tools/tables.py` writes them anew.

A table stands between `<!-- table: name -->` and `<!-- end -->`. The tests compare what stands there with this.
"""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: tuple[str, ...], rows) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def source(text: str) -> str:
    """`Author year, doi:...` with its address to click on."""
    return re.sub(r"doi:(\S+[^\s,;.])", r"[doi:\1](https://doi.org/\1)", text)


def links() -> str:
    from bayesord.likelihood.links import LINKS

    rows = [
        (f"`{link.name}`", f"`{link.formula}`", link.summary, f"[doi](https://doi.org/{link.doi})")
        for link in LINKS.values()
    ]
    return table(("link", "F", "meaning", "source"), rows)


def decisions() -> str:
    from bayesord.predictive.decision_registry import DECISIONS

    rows = [
        (f"`{d.name}`", ", ".join(f"`{name}`" for name in d.synonyms), d.summary) for d in DECISIONS.values()
    ]
    return table(("decision", "also called", "the label chosen"), rows)


def scores() -> str:
    from bayesord.predictive.scores import SCORES

    words = {"labels": "labels", "probs": "category probabilities", "score": "any number per row"}
    rows = [(f"`{s.name}`", s.summary, words[s.needs], s.better) for s in SCORES.values()]
    return table(("score", "what it is", "of", "better"), rows)


def methods() -> str:
    from bayesord.neural import METHODS

    rows = [(f"`{m.name}`", m.summary, "yes" if m.proper else "", source(m.source)) for m in METHODS.values()]
    return table(("method", "what it is", "proper", "source"), rows)


def functions() -> str:
    from bayesord.modelling.transforms import FUNCTIONS

    rows = [
        (f"`{f.name}({', '.join(['x', *(option for option, _ in f.options)])})`", f.summary)
        for f in FUNCTIONS.values()
    ]
    return table(("function", "what it is"), rows)


TABLES = {
    "functions": functions,
    "links": links,
    "decisions": decisions,
    "scores": scores,
    "methods": methods,
}


def filled(text: str) -> str:
    """The text with all its tables as the registries have them now."""
    return PLACE.sub(lambda found: found[1] + "\n" + TABLES[found[2]]() + "\n" + found[3], text)


if __name__ == "__main__":
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"{page.name} written")
