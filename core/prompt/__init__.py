"""Prompts: lossless parser, normalizer that explains itself, profiles, builders, token budget."""
