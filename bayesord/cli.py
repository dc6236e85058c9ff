"""The command line: `bayesord demo`, `bayesord fit`, `bayesord show`, `bayesord predict`.

Exit codes: 0 done; 1 something is wrong with the input, said in words; 2 the command was not understood; 3 the fit was
made and saved, and has not converged; 130 interrupted; 141 whatever read the output closed it, as `head` does.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import warnings
from pathlib import Path

from bayesord.checks import did_you_mean
from bayesord.likelihood.links import LINKS

__all__ = ["main"]

WRONG_INPUT, NOT_CONVERGED, INTERRUPTED, CLOSED = 1, 3, 130, 141

_EXAMPLES = """examples:
  bayesord demo
  bayesord fit wine.csv "rating ~ temp + contact" --out wine.fit
  bayesord fit survey.csv "answer ~ age + (1 | person)" --categories never,rarely,often --link probit --out survey.fit
  bayesord show wine.fit
  bayesord predict wine.fit new.csv --decision qwk --out labels.csv
  bayesord predict wine.fit new.csv --probs"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the process.

    Examples
    --------
    >>> main(["fit", "no-such-file.csv", "y ~ x", "--out", "x.fit"])
    1
    """
    asked = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            code = asked.run(asked)
            if sys.stdout is not None:  # a service may have none
                sys.stdout.flush()
            return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest when it ends
        return CLOSED
    except KeyboardInterrupt:
        print("bayesord: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, TypeError, OSError) as wrong:
        print(f"bayesord: {wrong}", file=sys.stderr)
        return WRONG_INPUT


def _say_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"bayesord: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "bayesord", description="Bayesian regression for ordered answers.", epilog=_EXAMPLES, formatter_class=raw
    )  # fmt: skip
    from bayesord import __version__

    parser.add_argument("--version", action="version", version=f"bayesord {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="fit the wine data; print what the fit says, write a figure")
    demo.set_defaults(run=_demo)

    fit = commands.add_parser(
        "fit",
        help="fit a model to a table and save it",
        epilog=_EXAMPLES,
        formatter_class=raw,
        description="Fit P(answer <= k) = F(cutpoint k - eta) by NUTS, print the verdict and the table, save the fit.",
    )
    fit.add_argument("data", help="a .csv, .tsv or .parquet file")
    fit.add_argument("formula", help='such as "rating ~ temp + contact" or "y ~ x + (1 | group)"')
    fit.add_argument("--out", help="file to save the fit to")
    fit.add_argument("--overwrite", action="store_true", help="replace that file if it is there")
    fit.add_argument("--link", choices=list(LINKS), default="logit", help="F (logit)")
    fit.add_argument(
        "--categories", help="all categories from lowest to highest, with commas; needed for words"
    )
    fit.add_argument("--weight", help="name of the column with frequency weights")
    fit.add_argument("--offset", help="name of the column added to eta")
    fit.add_argument("--draws", type=int, default=1000, help="draws a chain (1000)")
    fit.add_argument("--chains", type=int, default=4, help="independent runs of the sampler (4)")
    fit.add_argument(
        "--cores", type=int, help="chains that run at the same time (all, where there are cores)"
    )
    fit.add_argument("--seed", type=int, help="the same seed gives the same draws")
    fit.add_argument(
        "--checkpoint", help="folder for finished chains: after an interruption add --resume to go on"
    )
    fit.add_argument(
        "--resume", action="store_true", help="take what is finished from the folder of --checkpoint"
    )
    fit.add_argument("--quiet", action="store_true", help="no progress bar")
    fit.set_defaults(run=_fit)

    show = commands.add_parser("show", help="print what a saved fit says")
    show.add_argument("fit", help="a file that `bayesord fit --out` wrote")
    show.add_argument("--prob", type=float, default=0.9, help="probability of the intervals (0.9)")
    show.set_defaults(run=_show)

    predict = commands.add_parser(
        "predict", help="labels or category probabilities of new rows", epilog=_EXAMPLES, formatter_class=raw
    )
    predict.add_argument("fit", help="a file that `bayesord fit --out` wrote")
    predict.add_argument("data", help="a .csv, .tsv or .parquet file with the covariates")
    predict.add_argument(
        "--decision", default="qwk", help="what a label is judged by: qwk, mode, median, mean, ..."
    )
    predict.add_argument(
        "--probs", action="store_true", help="category probabilities, one column each, as well"
    )
    predict.add_argument("--new-groups", choices=("error", "sample", "zero"), default="error",
                         help="groups that the fit has not seen: refuse, draw their effects, or give them none")  # fmt: skip
    predict.add_argument("--out", help="file to write (.csv, .tsv or .parquet); the screen without it")
    predict.add_argument("--overwrite", action="store_true", help="replace that file if it is there")
    predict.set_defaults(run=_predict)
    return parser


def _demo(asked) -> int:
    from bayesord.demo import main as demo

    demo()
    return 0


def _fit(asked) -> int:
    from bayesord.model import fit

    out = _place(asked.out, asked.overwrite)
    data = _read(asked.data)
    categories = _categories(asked.categories, data, asked.formula)
    options = {"checkpoint": asked.checkpoint, "resume": asked.resume} if asked.checkpoint else {}
    if asked.resume and not asked.checkpoint:
        raise ValueError("--resume goes on from a folder: say which by --checkpoint FOLDER")
    found = fit(
        asked.formula, data, link=asked.link, categories=categories, sample_weight=asked.weight, offset=asked.offset,
        draws=asked.draws, chains=asked.chains, cores=asked.cores, random_seed=asked.seed, on_fail="ignore",
        progressbar=not asked.quiet, **options,
    )  # fmt: skip
    if out:
        found.save(out, overwrite=asked.overwrite)  # before anything is written, which may fail
    print(found)
    if out:
        print(f"\nsaved to {out}")
    return NOT_CONVERGED if found.verdict.level == "failed" else 0


def _show(asked) -> int:
    from bayesord.answers import format_table
    from bayesord.model import OrdinalFit

    found = _load(asked.fit)
    if isinstance(found, OrdinalFit) and asked.prob != 0.9:
        print(found.verdict, "", format_table(found.summary(asked.prob)), sep="\n")
    else:
        print(found)
    return 0


def _predict(asked) -> int:
    import pandas as pd

    out = _place(asked.out, asked.overwrite)
    if out is not None:
        _kind(out)
    found = _load(asked.fit)
    data = _read(asked.data)
    groups = {"new_groups": asked.new_groups}
    if found.design.formula is None:
        data = data[list(found.design.predictors)] if set(found.design.predictors) <= set(data) else data
    table = pd.DataFrame({"label": found.predict(data, decision=asked.decision, **groups)})
    if asked.probs:
        names = [f"P({category})" for category in found.design.categories]
        table[names] = found.predict_proba(data, **groups)
    if out is None:
        print(table.to_csv(index=False), end="")
        return 0
    _write(table, out)
    print(f"{len(table):,} rows written to {out}", file=sys.stderr)
    return 0


# -- files -------------------------------------------------------------------------------------------------

_KINDS = (".csv", ".tsv", ".parquet")


def _kind(path: Path) -> str:
    if path.suffix.lower() not in _KINDS:
        raise ValueError(f"{path} must end in {', '.join(_KINDS)}: that says what kind of table it is")
    return path.suffix.lower()


def _read(name: str):
    import pandas as pd

    path = Path(name)
    kind = _kind(path)
    _check_there(path, _KINDS)
    if kind == ".parquet":
        try:
            return pd.read_parquet(path)
        except ImportError as missing:
            raise ValueError("reading .parquet needs pyarrow: pip install pyarrow") from missing
    return pd.read_csv(path, sep="\t" if kind == ".tsv" else ",")


def _load(name: str):
    from bayesord.model import load

    _check_there(Path(name), (Path(name).suffix.lower(),))
    return load(name)


def _check_there(path: Path, kinds: tuple[str, ...]) -> None:
    if not path.is_file():
        here = path.parent if path.parent.is_dir() else Path()
        beside = [str(other) for other in here.iterdir() if other.suffix.lower() in kinds]
        raise FileNotFoundError(f"there is no file {path}.{did_you_mean(str(path), beside)}")


def _place(name: str | None, overwrite: bool) -> Path | None:
    """Where to write, checked before anything takes time."""
    if name is None:
        return None
    path = Path(name)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{name} is there already: choose another name, or add --overwrite")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first")
    return path


def _write(table, path: Path) -> None:
    kind = _kind(path)
    if kind == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep="\t" if kind == ".tsv" else ",")


def _categories(text: str | None, data, formula: str) -> list | None:
    """The categories of the command line, as numbers where the column holds numbers; None where they need not be given."""
    from pandas.api.types import is_numeric_dtype, is_string_dtype

    response = formula.partition("~")[0].strip().strip("`")
    if text is None:
        if response in data and is_string_dtype(data[response]):
            found = sorted(data[response].dropna().astype(str).unique())
            given = f", here in alphabetical order: --categories {shlex.quote(','.join(found))}"
            readable = len(found) <= 20 and not any("," in word for word in found)
            raise ValueError(
                f"the column {response!r} holds words, so their order is unknown: give them from lowest to highest by "
                f"--categories{given if readable else ' FIRST,SECOND,...'}"
            )
        return None
    words = [word.strip() for word in text.split(",")]
    if response in data and is_numeric_dtype(data[response]):
        try:
            return [int(word) for word in words]
        except ValueError:
            raise ValueError(
                f"--categories {text}: the column {response!r} holds whole numbers; give numbers"
            ) from None
    return words
