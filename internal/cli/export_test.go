package cli

// MainAt is Main on another day.
var MainAt = mainAt
