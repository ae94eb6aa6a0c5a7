package alicloud

import "testing"

// BenchmarkReadTable is what the first lookup of a run costs, once.
func BenchmarkReadTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if len(readTable(compressed)) == 0 {
			b.Fatal("no types")
		}
	}
}

// BenchmarkDecode is what the first lookup of a large type costs.
func BenchmarkDecode(b *testing.B) {
	e := table()[key{"alicloud_cs_managed_kubernetes", false}]
	b.ReportAllocs()
	for b.Loop() {
		if len(decode(e.name, e.data, e.text).paths) == 0 {
			b.Fatal("no attributes")
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Lookup("alicloud_cs_managed_kubernetes", false); !ok {
			b.Fatal("no type")
		}
	}
}

func BenchmarkAttribute(b *testing.B) {
	path := []string{"maintenance_window", "enable"}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := (Table{}).Attribute("alicloud_cs_managed_kubernetes", false, path); !ok {
			b.Fatal("no attribute")
		}
	}
}
