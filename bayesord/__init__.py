"""Bayesian regression for ordered answers."""
