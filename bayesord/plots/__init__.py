"""Figures of what a fit says, in the user's categories; one file each.

Matplotlib is imported when a figure is made, never with the package. For forests, traces and checks use ArviZ on
`fit.idata`.
"""

from bayesord.plots.category_probs import plot_category_probs
from bayesord.plots.colours import category_colours

__all__ = ["category_colours", "plot_category_probs"]
