"""Open311 GeoReport v2: other city systems list our categories, open tickets and read how they stand, in JSON or XML."""
