package tfjson

import (
	"slices"
	"strings"

	"github.com/egresslint/egresslint/parser/terraform"
)

// Identity says which attributes of a resource type stand for the thing itself. The
// provider's documentation tells it for each type, under Attributes Reference.
type Identity struct {
	// PlainID says that the id is the id of the thing itself, given by the cloud. The ids
	// of other types are names, or several ids in one, as cluster:nodepool, of which an
	// argument takes a part.
	PlainID bool
	// Aliases are the other names that arguments call the thing by.
	Aliases []string
	// Owned are the attributes, apart from a plain id, whose known value names one
	// instance wherever it is written: the cloud gives it to nothing else.
	Owned []string
	// Tables are attributes that hold a single id in spite of their names, with the
	// arguments that take it.
	Tables map[string]string
}

// Identities are those of the resource types that have any, by type. Of types that are
// not there, ids are taken for names.
type Identities map[string]Identity

// generic are the stems of arguments that take the id of any kind of thing.
var generic = map[string]bool{"instance": true, "nexthop": true, "next_hop": true, "resource": true}

// isIDArgument reports whether an argument takes one id.
func isIDArgument(name string) bool { return strings.HasSuffix(name, "_id") }

// fit says whether the value of an attribute can be what an argument takes.
type fit uint8

const (
	noFit    fit = iota // the names exclude it
	mayFit              // a part of the value may be it
	fitsWell            // the value as it is
)

// fitOf judges by the names that the provider gives to its arguments, attributes
// and resource types.
func (ids Identities) fitOf(argument string, res *terraform.Resource, attribute string) fit {
	switch own := ids[res.Type]; {
	case res.Data:
		return mayFit
	case attribute == "id":
		if !ids.isNamedAfter(argument, res.Type) && !generic[strings.TrimSuffix(argument, "_id")] {
			return noFit
		}
		if !own.PlainID {
			return mayFit
		}
		return fitsWell
	case own.Tables[attribute] != "":
		if own.Tables[attribute] != argument {
			return noFit
		}
		return fitsWell
	case argument == attribute || isIDArgument(attribute) && strings.HasSuffix(argument, "_"+attribute):
		return fitsWell
	case argument+"s" == attribute || strings.HasSuffix(argument+"s", "_"+attribute):
		return mayFit
	default:
		return noFit
	}
}

// isNamedAfter reports whether an argument takes the id of resources of a type, by
// its name.
func (ids Identities) isNamedAfter(argument, typ string) bool {
	stem := strings.TrimSuffix(argument, "_id")
	_, kind, _ := strings.Cut(typ, "_")
	return names(stem, kind) || slices.ContainsFunc(ids[typ].Aliases, func(alias string) bool { return names(stem, alias) })
}

// names reports whether the stem of an argument names a kind of thing: vswitch and
// source_vswitch name a vswitch, gateway names a vpn_gateway.
func names(stem, kind string) bool {
	return stem == kind || strings.HasSuffix(stem, "_"+kind) || strings.HasSuffix(kind, "_"+stem)
}
