"""Memory polynomials by least squares as integer nets: a ComplexFIR alone."""
