package tfjson

import (
	"fmt"
	"strings"

	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/source"
)

// sections are the parts of a document that are read.
type sections struct {
	*document
	formatVersion int
	planned       int // the root module after apply; of a state, the root module
	prior         int // the root module before apply
	changes       int
	configuration int
	variables     int
	// incomplete says why a plan leaves out resources that the configuration has.
	incomplete string
}

// find reads the top level of a document.
func (d *document) find() *sections {
	s := &sections{
		document: d, formatVersion: absent, planned: absent, prior: absent, changes: absent,
		configuration: absent, variables: absent,
	}
	for f := range d.fields(d.blank(0)) {
		switch f.key {
		case "format_version":
			s.formatVersion = f.value
		case "planned_values", "values":
			s.planned = d.get(f.value, "root_module")
		case "prior_state":
			s.prior = d.get(d.get(f.value, "values"), "root_module")
		case "resource_changes":
			s.changes = f.value
		case "configuration":
			s.configuration = f.value
		case "variables":
			s.variables = f.value
		case "errored":
			if d.is(f.value, "true") {
				s.incomplete = "the plan ended in an error, so it may lack resources"
			}
		case "complete":
			// As with -target and with deferred changes.
			if d.is(f.value, "false") && s.incomplete == "" {
				s.incomplete = "the plan covers only a part of the configuration"
			}
		}
	}
	return s
}

// checkVersion returns a ParseError unless the document has a format that is known.
// Terraform raises the major version when it changes the meaning of what is there:
// https://developer.hashicorp.com/terraform/internals/json-format
func (s *sections) checkVersion() *source.Diagnostic {
	if s.formatVersion == absent {
		return s.problem(source.ParseError, s.blank(0), "read Terraform document: it has no format_version")
	}
	version := s.str(s.formatVersion)
	// The formats 0.1 and 0.2, of Terraform up to 1.1, only lack what 1.0 adds.
	if major, _, ok := strings.Cut(version, "."); ok && (major == "0" || major == "1") {
		return nil
	}
	if strings.Trim(version, ".0123456789") != "" && guard.On(guard.ErrorText) {
		version = ""
	}
	return &source.Diagnostic{
		Kind: source.ParseError, Range: s.span(s.formatVersion, s.skip(s.formatVersion)),
		Message: fmt.Sprintf("read Terraform document: format_version %q is not supported, want 1.x", version),
	}
}

// change is what the plan says of one instance.
type change struct {
	gone                      bool // deleted, or forgotten
	after, unknown, sensitive int
	wasSensitive              int // before the change
	raw                       rawInstance
}

// rawInstance is a resource instance as it stands in the document.
type rawInstance struct {
	address   string
	at        int // the address
	module    string
	data      bool
	typ, name string
	index     int
	values    int
	sensitive int
	deposed   bool
}

// changesByAddress reads resource_changes, and which addresses were moved.
func (s *sections) changesByAddress() (byAddress map[string]*change, order []*change, moved map[string]bool) {
	byAddress, moved = make(map[string]*change), make(map[string]bool)
	for i := range s.items(s.changes) {
		c := &change{after: absent, unknown: absent, sensitive: absent, wasSensitive: absent}
		c.raw = s.rawInstance(i, "")
		for f := range s.fields(i) {
			switch f.key {
			case "previous_address":
				if from := s.str(f.value); from != "" {
					moved[from] = true
				}
			case "change":
				s.readChange(c, f.value)
			}
		}
		if c.raw.deposed || c.raw.address == "" {
			continue // what is left of a replaced instance
		}
		c.raw.values, c.raw.sensitive = c.after, c.sensitive
		byAddress[c.raw.address] = c
		order = append(order, c)
	}
	return byAddress, order, moved
}

func (s *sections) readChange(c *change, i int) {
	for f := range s.fields(i) {
		switch f.key {
		case "actions":
			n := 0
			for a := range s.items(f.value) {
				if action := s.str(a); action == "delete" || action == "forget" {
					c.gone = true
				}
				n++
			}
			c.gone = c.gone && n == 1 // a replacement also creates
		case "after":
			c.after = f.value
		case "after_unknown":
			c.unknown = f.value
		case "after_sensitive":
			c.sensitive = f.value
		case "before_sensitive":
			c.wasSensitive = f.value
		}
	}
}

// instancesIn reads the resources of the module at i and its child modules.
func (s *sections) instancesIn(i int, visit func(rawInstance)) {
	module, resources, children := "", absent, absent
	for f := range s.fields(i) {
		switch f.key {
		case "address":
			module = s.str(f.value)
		case "resources":
			resources = f.value
		case "child_modules":
			children = f.value
		}
	}
	for r := range s.items(resources) {
		if raw := s.rawInstance(r, module); raw.address != "" && !raw.deposed {
			visit(raw)
		}
	}
	for c := range s.items(children) {
		s.instancesIn(c, visit)
	}
}

func (s *sections) rawInstance(i int, module string) rawInstance {
	raw := rawInstance{module: module, index: absent, values: absent, sensitive: absent}
	for f := range s.fields(i) {
		switch f.key {
		case "address":
			raw.address, raw.at = s.str(f.value), f.value
		case "module_address":
			raw.module = s.str(f.value)
		case "mode":
			raw.data = s.str(f.value) == "data"
		case "type":
			raw.typ = s.str(f.value)
		case "name":
			raw.name = s.str(f.value)
		case "index":
			if !s.is(f.value, "null") {
				raw.index = f.value
			}
		case "values":
			raw.values = f.value
		case "sensitive_values":
			raw.sensitive = f.value
		case "deposed", "deposed_key":
			raw.deposed = s.str(f.value) != ""
		}
	}
	return raw
}
