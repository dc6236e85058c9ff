"""Figures of what a fit says, in the user's categories; one file each.

Every function returns Matplotlib's axes, one or an array of them, on a figure of pyplot unless it was given axes. So a
notebook shows the figure once, at the end of the cell (a semicolon after the last line keeps the name of the axes from
being written beside it), a script shows it by `plt.show()`, and `ax.figure.savefig(...)` writes it to a file. Matplotlib is
imported when a figure is made, never with the package. For traces and other checks use ArviZ on `fit.idata`.
"""

from bayesord.plots.calibration import plot_calibration
from bayesord.plots.category_probs import plot_category_probs
from bayesord.plots.colours import category_colours
from bayesord.plots.confusion import plot_confusion
from bayesord.plots.diagnosis import plot_category_counts, plot_diagnosis, plot_parallel
from bayesord.plots.effects import plot_effects
from bayesord.plots.expected_qwk import observed_qwk, plot_expected_qwk
from bayesord.plots.forest import plot_forest
from bayesord.plots.latent import plot_latent
from bayesord.plots.prior_posterior import plot_prior_posterior
from bayesord.plots.residuals import plot_residuals

__all__ = [
    "category_colours",
    "observed_qwk",
    "plot_calibration",
    "plot_category_counts",
    "plot_category_probs",
    "plot_confusion",
    "plot_diagnosis",
    "plot_effects",
    "plot_expected_qwk",
    "plot_forest",
    "plot_latent",
    "plot_parallel",
    "plot_prior_posterior",
    "plot_residuals",
]
