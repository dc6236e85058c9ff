"""How many bad inputs were tried and handled: `python -m benchmarks.reliability inputs [--examples N] [--seed N]`.

Bad is what the pieces that a call is made of know to be wrong with it; handled is: refused by the documented class,
with a message that names what is wrong, before anything is sampled, with the input as it was. Good calls, made of the
same pieces without faults, must be accepted. The tables of the test suite count as well: the cases of the
specification of bad input, and the corpus of hostile formulas.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

__all__ = ["main", "run"]

TESTS = Path(__file__).parents[2] / "tests"


def run(n_examples: int = 1000, seed: int = 1) -> dict:
    """Try the tables once, and every strategy `n_examples` times.

    Parameters
    ----------
    n_examples : int
        Of each strategy.
    seed : int
        Other seeds try other examples.

    Returns
    -------
    dict
        `bad` and `handled`, `good` and `accepted` (numbers of calls), `parts` (the same for each part), and `broken`:
        a sentence for each call that was not handled or not accepted.
    """
    if str(TESTS) not in sys.path:  # strategies and tables are those of the test suite
        sys.path.append(str(TESTS))
    parts: dict[str, Counter] = {}
    broken: list[str] = []

    def note(part: str, bad: bool, call: Callable, what: object) -> None:
        counts = parts.setdefault(part, Counter(bad=0, handled=0, good=0, accepted=0))
        counts["bad" if bad else "good"] += 1
        try:
            call()
        except Exception as error:  # whatever came of it, it is counted and shown
            broken.append(f"{part}: {what!r}: {type(error).__name__}: {error}")
        else:
            counts["handled" if bad else "accepted"] += 1

    _tables(note)
    if n_examples:
        _strategies(note, n_examples, seed)
    total = sum(parts.values(), Counter())
    return {
        **{name: total[name] for name in ("bad", "handled", "good", "accepted")},
        "parts": parts,
        "broken": broken,
    }


def _strategies(note: Callable, n_examples: int, seed: int) -> None:
    from strategies import CALLS

    settled = settings(
        max_examples=n_examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for part, calls in CALLS.items():
        tried = partial(lambda call, part: note(part, call.bad, call.tried, call), part=part)
        seeded(seed)(settled(given(call=calls)(_named(tried))))()


def _named(tried: Callable) -> Callable:
    """hypothesis wants a function with a name and arguments of its own."""

    def every(call):
        tried(call)

    return every


def _tables(note: Callable) -> None:
    import input_answers
    import input_covariates
    import input_elsewhere
    import input_rows
    from input_commands import COMMANDS
    from input_hostile import LAUGHS, refused
    from input_outcomes import attempt

    for table in (input_covariates, input_answers, input_rows, input_elsewhere):
        for case in table.CASES:
            note(
                "cases of the specification",
                case.error is not None,
                lambda case=case: _same(case, attempt),
                case.args,
            )
    for command in (*COMMANDS, *LAUGHS.values()):
        note("hostile formulas", True, lambda command=command: refused(command), command[:80])


def _same(case, attempt) -> None:
    """A case of the tables does what it says."""
    outcome = attempt(case.call, *case.args, **case.options)
    heard = outcome.message if case.error is not None else " ".join(outcome.warned)
    assert (outcome.message is not None) == (case.error is not None), outcome.message or "accepted"
    assert all(re.search(pattern, heard, re.DOTALL) for pattern in case.says), heard


def main(arguments: list[str] | None = None) -> bool:
    """Print the figures; whether every bad input was handled and every good one accepted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=1000, help="of each of the strategies")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    found = run(asked.examples, asked.seed)
    for name, counts in found["parts"].items():
        print(
            f"  {name:<32} {counts['bad']:>6,} bad, {counts['handled']:>6,} handled; "
            f"{counts['good']:>6,} good, {counts['accepted']:>6,} accepted"
        )
    print(
        f"{found['bad']:,} bad inputs tried, {found['handled']:,} handled: refused in words that name the fault, before "
        f"anything is sampled, input unchanged. {found['good']:,} good ones tried, {found['accepted']:,} accepted."
    )
    for sentence in found["broken"][:20]:
        print(f"  NOT AS PROMISED: {sentence[:400]}")
    return not found["broken"]


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
