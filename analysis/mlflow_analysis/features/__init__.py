"""Records become tables (pandas), once; every hypothesis is column operations on them."""
