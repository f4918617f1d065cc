"""What people choose from on training nodes; apart, so that a node's schema loads nothing else."""

PRESET_IDS = ("v0.1", "v1.0", "v1.1", "v2.0")
METHODS = ("full", "lora")
READINGS = ("authors-code", "paper")  # of the paper's multi-level dropout (policy.py)
GO_ON, NEW_RUN = "go on", "new run"
STARTS = (GO_ON, NEW_RUN)  # again.py
WAIT, BACKGROUND = "wait", "background"
WHENS = (WAIT, BACKGROUND)
