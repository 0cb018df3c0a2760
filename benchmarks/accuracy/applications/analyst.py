"""A data analyst with SQL and a sandbox."""

from __future__ import annotations

from benchmarks.accuracy.applications.base import Application, Topic

ANALYST = Application(
    "sql analyst",
    "plain",
    {"run_sql": "TOOL", "python_sandbox": "TOOL", "list_tables": "TOOL", "metric_store": "TOOL"},
    ("quartz-9b", "opal-2", "basalt-70b"),
    (
        Topic(
            "revenue",
            ("revenue", "sales", "turnover", "income"),
            (
                "What was the revenue of {product} in {month}?",
                "Compare sales of {product} in {market} with the month before {month}.",
                "Total turnover for {market} in {month}, please.",
                "How much income did {product} bring in {market}?",
                "Revenue of {product} per customer in {month}?",
            ),
            (
                "{product} made {total} thousand in {month}, from {orders} orders.",
                "The total is {total} thousand over {orders} orders.",
                "In {market} it came to {total} thousand ({orders} orders).",
            ),
            {"total": (120, 9400), "orders": (300, 8800)},
            {"run_sql": 0.6, "metric_store": 0.25, "python_sandbox": 0.15},
        ),
        Topic(
            "churn",
            ("churn", "cancel", "leave", "lost"),
            (
                "How many customers cancelled {product} in {month}?",
                "What is the churn of {product} in {market}?",
                "Which customers did we lose in {market} during {month}?",
                "Churn trend for {product} since {month}?",
                "Count of lost accounts in {market} in {month}?",
            ),
            (
                "{lost} customers cancelled in {month}, out of {base}.",
                "We lost {lost} of {base} accounts in {market}.",
                "Churn for {product}: {lost} out of {base}.",
            ),
            {"lost": (11, 95), "base": (1100, 9900)},
            {"run_sql": 0.55, "python_sandbox": 0.3, "metric_store": 0.15},
        ),
        Topic(
            "stock",
            ("stock", "warehouse", "inventory", "unit"),
            (
                "How many units of {product} are in stock in {market}?",
                "Warehouse inventory of {product} at the end of {month}?",
                "Will the stock of {product} last until {month}?",
                "Inventory turnover for {market} in {month}?",
                "Which warehouse in {market} holds {product}?",
            ),
            (
                "{units} units of {product} are in stock, enough for {weeks} weeks.",
                "The warehouse in {market} holds {units} units ({weeks} weeks).",
                "Stock is {units} units. It lasts {weeks} weeks.",
            ),
            {"units": (140, 9700), "weeks": (3, 30)},
            {"metric_store": 0.6, "run_sql": 0.25, "list_tables": 0.15},
        ),
        Topic(
            "forecast",
            ("forecast", "predict", "expect", "projection"),
            (
                "Forecast the demand for {product} in {month}.",
                "What do you expect for {market} in {month}?",
                "Predict the orders of {product} after {month}.",
                "Projection for {product} in {market}, next quarter?",
                "Fit a trend to {product} in {market} and predict {month}.",
            ),
            (
                "The model expects {expected} orders for {product}, give or take {margin}.",
                "For {month} the projection is {expected} with a margin of {margin}.",
                "Demand should reach {expected}; the margin is {margin}.",
            ),
            {"expected": (400, 9100), "margin": (12, 190)},
            {"python_sandbox": 0.7, "run_sql": 0.15, "list_tables": 0.15},
        ),
        Topic(
            "schema",
            ("table", "column", "schema", "field"),
            (
                "Which table holds the orders of {product}?",
                "What columns describe {market} in the schema?",
                "Is there a field for returns of {product}?",
                "How many rows has the table for {market} since {month}?",
                "Where is {product} stored for {month}?",
            ),
            (
                "Table {table} has it, with {columns} columns.",
                "It is in table {table}; that one has {columns} columns.",
                "Look at table {table} ({columns} columns).",
            ),
            {"table": (101, 890), "columns": (6, 84)},
            {"list_tables": 0.7, "run_sql": 0.15, "metric_store": 0.15},
        ),
    ),
    {
        "product": ("kettles", "lamps", "saddles", "drills", "tents", "scales", "ovens", "skates"),
        "market": ("Iberia", "Benelux", "Nordics", "Balkans", "Andes", "Maghreb", "Alps"),
        "month": tuple(
            f"{name} {year}"
            for name in ("February", "April", "June", "September", "December")
            for year in (2022, 2023, 2024, 2025)
        ),
    },
    (
        "The board meets on Thursday and wants one number.",
        "Finance counts returns differently, keep that in mind.",
        "I tried the dashboard but it stops before that date.",
        "We had a promotion with a partner during those weeks.",
        "Please leave the pilot shops out of it.",
        "An older report named a figure that nobody can explain.",
        "My predecessor kept these numbers in a spreadsheet.",
        "It is for the yearly supplier talks.",
        "The regional lead doubts the figures from the warehouse.",
        "We changed the accounting calendar in the middle of it.",
    ),
    "You are a data analyst with SQL and Python. State figures as returned by the tools.",
)
