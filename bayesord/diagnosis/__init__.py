"""Whether a fit can be believed: its draws, its data and priors, its model; and residuals to see what is wrong.

`diagnose` and `residuals` are methods of a fit. `diagnose` puts the checks together and `report` prints them; `counts`,
`parallel` and `repeated` hold one check each, `scores` what the tests share. The checks of draws, separation and conflict
are those of the verdict, in `inference`.
"""

from bayesord.diagnosis.diagnose import diagnose
from bayesord.diagnosis.parallel import Parallel
from bayesord.diagnosis.report import Diagnosis
from bayesord.diagnosis.residuals import residuals

__all__ = ["Diagnosis", "Parallel", "diagnose", "residuals"]
