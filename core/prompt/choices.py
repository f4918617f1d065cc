"""What people choose from on prompt nodes; apart, so that a node's schema loads nothing else."""

PERSONS = ("girl", "boy", "other")
# What people choose from -> Card.position.
POSITIONS = {
    "automatic": "",
    **{name: name for name in ("left", "center", "right", "top", "bottom")},
    **{name: name for name in ("top left", "top right", "bottom left", "bottom right")},
    **{name: name for name in ("foreground", "background")},
}
LEVELS = ("tags", "sentence", "description", "prose")  # of captions: arXiv 2409.19946, A.5
CANCELLED = ("keep", "drop")  # negative words that cancel a positive one
RATINGS = ("general", "sensitive", "questionable", "explicit")  # mildest first, Danbooru's
