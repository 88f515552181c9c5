"""Imports of order extracts: profile -> bundle -> mapped rows; storing them is `domain.services.importing.imports`."""
