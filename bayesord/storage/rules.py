"""The label rules of a fit that is stored without its rows: those that only the rows could have taught."""

from __future__ import annotations

import numpy as np

from bayesord.archive import Arrays
from bayesord.predictive.decision_registry import DECISIONS
from bayesord.predictive.labelrule import LabelRule
from bayesord.storage.values import read_value, write_value

__all__ = ["LEARNED", "read_rules", "write_rules"]

LEARNED = tuple(name for name, decision in DECISIONS.items() if decision.corrected)
_TABLES = {"category_values": 1, "bounds": 1, "costs": 2, "credit": 1}


def write_rules(rules: dict[tuple[str, bool], LabelRule], arrays: Arrays) -> list:
    """Rules by decision and by whether they are those of rows with group effects."""
    return [
        {
            "group_effects": group_effects,
            "decision": rule.decision,
            "value": write_value(rule.value, arrays),
            "tables": {
                name: arrays.put(own, name) for name in _TABLES if (own := getattr(rule, name)) is not None
            },
        }
        for (_, group_effects), rule in rules.items()
    ]


def read_rules(states: list, K: int, arrays: Arrays) -> dict[tuple[str, bool], LabelRule]:
    """The rules that `write_rules` wrote so, for K categories."""
    sizes = {"category_values": (K,), "bounds": (K - 1,), "costs": (K, K), "credit": (K,)}
    found = {}
    for state in states:
        tables = {name: arrays.get(state["tables"][name]) for name in _TABLES if name in state["tables"]}
        if state["decision"] not in LEARNED or ("bounds" in tables) == ("costs" in tables):
            raise ValueError("a rule for labels that is none")
        if any(own.dtype != np.float64 or own.shape != sizes[name] for name, own in tables.items()):
            raise ValueError("a rule for labels of other categories")
        value = read_value(state["value"], arrays)
        found[state["decision"], bool(state["group_effects"])] = LabelRule(
            state["decision"], value=value, **tables
        )
    return found
