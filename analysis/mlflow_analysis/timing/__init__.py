"""Where the time of a trace went: self time and critical path of its span tree."""
