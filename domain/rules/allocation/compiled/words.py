"""Numbers that compiled code knows phases, causes and violations by, as `buckets.PHASES` and `book` number them."""

SKIP, WIN, GAIN, IMPROVE, REDISTRIBUTE, FILL, LOSE = range(7)
(
    C_NONE, C_SUPPLY, C_SAFETY_STOCK, C_PROTECTION, C_QUOTA, C_CALENDAR, C_LINE_COMPLETE, C_ORDER_COMPLETE, C_SPLITS,
    C_STRATEGY, C_HOLD, C_SOURCING, C_HORIZON,
) = range(13)  # fmt: skip
"""A test holds them together with book.CAUSES."""
BROKEN_WIN, BROKEN_GAIN = 1, 2
FULL = 1
"""What a run returns when the pool of parts is full."""
