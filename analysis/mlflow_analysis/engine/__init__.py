"""The engine: read, extract, test, conclude; one experiment in, a stream of events out."""
