"""What the broker keeps: one database, written by one thread. Nothing here decides."""
