"""The state machines of domain.md 3, one file each: transitions as data, guards as pure functions."""
