"""The collected tables as they would be once changes are made."""
