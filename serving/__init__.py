"""The editing pipeline and the gateway that offers it over HTTP."""
