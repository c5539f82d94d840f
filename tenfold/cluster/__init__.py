"""The fleet: which parts it has, on which hosts, and what keeps them running."""
