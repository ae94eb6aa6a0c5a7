package alicloud

import (
	"github.com/egresslint/egresslint/internal/place"
	"github.com/egresslint/egresslint/parser/located"
	"github.com/egresslint/egresslint/parser/terraform"
)

// At is the origin of a value of a resource.
func (s *Scope) At(res *terraform.Resource, v *located.Value) place.Origin {
	return s.places.Add(s.Place(res, v))
}

// AtBlock is the origin of a resource's header line.
func (s *Scope) AtBlock(res *terraform.Resource) place.Origin { return s.At(res, res.Body) }

// AtArgument is the origin of an argument of a resource, or of the resource's block
// where the argument is not written.
func (s *Scope) AtArgument(res *terraform.Resource, path ...string) place.Origin {
	if v := res.Body.Get(path...); !v.Range.IsZero() {
		return s.At(res, v)
	}
	return s.AtBlock(res)
}
