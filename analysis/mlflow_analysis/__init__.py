"""Find what is failing, slow, poor or good in a GenAI application, from its MLflow traces.

The engine knows nothing of screens. Importing this package loads neither mlflow nor pandas.
"""

__version__ = "0.1.0"
