"""Simulation-based calibration: parameters from the prior, answers from them, a fit of the answers; many times over.

If sampler and model are right, the rank of the true value of any quantity among its posterior draws is uniform
(Talts et al. 2018, arXiv:1804.06788; Modrák et al. 2023, doi:10.1214/23-BA1404, on why the likelihood belongs to the
quantities). The simulator is `prior_draws` and a latent variable counted past the cutpoints: it shares nothing with
the kernels, the compiled density or the pm.Model.

`bands` knows how far ranks may stray, `result` holds them, `quantities` names what is ranked, `replicates` makes them.
"""

from bayesord.calibration.replicates import simulate_calibration
from bayesord.calibration.result import Calibration

__all__ = ["Calibration", "simulate_calibration"]
