"""What may be promised, and what may be told about a promise."""
