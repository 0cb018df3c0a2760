"""Each command's options. Importing one imports click and nothing heavier."""
