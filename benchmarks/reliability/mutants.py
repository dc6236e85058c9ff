"""The kill table: plant each bug in a copy of the package, and see which tests find it: `make mutants`.

The copy lies in a temporary folder, with a cache of compiled code of its own, empty at first. The same tests are run
without a bug as well: what fails then finds nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.reliability.planted import MUTANTS, Mutant

__all__ = ["Outcome", "main", "table"]

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "demo-output", "notebooks"
)
_CODE = (
    "import pathlib, sys, bayesord, pytest; "
    "assert pathlib.Path(bayesord.__file__).is_relative_to(pathlib.Path.cwd()), bayesord.__file__; "
    # that an example fails is enough: the smallest that does is not looked for
    "from hypothesis import Phase, settings; "
    "settings.register_profile('found', phases=[Phase.explicit, Phase.generate]); settings.load_profile('found'); "
    "sys.exit(pytest.main(sys.argv[1:]))"
)


@dataclass(frozen=True)
class Outcome:
    """Of one bug: the tests that failed, of how many cases, in how many seconds; `trouble` if pytest did not run."""

    name: str
    failed: tuple[str, ...]
    cases: int
    seconds: float
    trouble: str = ""

    @property
    def functions(self) -> tuple[str, ...]:
        """The test functions that failed, without their cases."""
        return tuple(dict.fromkeys(re.sub(r"\[.*", "", name, flags=re.DOTALL) for name in self.failed))


def run(mutant: Mutant) -> Outcome:
    """Plant a bug and run its tests."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder, "copy").resolve()
        shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
        mutant.plant(copy)
        found = Path(folder, "found.xml")
        command = [
            sys.executable, "-c", _CODE, "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not slow",
            "-W", "ignore::pytest.PytestAssertRewriteWarning",  # of hypothesis, imported above
            f"--junitxml={found}", *mutant.tests,
        ]  # fmt: skip
        own = {
            "PYTHONPATH": str(copy),
            "BAYESORD_CACHE_DIR": str(Path(folder, "cache")),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ran = subprocess.run(
            command,
            cwd=copy,
            env=os.environ | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seconds = time.perf_counter() - began
        if ran.returncode not in (0, 1) or not found.exists():  # neither "passed" nor "some failed"
            return Outcome(mutant.name, (), 0, seconds, "\n".join(ran.stdout.splitlines()[-15:]))
        cases = list(ElementTree.parse(found).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    names = (
        f"{case.get('classname').removeprefix('tests.').replace('.', '/')}::{case.get('name')}"
        for case in failed
    )
    return Outcome(mutant.name, tuple(names), len(cases), seconds)


def _row(outcome: Outcome) -> str:
    """A row of the table: tests from different files first."""
    by_file: dict[str, list[str]] = {}
    for name in outcome.functions:
        by_file.setdefault(name.split("::")[0], []).append(name)
    shown = [names[0] for names in by_file.values()]
    shown += [name for names in by_file.values() for name in names[1:]]
    named = ", ".join(f"`{name}`" for name in shown[:3]) or outcome.trouble.replace("\n", " ") or "**none**"
    return (
        f"| {outcome.name} | {len(outcome.functions)} ({len(outcome.failed)} of {outcome.cases}) | {named} |"
    )


def table(outcomes: list[Outcome]) -> str:
    """Markdown: each bug, by how many tests it is found, and some of these."""
    head = ["| bug planted | tests that find it (cases) | among them |", "|---|--:|---|"]
    return "\n".join([*head, *map(_row, outcomes)])


def main(arguments: list[str]) -> bool:
    """Plant, run, print; whether every bug was found, and nothing failed without one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability mutants", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="bugs whose name contains one of these")
    parser.add_argument("--workers", type=int, default=2, help="bugs at a time")
    chosen = parser.parse_args(arguments)
    mutants = [mutant for mutant in MUTANTS if any(text in mutant.name for text in chosen.only)]
    asked = tuple(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    none = Mutant("(none)", (), asked)

    def told(mutant: Mutant) -> Outcome:
        outcome = run(mutant)
        print(
            f"{outcome.seconds:5.0f} s  {_row(outcome)}",
            file=sys.stderr,
            flush=True,
        )
        return outcome

    with ThreadPoolExecutor(chosen.workers) as pool:
        *outcomes, sound = pool.map(told, [*mutants, none])
    print(table(outcomes))
    found = sum(bool(outcome.failed) for outcome in outcomes)
    print(
        f"\n{found} of {len(outcomes)} planted bugs found; without a bug {len(sound.failed)} of {sound.cases} cases fail"
    )
    for name in (*sound.failed, sound.trouble):
        print(name)
    return found == len(outcomes) and not sound.failed and not sound.trouble
