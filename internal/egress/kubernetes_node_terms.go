package egress

// nodeTerm is one requirement on the labels of a node.
type nodeTerm struct {
	key, operator string
	values        []string
	unsure        bool
}

// nodeTerms are the requirements on node labels that all hold at once. Alternatives
// of the affinity and whatever the files leave open make them unsure.
func (w *workload) nodeTerms() (terms []nodeTerm, unsure bool) {
	selector := w.spec.Get("nodeSelector")
	unsure = selector.IsUnknown() || !w.spec.Get("nodeName").IsNull()
	for _, f := range selector.Map {
		text, ok := f.Value.Text()
		terms = append(terms, nodeTerm{key: f.Key, operator: "In", values: []string{text}, unsure: !ok})
	}
	required := w.spec.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	alternatives := required.Get("nodeSelectorTerms").Items()
	if required.FirstUnknown() != nil || len(alternatives) > 1 {
		return terms, unsure || !required.IsNull()
	}
	for _, alternative := range alternatives {
		unsure = unsure || !alternative.Get("matchFields").IsNull()
		for _, e := range alternative.Get("matchExpressions").Items() {
			var t nodeTerm
			t.key, _ = e.Get("key").Text()
			t.operator, _ = e.Get("operator").Text()
			for _, v := range e.Get("values").Items() {
				text, _ := v.Text()
				t.values = append(t.values, text)
			}
			terms = append(terms, t)
		}
	}
	return terms, unsure
}
