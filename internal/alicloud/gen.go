//go:build ignore

// Command gen writes the provider schema table that package alicloud embeds.
//
//	go run gen.go [-types types.txt] [-o schema.txt.gz] [-trim FILE] DUMP
//
// DUMP holds the schema of aliyun/terraform-provider-alicloud as JSON lines, one
// for each resource and data source, gzipped if its name ends in .gz; type dump
// below lists the fields that are read. To follow a new version of the provider,
// give the dump of that version and -trim testdata/provider-schema.jsonl.gz: the
// part of it that the table needs then replaces the one in the repository.
//
// The table has a line for each type, "resource" or "data", the type's name and
// its old names, and below it a line for each attribute:
//
//	..name TypeFLAGS [!VERSION[>REPLACEMENT]] [=DEFAULT]
//
// with a dot for each block around the attribute. Type is b, i, f or s for a bool,
// int, float or string, or L, S or M for a list, set or map followed by the type
// of its elements, where o is an object with attributes of its own. The flags are
// Required, Optional, Computed, D, the provider may drop a difference in it, and X,
// removed: the provider refuses the attribute.
// What follows ! says since which version it is deprecated or removed, and what
// replaces it: an attribute beside it or another resource type.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dump is one line of the provider schema dump.
type dump struct {
	Kind  string // resource or data
	Name  string // the type
	File  string // that declares the schema
	Func  string // that returns the schema: types with the same one are the same
	Attrs []attribute
}

type attribute struct {
	Path     string // the attribute's name after those of the blocks around it, separated by dots
	Type     string
	Elem     string `json:",omitempty"`
	Required bool   `json:",omitempty"`
	Optional bool   `json:",omitempty"`
	Computed bool   `json:",omitempty"`
	Default  string `json:",omitempty"` // a Go expression; strings and the provider's string constants without quotes
	// DiffSuppress says that it, or a block around it, has a DiffSuppressFunc.
	DiffSuppress bool   `json:",omitempty"`
	Deprecated   string `json:",omitempty"` // the notice that the provider prints
	Removed      string `json:",omitempty"`
}

func main() {
	types := flag.String("types", "types.txt", "read the types of the table from `FILE`")
	out := flag.String("o", "schema.txt.gz", "write the table to `FILE`")
	trim := flag.String("trim", "", "write the part of the dump that the table needs to `FILE`")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *types, *out, *trim); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, types, out, trim string) error {
	all, err := readDump(from)
	if err != nil {
		return err
	}
	wanted, err := readTypes(types)
	if err != nil {
		return err
	}
	groups, err := choose(all, wanted)
	if err != nil {
		return err
	}
	var table, part bytes.Buffer
	enc := json.NewEncoder(&part)
	enc.SetEscapeHTML(false)
	for _, g := range groups {
		for i := range g {
			if err := normalize(&g[i]); err != nil {
				return fmt.Errorf("read %s %s: %w", g[i].Kind, g[i].Name, err)
			}
			if err := enc.Encode(g[i]); err != nil {
				return fmt.Errorf("write dump: %w", err)
			}
		}
		if err := write(&table, g); err != nil {
			return err
		}
	}
	if trim != "" {
		if err := writeGzip(trim, part.Bytes()); err != nil {
			return err
		}
	}
	return writeGzip(out, table.Bytes())
}

func readDump(name string) ([]dump, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	var all []dump
	for dec := json.NewDecoder(r); ; {
		var d dump
		if err := dec.Decode(&d); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		all = append(all, d)
	}
}

// key names a type in types.txt and in the table.
func (d *dump) key() string { return d.Kind + " " + d.Name }

func readTypes(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var keys []string
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if line := strings.TrimSpace(sc.Text()); line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	return keys, sc.Err()
}

// choose returns the wanted types, each with the types that share its schema: the
// current name first, then the old ones.
func choose(all []dump, wanted []string) ([][]dump, error) {
	byKey := make(map[string]dump)
	byFunc := make(map[string][]dump)
	for _, d := range all {
		byKey[d.key()] = d
		byFunc[d.Kind+" "+d.Func] = append(byFunc[d.Kind+" "+d.Func], d)
	}
	chosen := make(map[string]bool)
	var groups [][]dump
	for _, key := range wanted {
		d, ok := byKey[key]
		if !ok {
			return nil, fmt.Errorf("find %s: the dump has no such type", key)
		}
		if chosen[d.Kind+" "+d.Func] {
			continue
		}
		chosen[d.Kind+" "+d.Func] = true
		g := byFunc[d.Kind+" "+d.Func]
		// A schema lies in the file that has the current name of its type.
		rank := func(d dump) int {
			if strings.HasSuffix(strings.TrimSuffix(d.File, ".go"), "_"+d.Name) {
				return 0
			}
			return 1
		}
		slices.SortFunc(g, func(a, b dump) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name))
		})
		if len(g) > 1 && (rank(g[0]) != 0 || rank(g[1]) == 0) {
			return nil, fmt.Errorf("name %s: %s does not tell the current name from the old ones", key, d.File)
		}
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b []dump) int {
		return cmp.Or(-cmp.Compare(a[0].Kind, b[0].Kind), cmp.Compare(a[0].Name, b[0].Name))
	})
	return groups, nil
}

// constants are the defaults that the provider writes as constants which the dump
// does not resolve.
var constants = map[string]string{
	"KubernetesClusterNodeCIDRMasksByDefault": "24",       // resource_alicloud_cs_kubernetes.go
	"oss.StorageStandard":                     "Standard", // aliyun-oss-go-sdk, oss/const.go
	"oss.RedundancyLRS":                       "LRS",
}

var goConstant = regexp.MustCompile(`^[a-z]\w*\.[A-Z]\w*$`)

// normalize brings the attributes of a dump to the form in which the table has
// them. It changes nothing that it made itself.
func normalize(d *dump) error {
	attrs := d.Attrs
	byPath := make(map[string]attribute, len(attrs))
	for _, a := range attrs {
		if a.Path != strings.Trim(a.Path, ".") || strings.ContainsAny(a.Path, " \n") {
			return fmt.Errorf("read attribute %q: it is no path", a.Path)
		}
		byPath[a.Path] = a
	}
	if _, ok := byPath["id"]; !ok {
		// The plug-in SDK gives every type an id.
		attrs = append(attrs, attribute{Path: "id", Type: "String", Optional: true, Computed: true})
	}
	var kept []attribute
	for _, a := range attrs {
		parent, ok := byPath[dir(a.Path)]
		if dir(a.Path) != "" && !ok {
			return fmt.Errorf("read attribute %s: no attribute holds it", a.Path)
		}
		if parent.Type == "Map" {
			continue // see below
		}
		for block := dir(a.Path); block != ""; block = dir(block) {
			a.DiffSuppress = a.DiffSuppress || byPath[block].DiffSuppress
		}
		a.Elem = strings.TrimPrefix(a.Elem, "schema.Type")
		if a.Type == "Map" && (a.Elem == "" || a.Elem == "block") {
			// The SDK reads a map with a schema of its own, or with none, as strings.
			a.Elem = "String"
		}
		if c, ok := constants[a.Default]; ok {
			a.Default = c
		}
		if err := checkDefault(a); err != nil {
			return err
		}
		// A notice says more than the table needs.
		if a.Removed != "" {
			a.Removed = reduce(a.Removed, a.Path, byPath)
		}
		if a.Deprecated != "" {
			a.Deprecated = reduce(a.Deprecated, a.Path, byPath)
		}
		kept = append(kept, a)
	}
	slices.SortFunc(kept, func(a, b attribute) int {
		return slices.Compare(strings.Split(a.Path, "."), strings.Split(b.Path, "."))
	})
	d.Attrs = kept
	return nil
}

// dir returns the path of the block around an attribute.
func dir(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

func checkDefault(a attribute) error {
	var err error
	switch {
	case a.Default == "":
		return nil
	case a.Required || a.Computed:
		return fmt.Errorf("read attribute %s: it is required or computed and has a default", a.Path)
	case a.Type == "Bool":
		_, err = strconv.ParseBool(a.Default)
	case a.Type == "Int":
		_, err = strconv.ParseInt(a.Default, 10, 64)
	case a.Type == "Float":
		_, err = strconv.ParseFloat(a.Default, 64)
	case a.Type != "String":
		err = fmt.Errorf("a %s cannot have one", a.Type)
	case goConstant.MatchString(a.Default):
		err = errors.New("it is a constant: add it to constants")
	case strings.ContainsAny(a.Default, "\n"):
		err = errors.New("it has several lines")
	}
	if err != nil {
		return fmt.Errorf("read attribute %s: default %q: %w", a.Path, a.Default, err)
	}
	return nil
}

var (
	version  = regexp.MustCompile(`(?:\b|\bv)(\d+\.\d+(?:\.\d+)?)\b`)
	typeName = regexp.MustCompile(`\balicloud_[a-z0-9_]+`)
	quoted   = regexp.MustCompile("['`\"]([a-z0-9_]+)['`\"]")
	word     = regexp.MustCompile(`\b[a-z0-9]+(?:_[a-z0-9]+)+\b`)
)

// since returns the first version that a notice names.
func since(notice string) string {
	if m := version.FindStringSubmatch(notice); m != nil {
		return m[1]
	}
	return ""
}

// reduce cuts a notice on an attribute to what it says: since when, and what to
// use instead.
func reduce(notice, path string, byPath map[string]attribute) string {
	from, to := since(notice), ""
	if name := typeName.FindString(notice); name != "" {
		to = name
	} else if !strings.Contains(notice, "=") {
		to = sibling(notice, path, byPath)
	}
	if to != "" {
		return fmt.Sprintf("since %s, use '%s'", from, to)
	}
	return "since " + from
}

// sibling returns the one attribute beside path that a notice names and that has
// no such notice itself.
func sibling(notice, path string, byPath map[string]attribute) string {
	var found []string
	for _, m := range quoted.FindAllStringSubmatch(notice, -1) {
		found = append(found, m[1])
	}
	found = append(found, word.FindAllString(notice, -1)...)
	prefix := strings.TrimPrefix(dir(path)+".", ".")
	found = slices.DeleteFunc(found, func(name string) bool {
		a, ok := byPath[prefix+name]
		return !ok || a.Path == path || a.Deprecated != "" || a.Removed != ""
	})
	slices.Sort(found)
	if found = slices.Compact(found); len(found) != 1 {
		return ""
	}
	return found[0]
}

// codes are the types as the table writes them.
var codes = map[string]string{
	"Bool": "b", "Int": "i", "Float": "f", "String": "s", "List": "L", "Set": "S", "Map": "M", "block": "o",
}

func write(w *bytes.Buffer, g []dump) error {
	w.WriteString(g[0].key())
	for _, d := range g[1:] {
		w.WriteString(" " + d.Name)
	}
	w.WriteByte('\n')
	for _, a := range g[0].Attrs {
		t, ok := codes[a.Type]
		elem, okElem := codes[a.Elem]
		container := strings.Contains("LSM", t)
		if !ok || a.Elem != "" && !okElem || container != (a.Elem != "") {
			return fmt.Errorf("write %s: attribute %s has type %s of %q", g[0].key(), a.Path, a.Type, a.Elem)
		}
		dots := strings.Count(a.Path, ".")
		name := strings.TrimPrefix(a.Path[len(dir(a.Path)):], ".")
		fmt.Fprintf(w, "%s%s %s%s", strings.Repeat(".", dots+1), name, t, elem)
		for _, f := range []struct {
			on   bool
			flag byte
		}{{a.Required, 'R'}, {a.Optional, 'O'}, {a.Computed, 'C'}, {a.DiffSuppress, 'D'}, {a.Removed != "", 'X'}} {
			if f.on {
				w.WriteByte(f.flag)
			}
		}
		if notice := cmp.Or(a.Removed, a.Deprecated); notice != "" {
			w.WriteString(" !" + since(notice))
			if m := quoted.FindStringSubmatch(notice); m != nil {
				w.WriteString(">" + m[1])
			}
		}
		if a.Default != "" {
			w.WriteString(" =" + a.Default)
		}
		w.WriteByte('\n')
	}
	return nil
}

// writeGzip writes data so that the file depends on nothing else.
func writeGzip(name string, data []byte) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}
