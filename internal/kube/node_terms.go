package kube

// NodeTerm is one requirement on the labels of a node.
type NodeTerm struct {
	Key, Operator string
	Values        []string
	Unsure        bool
}

// NodeTerms are the requirements on node labels that all hold at once. Alternatives
// of the affinity and whatever the files leave open make them unsure.
func (w *Workload) NodeTerms() (terms []NodeTerm, unsure bool) {
	selector := w.Spec.Get("nodeSelector")
	unsure = selector.IsUnknown() || !w.Spec.Get("nodeName").IsNull()
	for _, f := range selector.Map {
		text, ok := f.Value.Text()
		terms = append(terms, NodeTerm{Key: f.Key, Operator: "In", Values: []string{text}, Unsure: !ok})
	}
	required := w.Spec.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	alternatives := required.Get("nodeSelectorTerms").Items()
	if required.FirstUnknown() != nil || len(alternatives) > 1 {
		return terms, unsure || !required.IsNull()
	}
	for _, alternative := range alternatives {
		unsure = unsure || !alternative.Get("matchFields").IsNull()
		for _, e := range alternative.Get("matchExpressions").Items() {
			var t NodeTerm
			t.Key, _ = e.Get("key").Text()
			t.Operator, _ = e.Get("operator").Text()
			for _, v := range e.Get("values").Items() {
				text, _ := v.Text()
				t.Values = append(t.Values, text)
			}
			terms = append(terms, t)
		}
	}
	return terms, unsure
}
