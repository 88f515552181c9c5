"""The conservation laws of the book and the reads that recompute them (`verify`, and after each command)."""
