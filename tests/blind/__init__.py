"""Planted bottlenecks: does `tenfold advise` name them, and does its step bring what it says?"""
