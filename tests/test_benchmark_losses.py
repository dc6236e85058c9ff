"""The benchmark of losses: its images, its training of many splits, its errors and tables."""

import keras
import numpy as np
import pandas as pd
import pytest

from bayesord.neural import METHODS
from bayesord.neural.training import Budget
from benchmarks.losses import images, networks, peers, wide
from benchmarks.losses.data import Split, held_out
from benchmarks.losses.report import section
from benchmarks.losses.scoring import DECISIONS, scores, table
from benchmarks.losses.store import OUTPUTS, PROBABILITIES, Answer, Store
from benchmarks.losses.summary import differences, headline, means, over_tasks
from benchmarks.losses.together import Rows, _with_head, bodies, train
from benchmarks.losses.verdict import standing, verdict

NOTHING = np.empty(0, dtype=np.int64)


def _split(seed: int, n: int = 150) -> Split:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = np.searchsorted([-1.0, 1.0], X @ [1.0, 0.5, 0.0] + 0.3 * rng.logistic(size=n))
    inner, validation = held_out(y[:100], 5, seed)
    return Split(X[:100], y[:100], inner, validation, X[100:], y[100:], 3, seed)


# -- images -----------------------------------------------------------------------------------------------


def test_images_are_those_of_the_seed_and_grades_rise_with_the_damage():
    X, y, lost = images.draw(300, 1)
    again, other = images.draw(300, 1), images.draw(5, 2)
    np.testing.assert_array_equal(X, again[0])
    np.testing.assert_array_equal(y, again[1])
    assert not np.array_equal(X[:5], other[0])
    assert X.shape == (300, images.SIZE, images.SIZE, 1)
    assert X.dtype == np.float32
    assert X.min() >= 0
    assert X.max() <= 1
    assert set(y) == set(range(images.N_GRADES))
    assert np.all(np.diff([lost[y == grade].mean() for grade in range(images.N_GRADES)]) > 0.05)
    sure = np.searchsorted(images.BOUNDS, lost)
    assert np.abs(sure - y).max() <= 2
    assert 0.6 < np.mean(sure == y) < 0.95  # neither sure nor blind


def test_damage_takes_from_the_shape():
    X, _, lost = images.draw(300, 3)
    bright = X.sum(axis=(1, 2, 3))
    assert np.corrcoef(bright, lost)[0, 1] < -0.3
    assert lost.min() >= 0
    assert lost.max() < 1


# -- training ---------------------------------------------------------------------------------------------


def test_training_in_one_program_is_what_keras_fits():
    """Whole batches, so that the order of rows does not matter: then both take the same steps."""
    split, budget = _split(1), Budget(epochs=12, patience=12, batch_size=80)
    method = METHODS["cumulative_logit"]

    def build():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh")])

    X, y = split.X.astype(np.float32), split.y.astype(np.int32)
    arrays = [X[split.inner], y[split.inner], X[split.validation], y[split.validation]]
    new = split.X_test.astype(np.float32)
    found = train(
        bodies(build, [1, 2]), method, 3, budget, Rows(*(np.stack([a, a]) for a in [*arrays, new]), [1, 2])
    )
    for at, seed in enumerate([1, 2]):
        network = _with_head(bodies(build, [seed])[0], method, 3, arrays[1], seed)
        network.compile(optimizer=budget.optimizer(), loss=method.make_loss(3))
        history = network.fit(
            *arrays[:2], epochs=12, batch_size=80, validation_data=tuple(arrays[2:]), verbose=0
        ).history["val_loss"]
        assert np.all(np.diff(history) < 0)  # so that the last weights are the best
        np.testing.assert_allclose(found.new[at], network.predict(new, verbose=0), atol=2e-4)
    assert found.epochs.tolist() == [12, 12]
    assert found.units.shape == (2, 80 + 20 + 50, 4)


def test_training_stops_and_gives_the_best_weights():
    split = _split(3)
    rows = networks._trained(
        "softmax",
        [split],
        [split.inner],
        [split.validation],
        [split.X_test],
        Budget(epochs=200, patience=3, batch_size=16, optimizer=lambda: keras.optimizers.Adam(0.05)),
    )
    assert 4 <= rows.epochs[0] < 200
    probs = METHODS["softmax"].to_proba(rows.validation[0], n_categories=3)
    y = split.y[split.validation]
    shares = np.bincount(split.y[split.inner]) / split.inner.size
    assert np.mean(np.log(probs[np.arange(y.size), y])) > np.mean(np.log(shares[y])) + 0.1


def _run(folder, methods):
    """Answers of two splits kept, and the table of what was kept."""
    store, splits = Store(folder), [_split(seed) for seed in (1, 2)]
    for method in methods:
        found = networks.answers(method, splits, Budget(epochs=30, patience=5, batch_size=32))
        for split, answer in zip(splits, found, strict=True):
            store.save("small", method, split.seed, answer)
    for split in splits:
        store.save("small", "random_forest", split.seed, peers.answer("random_forest", split))
    assert store.has("small", "random_forest", [1, 2])
    assert not store.has("small", "random_forest", [1, 2, 3])
    found = table(store, "small", 3)
    assert set(found["decision"]) == set(DECISIONS)
    assert len(found) == (len(methods) + 1) * len(splits) * len(DECISIONS)
    assert np.isfinite(found.drop(columns=["method", "decision"]).to_numpy()).all()
    return found


def test_a_small_run_from_training_to_the_table(tmp_path):
    found = _run(tmp_path, ["mse"])
    assert found.loc[found["decision"] == "qwk", "qwk"].min() > 0.3
    lines = section("small", found, 0.3 / 0.7).splitlines()
    assert "2 splits" in lines[0]
    assert {line.split(" | ")[0] for line in lines[4:]} == {"| mse", "| random_forest"}


@pytest.mark.slow  # trains the networks of all folds, and samples
def test_a_small_run_with_the_head(tmp_path):
    found = _run(tmp_path, ["mse", networks.NAME])
    head = found[(found["method"] == networks.NAME) & (found["decision"] == "qwk")]
    assert head["qwk"].min() > 0.5
    lines = section("small", found, 0.3 / 0.7).splitlines()
    assert [line.count("+0.000 ± 0.000") for line in lines if f"**{networks.NAME}**" in line] == [3]
    assert "of 18" in verdict({"small": found}, 0.4)


# -- rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_validation_rows_are_a_part_of_the_training_rows_with_all_categories_that_have_enough(seed):
    y = np.repeat([0, 1, 2], [1, 40, 62])
    inner, validation = held_out(y, 5, seed)
    assert sorted([*inner, *validation]) == list(range(y.size))
    assert validation.size == y.size // 5
    np.testing.assert_allclose(np.bincount(y[validation], minlength=3), [0.2, 8, 12.4], atol=1.5)


def test_a_category_without_training_rows_gets_no_probability_from_a_classifier():
    split = _split(4)
    y = np.where(split.y == 1, 2, split.y)
    found = peers.answer(
        "random_forest", Split(split.X, y, split.inner, split.validation, split.X_test, y[:50], 3, 1)
    )
    assert found.kind == PROBABILITIES
    assert not found.new[:, 1].any()
    assert set(found.native) <= {0, 2}


# -- scores and errors ------------------------------------------------------------------------------------


def test_scores_of_given_probabilities():
    y = np.array([0, 1, 2, 2])
    probs = np.array([[0.8, 0.2, 0.0], [0.2, 0.5, 0.3], [0.0, 0.4, 0.6], [1.0, 0.0, 0.0]])
    found = scores(Answer(PROBABILITIES, probs, probs, y, y, np.array([0, 1, 2, 1]), 2.0), "any", 3)
    rows = {row["decision"]: row for row in found}
    assert rows["mode"]["accuracy"] == 0.75
    assert rows["mode"]["mae"] == 0.5
    assert rows["native"]["off_by_one"] == 1.0
    floored = [0.8, 0.5, 0.6, 1e-4]
    assert rows["mode"]["log_score"] == pytest.approx(np.mean(np.log(floored)), abs=1e-3)
    assert rows["mode"]["rps"] == pytest.approx((0.04 + 0.04 + 0.09 + 0.16 + 2) / 4)
    assert rows["mode"]["seconds"] == 2.0


def test_rules_are_learned_from_the_rows_for_rules():
    """A score that is one too high on the rows for rules: rounding learns to take it off."""
    y = np.repeat([0, 1, 2], 20)
    score = (y + 1.0)[:, None]
    found = scores(Answer(OUTPUTS, score, score, y, y, NOTHING, 0.0), "mse", 3)
    rows = {row["decision"]: row["qwk"] for row in found}
    assert rows["rounding"] == rows["qwk"] == 1.0
    assert rows["native"] < 0.8


def test_errors_are_corrected_for_rows_in_common():
    rng = np.random.default_rng(1)
    rows = [
        {"method": method, "decision": "qwk", "split": split, "qwk": value}
        for method in ("a", "b")
        for split, value in enumerate(rng.normal(size=20))
    ]
    rng.shuffle(rows)
    frame = pd.DataFrame(rows)
    a, b = (frame[frame["method"] == name].sort_values("split")["qwk"].to_numpy() for name in "ab")
    found = differences(frame, ("a", "qwk"), ["qwk"], 3 / 7).loc[("b", "qwk")]
    assert found["qwk"] == pytest.approx(np.mean(b - a))
    assert found["qwk_se"] == pytest.approx(np.sqrt(np.var(b - a, ddof=1) * (1 / 20 + 3 / 7)))
    usual = means(frame, ["qwk"], 0.0).loc[("a", "qwk")]
    assert usual["qwk_se"] == pytest.approx(np.std(a, ddof=1) / np.sqrt(20))


def test_means_over_tasks_and_methods_with_labels_of_their_own_only():
    rng = np.random.default_rng(2)
    tables = {}
    for name in ("one", "two"):
        rows = [
            {"method": method, "decision": decision, "split": split, "qwk": rng.normal()}
            for method, decision in (("a", "qwk"), ("a", "native"), ("labels", "native"))
            for split in range(6)
        ]
        tables[name] = pd.DataFrame(rows)
    assert headline(means(tables["one"], ["qwk"], 0.0)["qwk"]).index.tolist() == ["a", "labels"]
    found = over_tasks(tables, ("a", "qwk"), ["qwk"], 0.2).loc["labels"]
    gaps = [
        t.loc[t["method"] == "labels", "qwk"].to_numpy()
        - t.loc[(t["method"] == "a") & (t["decision"] == "qwk"), "qwk"].to_numpy()
        for t in tables.values()
    ]
    assert found["qwk_gap"] == pytest.approx(np.mean(gaps))
    errors = [np.var(gap, ddof=1) * (1 / 6 + 0.2) for gap in gaps]
    assert found["qwk_gap_se"] == pytest.approx(np.sqrt(np.sum(errors)) / 2)


def test_where_the_head_stands():
    rows = []
    for split in range(4):
        for method, lead in ((networks.NAME, 0.0), ("ahead", 0.02), ("behind", -0.1)):
            noise = 0.01 * split if method == "ahead" else 0.0
            both = {"method": method, "split": split, "rps": 0.5 - lead, "log_score": lead}
            rows.append({**both, "decision": "qwk", "qwk": 0.7 + lead + noise})
    found = standing(pd.DataFrame(rows), "qwk", 0.0)
    assert (found["rank"], found["of"], found["first"]) == (2, 3, ("ahead", "qwk"))
    assert found["behind"] == pytest.approx(0.02 + 0.015)
    assert found["se"] == pytest.approx(np.std([0, 0.01, 0.02, 0.03], ddof=1) / 2)
    assert standing(pd.DataFrame(rows), "rps", 0.0)["behind"] == pytest.approx(0.02)


def test_the_wide_embedding():
    units, y = wide.embedding(400)
    assert units.shape == (400, 512)
    assert units.min() == 0
    np.testing.assert_array_equal(units, wide.embedding(400)[0])
    assert set(y) == set(range(5))
