"""adaudit: a read-only Active Directory hygiene auditor and GHT convergence planner."""

__version__ = "0.1.0"
