"""Filling a database: the demo world, books of any size, and imports from the command line."""
