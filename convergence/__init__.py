"""Planning the convergence of several directories into one. The work begins with a later milestone."""
