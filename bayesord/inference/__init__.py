"""From a pm.Model to draws."""
