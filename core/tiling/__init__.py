"""Tile plans: how a large latent is cut, weighted and costed. Pure geometry and numpy."""
