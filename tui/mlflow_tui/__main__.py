"""``python -m mlflow_tui`` is ``mlflow-tui``."""

from mlflow_tui.cli import main

if __name__ == "__main__":
    main()
