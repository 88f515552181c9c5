"""Storage: engine, types, unit of work, tables, repositories (write side) and queries (read side)."""
