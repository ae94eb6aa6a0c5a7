package netpol_test

import (
	"net/netip"
	"testing"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

func TestSmoke(t *testing.T) {
	objects, diags := kubernetes.Parse("np.yaml", []byte(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
    ports:
    - port: 5432
  - to:
    - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	p, diags := netpol.Parse(objects[0], "a")
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	pods := []netpol.Pod{{Namespace: "a"}, {Namespace: "a", Labels: netpol.Labels{"app": "db"}}}
	e := netpol.New([]*netpol.Policy{p}, nil, pods, netpol.Profile{Datapath: "v2", Enforced: netpol.Yes})
	t.Log(e.Egress(0, e.PodDest(1), "TCP", 5432), e.Egress(0, e.PodDest(1), "TCP", 80), e.Connect(0, 1, "TCP", 5432))
	t.Log(e.Egress(0, netpol.InternetDest(), "TCP", 0), e.Egress(0, netpol.AddrDest(netip.MustParseAddr("10.1.1.1")), "TCP", 0))
	t.Logf("%+v", e.Closest(0, e.PodDest(1), "UDP", 53))
	t.Logf("%+v", e.Closest(0, e.PodDest(0), "UDP", 53))
	for _, r := range e.Rules(0, netpol.Egress) {
		t.Logf("%+v", r)
	}
}
