package requirement

import "strings"

// scheme is what a URL's scheme tells about the connection.
type scheme struct {
	port    int // default, 0 if the URL must say it
	udp     bool
	product string
	// multi: the authority may list several hosts, separated by commas.
	multi bool
	// explicit: without a port the URL names no destination that can be judged.
	explicit bool
	web      bool // HTTP, where an @ in the path is common
}

// schemes are the URL schemes that stand for a connection to the host they name.
// Everything else after a scheme is a bucket, an image, an identity or a file.
// Ports are IANA's, or the default of the product's own client.
var schemes = map[string]scheme{
	"http": {port: 80, web: true}, "https": {port: 443, web: true},
	"ws": {port: 80, web: true}, "wss": {port: 443, web: true},
	"ftp": {port: 21}, "ftps": {port: 990}, "sftp": {port: 22}, "ssh": {port: 22}, "git": {port: 9418},
	"smtp": {port: 25}, "smtps": {port: 465}, "imap": {port: 143}, "imaps": {port: 993}, "pop3": {port: 110}, "pop3s": {port: 995},
	"ldap": {port: 389, multi: true}, "ldaps": {port: 636, multi: true},

	"mysql": {port: 3306, multi: true}, "mysqlx": {port: 33060, multi: true}, "mariadb": {port: 3306, multi: true},
	"postgres": {port: 5432, multi: true}, "postgresql": {port: 5432, multi: true}, "psql": {port: 5432},
	"sqlserver": {port: 1433}, "mssql": {port: 1433}, "oracle": {port: 1521}, "db2": {port: 50000},
	"clickhouse": {port: 9000, product: "clickhouse", multi: true}, "cockroachdb": {port: 26257},
	"hive2": {port: 10000, multi: true}, "trino": {port: 8080}, "presto": {port: 8080}, "impala": {port: 21050},
	"thrift": {port: 9083, multi: true}, "hdfs": {port: 8020}, "cassandra": {port: 9042, multi: true},
	"neo4j": {port: 7687}, "neo4j+s": {port: 7687}, "neo4j+ssc": {port: 7687},
	"bolt": {port: 7687}, "bolt+s": {port: 7687}, "bolt+ssc": {port: 7687},
	"influxdb": {port: 8086}, "couchbase": {port: 11210, multi: true}, "couchbases": {port: 11207, multi: true},

	"redis": {port: 6379, product: "redis", multi: true}, "rediss": {port: 6379, product: "redis", multi: true},
	"redis-sentinel": {port: 26379, product: "redis", multi: true}, "redis-cluster": {port: 6379, product: "redis", multi: true},
	"memcached": {port: 11211, product: "memcached", multi: true}, "memcache": {port: 11211, product: "memcached", multi: true},
	"mongodb": {port: 27017, product: "mongodb", multi: true},
	// The port of an SRV name stands in the DNS record.
	"mongodb+srv":   {product: "mongodb"},
	"elasticsearch": {port: 9200, product: "elasticsearch", multi: true}, "opensearch": {port: 9200, multi: true},

	"amqp": {port: 5672, product: "rabbitmq", multi: true}, "amqps": {port: 5671, product: "rabbitmq", multi: true},
	"kafka": {port: 9092, product: "kafka", multi: true}, "kafka+ssl": {port: 9093, product: "kafka", multi: true},
	"sasl_plaintext": {port: 9092, product: "kafka", multi: true}, "sasl_ssl": {port: 9093, product: "kafka", multi: true},
	"plaintext": {port: 9092, product: "kafka", multi: true},
	"rocketmq":  {port: 9876, product: "rocketmq", multi: true},
	"nats":      {port: 4222, multi: true}, "stomp": {port: 61613, multi: true}, "pulsar": {port: 6650, multi: true}, "pulsar+ssl": {port: 6651, multi: true},
	"mqtt": {port: 1883}, "mqtts": {port: 8883},

	"zookeeper": {port: 2181, multi: true}, "zk": {port: 2181, multi: true}, "etcd": {port: 2379, multi: true},
	"nacos": {port: 8848, product: "mse", multi: true}, "dubbo": {port: 20880}, "consul": {port: 8500},

	"tcp": {explicit: true, multi: true}, "tls": {explicit: true, multi: true}, "ssl": {explicit: true, multi: true},
	"udp": {explicit: true, udp: true}, "grpc": {explicit: true}, "grpcs": {explicit: true}, "h2c": {explicit: true},
	"dns": {explicit: true}, "passthrough": {explicit: true},
	"syslog": {port: 514, udp: true}, "statsd": {port: 8125, udp: true}, "gelf": {port: 12201, udp: true},
	"socks5": {port: 1080}, "socks5h": {port: 1080}, "rtmp": {port: 1935}, "rtmps": {port: 443}, "nfs": {port: 2049},
	"icap": {port: 1344}, "diameter": {port: 3868},
}

// jdbcPorts are the defaults of JDBC and R2DBC drivers by subprotocol, where they
// differ from the URL scheme of the same name or have none.
var jdbcPorts = map[string]scheme{
	"clickhouse": {port: 8123, product: "clickhouse", multi: true}, "ch": {port: 8123, product: "clickhouse", multi: true},
	"redshift": {port: 5439}, "jtds:sqlserver": {port: 1433}, "microsoft:sqlserver": {port: 1433},
	"dm": {port: 5236, multi: true}, "kingbase8": {port: 54321, multi: true}, "opengauss": {port: 5432, multi: true},
	"gaussdb": {port: 5432, multi: true}, "oceanbase": {port: 2881, multi: true}, "tidb": {port: 4000, multi: true},
	"snowflake": {port: 443}, "hologres": {port: 80}, "pool:mysql": {port: 3306}, "pool:postgresql": {port: 5432},
	"es": {port: 9200, product: "elasticsearch"}, "kylin": {port: 7070}, "vertica": {port: 5433}, "sap": {port: 30015},
}

// wrappers are drivers that pass a JDBC string on to another one.
var wrappers = []string{"p6spy:", "log4jdbc:", "aws-wrapper:", "otel:", "shardingsphere:", "apm:"}

// lookupScheme returns the scheme under its canonical name. SQLAlchemy's driver
// suffix (mysql+pymysql) and git+ are dropped; a JDBC subprotocol keeps its first
// part (jdbc:mysql for jdbc:mysql:loadbalance).
func lookupScheme(written string) (name string, s scheme, ok bool) {
	name = strings.ToLower(written)
	for _, driver := range []string{"jdbc:", "r2dbc:"} {
		sub, isDriver := strings.CutPrefix(name, driver)
		if !isDriver {
			continue
		}
		for _, w := range wrappers {
			sub = strings.TrimPrefix(sub, w)
		}
		for candidate := sub; candidate != ""; {
			if s, ok := jdbcPorts[candidate]; ok {
				return driver + candidate, s, true
			}
			if s, ok := schemes[candidate]; ok && !s.web {
				return driver + candidate, s, true
			}
			i := strings.LastIndexByte(candidate, ':')
			if i < 0 {
				break
			}
			candidate = candidate[:i]
		}
		return "", scheme{}, false
	}
	if s, ok := schemes[name]; ok {
		return name, s, true
	}
	if rest, isGit := strings.CutPrefix(name, "git+"); isGit {
		s, ok := schemes[rest]
		return rest, s, ok
	}
	if base, _, hasDriver := strings.Cut(name, "+"); hasDriver {
		if s, ok := schemes[base]; ok && !s.web {
			return base, s, true
		}
	}
	return "", scheme{}, false
}
