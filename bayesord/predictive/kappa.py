"""Quadratic weighted kappa, of known answers and expected."""

from __future__ import annotations

from bayesord.predictive.sample_kappa import QWKDifference, qwk, qwk_difference, weighted_kappa

__all__ = ["QWKDifference", "qwk", "qwk_difference", "weighted_kappa"]
