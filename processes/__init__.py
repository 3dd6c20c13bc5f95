"""Entry points: the only readers of config.settings; they put the parts together and start them."""
