"""Everything that can be approved: importing this makes all changes known that a request may ask for."""

from domain.services import approvals_of_edits, calendar_changes, hold_requests

CHANGES = (approvals_of_edits.CHANGE, hold_requests.CHANGE, *calendar_changes.CHANGES)
"""The names of the registered changes."""
