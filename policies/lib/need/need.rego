# METADATA
# title: What a gate's requirements allow a rule to say
# description: Severity by the strength of the evidence, and the evidence in words and places.
package egresslint.lib.need

# How many requirements a message names and a finding points at.
shown := 3

# METADATA
# description: >-
#   Level of a finding that rests on a requirement. Undefined for "none", so that a
#   rule without a requirement has to say what its finding rests on instead.
level(strength) := "error" if strength in {"declared", "referenced"}

level("inferred") := "warning"

# METADATA
# description: >-
#   A sentence that names who is stopped, with a space in front; empty without a requirement.
sentence(evidence) := "" if count(evidence) == 0

sentence(evidence) := sprintf(" Stopped: %s.", [concat(", ", names(evidence))]) if {
	count(evidence) > 0
	count(evidence) <= shown
}

sentence(evidence) := text if {
	count(evidence) > shown
	more := count(evidence) - shown
	text := sprintf(" Stopped: %s … and %d more.", [concat(", ", names(evidence)), more])
}

names(evidence) := [sprintf("%s to %s", [e.workload, e.destination]) |
	some e in array.slice(evidence, 0, shown)
]

# METADATA
# description: The places of the evidence, for a finding's related places.
places(evidence) := [place |
	some e in array.slice(evidence, 0, shown)
	place := {"at": e.origin, "text": sprintf("%s needs %s", [e.workload, e.destination])}
]
