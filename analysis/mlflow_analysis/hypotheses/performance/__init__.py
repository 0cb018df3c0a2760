"""Hypotheses of the performance family, one file each."""
