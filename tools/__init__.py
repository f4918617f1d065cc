"""The development environment: everything behind `tools/dev.py`. No part of the installed pack."""
