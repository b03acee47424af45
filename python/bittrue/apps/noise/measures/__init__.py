"""What sets of signals are worth: spectra, parameters, marginals and correlations against a target's, with floors."""
