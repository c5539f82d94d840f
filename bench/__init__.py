"""`make bench`: Tenfold beside the real PocketBase, on the same data, in the same run."""
