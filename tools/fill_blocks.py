"""What the Python blocks of a page print, written below them: `python tools/fill_blocks.py README.md docs/links.md`."""

import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

PAIR = re.compile(r"^```python\n(.*?)^```$(\n\n```text\n.*?^```$)?", re.MULTILINE | re.DOTALL)

for page in map(Path, sys.argv[1:]):
    names = {}

    def run(found, page=page, names=names):
        out = StringIO()
        with redirect_stdout(out):
            exec(compile(found[1], str(page), "exec"), names)
        lines = [line.rstrip() for line in out.getvalue().rstrip().splitlines()]
        shown = "\n\n```text\n" + "\n".join(lines) + "\n```" if found[2] else ""
        return f"```python\n{found[1]}```" + shown

    page.write_text(PAIR.sub(run, page.read_text(encoding="utf-8")), encoding="utf-8")
