"""`python -m hello_variants`."""

from hello_variants import label

print(f"Hello from {label() or 'the plain wheel'}!")
