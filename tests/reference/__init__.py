"""The rules of MASKS.md in plain NumPy: an independent answer, equal to the core in every bit."""
