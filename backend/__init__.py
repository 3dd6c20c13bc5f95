"""The queue's door: other systems take ticket events here and send their updates back."""
