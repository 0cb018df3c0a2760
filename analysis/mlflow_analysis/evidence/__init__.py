"""What every finding carries, done once for all hypotheses: count, verdict, causes, examples, rank."""
