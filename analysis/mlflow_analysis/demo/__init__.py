"""A made customer-support agent with planted faults: for the demo, the tests and the benchmarks."""
