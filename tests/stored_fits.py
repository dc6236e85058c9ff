"""Small fits of every kind of data, and all that they say, as text: what a loaded fit must say again."""

from __future__ import annotations

import hashlib
import io
import warnings

import numpy as np
import pandas as pd

import bayesord as bo

SMALL = {"draws": 40, "tune": 60, "chains": 2, "random_seed": 3, "progressbar": False, "on_fail": "ignore"}
N = 60


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    latent = rng.normal(size=N)
    return pd.DataFrame(
        {
            "answer": pd.Categorical.from_codes(
                np.digitize(latent, [-1, 0, 1]), ["never", "rarely", "often", "always"], ordered=True
            ),
            "x": latent + rng.normal(size=N),
            "z": rng.uniform(1, 2, N),
            "dose": rng.integers(0, 3, N),
            "city": rng.choice(["Bern", "Rom", "Köln"], N),
            "known": rng.normal(size=N),
            "seen": np.r_[0.0, rng.integers(1, 3, N - 1)],
        },
        index=[f"row {i}" for i in range(N)],
    )


def make(name: str):
    """One fit by name."""
    data = _frame()
    codes = data["answer"].cat.codes.to_numpy()
    X = data[["x", "z"]].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few rows, unused categories: meant
        match name:
            case "groups":
                formula = "answer ~ poly(x, 2) + bs(z, df=4) + C(dose) + (1 + x | city) + offset(known)"
                priors = bo.Priors(
                    beta={"C(dose)[1]": bo.priors.student_t(4, 0.5, 1)}, group_corr=bo.priors.lkj(2)
                )
                weights = {"sample_weight": "seen", "offset": "z"}
                return bo.fit(formula, data, link="probit", priors=priors, **weights, **SMALL)
            case "interactions":
                priors = bo.Priors(cutpoints=bo.priors.dirichlet((1, 2, 1, 1)), beta=bo.priors.normal(0, 2))
                return bo.fit("answer ~ city*scale(x) + log(z)", data, link="cloglog", priors=priors, **SMALL)
            case "times":
                days = pd.date_range("2024-03-28", periods=N, freq="h", tz="Europe/Paris", name="when")
                frame = pd.DataFrame(X, columns=["a b", "ß"], index=days)
                labels = np.array(["lo", "mid", "hi"])[np.minimum(codes, 2)]
                given = {"categories": ["lo", "mid", "hi", "top"], "sample_weight": np.linspace(0.5, 1.5, N)}
                return bo.fit(frame, labels, weights="importance", offset=X[:, 0] / 9, **given, **SMALL)
            case "several":
                index = pd.MultiIndex.from_product([["u", "v"], range(N // 2)], names=["half", None])
                return bo.fit("yes ~ x", data.assign(yes=codes > 1).set_index(index), **SMALL)
            case "intercept":
                return bo.fit("answer ~ 1", data, link="cauchit", **SMALL)
            case "numbers":
                given = {"categories": [0.5, 1.5, 2.5, 9.0]}
                return bo.fit(X, np.array([0.5, 1.5, 2.5, 9.0])[codes], link="loglog", **given, **SMALL)
            case "mode":
                priors = bo.Priors(beta=bo.priors.normal(0, 1))
                return bo.fit("answer ~ x + city", data, priors=priors, method="mode", sample_weight="seen")
    raise KeyError(name)


NAMES = ("groups", "interactions", "times", "several", "intercept", "numbers", "mode")


def new_rows(name: str):
    """Rows that the fit was not made from, in the form that it takes, and what else it asks for."""
    data = _frame().iloc[::3].reset_index(drop=True)
    data["x"] *= 0.9
    if name == "times":
        frame = data[["x", "z"]].set_axis(["a b", "ß"], axis=1)
        return frame, {"offset": np.linspace(0, 1, len(frame))}
    return (data[["x", "z"]].to_numpy() if name == "numbers" else data), {}


def say(fit, name: str, *, new_only: bool = False) -> dict[str, str]:
    """Everything asked of a fit, as text or as a digest of bytes."""
    new, how = new_rows(name)
    said = {"repr": repr(fit), "html": fit._repr_html_(), "categories": repr(fit.design.categories)}
    said["notes"] = repr(fit.design.notes)
    for level in (True, False):
        also = how | {"group_effects": level}
        said[f"probabilities {level}"] = _digest(fit.category_probs(new, **also))
        said[f"eta {level}"] = _digest(fit.linear_predictor(new, **also))
        for decision in ("qwk", "kappa", "linear_kappa", "mode", "median", "mean"):
            said[f"{decision} {level}"] = _digest(fit.predict(new, decision, **also))
    said["batch"] = _digest(fit.predict(new, "kappa", rule="batch", **how))
    said["replicates"] = _digest(fit.posterior_predictive(new, random_seed=5, **how))
    said["expected"] = repr(fit.expected_qwk(new, random_seed=5, **how))
    if name == "groups":
        unknown = new.assign(city="Oslo")
        said["new group"] = _digest(fit.category_probs(unknown, new_groups="sample"))
    said["figure"] = _figure(fit, name, new, how)
    if new_only:
        return said
    if name in ("interactions", "mode", "numbers"):
        said["comparisons"] = repr(fit.comparisons("x0" if name == "numbers" else "city"))
    said["trained"] = _digest(fit.category_probs())
    said["rows"] = repr(fit.design.obs_id.dtype) + repr(list(fit.design.obs_id))
    said["data"] = "" if fit.design.data is None else fit.design.data.to_csv() + repr(fit.design.data.dtypes)
    if hasattr(fit, "idata"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # high Pareto k: few draws of few rows
            said["loo"] = repr(fit.qwk()) + repr(fit.qwk(loo=False))
        said["log likelihood"] = _digest(fit.log_likelihood())
        said["idata"] = _tree(fit.idata)
        said["verdict"] = repr(fit.verdict)
    else:
        said["summary"] = fit.summary().to_csv(float_format="%r") + repr(fit.log_likelihood)
    return said


def _digest(values) -> str:
    """Dtype, shape, labels and bytes."""
    labels = (
        "" if isinstance(values, np.ndarray) else repr({k: list(v.values) for k, v in values.coords.items()})
    )
    array = np.asarray(values)
    data = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return f"{array.dtype} {array.shape} {hashlib.sha256(data + labels.encode()).hexdigest()}"


def _tree(tree) -> str:
    return repr(
        [
            (node.path, dict(node.attrs), {name: (own.dims, _digest(own.values)) for name, own in node.variables.items()})
            for node in tree.subtree
        ]
    )  # fmt: skip


def _figure(fit, name: str, new, how: dict) -> str:
    if name in ("intercept", "times"):  # nothing to plot by; an offset that plots have no word for
        return ""
    import matplotlib.pyplot as plt

    from bayesord.plots import plot_category_probs

    by = {"interactions": "city", "mode": "city", "numbers": fit.design.predictors[:1]}.get(name, "x")
    axes = plot_category_probs(fit, by, new=new)
    file = io.BytesIO()
    axes.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(axes.figure)
    return hashlib.sha256(file.getvalue()).hexdigest()


def _main(folder: str) -> None:
    """Say everything of the fits in a folder, as JSON: what another process is asked for."""
    import json
    import sys
    from pathlib import Path

    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "fits"
    said = {}
    for path in sorted(Path(folder).iterdir()):
        name, kind = path.stem, path.suffix
        said[path.name] = say(bo.load(path), name, new_only=kind == ".rowless")
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    import sys

    _main(sys.argv[1])
