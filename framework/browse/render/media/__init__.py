"""Pictures, sound, film and models: what their files say of themselves, and pictures as browsers show them."""
