"""The types by which character cards and whole pictures travel between prompt nodes."""

from comfy_api.latest import io

Characters = io.Custom("IXL_CHARACTERS")  # tuple of core.prompt.build.Card
Picture = io.Custom("IXL_PICTURE")  # core.prompt.build.Picture
