"""What the repository's scripts share; standard library only, since they run before anything is installed."""
