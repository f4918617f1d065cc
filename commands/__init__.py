"""The areas of the command line, one module each. They print; what they print comes from core and
training, by the functions that the nodes use."""
