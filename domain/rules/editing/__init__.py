"""What may be edited in grids: fields as data, what each accepts, and who may write it (domain.md 2.10, screens.md 4)."""
