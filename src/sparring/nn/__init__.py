"""Parts of networks: latents, initialisation, framing."""
