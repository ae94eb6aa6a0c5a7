package ipset_test

import (
	"net/netip"
	"slices"
	"testing"

	"go4.org/netipx"

	"github.com/egresslint/egresslint/internal/ipset"
)

// universe are the prefixes of a small net, for which every address can be tried.
func universe() (prefixes []netip.Prefix, addresses []netip.Addr) {
	net := netip.MustParsePrefix("10.0.0.248/29")
	for a := net.Addr(); net.Contains(a); a = a.Next() {
		addresses = append(addresses, a)
		for bits := 29; bits <= 32; bits++ {
			if p := netip.PrefixFrom(a, bits).Masked(); !slices.Contains(prefixes, p) {
				prefixes = append(prefixes, p)
			}
		}
	}
	return prefixes, addresses
}

// TestArithmetic tries every address of a small net in every pair of its prefixes.
func TestArithmetic(t *testing.T) {
	prefixes, addresses := universe()
	for _, p := range prefixes {
		for _, q := range prefixes {
			a, b := ipset.Of(p), ipset.Of(q)
			check(t, a, b, addresses)
			covers := true
			for _, x := range addresses {
				covers = covers && (p.Contains(x) || !q.Contains(x))
			}
			if ipset.Covers(p, q) != covers {
				t.Errorf("%s covers %s: %t", p, q, !covers)
			}
			// Sets of two prefixes each, against one another.
			check(t, ipset.Of(p, q), ipset.Of(prefixes[0], q), addresses)
		}
	}
	if !ipset.IsEmpty(nil) || !ipset.IsEmpty(ipset.Of()) || ipset.IsEmpty(ipset.Of(prefixes[0])) {
		t.Error("IsEmpty does not tell what holds nothing")
	}
	if ipset.Covers(netip.MustParsePrefix("::/0"), prefixes[0]) || ipset.Covers(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")) {
		t.Error("a prefix covers one of another family")
	}
}

// check tries addresses in what is made of two sets.
func check(t *testing.T, a, b *netipx.IPSet, addresses []netip.Addr) {
	t.Helper()
	union, both, rest := ipset.Union(a, b), ipset.Intersect(a, b), ipset.Subtract(a, b)
	for _, x := range addresses {
		inA, inB := a.Contains(x), b.Contains(x)
		for _, tc := range []struct {
			name string
			set  *netipx.IPSet
			want bool
		}{{"union", union, inA || inB}, {"intersection", both, inA && inB}, {"rest", rest, inA && !inB}} {
			if tc.set.Contains(x) != tc.want {
				t.Errorf("%s is in the %s of %v and %v: %t", x, tc.name, a.Prefixes(), b.Prefixes(), !tc.want)
			}
		}
	}
	if ipset.IsEmpty(both) == a.Overlaps(b) {
		t.Errorf("%v and %v share %v", a.Prefixes(), b.Prefixes(), both.Prefixes())
	}
}

func TestParse(t *testing.T) {
	for _, tc := range [][2]string{
		{"10.0.0.1", "10.0.0.1/32"},
		{" 10.0.0.1/8\n", "10.0.0.0/8"},
		{"::ffff:10.0.0.1", "10.0.0.1/32"},
		{"2408::1", "2408::1/128"},
		{"2408::1/32", "2408::/32"},
		{"", ""},
		{"10.0.0", ""},
		{"10.0.0.1/33", ""},
		{"fe80::1%eth0", ""},
		{"10.0.0.1-10.0.0.2", ""},
	} {
		text, want := tc[0], tc[1]
		p, ok := ipset.Parse(text)
		if ok != (want != "") || ok && p.String() != want {
			t.Errorf("%q is %s (%t), want %q", text, p, ok, want)
		}
	}
}

func TestSpecial(t *testing.T) {
	for _, tc := range []struct {
		address                                  string
		public4, public6, private, documentation bool
		isPublic                                 bool
	}{
		{address: "8.8.8.8", public4: true, isPublic: true},
		{address: "47.1.2.3", public4: true, isPublic: true},
		{address: "::ffff:47.1.2.3", isPublic: true},
		{address: "10.0.0.1", private: true},
		{address: "172.31.255.255", private: true},
		{address: "172.32.0.0", public4: true, isPublic: true},
		{address: "192.168.1.1", private: true},
		{address: "203.0.113.9", documentation: true, isPublic: true},
		{address: "192.0.2.1", documentation: true, isPublic: true},
		{address: "198.51.100.1", documentation: true, isPublic: true},
		{address: "100.100.2.136"},
		{address: "0.0.0.0"},
		{address: "127.0.0.1"},
		{address: "169.254.20.10"},
		{address: "192.0.0.8"},
		{address: "198.19.0.1"},
		{address: "224.0.0.1"},
		{address: "240.0.0.1"},
		{address: "255.255.255.255"},
		{address: "2408:4000::1", public6: true, isPublic: true},
		{address: "2001:db8::1", documentation: true, isPublic: true},
		{address: "fd00::1"},
		{address: "fe80::1"},
		{address: "::1"},
		{address: "ff02::1"},
	} {
		a := netip.MustParseAddr(tc.address)
		for _, is := range []struct {
			name      string
			got, want bool
		}{
			{"in Public4", ipset.Public4.Contains(a), tc.public4},
			{"in Public6", ipset.Public6.Contains(a), tc.public6},
			{"in Private", ipset.Private.Contains(a), tc.private},
			{"in Documentation", ipset.Documentation.Contains(a), tc.documentation},
			{"public", ipset.IsPublic(a), tc.isPublic},
		} {
			if is.got != is.want {
				t.Errorf("%s is %s: %t", a, is.name, is.got)
			}
		}
	}
}

// FuzzArithmetic holds sets of arbitrary CIDRs against a model that tries addresses.
func FuzzArithmetic(f *testing.F) {
	f.Add("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3")
	f.Add("0.0.0.0/0", "192.168.0.0/16", "192.168.0.0")
	f.Add("::/0", "2408::/32", "2408::")
	f.Add("10.0.0.0/31", "10.0.0.1", "10.0.0.0")
	f.Fuzz(func(t *testing.T, p, q, x string) {
		a, okA := ipset.Parse(p)
		b, okB := ipset.Parse(q)
		if !okA || !okB {
			return
		}
		tried := []netip.Addr{a.Addr(), b.Addr(), netipx.PrefixLastIP(a), netipx.PrefixLastIP(b), a.Addr().Prev(), netipx.PrefixLastIP(a).Next()}
		if c, ok := ipset.Parse(x); ok {
			tried = append(tried, c.Addr())
		}
		tried = slices.DeleteFunc(tried, func(a netip.Addr) bool { return !a.IsValid() })
		check(t, ipset.Of(a), ipset.Of(b), tried)
		if covers := ipset.Covers(a, b); covers != ipset.IsEmpty(ipset.Subtract(ipset.Of(b), ipset.Of(a))) {
			t.Errorf("%s covers %s: %t", a, b, covers)
		}
	})
}
