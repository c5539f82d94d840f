"""Collections, fields and values as plain data."""
