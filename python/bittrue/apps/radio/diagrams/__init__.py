"""Eight pictures of a training configuration, as PNG of 1920 x 1080 pixels and as SVG."""
