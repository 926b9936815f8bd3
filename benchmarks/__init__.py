"""Where the README's figures come from. Each module is a program; nothing imports this package."""
