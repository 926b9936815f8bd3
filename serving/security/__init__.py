"""Who may use the gateway, how much, from where; nothing here knows pictures or models."""
