"""What this project promises, measured: start-up, throughput, accuracy. Run ``make bench``."""
