"""What is known about checkpoints of the Illustrious family: identity of a file, profiles of versions."""
