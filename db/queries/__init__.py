"""Read side: one file per screen, explicit columns, DataFrames out."""
