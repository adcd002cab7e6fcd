package core_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// What people bring is taken as it is meant, and refused at the field with what to do.
func TestReadCertificate(t *testing.T) {
	now := time.Now()
	day := 24 * time.Hour
	root := testenv.NewAuthority(t, "Root", nil)
	middle := testenv.NewAuthority(t, "Middle", root)
	leaf, key := middle.Issue(t, now.Add(-day), now.Add(60*day), "shop.example", "*.shop.example")
	other, otherKey := middle.Issue(t, now.Add(-day), now.Add(60*day), "other.example")
	past, pastKey := middle.Issue(t, now.Add(-60*day), now.Add(-time.Minute), "shop.example")
	early, earlyKey := middle.Issue(t, now.Add(25*time.Hour), now.Add(60*day), "shop.example")
	soon, soonKey := middle.Issue(t, now.Add(23*time.Hour), now.Add(60*day), "shop.example")
	nameless, namelessKey := middle.Issue(t, now.Add(-day), now.Add(60*day))
	short := ecKey(t, key)
	for name, x := range map[string]struct{ chain, key, domain, fault string }{
		"the leaf alone":                {leaf, key, "shop.example", ""},
		"with its authority":            {leaf + middle.PEM, key, "shop.example", ""},
		"with all of them":              {leaf + middle.PEM + root.PEM, key, "shop.example", ""},
		"with words between":            {"Bag Attributes\r\n" + leaf + "\nissuer: x\n" + middle.PEM, "# my key\n" + key, "shop.example", ""},
		"a key of another form":         {leaf, short, "shop.example", ""},
		"a name under its wildcard":     {leaf, key, "www.shop.example", ""},
		"its wildcard":                  {leaf, key, "*.shop.example", ""},
		"clocks that differ":            {soon, soonKey, "shop.example", ""},
		"two labels under its wildcard": {leaf, key, "a.b.shop.example", "chain error.certificate_names"},
		"another name":                  {other, otherKey, "shop.example", "chain error.certificate_names"},
		"a wildcard it has not":         {other, otherKey, "*.other.example", "chain error.certificate_names"},
		"no name":                       {nameless, namelessKey, "shop.example", "chain error.certificate_names"},
		"nothing":                       {"", key, "shop.example", "chain error.certificate_missing"},
		"words alone":                   {"my certificate", key, "shop.example", "chain error.certificate_missing"},
		"the key in its place":          {key, leaf, "shop.example", "chain error.certificate_is_key"},
		"the key beside it":             {leaf + key, key, "shop.example", "chain error.certificate_is_key"},
		"bytes that are none":           {strings.Replace(leaf, "M", "A", 1), key, "shop.example", "chain error.certificate_malformed"},
		"a request for one":             {strings.ReplaceAll(leaf, "CERTIFICATE", "CERTIFICATE REQUEST"), key, "shop.example", "chain error.certificate_malformed"},
		"more than there may be":        {leaf + strings.Repeat("x", 64<<10), key, "shop.example", "chain error.certificate_malformed"},
		"the wrong order":               {middle.PEM + leaf, key, "shop.example", "chain error.certificate_order"},
		"a link left out":               {leaf + root.PEM, key, "shop.example", "chain error.certificate_order"},
		"an authority's":                {root.PEM, key, "shop.example", "chain error.certificate_is_ca"},
		"one that has ended":            {past, pastKey, "shop.example", "chain error.certificate_expired"},
		"one that has not begun":        {early, earlyKey, "shop.example", "chain error.certificate_early"},
		"no key":                        {leaf, " \n", "shop.example", "key error.key_missing"},
		"a key that is none":            {leaf, "secret", "shop.example", "key error.key_malformed"},
		"a key cut off":                 {leaf, pemOf("PRIVATE KEY", []byte("short")), "shop.example", "key error.key_malformed"},
		"a key with a password":         {leaf, pemOf("ENCRYPTED PRIVATE KEY", []byte("x")), "shop.example", "key error.key_encrypted"},
		"an old key with a password": {leaf, "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
			"shop.example", "key error.key_encrypted"},
		"another's key": {leaf, otherKey, "shop.example", "key error.key_mismatch"},
		"both wrong":    {past, "", "shop.example", "chain error.certificate_expired key error.key_missing"},
	} {
		c, err := core.ReadCertificate(x.chain, x.key, x.domain, now)
		if got := faults(err); got != x.fault {
			t.Errorf("%s: %q, want %q", name, got, x.fault)
		}
		if err == nil && (strings.Contains(c.Chain, "issuer") || len(c.Key) == 0 || c.Issuer != "Harbour Trust Middle" || !now.Before(c.NotAfter)) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	c, err := core.ReadCertificate(leaf+middle.PEM, key, "shop.example", now)
	if err != nil || !slices.Equal(c.Names, []string{"shop.example", "*.shop.example"}) || c.Chain != leaf+middle.PEM {
		t.Errorf("%+v, %v", c, err)
	}
}

// faults is every fault of an error, by its field and its word.
func faults(err error) string {
	var e *core.Error
	if !errors.As(err, &e) {
		return ""
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Field+" "+f.Message.Key)
	}
	return strings.Join(all, " ")
}

// ecKey writes a key as OpenSSL does by itself.
func ecKey(t *testing.T, key string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(key))
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(k.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	return pemOf("EC PRIVATE KEY", der)
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
