"""What the user says of an application and asks of its traces."""
