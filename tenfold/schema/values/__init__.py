"""Lenient conversions of client input to values, shared by the field types."""
