"""What a picture file says of how it was made: written, read, traced from a graph, copied."""
