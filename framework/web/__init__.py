"""What every page shares: errors as answers, security headers, forms, reserved names and the frame of the pages."""
