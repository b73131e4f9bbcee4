"""The real trainers, from a folder of checkouts, with our lines in them."""
