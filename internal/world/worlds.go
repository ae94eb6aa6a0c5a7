package world

import (
	"context"

	"github.com/egresslint/egresslint/internal/kube"
	"github.com/egresslint/egresslint/internal/netpol"
	"github.com/egresslint/egresslint/parser/guard"
	"github.com/egresslint/egresslint/parser/kubernetes"
)

// binder sorts objects into worlds.
type binder struct {
	*Facts
	*Notes
	// What an object is does not depend on the worlds it belongs to.
	workloads map[*kubernetes.Object]*kube.Workload
	services  map[*kubernetes.Object]*kube.Service
	configs   map[*kubernetes.Object]*kube.ConfigSource
	policies  map[*kubernetes.Object]*netpol.Policy

	duplicated []*duplicates
}

// Bind returns the worlds that objects are deployed in, each with the network that
// the objects of all worlds of its cluster decide.
func Bind(ctx context.Context, f *Facts, objects []*kubernetes.Object, n *Notes) ([]*World, error) {
	b := &binder{
		Facts: f, Notes: n,
		workloads: make(map[*kubernetes.Object]*kube.Workload),
		services:  make(map[*kubernetes.Object]*kube.Service),
		configs:   make(map[*kubernetes.Object]*kube.ConfigSource),
		policies:  make(map[*kubernetes.Object]*netpol.Policy),
	}
	worlds, err := b.bind(ctx, objects)
	if err != nil {
		return nil, err
	}
	for _, w := range worlds {
		if err := b.populate(ctx, w); err != nil {
			return nil, err
		}
	}
	b.reportDuplicates()
	settle(f, worlds)
	for _, w := range worlds {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		readReused(f, w)
		readViews(f, w)
	}
	// The addresses of pods are those of all worlds of their cluster.
	for _, w := range worlds {
		if err := guard.Overdue(ctx); err != nil {
			return nil, err
		}
		compilePolicies(ctx, f, w)
	}
	return worlds, guard.Overdue(ctx)
}

// memo returns what make gives for an object, once.
func memo[T any](seen map[*kubernetes.Object]T, o *kubernetes.Object, read func(*kubernetes.Object) T) T {
	v, ok := seen[o]
	if !ok {
		v = read(o)
		seen[o] = v
	}
	return v
}

func (b *binder) workload(o *kubernetes.Object) *kube.Workload {
	return memo(b.workloads, o, kube.ReadWorkload)
}

func (b *binder) service(o *kubernetes.Object) *kube.Service {
	return memo(b.services, o, kube.ReadService)
}

func (b *binder) config(o *kubernetes.Object) *kube.ConfigSource {
	return memo(b.configs, o, kube.ReadConfigSource)
}

func (b *binder) policy(o *kubernetes.Object) *netpol.Policy {
	return memo(b.policies, o, func(o *kubernetes.Object) *netpol.Policy {
		p, diagnostics := netpol.Parse(o, kube.NamespaceOf(o))
		for _, d := range diagnostics {
			b.diagnose(d)
		}
		return p
	})
}
