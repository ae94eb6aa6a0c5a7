package netpol_test

import (
	"context"
	"testing"

	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/internal/truth"
)

// countdown is a context whose time is over after it was asked so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// Whatever an evaluator is doing when its time is over, it looks up only a few times
// more.
func TestEvaluatorEndsWithItsTime(t *testing.T) {
	policies, namespaces, pods := cluster(t, 400, 200)
	var services []netpol.ServicePort
	for _, p := range pods {
		services = append(services, netpol.ServicePort{Namespace: p.Namespace, Service: p.ID, Selector: netpol.Labels{"app": p.Labels["app"]}, Port: 3306, TargetName: "http"})
	}
	work := func(ctx context.Context) (links int) {
		e := netpol.New(ctx, policies, namespaces, pods, netpol.Profile{Datapath: "v2", Enforced: truth.Yes, PodCIDRs: podCIDRs})
		for range e.Connections() {
			links++
		}
		e.DeadPeers(services)
		return links
	}
	whole := &countdown{t.Context(), 1 << 40}
	allLinks := work(whole)
	if allLinks == 0 {
		t.Fatal("no links")
	}
	asked := 1<<40 - whole.left
	for _, share := range []int{0, 10, 30, 50, 70, 90} {
		ctx := &countdown{t.Context(), asked * share / 100}
		links := work(ctx)
		if ctx.left >= 0 {
			t.Fatalf("after %d %%: its time was never over", share)
		}
		if after := -ctx.left; after > 10 {
			t.Errorf("after %d %%: asked %d times more", share, after)
		}
		if share < 50 && links == allLinks {
			t.Errorf("after %d %%: it did all of its work", share)
		}
	}
}
