"""The words everybody shares: statuses, units, facts and errors. Imports nothing of ours."""
