"""Whole stages with their real parts."""
