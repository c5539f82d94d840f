"""The official JavaScript SDK against Tenfold, and against PocketBase to be sure of the test."""
