package config

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// keySize is the number of bytes of the key that seals secrets (AES-256).
const keySize = 32

// Key returns the key that seals secrets in the database: the setting, else the one in the data directory, which is
// made at the first call. Whoever loses that file loses the secrets.
func (c Config) Key() ([]byte, error) {
	text := c.SecretKey
	if text == "" {
		var err error
		if text, err = kept(filepath.Join(c.Data, "secret.key"), keySize); err != nil {
			return nil, err
		}
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("the secret key is not %d hexadecimal digits", 2*keySize)
	}
	return key, nil
}

// HasKey reports whether there is a key already: a gateway alone must not make one, since nobody seals by it.
func (c Config) HasKey() bool {
	if c.SecretKey != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(c.Data, "secret.key"))
	return err == nil
}

// SecurePort returns the port of HTTPS as browsers see it: that of gateway-url if it is of HTTPS, else the one that
// the gateway listens on.
func (c Config) SecurePort() string {
	if u, err := url.Parse(c.GatewayURL); err == nil && u.Scheme == "https" {
		return cmp.Or(u.Port(), "443")
	}
	_, port, _ := net.SplitHostPort(c.GatewayHTTPS)
	return port
}

// SecureURL returns where browsers find the gateway by HTTPS; "" when it does not speak it.
func (c Config) SecureURL() string {
	if c.GatewayHTTPS == "" {
		return ""
	}
	return urlOf("https", c.BaseDomain, net.JoinHostPort("", c.SecurePort()), "443")
}

// Installation returns what tells this Berth from others on the same engine: made at the first call and kept in the
// data directory.
func (c Config) Installation() (string, error) {
	return kept(filepath.Join(c.Data, "installation"), 8)
}

// kept returns the random hexadecimal text that lies in a file, which it makes when there is none. Of several
// processes that make it at once, all get the same.
func kept(path string, size int) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err = writeOnce(path, size); err == nil {
			data, err = os.ReadFile(path)
		}
	}
	text := strings.TrimSpace(string(data))
	if err == nil && text == "" {
		err = fmt.Errorf("%s is empty; restore it from a backup, or remove it to have a new one made", path)
	}
	return text, err
}

// writeOnce writes a random text whole or not at all: it is linked into place, which fails when another was faster.
func writeOnce(path string, size int) error {
	b := make([]byte, size)
	rand.Read(b)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(hex.EncodeToString(b) + "\n")
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
