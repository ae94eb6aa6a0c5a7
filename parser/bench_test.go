package parser_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egresslint/egresslint/parser"
	"github.com/egresslint/egresslint/parser/source"
)

// many are the manifests of many workloads, each with a Service, and half as many
// NetworkPolicies, twenty workloads in a file.
func many(workloads int) fstest.MapFS {
	const perFile = 20
	files := make(fstest.MapFS)
	for ns := range workloads / perFile {
		var text strings.Builder
		fmt.Fprintf(&text, "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-%d}\n", ns)
		for i := range perFile {
			fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[2]d
  namespace: team-%[1]d
spec:
  replicas: 2
  selector: {matchLabels: {app: app-%[2]d}}
  template:
    metadata:
      labels: {app: app-%[2]d, tier: backend}
    spec:
      containers:
        - name: main
          image: registry.example.com/app-%[2]d:1.2.3
          ports: [{name: http, containerPort: 8080}]
          env:
            - {name: NEXT_URL, value: "http://app-%[2]d.team-%[1]d.svc:80/v1"}
            - {name: LOG_LEVEL, value: info}
          resources: {limits: {cpu: "1", memory: 512Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec:
  selector: {app: app-%[2]d}
  ports: [{port: 80, targetPort: http}]
`, ns, i)
			if i%2 == 0 {
				fmt.Fprintf(&text, `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec:
  podSelector: {matchLabels: {app: app-%[2]d}}
  policyTypes: [Egress, Ingress]
  egress:
    - to: [{namespaceSelector: {}}]
      ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
`, ns, i)
			}
		}
		files[fmt.Sprintf("k8s/team-%d.yaml", ns)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return files
}

// BenchmarkManifests reads many manifests, and makes nodes of the same ones and nothing
// else, which is what reading is compared with.
func BenchmarkManifests(b *testing.B) {
	for _, workloads := range []int{1000, 16000} {
		files := many(workloads)
		b.Run(fmt.Sprintf("workloads=%d/nodes", workloads), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var group errgroup.Group
				group.SetLimit(2)
				for _, f := range files {
					group.Go(func() error { return nodes(f.Data) })
				}
				if err := group.Wait(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("workloads=%d/read", workloads), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parser.Parse(b.Context(), source.NewTree(files), parser.Options{Paths: []string{"."}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func nodes(data []byte) error {
	decoder := kyaml.NewDecoder(bytes.NewReader(data))
	for {
		var n kyaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
