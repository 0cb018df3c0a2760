"""A language model as an optional judge, beside the statistics; the only place that calls one."""
