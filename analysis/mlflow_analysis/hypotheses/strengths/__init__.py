"""Hypotheses of the strengths family, one file each."""
