"""The attack graph: who can take what, by which steps, and which few changes stop it."""
