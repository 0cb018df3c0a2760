"""What is kept between runs, and what the user wants otherwise: files in the config directory, and who reads them."""
