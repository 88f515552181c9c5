"""Edits of cells from grids, their preview, and taking a batch back."""
