"""The filter language: parsed, checked, and decided the same way by every back end."""
