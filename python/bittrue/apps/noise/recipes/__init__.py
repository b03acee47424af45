"""Built-in recipes of noise generators, TOML files."""
