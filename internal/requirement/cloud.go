package requirement

import "strings"

// cloud is what the name of an Alibaba Cloud service tells.
type cloud struct {
	product         string
	port            int // the product's default; 0 if the name does not decide it
	private, public bool
}

// cloudDomains are the domains of Alibaba Cloud's services. The last two belong to
// the load balancers (ALB and NLB, Chinese and international).
var cloudDomains = []string{".aliyuncs.com", ".aliyuncsslb.com", ".aliyuncsslbintl.com"}

// reach says what a product's names tell about the network that they lead to.
type reach uint8

const (
	// byMarker: public, unless the name bears a mark of an internal endpoint.
	byMarker reach = iota
	// unsaid: names of public and private endpoints look alike.
	unsaid
	// inVPC: there are only endpoints inside the VPC.
	inVPC
)

type cloudProduct struct {
	suffix  string // labels before the cloud's domain, without the region
	product string
	port    int
	reach   reach
}

// cloudProducts maps the labels before the cloud's domain to products, longest
// match first. Hosts and ports are the forms in the vendor's help pages and in the
// Terraform provider's documentation of connection_string, connection_domain,
// dns_name and the like.
var cloudProducts = []cloudProduct{
	{"mysql.polardb.rds", "polardb", 3306, unsaid},
	{"pg.polardb.rds", "polardb", 5432, unsaid},
	{"o.polardb.rds", "polardb", 1521, unsaid},
	{"polardb.rds", "polardb", 0, unsaid},
	{"rwlb.rds", "rds", 0, unsaid},
	{"mysql.rds", "rds", 3306, unsaid},
	{"mariadb.rds", "rds", 3306, unsaid},
	{"sqlserver.rds", "rds", 1433, unsaid},
	{"pg.rds", "rds", 5432, unsaid},
	{"ppas.rds", "rds", 1521, unsaid},
	{"redis.rds", "redis", 6379, unsaid},
	{"tairpena.rds", "redis", 6379, unsaid},
	{"kvstore", "redis", 6379, unsaid},
	{"memcache.rds", "memcached", 11211, unsaid},
	{"mongodb.rds", "mongodb", 3717, unsaid},
	{"gpdb.rds", "gpdb", 5432, unsaid},
	{"polarx.rds", "polardb-x", 3306, unsaid},
	{"drds", "polardb-x", 3306, unsaid},
	{"lindorm.rds", "lindorm", 0, unsaid},
	{"hbase.rds", "hbase", 2181, unsaid},
	{"graphdb.rds", "gdb", 8182, unsaid},
	{"clickhouse.ads", "clickhouse", 0, unsaid},
	{"ads", "adb", 3306, unsaid},
	{"elasticsearch", "elasticsearch", 9200, unsaid},
	{"kibana.elasticsearch", "kibana", 5601, unsaid},
	{"alikafka", "kafka", 0, byMarker},
	{"rmq", "rocketmq", 8080, byMarker},
	{"mq", "rocketmq", 0, byMarker},
	{"mq-amqp", "rabbitmq", 5672, byMarker},
	{"nacos-ans.mse", "mse", 8848, unsaid},
	{"eureka.mse", "mse", 8761, unsaid},
	{"zk.mse", "mse", 2181, unsaid},
	{"mse", "mse", 0, unsaid},
	{"hologres", "hologres", 80, byMarker},
	{"tablestore", "ots", 443, byMarker},
	{"ots", "ots", 443, byMarker},
	{"log", "sls", 443, byMarker},
	{"cr", "registry", 443, byMarker},
	{"nas", "nas", 2049, inVPC},
	{"mns", "mns", 443, byMarker},
	{"fc", "fc", 443, byMarker},
	{"fcapp", "fc", 443, byMarker},
	{"privatelink", "privatelink", 0, inVPC},
	{"alb", "alb", 0, unsaid},
	{"nlb", "nlb", 0, unsaid},
	{"slb", "slb", 0, unsaid},
}

// cloudService reads the name of an Alibaba Cloud service: a label or more in
// front of one of the cloud's domains.
func cloudService(name string) (cloud, bool) {
	for _, domain := range cloudDomains {
		if rest, ok := strings.CutSuffix(name, domain); ok && rest != "" {
			return readCloudName(rest), true
		}
	}
	return cloud{}, false
}

// readCloudName takes the labels before the cloud's domain.
func readCloudName(rest string) cloud {
	labels := strings.Split(rest, ".")
	last := labels[len(labels)-1]
	c := cloud{}
	how := byMarker
	switch {
	case strings.HasPrefix(last, "oss-") || strings.HasPrefix(last, "vpc100-oss-") || last == "oss":
		c.product, c.port = "oss", 443
	case strings.HasPrefix(labels[0], "registry") && len(labels) <= 2:
		c.product, c.port = "registry", 443
	case len(labels) > 1:
		if p, ok := product(labels); ok {
			c.product, c.port, how = p.product, p.port, p.reach
		}
	}
	switch {
	case c.product == "" && len(labels) <= 2:
		c.port = 443 // SERVICE[.REGION] is the OpenAPI of a product, which speaks HTTPS
	case c.product == "kafka":
		c.port = kafkaPort(rest)
	case c.product == "lindorm":
		c.port = lindormPort(labels[0])
	}
	switch {
	case isInternalEndpoint(labels), how == inVPC:
		c.private = true
	case how == byMarker, isPublicEndpoint(labels):
		c.public = true
	}
	return c
}

// product finds the row whose labels end the name, the region left out:
// rm-1.mysql.singapore.rds and rm-1.mysql.rds are both mysql.rds.
func product(labels []string) (cloudProduct, bool) {
	best, size := cloudProduct{}, 0
	for _, row := range cloudProducts {
		if len(row.suffix) > size && endsWithLabels(labels[1:], strings.Split(row.suffix, ".")) {
			best, size = row, len(row.suffix)
		}
	}
	return best, size > 0
}

// endsWithLabels reports whether want ends labels, where one label, the region,
// may stand before the last of want.
func endsWithLabels(labels, want []string) bool {
	n := len(labels) - 1
	for i := len(want) - 1; i >= 0; i-- {
		if n < 0 {
			return false
		}
		if labels[n] != want[i] {
			if i != len(want)-2 || n == 0 || labels[n-1] != want[i] || !isRegion(labels[n]) {
				return false
			}
			n--
		}
		n--
	}
	return true
}

// isRegion reports whether a label may be a region's id or its short name in
// endpoints (cn-hangzhou-intranet, ap-southeast-1, singapore) and not the name of
// an engine.
func isRegion(label string) bool {
	switch label {
	case "polardb", "mysql", "redis", "mongodb", "clickhouse", "kibana":
		return false
	}
	return len(label) > 3
}

// isInternalEndpoint reports the marks of endpoints inside the VPC: -internal,
// -vpc, -intranet, vpc100-, and a label vpc, internal or intranet.
func isInternalEndpoint(labels []string) bool {
	for _, label := range labels {
		switch {
		case label == "vpc" || label == "internal" || label == "intranet",
			strings.HasSuffix(label, "-internal"), strings.HasSuffix(label, "-intranet"),
			strings.HasSuffix(label, "-vpc"), strings.Contains(label, "-vpc-"),
			strings.HasPrefix(label, "vpc100-"):
			return true
		}
	}
	return false
}

// isPublicEndpoint reports the marks that products with two kinds of endpoints
// put into the public one: -pub (MongoDB, Lindorm) and public (Elasticsearch,
// ClickHouse).
func isPublicEndpoint(labels []string) bool {
	for _, label := range labels {
		if label == "public" || strings.HasSuffix(label, "-pub") {
			return true
		}
	}
	return false
}

// kafkaPort: 9092 is the plain-text port inside the VPC, 9093 the SSL port of the
// public endpoint.
func kafkaPort(rest string) int {
	if strings.Contains(rest, "-vpc") {
		return 9092
	}
	return 9093
}

// lindormPort: each engine of an instance has a host of its own.
func lindormPort(first string) int {
	first = strings.TrimSuffix(strings.TrimSuffix(first, "-pub"), "-vpc")
	switch {
	case strings.HasSuffix(first, "-proxy-sql-lindorm"):
		return 33060
	case strings.HasSuffix(first, "-proxy-lindorm"):
		return 30020
	case strings.HasSuffix(first, "-proxy-tsdb"):
		return 8242
	case strings.HasSuffix(first, "-proxy-search"):
		return 30070
	default:
		return 0
	}
}
