"""The README's Python blocks run, in order, and print what stands below them.

Words must agree exactly. Numbers may differ as those of another machine's draws do.
"""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


def numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text: str) -> list[str]:
    return NUMBER.sub("#", text).split()


@pytest.fixture(scope="module")
def printed():
    """(what the README shows, what its blocks print) for every Python block that is followed by text."""
    names, found = {}, []
    for (kind, code), (next_kind, shown) in zip(blocks(), [*blocks()[1:], ("", "")], strict=True):
        if kind == "python":
            out = StringIO()
            with redirect_stdout(out):
                exec(compile(code, str(README), "exec"), names)
            if next_kind == "text":
                found.append((shown, out.getvalue()))
    return found


@pytest.mark.parametrize(("block", "tolerance"), [(0, 0.06), (1, 0.03), (2, 0.06), (3, 0.0)])
def test_blocks_print_what_the_readme_shows(printed, block, tolerance):
    shown, got = printed[block]
    assert words(got) == words(shown)
    for there, here in zip(numbers(shown), numbers(got), strict=True):
        effective_sample_size = there > 1000
        assert here == pytest.approx(there, abs=0.4 * there if effective_sample_size else tolerance)


def test_every_text_block_is_compared(printed):
    assert len(printed) == 4 == sum(kind == "text" for kind, _ in blocks())


def test_code_comes_early():
    before = README.read_text(encoding="utf-8").split("```python")[0]
    assert before.count("\n") < 25


def test_links_lead_somewhere():
    text = README.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r"`(notebooks/[^`]+)`", text)
    assert len(targets) >= 4
    missing = [target for target in targets if not (README.parent / target).exists()]
    assert missing == []
