"""Models of amplifiers, their ideal drives, and the polynomials to beat."""
