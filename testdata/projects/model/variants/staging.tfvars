name = "staging"
