"""What the desk promises about speed, as programmes."""
