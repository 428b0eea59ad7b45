"""What every page shares: forms, errors, security headers, compression, reserved names."""
