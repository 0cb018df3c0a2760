"""One screen for each step: connection, experiments, traces, board, report."""
