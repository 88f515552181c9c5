"""The audit log tells everything: an example of every command, and what its rows must say."""
