"""Integer nets for diffusion in a latent: the autoencoder of radio maps, the denoiser, the sampler in whole numbers."""
