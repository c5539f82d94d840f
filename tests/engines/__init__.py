"""Real engines that tests start for themselves, each with a private folder and a free port."""
