"""Tile plans: how a large latent is cut, weighted and costed; exact VAE runs in bands (torch)."""
