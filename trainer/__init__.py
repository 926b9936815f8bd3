"""Makes celmood's models: drawn characters, data, networks, losses, methods and the one loop."""
