"""What the pages share: the project and its store, the inference queue, the session, and the widgets."""
