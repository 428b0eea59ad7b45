"""The REST API: JSON below `/api/v1`, described by `/api/v1/openapi.json`."""
