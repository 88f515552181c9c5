"""Proofs of formats: what the dates, numbers and booleans of a column mean, proved or asked, never guessed."""
