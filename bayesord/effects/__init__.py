"""Effects that people report: average predictions, and contrasts of a covariate with everything else as it is.

`predictions` and `comparisons` are methods of a fit. `asked` says which rows are meant and which are averaged together,
`quantities` what is predicted, `contrasts` and `ways` what is compared and how; `result` makes the table. To add a
quantity or a way to compare: one entry in `QUANTITIES` or `WAYS`.
"""

from bayesord.effects.comparisons import comparisons
from bayesord.effects.predictions import predictions
from bayesord.effects.result import Effects

__all__ = ["Effects", "comparisons", "predictions"]
