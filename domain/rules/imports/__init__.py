"""Pure decisions of imports: stages from quantities, lines' days from deliveries, what an amendment changes."""
