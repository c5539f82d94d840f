"""What is held in memory, bounded."""
