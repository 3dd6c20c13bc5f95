"""The residents' door: messages in, replies out. It knows no intents and no tickets."""
