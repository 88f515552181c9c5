"""What is computed for screens and the command line: KPIs, the backlog, delivery dates."""
