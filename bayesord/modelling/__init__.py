"""From data to a pm.Model."""
