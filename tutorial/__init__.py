"""The course "Django Channels, step by step": call it with `python3 -m tutorial`."""
