"""What the client tests share; one module per purpose."""
