"""Losses, one file per subject: functions of tensors, no state but frozen feature networks."""
