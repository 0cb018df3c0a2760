"""The program without a screen: what the commands of `cli` do. Loaded once a command runs."""
