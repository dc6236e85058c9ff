"""The README and the pages of the documentation: their Python blocks run and print what stands below them, their tables
are those of the registries, their links lead somewhere.

Words must agree exactly. Numbers may differ as those of another machine's draws do.
"""

import importlib.util
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benchmarks/README.md")]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
TOLERANCE = 0.06  # of two decimals of posterior quantities


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    return NUMBER.sub("#", text).split()


def near(there: float) -> float:
    """Effective sample sizes differ by more; log densities are rounded to whole numbers."""
    return 0.4 * there if there > 1000 else max(TOLERANCE, 0.011 * abs(there))


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text("utf-8")], ids=name)
def test_blocks_print_what_the_page_shows(page):
    names, shown_once = {}, 0
    of_page = blocks(page)
    for (kind, code), (next_kind, shown) in zip(of_page, [*of_page[1:], ("", "")], strict=True):
        if kind == "python":
            out = StringIO()
            with redirect_stdout(out):
                exec(compile(code, str(page), "exec"), names)
            if next_kind == "text":
                shown_once += 1
                got = out.getvalue()
                assert words(got) == words(shown)
                for there, here in zip(numbers(shown), numbers(got), strict=True):
                    assert here == pytest.approx(there, abs=near(there))
    assert shown_once == sum(kind == "text" for kind, _ in of_page)  # no text without a block before it


def test_code_comes_early():
    before = README.read_text(encoding="utf-8").split("```python")[0]
    assert before.count("\n") < 25


@pytest.mark.parametrize("page", [page for page in [*PAGES, *OTHERS] if page.exists()], ids=name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"`(notebooks/[^`]+)`", text)
    targets = [target for target in targets if "://" not in target]
    near_docs = (
        [page.parent, ROOT] if page.parent.name == "docs" else [page.parent]
    )  # notebooks join the site
    assert [t for t in targets if not any((place / t).exists() for place in near_docs)] == []


def test_tables_are_those_of_the_registries():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "tools" / "tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    found = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert tables.filled(text) == text, f"{name(page)}: run `python tools/tables.py`"
        found += len(tables.PLACE.findall(text))
    assert found == len(tables.TABLES)
