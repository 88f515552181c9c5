"""Proofs of formats: what a column's cells mean, proved or asked, never guessed."""
