"""Pictures to an HDMI connector: raster, pixels, TMDS words, and the serialisers of the 7 series."""
