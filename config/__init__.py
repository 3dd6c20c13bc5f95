"""Settings and data (categories, regions, words); `config.settings` is read only by the processes' entry points."""
