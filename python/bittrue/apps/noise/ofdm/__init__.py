"""OFDM signals as LTE shapes them: names of sets, modem, channels and impairments."""
