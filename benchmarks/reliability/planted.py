"""The bugs of the kill table: where each is planted, and which tests are asked to find it.

The first nine are the classics of ordinal regression; the others are where this code could well go wrong. The tests
of a bug mirror the files it is planted in; `ORACLES` (published numbers, symmetries) are asked about every bug in
the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["MUTANTS", "Mutant"]

ORACLES = ("tests/test_oracles.py", "tests/test_symmetries.py")
CALIBRATED = "tests/test_calibration.py::test_posteriors_are_calibrated"
LOGIT = f"{CALIBRATED}[logit, 5 categories, weights]"
GROUPS = f"{CALIBRATED}[probit, 4 categories, groups]"


@dataclass(frozen=True)
class Mutant:
    """A bug: in each file the old text, which is there exactly once, and the new one.

    Attributes
    ----------
    name : str
    edits : tuple of (file, old, new)
        Files below `bayesord/`.
    tests : tuple of str
        What pytest is asked to run.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]

    def plant(self, root: Path) -> None:
        """Change the copy of the package in `root`.

        Raises
        ------
        LookupError
            Where an old text is not there exactly once.
        """
        for name, old, new in self.edits:
            file = root / "bayesord" / name
            text = file.read_text()
            if text.count(old) != 1:
                raise LookupError(
                    f"{self.name}: {text.count(old)} times in bayesord/{name}, not once: {old!r}"
                )
            file.write_text(text.replace(old, new))


MUTANTS = (
    Mutant(
        "categories swapped: the lowest two",
        ((
            "checks/response.py",
            "code_of = {label: code for code, label in enumerate(order)}",
            "code_of = {label: 1 - code if code < 2 else code for code, label in enumerate(order)}",
        ),),
        (*ORACLES, "tests/test_checks.py", "tests/modelling/test_design.py", "tests/test_model.py"),
    ),
    Mutant(
        "cutpoint off by one, in middle categories",
        ((
            "likelihood/loops.py",
            "lower, upper = cutpoints[k - 1], cutpoints[k]",
            "lower, upper = cutpoints[k - 1], cutpoints[min(k + 1, steps.size - 1)]",
        ),),
        (*ORACLES, "tests/likelihood/test_segments.py", "tests/inference/test_density.py"),
    ),
    Mutant(
        "missing Jacobian of the cutpoint steps, in value and gradient",
        (
            ("inference/fixed_priors.py", "total += steps[j]\n", "total += 0.0\n"),
            ("inference/density.py", "math.exp(steps[j]) * (later - above) + 1.0", "math.exp(steps[j]) * (later - above)"),
        ),
        (*ORACLES, "tests/inference/test_density.py", "tests/test_reference.py", LOGIT),
    ),
    Mutant(
        "centring not undone",
        (("inference/sampling.py", "shift = shift + (beta @ design.mean)[:, None]", "shift = shift + 0 * (beta @ design.mean)[:, None]"),),
        (*ORACLES, "tests/test_model.py", "tests/test_reference.py"),
    ),
    Mutant(
        "sign of b",
        (("inference/sampling.py", "beta[:, order] = np.hstack([a[:, m:], g @ rotation.T]) * laid_out.unit", "beta[:, order] = -np.hstack([a[:, m:], g @ rotation.T]) * laid_out.unit"),),
        (*ORACLES, "tests/test_model.py", "tests/test_reference.py", LOGIT),
    ),
    Mutant(
        "wrong link: cloglog and loglog exchanged",
        (("likelihood/segments.py", "(_logit, _probit, _cloglog, _loglog, _cauchit)", "(_logit, _probit, _loglog, _cloglog, _cauchit)"),),
        (*ORACLES, "tests/likelihood/test_segments.py", "tests/inference/test_density.py"),
    ),
    Mutant(
        "F for 1 - F in the last category, in the likelihood",
        (("likelihood/logit_loops.py", "_end_rows(eta, (upper, 1.0 - place), logp, d_eta, d_gap)", "_end_rows(eta, (upper, 1.0), logp, d_eta, d_gap)"),),
        (*ORACLES, "tests/likelihood/test_segments.py", "tests/inference/test_density.py"),
    ),
    Mutant(
        "F for 1 - F in the last category, in predictions",
        (("predictive/tables.py", "row[gates.size] = before * inverse_before", "row[gates.size] = inverse_before"),),
        ("tests/predictive/test_probabilities.py", "tests/test_model.py", "tests/test_symmetries.py"),
    ),
    Mutant(
        "empty declared level dropped",
        ((
            "checks/labels.py",
            "return [plain(label) for label in dtype.categories] if ordered else None",
            "return [plain(label) for label in dtype.categories if plain(label) in table.labels] if ordered else None",
        ),),
        (*ORACLES, "tests/test_checks.py", "tests/modelling/test_design.py", "tests/test_model.py"),
    ),
    Mutant(
        "weights ignored by the likelihood",
        (("inference/rows.py", "weight = np.ones(n) if design.weights is None else design.weights", "weight = np.ones(n)"),),
        (*ORACLES, "tests/inference/test_prepared_rows.py", "tests/inference/test_density.py", LOGIT),
    ),
    Mutant(
        "weights ignored by the gradient alone",
        (("inference/density.py", "        d_eta[i] *= weight[i]\n", ""),),
        (*ORACLES, "tests/inference/test_density.py"),
    ),
    Mutant(
        "weights ignored by the mean that is taken off",
        (("modelling/design.py", "mean, sd = checks.column_moments(usable, weights)", "mean, sd = checks.column_moments(usable, None)"),),
        (*ORACLES, "tests/modelling/test_design.py", "tests/inference/test_density.py"),
    ),
    Mutant(
        "offset left out of the likelihood",
        (("inference/density.py", "                    eta[i] += offset[start + i]\n", "                    eta[i] += 0.0 * offset[start + i]\n"),),
        (*ORACLES, "tests/inference/test_density.py", "tests/test_model.py"),
    ),
    Mutant(
        "missing Jacobian of a learned scale, in value and gradient",
        (
            ("inference/density.py", "        total -= 0.5 * math.log(d)\n", ""),
            ("inference/density.py", "slope += precision * (0.5 * g[j] * g[j] + 0.5 / d + by_g[j] * moved)", "slope += precision * (0.5 * g[j] * g[j] + by_g[j] * moved)"),
        ),
        (*ORACLES, "tests/inference/test_density.py", LOGIT),
    ),
    Mutant(
        "missing Jacobian of group effects, in value and gradient",
        (
            ("inference/effects.py", "total -= 0.5 * v[i] * v[i] + math.log(C)", "total -= 0.5 * v[i] * v[i]"),
            ("inference/effects.py", "grad_C = -v[i] * t - b * s[i] - 1.0 / C", "grad_C = -v[i] * t - b * s[i]"),
        ),
        ("tests/inference/test_effects.py", "tests/inference/test_density.py", "tests/test_oracles.py", GROUPS),
    ),
    Mutant(
        "shapes of the prior on R² exchanged",
        (("inference/density.py", "total = hyper[HYPER_A] * log_r2 + hyper[HYPER_B] * log_rest", "total = hyper[HYPER_B] * log_r2 + hyper[HYPER_A] * log_rest"),),
        ("tests/inference/test_density.py", "tests/test_reference.py", *ORACLES),
    ),
    Mutant(
        "all chains from one seed",
        (("inference/nuts.py", "for child in np.random.SeedSequence(random_seed).spawn(chains)", "for child in [np.random.SeedSequence(random_seed)] * chains"),),
        ("tests/inference/test_nuts.py", "tests/test_model.py"),
    ),
    Mutant(
        "effects of a new group from one draw for all",
        (("predictive/group_effects.py", "_new_effect(seeds[s], keys[index[i] - first], root[s], z, u)", "_new_effect(seeds[0], keys[index[i] - first], root[s], z, u)"),),
        ("tests/predictive/test_group_effects.py", "tests/test_group_predictions.py", GROUPS),
    ),
    Mutant(
        "leave-one-out weights upside down",
        (("leave_one_out.py", "array_stats.psislw(log_likelihood, axis=0)", "array_stats.psislw(-log_likelihood, axis=0)"),),
        ("tests/test_leave_one_out.py", "tests/predictive/test_loo_kappa.py", "tests/test_arviz.py"),
    ),
    Mutant(
        "weights ignored by the kappa of given labels",
        (("predictive/sample_kappa.py", "np.bincount(pairs, weights=sample_weight, minlength=n_categories**2)", "np.bincount(pairs, minlength=n_categories**2)"),),
        ("tests/predictive/test_sample_kappa.py", "tests/predictive/test_kappa.py"),
    ),
    Mutant(
        "weights ignored by the expected kappa",
        (("predictive/kappa.py", "return Labelled(labels, values, check_weights(sample_weight, draws.n_rows, kind), kind)", "return Labelled(labels, values, None, kind)"),),
        ("tests/predictive/test_kappa.py", "tests/predictive/test_expected_optimum.py", "tests/test_model.py"),
    ),
    Mutant(
        "label rule off by one",
        (("predictive/labelrule.py", "return np.searchsorted(self.bounds, row_products(table, self.category_values))", "return np.searchsorted(self.bounds[:-1], row_products(table, self.category_values))"),),
        ("tests/predictive/test_labelrule.py", "tests/predictive/test_decisions.py", "tests/test_model.py"),
    ),
    Mutant(
        "label bounds stretched about 0, not about the mean",
        (("predictive/optimum.py", "return mbar + lam * (middles - mbar) + TIE * span", "return lam * middles + TIE * span"),),
        ("tests/predictive/test_labelrule.py", "tests/predictive/test_decisions.py"),
    ),
    Mutant(
        "checksum of saved fits not verified",
        (("archive/container.py", ".hexdigest().encode() != header[1]:", ".hexdigest().encode() == b\"\":"),),
        ("tests/test_storage.py", "tests/test_storage_files.py"),
    ),
    Mutant(
        "answers left out of the hash of a checkpoint",
        (("inference/fingerprints.py", '        "answers": digest(design.y),\n', ""),),
        ("tests/inference/test_checkpoint_refusals.py",),
    ),
    Mutant(
        "quantile residuals with the wrong end of the category",
        (("diagnosis/residuals.py", "below + v * own, above + (1.0 - v) * own", "below + v * own, above + v * own"),),
        ("tests/diagnosis/test_residuals.py",),
    ),
    Mutant(
        "kernels changed, cached machine code kept",
        (("jit.py", "        digest.update(path.read_bytes())\n", ""),),
        ("tests/test_jit.py",),
    ),
)  # fmt: skip
