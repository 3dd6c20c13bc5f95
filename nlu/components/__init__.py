"""Our own parts of the Rasa pipeline. `light_rasa.prepare()` comes before the first import of rasa."""
