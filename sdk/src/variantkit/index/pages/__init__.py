"""Pages of a simple index, the file names they list, and the tree that serves them."""
