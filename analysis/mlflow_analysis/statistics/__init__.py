"""Intervals, contrasts, change points, similarity: numbers in, numbers out, no domain words."""
