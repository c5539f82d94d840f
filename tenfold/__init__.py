"""The backend that starts as one file and grows tenfold, and tenfold again."""
