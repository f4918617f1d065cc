"""The picture files that are written, and how their names end."""

ENDINGS = {"png": ".png", "webp": ".webp", "jpeg": ".jpg", "avif": ".avif"}
