"""Where stores are and how to sign in, by names alone; what this machine says of both."""
