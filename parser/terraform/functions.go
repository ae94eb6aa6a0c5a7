package terraform

import (
	"maps"

	"github.com/hashicorp/go-cty-funcs/crypto"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/filesystem"
	"github.com/hashicorp/go-cty-funcs/uuid"
	yaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions are the built-in functions that need no rules of their own.
var functions = map[string]function.Function{
	"abs":             stdlib.AbsoluteFunc,
	"base64encode":    encoding.Base64EncodeFunc,
	"basename":        filesystem.BasenameFunc,
	"ceil":            stdlib.CeilFunc,
	"chomp":           stdlib.ChompFunc,
	"chunklist":       stdlib.ChunklistFunc,
	"csvdecode":       stdlib.CSVDecodeFunc,
	"dirname":         filesystem.DirnameFunc,
	"floor":           stdlib.FloorFunc,
	"format":          stdlib.FormatFunc,
	"formatdate":      stdlib.FormatDateFunc,
	"formatlist":      stdlib.FormatListFunc,
	"indent":          stdlib.IndentFunc,
	"join":            stdlib.JoinFunc,
	"jsonencode":      stdlib.JSONEncodeFunc,
	"log":             stdlib.LogFunc,
	"lower":           stdlib.LowerFunc,
	"max":             stdlib.MaxFunc,
	"md5":             crypto.Md5Func,
	"min":             stdlib.MinFunc,
	"parseint":        stdlib.ParseIntFunc,
	"pow":             stdlib.PowFunc,
	"range":           stdlib.RangeFunc,
	"regex":           stdlib.RegexFunc,
	"regexall":        stdlib.RegexAllFunc,
	"reverse":         stdlib.ReverseListFunc,
	"setintersection": stdlib.SetIntersectionFunc,
	"setproduct":      stdlib.SetProductFunc,
	"setsubtract":     stdlib.SetSubtractFunc,
	"setunion":        stdlib.SetUnionFunc,
	"sha1":            crypto.Sha1Func,
	"sha256":          crypto.Sha256Func,
	"sha512":          crypto.Sha512Func,
	"signum":          stdlib.SignumFunc,
	"slice":           stdlib.SliceFunc,
	"strrev":          stdlib.ReverseFunc,
	"substr":          stdlib.SubstrFunc,
	"timeadd":         stdlib.TimeAddFunc,
	"title":           stdlib.TitleFunc,
	"tobool":          stdlib.MakeToFunc(cty.Bool),
	"tomap":           stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
	"tonumber":        stdlib.MakeToFunc(cty.Number),
	"tostring":        stdlib.MakeToFunc(cty.String),
	"trim":            stdlib.TrimFunc,
	"trimprefix":      stdlib.TrimPrefixFunc,
	"trimspace":       stdlib.TrimSpaceFunc,
	"trimsuffix":      stdlib.TrimSuffixFunc,
	"upper":           stdlib.UpperFunc,
	"urlencode":       encoding.URLEncodeFunc,
	"uuidv5":          uuid.V5Func,
	"yamlencode":      yaml.YAMLEncodeFunc,
	"zipmap":          stdlib.ZipmapFunc,
}

// keepsIdentity are the functions of that list through which a placeholder
// passes whole. All others would take it apart, or depend on its text.
var keepsIdentity = map[string]bool{
	"chunklist": true, "csvdecode": true, "formatlist": true, "indent": true, "join": true,
	"jsondecode": true, "jsonencode": true, "reverse": true, "setintersection": true, "setproduct": true,
	"setsubtract": true, "setunion": true, "slice": true, "tomap": true,
	"tostring": true, "trimspace": true, "chomp": true, "yamldecode": true, "yamlencode": true, "zipmap": true,
}

// needsLength are the functions of that list whose result depends on the length
// of their lists, or on what stands where.
var needsLength = map[string]bool{
	"chunklist": true, "formatlist": true, "max": true, "min": true, "setproduct": true, "slice": true,
	"sum": true, "zipmap": true, "reverse": true, "setsubtract": true, "setintersection": true, "transpose": true,
}

// ignoresOrder are the functions of that list that take lists as sets, or turn them
// element by element, so that what is in the result does not depend on their order.
var ignoresOrder = map[string]bool{
	"max": true, "min": true, "reverse": true, "setintersection": true, "setproduct": true, "setsubtract": true, "sum": true,
}

// special are the functions with rules of their own for what is unknown, for
// placeholders or for origins.
var special map[string]specialFunc

func init() { //nolint:gochecknoinits // the functions refer to the table through the evaluator
	special = make(map[string]specialFunc)
	for _, m := range []map[string]specialFunc{collectionFunctions, textFunctions, fileFunctions} {
		maps.Copy(special, m)
	}
	for name, hash := range fileHashes {
		special[name] = hashFile(hash)
	}
	maps.Copy(functions, encodeFunctions)
	for name, f := range netFunctions {
		functions[name] = withoutLeadingZeros(f)
	}
}
