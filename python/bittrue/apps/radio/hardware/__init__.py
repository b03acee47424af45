"""Small integer nets that predict radio maps: what they see, what they are, how they are trained and asked."""
