"""What an ordinal outcome is: links, and kernels that never break in a tail."""
