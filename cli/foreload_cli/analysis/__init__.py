"""What `foreload analyze` is made of: finding files, analysing them in worker processes, printing."""
