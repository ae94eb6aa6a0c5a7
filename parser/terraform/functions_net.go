package terraform

import (
	"strings"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// netFunctions are the functions on CIDR blocks.
var netFunctions = map[string]function.Function{
	"cidrhost":    cidr.HostFunc,
	"cidrnetmask": ipv4Only(cidr.NetmaskFunc),
	"cidrsubnet":  cidr.SubnetFunc,
	"cidrsubnets": cidr.SubnetsFunc,
}

// withoutLeadingZeros makes f take addresses such as 10.010.0.0/16, whose
// octets Terraform reads as decimal and the library refuses.
func withoutLeadingZeros(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type:     func(args []cty.Value) (cty.Type, error) { return f.ReturnTypeForValues(decimalOctets(args)) },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return f.Call(decimalOctets(args))
		},
	})
}

// ipv4Only makes f refuse IPv6 addresses, for which Terraform has no netmask.
func ipv4Only(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params: f.Params(),
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if strings.Contains(args[0].AsString(), ":") {
				return cty.NilVal, function.NewArgErrorf(0, "IPv6 addresses have no netmask")
			}
			return f.Call(args)
		},
	})
}

func decimalOctets(args []cty.Value) []cty.Value {
	s, ok := asString(args[0])
	if !ok || strings.Contains(s, ":") || !strings.HasPrefix(s, "0") && !strings.Contains(s, ".0") {
		return args
	}
	addr, bits, _ := strings.Cut(s, "/")
	octets := strings.Split(addr, ".")
	for i, o := range octets {
		if t := strings.TrimLeft(o, "0"); t != "" {
			octets[i] = t
		} else if o != "" {
			octets[i] = "0"
		}
	}
	return append([]cty.Value{cty.StringVal(strings.Join(octets, ".") + "/" + bits)}, args[1:]...)
}
