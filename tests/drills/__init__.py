"""Drills: break Tenfold under load, and look whether it kept its word."""
