"""Diffusion of radio maps in the latent of the first stage: the process, its loss, the sampler."""
