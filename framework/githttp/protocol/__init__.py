"""The wire protocol: commands, request bodies, side bands, and the status of each ref."""
