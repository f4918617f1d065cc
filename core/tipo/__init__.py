"""TIPO, the small language model that expands short prompts: its form, files and generation."""
