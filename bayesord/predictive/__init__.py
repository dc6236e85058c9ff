"""From draws to answers: probabilities, expected kappa, optimal labels, scores. No PyMC here."""
