"""Tags of pictures by a WD tagger in ONNX (optional extra), and what of them is where."""
