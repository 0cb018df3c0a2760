"""What goes back to MLflow from a review: issues, links, the report."""
