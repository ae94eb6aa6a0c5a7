package trace_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/trace"
	"github.com/egresslint/egresslint/internal/world"
	"github.com/egresslint/egresslint/parser/kubernetes"
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

// crowded are workloads that need others, with Services and policies.
func crowded(t *testing.T) world.Input {
	t.Helper()
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%[1]d, namespace: shop}
spec:
  template:
    metadata: {labels: {app: app-%[1]d}}
    spec:
      containers:
        - name: main
          image: x
          ports: [{name: http, containerPort: 8080}]
          env: [{name: A, value: "http://app-%[2]d.shop"}, {name: B, value: "https://api.partner.com"}]
---
apiVersion: v1
kind: Service
metadata: {name: app-%[1]d, namespace: shop}
spec:
  selector: {app: app-%[1]d}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-%[1]d, namespace: shop}
spec:
  podSelector: {matchLabels: {app: app-%[1]d}}
  policyTypes: [Egress, Ingress]
  egress: [{to: [{podSelector: {matchLabels: {app: app-%[2]d}}}], ports: [{port: 80}]}]
  ingress: [{from: [{podSelector: {}}]}]
`, i, (i+1)%60)
	}
	objects, diagnostics := kubernetes.Parse("all.yaml", []byte(b.String()))
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	return world.Input{Objects: objects}
}

// stops calls work with contexts that end at several places of it, and wants each call
// to end soon after.
func stops(t *testing.T, work func(context.Context) error) {
	t.Helper()
	whole := &countdown{t.Context(), 1 << 40}
	if err := work(whole); err != nil {
		t.Fatal(err)
	}
	asked := 1<<40 - whole.left
	if asked < 100 {
		t.Fatalf("it asked %d times only", asked)
	}
	for share := range 100 {
		ctx := &countdown{t.Context(), asked * share / 100}
		if err := work(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("after %d %%: got %v", share, err)
		}
		if after := -ctx.left; after > 10 {
			t.Errorf("after %d %%: asked %d times more", share, after)
		}
	}
}

func TestBuildEndsWithItsTime(t *testing.T) {
	input := crowded(t)
	stops(t, func(ctx context.Context) error {
		_, _, err := trace.Build(ctx, input)
		return err
	})
}

func TestConnectivityEndsWithItsTime(t *testing.T) {
	input := crowded(t)
	stops(t, func(ctx context.Context) error {
		c, _, err := trace.NewConnectivity(ctx, input)
		if err != nil {
			return err
		}
		n := 0
		for range c.Connections(trace.Filter{}) {
			n++
		}
		if n == 0 && ctx.Err() == nil {
			t.Error("no connection")
		}
		return ctx.Err()
	})
}
