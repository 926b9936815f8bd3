"""The sub-commands of `python -m trainer`, one module each."""
