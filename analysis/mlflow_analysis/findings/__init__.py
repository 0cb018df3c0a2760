"""What an analysis finds, as plain frozen data: sent between processes, written as JSON.

Nothing here computes. Shares and rates are 0 to 1, times are milliseconds, trace ids are MLflow's.
"""
