package terraform

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// identities are attributes that name the thing they belong to, or the way to
// it, and exist only after apply. identitySuffixes extends them.
var (
	identities = map[string]bool{
		"id": true, "arn": true, "address": true, "domain": true, "dns_name": true, "host": true,
		"ip": true, "ip_address": true, "endpoint": true, "endpoints": true, "connection_string": true,
	}
	identitySuffixes = []string{"_id", "_ids", "_ip", "_ip_address", "_domain", "_dns_name", "_connection_string", "_endpoint"}
)

// isIdentity reports whether an attribute that the configuration does not set
// is known by reference: see located.Ref.
func isIdentity(name string) bool {
	if identities[name] {
		return true
	}
	for _, s := range identitySuffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// derived returns computed attributes of built-in resources that follow from the
// configuration alone.
func (in *instance) derived(ev *evaluator, name string) (value, bool) {
	blk := in.res.blk
	switch {
	case !blk.data && blk.typ == "terraform_data" && name == "output":
		if i, ok := blk.args.index["input"]; ok {
			v := in.argument(ev, i)
			return value{v.v, ev.cross(v.o, blk.args.attrs[i].expr.Range(), aside, in.address+".input is set here")}, true
		}
	case blk.data && blk.typ == "terraform_remote_state" && name == "outputs":
		return in.stateOutputs(ev), true
	case blk.data && blk.typ == "template_file" && name == "rendered":
		// The template provider's data source; what templatefile replaced.
		return in.rendered(ev), true
	}
	return value{}, false
}

func (in *instance) rendered(ev *evaluator) value {
	args := &in.res.blk.args
	i, ok := args.index["template"]
	if !ok {
		return unknown(in.address + " has no template")
	}
	text := in.argument(ev, i)
	vars := value{v: cty.EmptyObjectVal}
	if j, ok := args.index["vars"]; ok {
		vars = in.argument(ev, j)
	}
	rng := args.attrs[i].expr.Range()
	return in.scope(ev).renderTemplate(text, vars, rng, "template")
}
