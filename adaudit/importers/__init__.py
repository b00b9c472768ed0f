"""Files of other collectors to the same snapshot."""
