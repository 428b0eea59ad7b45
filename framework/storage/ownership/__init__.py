"""Which database owns the bucket: claims, marks, and the lease that they renew."""
