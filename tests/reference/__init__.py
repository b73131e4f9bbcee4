"""The rules of the masks in plain NumPy: an independent answer, equal to the core in every bit."""
