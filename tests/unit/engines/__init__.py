"""Tests of the engines room."""
