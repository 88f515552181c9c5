"""The demo world: an invented distributor of industrial supplies, dated around today."""
