"""Fine-tuning through kohya-ss sd-scripts, which stays a program of its own in its own environment.

Never imports ComfyUI. Only `entry` and what it uses run in the trainer's process.
"""
