"""From a document to a cloud assembly, in a process of its own."""
