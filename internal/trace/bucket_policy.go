package trace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/alicloud"
	"github.com/egresslint/egresslint/internal/ipset"
	"github.com/egresslint/egresslint/internal/model"
	"github.com/egresslint/egresslint/internal/secret"
	"github.com/egresslint/egresslint/internal/truth"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/located"
)

// bucketPolicy is the part of an OSS bucket policy that is about networks
// (vendor's page on bucket policies and error 0030-00000008).
type bucketPolicy struct {
	Statement []struct {
		Effect    string
		Action    stringList
		Principal any
		Resource  stringList
		Condition map[string]map[string]stringList
	}
}

// stringList is a JSON string or list of strings.
type stringList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *stringList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = []string{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("read list: %w", err)
	}
	*l = many
	return nil
}

// bucketJudge judges the policies of buckets.
type bucketJudge struct {
	ways  *ways
	gates gates[gateKey, *bucketGate]
}

// bucketGate is a BucketPolicyBlock under construction.
type bucketGate struct {
	*model.BucketPolicyBlock // nil if the policy does not deny the cluster
	need                     needs
	status                   truth.Verdict
	reason                   string
}

func (gate *bucketGate) entity() *model.BucketPolicyBlock {
	gate.Need = gate.need.sum()
	return gate.BucketPolicyBlock
}

// denied are the gates of buckets that keep a cluster out.
func (j *bucketJudge) denied() []*bucketGate {
	return slices.DeleteFunc(slices.Clone(j.gates.list), func(gate *bucketGate) bool { return gate.BucketPolicyBlock == nil })
}

// hop judges the policy of a bucket: a Deny whose conditions single out the
// cluster's addresses or VPC.
func (j *bucketJudge) hop(r *world.Need) model.Hop {
	hop := model.Hop{Name: model.HopBucketPolicy, Status: truth.Unknown}
	key := gateKey{r.Target, r.View().Sources, r.Public}
	gate := j.gates.at(key, func() *bucketGate { return j.judge(r.Target, r.World.Cluster, key) })
	gate.need.add(r)
	hop.Status, hop.Detail = gate.status, gate.reason
	hop.Component, hop.Sources = r.Target.Address, r.View().Labels()
	if gate.BucketPolicyBlock != nil {
		hop.Component, hop.Code, hop.Origin = gate.Bucket, gate.Code, gate.Origin
		hop.Facts = []model.Fact{fact("the policy lets in", cmp.Or(strings.Join(gate.Listed, ", "), "nobody"), gate.Origin)}
	}
	return hop
}

func (j *bucketJudge) judge(t *alicloud.Target, c *world.Cluster, key gateKey) *bucketGate {
	role := key.src.Role
	if key.public {
		role = world.RoleEIP
	}
	s := t.Scope
	holder, v := t.Resource, t.Resource.Body.Get("policy")
	for _, res := range s.ByType["alicloud_oss_bucket_policy"] {
		bucket := res.Body.Get("bucket")
		text, _ := bucket.Text()
		if s.Ident(bucket).Key == t.Resource.Address || slices.Contains(t.Prefixes, strings.ToLower(text)) {
			holder, v = res, res.Body.Get("policy")
		}
	}
	if v.IsNull() {
		if reason, found := s.UnreadModule(t.Resource.Address); found {
			return &bucketGate{status: truth.Unknown, reason: reason}
		}
		return &bucketGate{status: truth.Open}
	}
	text, ok := v.Text()
	var policy bucketPolicy
	if !ok || json.Unmarshal([]byte(text), &policy) != nil {
		return &bucketGate{status: truth.Unknown, reason: v.ReasonOr("the policy of " + t.Address + " is not decided by the files")}
	}
	verdict := &bucketGate{status: truth.Open}
	for _, statement := range policy.Statement {
		if statement.Effect != "Deny" || !deniesObjects(statement.Action) || len(statement.Condition) == 0 {
			continue // a Deny for everybody is not about networks
		}
		d := j.denial(statement.Condition, t, c, key)
		if d.holds == truth.Yes && (!everybody(statement.Principal) || !wholeBucket(t, statement.Resource)) {
			d.holds = truth.Maybe // it may be about other users or folders
		}
		switch d.holds {
		case truth.Yes:
			for i := range d.listed {
				if secret.Conceals(v) {
					d.listed[i] = secret.Concealed
				}
			}
			return &bucketGate{status: truth.Blocked, BucketPolicyBlock: &model.BucketPolicyBlock{
				Bucket: holder.Address, BucketName: t.Name, Cluster: c.ID, ClusterName: c.Name, Code: d.code, Role: role, Scope: key.src.Scope,
				Listed: d.listed, Uncovered: d.uncovered, Origin: s.At(holder, v),
			}}
		case truth.Maybe:
			verdict = &bucketGate{status: truth.Unknown, reason: "whether a Deny of the policy of " + t.Name + " applies is not decided by the files"}
		}
	}
	return verdict
}

// deniesObjects reports whether a statement is about reading or writing objects.
func deniesObjects(actions []string) bool {
	return slices.ContainsFunc(actions, func(a string) bool {
		return slices.Contains([]string{"*", "oss:*", "oss:Get*", "oss:Put*", "oss:GetObject", "oss:PutObject"}, a)
	})
}

// everybody reports whether a statement's principal is anybody.
func everybody(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		return slices.Contains(p, any("*"))
	default:
		return false
	}
}

// wholeBucket reports whether resources of a statement cover every object of the
// bucket: acs:oss:REGION:OWNER:BUCKET/*.
func wholeBucket(t *alicloud.Target, resources []string) bool {
	return slices.ContainsFunc(resources, func(r string) bool {
		r = r[strings.LastIndexByte(r, ':')+1:]
		bucket, objects, ok := strings.Cut(r, "/")
		return r == "*" || ok && objects == "*" && (bucket == "*" || slices.Contains(t.Prefixes, strings.ToLower(bucket)))
	})
}

// denial is what the conditions of a Deny say about a cluster's packets.
type denial struct {
	holds     truth.Truth
	code      string
	listed    []string // what the condition lets through
	uncovered []string // the sources it does not
}

// judgeConditions reports whether all conditions of a Deny hold for the cluster's packets.
// Conditions that it does not know may hold or not.
func (j *bucketJudge) denial(conditions map[string]map[string]stringList, t *alicloud.Target, c *world.Cluster, from gateKey) denial {
	all := denial{holds: truth.Yes}
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		for _, key := range slices.Sorted(maps.Keys(conditions[operator])) {
			values := conditions[operator][key]
			one := denial{holds: truth.Maybe}
			switch {
			case operator == "NotIpAddress" && key == "acs:SourceIp":
				one = j.addressDenial(values, from)
			case operator == "StringNotEquals" && key == "acs:SourceVpc" && !from.public:
				one = vpcDenial(values, t, c)
			}
			all.holds = min(all.holds, one.holds)
			if all.code == "" {
				all.code, all.listed, all.uncovered = one.code, one.listed, one.uncovered
			}
		}
	}
	return all
}

// addressDenial judges NotIpAddress: it holds for sources outside the list.
func (j *bucketJudge) addressDenial(values []string, from gateKey) denial {
	d := denial{holds: truth.Maybe, code: "source-ip", listed: []string{}, uncovered: []string{}}
	var builder netipx.IPSetBuilder
	refs := make(map[string]bool)
	for _, text := range values {
		d.listed = append(d.listed, located.Display(text))
		if ref, ok := (&located.Value{Kind: located.String, Str: text}).Ref(); ok && from.public && alicloud.SingleAddress(ref.Attribute) {
			refs[ref.String()] = true
			continue
		}
		cidr, ok := ipset.Parse(text)
		if !ok {
			return d
		}
		builder.AddPrefix(cidr)
	}
	if from.public {
		return eipDenial(d, ipset.Build(&builder), refs, j.ways.publicSources(world.WholeView(from.src)))
	}
	set := ipset.Build(&builder)
	return d.over(coverMembers(from.src, func(m world.Member) (truth.Verdict, string) {
		switch cidr := m.VSwitch.CIDR; {
		case !cidr.IsValid():
			return truth.Unknown, m.VSwitch.Reason
		case set.ContainsPrefix(cidr):
			return truth.Open, ""
		case set.OverlapsPrefix(cidr):
			return truth.Unknown, "" // some of its addresses are listed
		default:
			return truth.Blocked, ""
		}
	}))
}

// over is the denial of sources that a list does not hold.
func (d denial) over(listed coverage) denial {
	d.uncovered = listed.uncovered
	switch listed.status {
	case truth.Open:
		d.holds = truth.No
	case truth.Blocked:
		d.holds = truth.Yes
	}
	return d
}

// eipDenial judges the list of a NotIpAddress for requests that arrive with the EIPs
// of a NAT gateway. One that exists only after apply may have any public address.
func eipDenial(d denial, set *netipx.IPSet, refs map[string]bool, eips []string) denial {
	return d.over(coverPublic(eips, "", func(eip string) (truth.Verdict, string) {
		address, written := ipset.Parse(eip)
		switch {
		case refs[eip], written && set.ContainsPrefix(address):
			return truth.Open, ""
		case len(refs) == 0 && (written || !set.Overlaps(ipset.Routed4)):
			return truth.Blocked, ""
		default:
			return truth.Unknown, ""
		}
	}))
}

// vpcDenial judges StringNotEquals on the VPC. A literal id may be that of any VPC
// of the files, whose ids exist only after apply.
func vpcDenial(values []string, t *alicloud.Target, c *world.Cluster) denial {
	d := denial{holds: truth.Maybe, code: "source-vpc", listed: []string{}, uncovered: []string{}}
	if c.VPC == nil || c.VPC.Resource == nil || c.Scope != t.Scope {
		return d
	}
	d.holds = truth.Yes
	for _, text := range values {
		d.listed = append(d.listed, located.Display(text))
		switch id := t.Scope.Ident(&located.Value{Kind: located.String, Str: text}); {
		case id.Key == c.VPC.Key:
			return denial{holds: truth.No}
		case id.Resource == nil:
			d.holds = truth.Maybe
		}
	}
	d.uncovered = append(d.uncovered, c.VPC.Name)
	return d
}
