"""The resident page (H5): static files, and the script that fetches what they need from npm."""
