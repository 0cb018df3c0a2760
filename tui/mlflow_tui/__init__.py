"""The terminal app and the command line. Importing it loads neither mlflow nor pandas."""
