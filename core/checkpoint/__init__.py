"""Checkpoints of the Illustrious family: the identity of a file, the profiles of versions."""
