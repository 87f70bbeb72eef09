"""What admins set in the console: brand, automatic behaviour, the portal's state."""
