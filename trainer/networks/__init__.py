"""Networks, one file per paper or subject; nothing here knows of losses or data."""
