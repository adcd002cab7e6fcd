package zookeeper

import (
	"encoding/json"
	"path"
	"reflect"
	"testing"
)

// Whatever lies in a node is refused, or is an entry that is valid, belongs there, and is read the same when it is
// written again. Nothing makes a decoder panic.
func FuzzEntries(f *testing.F) {
	for _, data := range rubbish[:18] {
		f.Add("shop.localhost", []byte(data))
	}
	f.Add("shop.localhost", []byte(`{"domain":"shop.localhost","appId":"shop","weights":{"1.0":90,"1.1":10},"state":"online","rules":{"deny":["10.0.0.0/8"]}}`))
	f.Add("*.example.com", []byte(`{"appId":"shop","https":true}`))
	f.Add("5432-db.example.com", []byte(`{"port":5432,"serverName":"db.example.com","appId":"shop","tls":"terminate"}`))
	f.Add("c1", []byte(`{"names":["example.com"],"chain":"x","sealedKey":"AAA=","notAfter":"2027-01-02T03:04:05Z"}`))
	f.Add("-a_B9", []byte(`{"keyAuth":"x","domain":"example.com"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !isNodeName(name) { // nor is there a node of such a name
			return
		}
		fuzzFamily(t, routes, name, data)
		fuzzFamily(t, tcpRoutes, name, data)
		fuzzFamily(t, certificates, name, data)
		fuzzFamily(t, challenges, name, data)
		if a, err := parseAddress(addressRoot+"/"+name, data); err == nil && (a.Validate() != nil || addressPath(a) != path.Clean(addressRoot+"/"+name)) {
			t.Fatalf("%v is no address of %q", a, name)
		}
	})
}

func fuzzFamily[T interface{ Validate() error }](t *testing.T, f family[T], name string, data []byte) {
	node := path.Join(f.root, name)
	v, err := f.parse(node, data)
	if err != nil {
		return
	}
	if v.Validate() != nil || f.path(v) != node || !isNodeName(f.name(v)) {
		t.Fatalf("%v is not what belongs at %q", v, node)
	}
	written, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.parse(node, written)
	if rewritten, _ := json.Marshal(again); err != nil || !reflect.DeepEqual(written, rewritten) {
		t.Fatalf("%s is read as %v the second time, %v", written, again, err)
	}
}
