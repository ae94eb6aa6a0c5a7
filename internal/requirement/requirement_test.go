package requirement_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/egresslint/egresslint/internal/requirement"
	"pgregory.net/rapid"
)

func TestServiceName(t *testing.T) {
	for _, c := range []struct {
		host, domain, ns, name string // empty name: no Service's name
	}{
		{host: "orders", ns: "shop", name: "orders"},
		{host: "Orders.Data", ns: "data", name: "orders"},
		{host: "orders.data.svc", ns: "data", name: "orders"},
		{host: "orders.data.svc.cluster.local", ns: "data", name: "orders"},
		{host: "orders.data.svc.cluster.local.", ns: "data", name: "orders"},
		{host: "kafka-0.kafka.data.svc.cluster.local", ns: "data", name: "kafka"},
		{host: "kafka-0.kafka.data.svc", ns: "data", name: "kafka"},
		{host: "kafka-0.kafka.data", ns: "data", name: "kafka"},
		{host: "orders.data.svc.k8s.corp.cn", domain: "k8s.corp.cn", ns: "data", name: "orders"},
		{host: "orders.data.svc.cluster.local", domain: "k8s.corp.cn"},
		{host: "orders.data.pod.cluster.local"},
		{host: "api.partner.com"},
		{host: "a.b.c.d.e.svc"},
		{host: "10.0.0.1"},
		{host: ""},
		{host: "or_ders"},
	} {
		ns, name, ok := requirement.ServiceName(c.host, "shop", c.domain)
		if ok != (c.name != "") || ns != c.ns || name != c.name {
			t.Errorf("ServiceName(%q, shop, %q) = %q, %q, %t; want %q, %q", c.host, c.domain, ns, name, ok, c.ns, c.name)
		}
	}
	if _, _, ok := requirement.ServiceName("orders", "", ""); ok {
		t.Error("a bare name without a namespace names a Service")
	}
	if ns, name, ok := requirement.GoverningService("kafka-0.kafka", "data"); !ok || ns != "data" || name != "kafka" {
		t.Errorf("GoverningService(kafka-0.kafka, data) = %q, %q, %t", ns, name, ok)
	}
	if _, _, ok := requirement.GoverningService("orders.data", "shop"); ok {
		t.Error("orders is taken for a StatefulSet's pod")
	}
}

func TestRegistrableDomain(t *testing.T) {
	for host, want := range map[string]string{
		"api.pay.partner.com.cn": "partner.com.cn", "partner.com": "partner.com", "shop.github.io": "shop.github.io",
		"com.cn": "", "db.corp": "", "10.0.0.1": "", "redis": "",
	} {
		got, ok := requirement.RegistrableDomain(host)
		if got != want || ok != (want != "") {
			t.Errorf("RegistrableDomain(%q) = %q, %t; want %q", host, got, ok, want)
		}
	}
}

func TestFromArgs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--upstream=http://orders.shop.svc:8080"}, "0 orders.shop.svc:8080 referenced private"},
		{[]string{"--db-host=10.0.0.1", "--db-port=3307"}, "0 10.0.0.1:3307 inferred private"},
		{[]string{"--db-host", "10.0.0.1", "--db-port", "3307"}, "1 10.0.0.1:3307 inferred private"},
		{[]string{"-redis.addr", "r-1.redis.rds.aliyuncs.com:6379"}, "1 r-1.redis.rds.aliyuncs.com:6379 referenced redis cloud"},
		{[]string{"redis-cli", "-h", "redis.shop.svc", "-p", "6380", "ping"}, "2 redis.shop.svc:6380 referenced private"},
		{[]string{"mysql", "-h", "rm-1.mysql.rds.aliyuncs.com", "-u", "app", "-psecret"}, "2 rm-1.mysql.rds.aliyuncs.com:3306 referenced rds cloud"},
		{[]string{"sh", "-c", "until mysql -h rm-1.mysql.rds.aliyuncs.com -P 3310; do sleep 1; done"}, "2 rm-1.mysql.rds.aliyuncs.com:3310 referenced rds cloud"},
		{[]string{"sh", "-c", "# https://docs.corp.cn\ncurl -fsS \"https://api.partner.cn/x\" | jq .\n"}, "2 api.partner.cn:443 inferred public"},
		{[]string{"DB_HOST=10.0.0.1", "./run"}, "0 10.0.0.1:0 inferred private"},
		{[]string{"--listen=10.0.0.1:8080", "--version", "1.2.3.4"}, "-"},
		{[]string{"java", "-jar", "app.jar", "--spring.profiles.active=prod"}, "-"},
		{[]string{"--image=registry.cn-hangzhou.aliyuncs.com/a/b:1"}, "-"},
		{[]string{"--no-proxy=oss-cn-hangzhou.aliyuncs.com"}, "-"},
		{[]string{"--password=rm-1.mysql.rds.aliyuncs.com"}, "-"},
		{[]string{"--url", "--host"}, "-"},
		{nil, "-"},
	} {
		got := requirement.FromArgs(c.args)
		want := c.want
		if len(got) > 0 {
			var arg string
			arg, want, _ = strings.Cut(want, " ")
			if fmt.Sprint(got[0].Arg) != arg {
				t.Errorf("%q: found in argument %d, want %s", c.args, got[0].Arg, arg)
			}
		}
		if s := render(got); s != want {
			t.Errorf("%q\n got %s\nwant %s", c.args, s, want)
		}
		for _, e := range got {
			checkPlace(t, c.args[e.Arg], e)
		}
	}
}

func TestParseDeclaration(t *testing.T) {
	items, err := requirement.ParseDeclaration("api.partner.cn:443, rds/orders-db, internet,\n" +
		"10.1.2.3:8000-8010/udp\n[2001:db8::1]:443, 2001:db8::2, 10.8.9.10/16:5432, 10.9.0.0/16, [2001:db8::]/32:53/udp,\n" +
		"internet6, orders.shop.svc, dns.corp/udp, 10.0.0.53/udp, redis, ecs/legacy:8080-8081")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range items {
		s := d.Host
		switch {
		case d.Internet:
			s = "any IPv4"
		case d.Internet6:
			s = "any IPv6"
		case d.Kind != "":
			s = d.Kind + " named " + d.Name
		case d.Prefix.IsValid():
			s = d.Prefix.String()
		}
		s += fmt.Sprintf(" %d-%d %s", d.Port, d.PortEnd, d.Protocol)
		if d.Strength != requirement.StrengthDeclared {
			t.Errorf("%s: strength %q", d.Text, d.Strength)
		}
		got = append(got, strings.TrimSpace(s))
	}
	want := []string{
		"api.partner.cn 443-0 TCP", "rds named orders-db 0-0", "any IPv4 0-0",
		"10.1.2.3 8000-8010 UDP", "2001:db8::1 443-0 TCP", "2001:db8::2 0-0 TCP", "10.8.0.0/16 5432-0 TCP", "10.9.0.0/16 0-0 TCP", "2001:db8::/32 53-0 UDP",
		"any IPv6 0-0", "orders.shop.svc 0-0 TCP", "dns.corp 0-0 UDP", "10.0.0.53 0-0 UDP", "redis 0-0 TCP", "ecs named legacy 8080-8081 TCP",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if items, err := requirement.ParseDeclaration(" ,\n"); len(items) != 0 || err != nil {
		t.Errorf("empty declaration: %v, %v", items, err)
	}
}

func TestParseDeclarationErrors(t *testing.T) {
	for item, reason := range map[string]string{
		"databse/orders":        `"databse" is no kind`,
		"rds/":                  "a name must follow rds/",
		"https://a.partner.cn":  "write host:port instead of a URL",
		"a.partner.cn:":         "a port must follow the colon",
		"a.partner.cn:http":     `"http" is no port`,
		"a.partner.cn:70000":    `"70000" is no port`,
		"a.partner.cn:10-":      `"" is no port`,
		"a.partner.cn:20-10":    "ends before it starts",
		"a.partner.cn:20/sctp":  `"sctp" is no protocol`,
		"10.0.0.0/33":           "is no CIDR",
		"*.partner.cn:443":      "wildcard",
		"localhost:80":          "is no host name",
		"127.0.0.1:80":          "127.0.0.1 is no address",
		"0.0.0.0:80":            "0.0.0.0 is no address",
		"[2001:db8::1:443":      "closing ]",
		"a.partner.cn 443":      "separate items with commas",
		"api_1.partner.cn:443":  "is no host name",
		"a.partner.cn:443/tcp/": "",
	} {
		items, err := requirement.ParseDeclaration("internet,  " + item)
		var itemErr *requirement.DeclarationError
		if !errors.As(err, &itemErr) {
			t.Errorf("%q: error %v, items %+v", item, err, items)
			continue
		}
		if itemErr.Item != item || itemErr.Offset != len("internet,  ") || !strings.Contains(itemErr.Reason, reason) {
			t.Errorf("%q: %v at %d; want %q", item, err, itemErr.Offset, reason)
		}
		if !strings.Contains(err.Error(), item) {
			t.Errorf("%q: the error does not name it: %v", item, err)
		}
		if len(items) != 1 || !items[0].Internet {
			t.Errorf("%q: the item before it is lost: %+v", item, items)
		}
	}
}

// TestCredentialsStayHidden builds connection strings around a user name and a
// password of any characters and looks for them in everything that is returned.
func TestCredentialsStayHidden(t *testing.T) {
	const user, secret = "uuserx", "seecretx"
	forms := []string{
		"https://%s:%s@api.partner.cn/x", "http://%s:%s@10.0.0.1:8080/x?a=b", "redis://%s:%s@r-1.redis.rds.aliyuncs.com:6379/0",
		"amqp://%s:%s@rabbit.mq.svc:5672/", "mongodb://%s:%s@a.corp.cn:3717,b.corp.cn:3717/admin?x=y",
		"jdbc:mysql://%s:%s@10.0.0.1:3306/shop?useSSL=false", "jdbc:oracle:thin:%s/%s@ora.corp.cn:1521/x",
		"jdbc:sqlserver://sql.corp.cn:1433;user=%s;password=%s;encrypt=true", "%s:%s@tcp(rm-1.mysql.rds.aliyuncs.com:3306)/shop",
		"host=10.0.0.1 user=%s password='%s' dbname=x", "Server=sql.corp.cn;User Id=%s;Password=%s;Database=x",
		"%s:%s@db.corp.cn:3306/shop", "amqp://%s:%s@a.corp.cn,amqp://%[1]s:%[2]s@b.corp.cn", "postgres://%s:%s@db/shop",
	}
	special := rapid.StringOfN(rapid.RuneFrom([]rune("/?#@:,;()[]{}|\\'\"<>&=+%$.!*~^-_0123456789")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom(forms).Draw(t, "form")
		password := special.Draw(t, "before") + secret + special.Draw(t, "after")
		key := rapid.SampledFrom([]string{"DATABASE_URL", "DSN", "X", "DB_HOST", "DB_PASSWORD", "application.yml"}).Draw(t, "key")
		value := fmt.Sprintf(form, user, password)
		if rapid.Bool().Draw(t, "file") {
			value = "a: b\nurl: " + value + "\nc: d\n"
		}
		found := requirement.FromValue(key, value, nil)
		for i, e := range append(found, requirement.FromArgs([]string{"--url=" + value, value})...) {
			// Part of a quoted or unescaped password can look like a host of its own; what must
			// not happen is that a result holds the words themselves.
			if s := fmt.Sprintf("%+v", e); strings.Contains(s, secret) || strings.Contains(s, user) {
				t.Fatalf("%q gives %s (number %d)", value, s, i)
			}
		}
	})
}

// TestPlainCredentials checks that a well-formed user and password, percent-encoded
// where they must be, never cost the destination.
func TestPlainCredentials(t *testing.T) {
	plain := rapid.StringMatching(`[A-Za-z0-9._~!$&'*+=%-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		user := rapid.StringMatching(`[A-Za-z0-9._-]{0,8}`).Draw(t, "user")
		password := strings.ReplaceAll(plain.Draw(t, "password"), "'", "%27")
		value := "redis://" + user + ":" + password + "@r-1.redis.rds.aliyuncs.com:6379/0"
		got := requirement.FromValue("REDIS_URL", value, nil)
		if s := render(got); s != "r-1.redis.rds.aliyuncs.com:6379 referenced redis cloud" {
			t.Fatalf("%q gives %s", value, s)
		}
	})
}

func FuzzFromValue(f *testing.F) {
	for _, r := range readRows(f) {
		f.Add(r.key, r.value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		sibling := func(k string) (string, bool) { return "3306", strings.HasSuffix(strings.ToLower(k), "port") }
		found := requirement.FromValue(key, value, sibling)
		for _, e := range found {
			checkEndpoint(t, e)
			checkPlace(t, value, e)
		}
		if again := requirement.FromValue(key, value, sibling); !reflect.DeepEqual(found, again) {
			t.Errorf("two readings differ: %+v and %+v", found, again)
		}
		args := []string{key, value}
		for _, e := range requirement.FromArgs(args) {
			checkEndpoint(t, e)
			checkPlace(t, args[e.Arg], e)
		}
	})
}

func FuzzParseDeclaration(f *testing.F) {
	f.Add("api.partner.cn:443, rds/orders-db, internet\n[2001:db8::1]:1-2/udp,10.0.0.0/8:1")
	f.Fuzz(func(t *testing.T, s string) {
		items, err := requirement.ParseDeclaration(s)
		var itemErr *requirement.DeclarationError
		if errors.As(err, &itemErr) {
			// A user and a password are left out of it.
			rest, hidden := strings.CutPrefix(itemErr.Item, "…@")
			if text := s[itemErr.Offset:]; !strings.HasPrefix(text, rest) && !(hidden && strings.Contains(text, "@"+rest)) {
				t.Errorf("%q is not at offset %d", itemErr.Item, itemErr.Offset)
			}
		}
		for _, d := range items {
			if d.Host != "" {
				checkEndpoint(t, d.Endpoint)
				checkPlace(t, s, d.Endpoint)
			}
			if d.PortEnd != 0 && d.PortEnd <= d.Port {
				t.Errorf("%q: ports %d to %d", d.Text, d.Port, d.PortEnd)
			}
		}
	})
}

// checkEndpoint checks what holds for every result.
func checkEndpoint(t testing.TB, e requirement.Endpoint) {
	t.Helper()
	if e.Host == "" || e.Host != strings.ToLower(e.Host) || strings.ContainsAny(e.Host, "@/[] \n") || strings.HasSuffix(e.Host, ".") {
		t.Errorf("host %q", e.Host)
	}
	if e.Private && e.Public {
		t.Errorf("%s is private and public", e.Host)
	}
	if e.Port < 0 || e.Port > 65535 {
		t.Errorf("port %d", e.Port)
	}
	if e.Addr.IsValid() && (e.Addr.IsLoopback() || e.Addr.IsUnspecified()) {
		t.Errorf("%s is no destination", e.Addr)
	}
}

func BenchmarkFromValue(b *testing.B) {
	rows := readRows(b)
	size := 0
	for _, r := range rows {
		size += len(r.value)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rows {
			requirement.FromValue(r.key, r.value, r.sibling)
		}
	}
}

func BenchmarkFromFile(b *testing.B) {
	var file strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&file, "service%d:\n  host: 10.0.%d.%d\n  port: %d\n  url: https://api%d.partner.cn/v1 # comment\n", i, i/250, i%250+1, 1000+i, i)
	}
	value := file.String()
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		requirement.FromValue("application.yml", value, nil)
	}
}

// BenchmarkFromLine reads a document without line breaks, where everything that
// looks ahead to the end of a line would look at the whole.
func BenchmarkFromLine(b *testing.B) {
	var line strings.Builder
	line.WriteString("{")
	for i := range 5000 {
		fmt.Fprintf(&line, `"s%d":{"host":"10.0.%d.%d","port":%d,"url":"https://api%d.partner.cn/v1"},`, i, i/250, i%250+1, 1000+i, i)
	}
	value := line.String() + `"end":1}`
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		requirement.FromValue("config.json", value, nil)
	}
}
