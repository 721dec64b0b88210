"""The objects: one function a class, each drawing one individual in units of its own."""
