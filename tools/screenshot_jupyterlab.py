"""Run a notebook in JupyterLab, in a browser, and photograph what it shows.

Needs, beside bayesord in the Python of the kernel:

    pip install jupyterlab playwright ipykernel       (playwright's own browsers are not needed)
    apt-get install chromium                          (or any Chromium: --browser PATH)

    python tools/screenshot_jupyterlab.py docs/jupyterlab.png
    python tools/screenshot_jupyterlab.py dark.png --theme "JupyterLab Dark"

It starts JupyterLab on this machine alone, opens a new notebook, chooses Run All Cells in the menu, waits, and fails unless
the page shows finished progress bars, a table and a figure, each once, and nothing on standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import TimeoutError, sync_playwright

CELLS = [
    "import bayesord as bo\n\nwine = bo.datasets.load_wine()",
    'fit = bo.fit("rating ~ temp + contact", wine, random_seed=1)\nfit',
    "fit.plot_category_probs();",
    "fit.expected_qwk(random_seed=1)",
]
WARM_UP = (
    'import bayesord as bo; bo.fit("rating ~ temp + contact", bo.datasets.load_wine(), progressbar=False)'
)
MINUTES = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("--theme", default="JupyterLab Light")
    parser.add_argument("--notebook", type=Path, help="another notebook to run; then nothing is checked")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of the kernel, which has bayesord"
    )
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--width", type=int, default=980)
    parser.add_argument("--height", type=int, default=1240)
    asked = parser.parse_args()
    if not asked.browser:
        parser.error("no Chromium was found: install one, or name it with --browser")
    subprocess.run(
        [asked.python, "-c", WARM_UP], check=True, capture_output=True
    )  # compiles, once for a machine
    with (
        tempfile.TemporaryDirectory() as folder,
        _jupyterlab(Path(folder), asked) as address,
        _page(asked) as page,
    ):
        try:
            _photograph(page, address, asked)
        except TimeoutError as late:
            page.screenshot(path=asked.picture)
            raise SystemExit(
                f"JupyterLab took too long; {asked.picture} shows where it stood:\n{late}"
            ) from None
    print(f"{asked.picture}: {asked.picture.stat().st_size / 1024:.0f} kB")


@contextlib.contextmanager
def _jupyterlab(folder: Path, asked):
    """A server of its own, with its settings in the folder; gives the address of the notebook."""
    work, token = folder / "work", secrets.token_hex(16)
    work.mkdir()
    if asked.notebook:
        shutil.copy(asked.notebook, work / "wine.ipynb")
    else:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, work / "wine.ipynb")
    kernel = {
        "argv": [asked.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    theme = {"theme": asked.theme}
    news = {"fetchNews": "false", "checkForUpdates": False}
    for name, content in {
        "share/kernels/python3/kernel.json": kernel,
        "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings": theme,
        "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": news,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    environment = {
        **os.environ,
        "JUPYTER_PATH": str(folder / "share"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}", *(["--allow-root"] if _is_root() else []),
    ]  # fmt: skip
    with (
        open(folder / "log", "w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, folder / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/wine.ipynb?reset&token={token}"
        finally:
            server.terminate()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(60 * MINUTES):
        if server.poll() is not None:
            raise SystemExit(f"JupyterLab did not start:\n{log.read_text()}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address).close()
            return
        time.sleep(1)
    raise SystemExit(f"JupyterLab gave no answer:\n{log.read_text()}")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextlib.contextmanager
def _page(asked):
    """An empty page of the browser."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if _is_root() else []  # Chromium wants it so
        browser = playwright.chromium.launch(executable_path=asked.browser, args=options)
        yield browser.new_page(viewport={"width": asked.width, "height": asked.height})
        browser.close()


def _photograph(page, address: str, asked) -> None:
    page.set_default_timeout(60_000 * MINUTES)
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.get_by_text("Python 3 | Idle").wait_for()  # the kernel is there
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # Every prompt has a number, and none the star of what still runs
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
            return prompts.length && prompts.every(text => /\\[\\d+\\]/.test(text));
        }"""
    )
    page.keyboard.press("Control+b")  # the side bar
    page.wait_for_timeout(2000)
    if not asked.notebook:
        _check(page)
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.wait_for_timeout(500)
    top = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").first.bounding_box()
    last = page.locator(".jp-CodeCell").last.bounding_box()
    height = min(last["y"] + last["height"] + 8 - top["y"], top["height"])
    asked.picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=asked.picture, clip={**top, "height": height})


def _check(page) -> None:
    """What the page shows is what the cells gave, once each."""
    found = page.evaluate(
        """() => {
            const all = name => [...document.querySelectorAll('.jp-OutputArea-output ' + name)];
            return {
                bars: all('progress').map(bar => [bar.value, bar.max]),
                tables: all('.bayesord table').length,
                figures: all('img').length,
                text: all('pre').map(text => text.textContent).join(''),
                errors: document.querySelectorAll('[data-mime-type="application/vnd.jupyter.stderr"]').length,
            };
        }"""
    )
    bars = found["bars"]
    wrong = [
        said
        for said, right in {
            f"progress bars {bars}": len(bars) == 1 and bars[0][0] == bars[0][1] > 0,
            f"{found['tables']} tables": found["tables"] == 3,
            f"{found['figures']} figures": found["figures"] == 1,
            f"text {found['text']!r}": not found["text"],
            f"{found['errors']} outputs on standard error": not found["errors"],
        }.items()
        if not right
    ]
    if wrong:
        raise SystemExit(f"JupyterLab does not show what it should: {'; '.join(wrong)}.")


if __name__ == "__main__":
    main()
