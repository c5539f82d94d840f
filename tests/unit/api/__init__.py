"""Tests of the HTTP room without a network."""
