"""Traces read in slices: in this process, in others, or by a Dask cluster; how many, and which."""
