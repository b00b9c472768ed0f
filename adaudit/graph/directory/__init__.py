"""What several families ask of the directory: hosts, identities, trusts, policies, certification authorities."""
