"""A reader of HDF5 files: what is in them, and the first values ("HDF5 File Format Specification", The HDF Group)."""
