"""What programs can ask for: JSON below `/api/v1`, described by itself in `/api/v1/openapi.json`."""
