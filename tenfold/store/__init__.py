"""The database: others come in by `contract.py`."""
