"""What a message says, decided by our own tested code: the text gate, places, phones, times, emergencies, categories."""
