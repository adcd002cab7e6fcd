package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"berth/web/client"
)

// The client's variables. None can be mistaken for a setting of the server, which are named BERTH_ too: no setting
// begins with client-.
const (
	envURL    = "BERTH_CLIENT_URL"
	envToken  = "BERTH_CLIENT_TOKEN"
	envServer = "BERTH_CLIENT_SERVER"
)

// server is where to ask, and on whose behalf.
type server struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// String keeps the token out of whatever prints a server.
func (s server) String() string   { return s.URL }
func (s server) GoString() string { return s.URL }

// servers is what the client keeps in its file.
type servers struct {
	Current string            `json:"current"`
	Servers map[string]server `json:"servers"`
}

var serverName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// serversFile returns where the servers are kept.
func (s *session) serversFile() (string, error) {
	dir := s.environ["XDG_CONFIG_HOME"]
	if dir == "" {
		var err error
		if dir, err = os.UserConfigDir(); err != nil {
			return "", failed("There is no folder for settings (%v). Set HOME, or give %s and %s.", err, envURL, envToken)
		}
	}
	return filepath.Join(dir, "berth", "servers.json"), nil
}

// loadServers reads the file; there need not be one.
func (s *session) loadServers() (servers, error) {
	all := servers{Servers: map[string]server{}}
	path, err := s.serversFile()
	if err != nil {
		return all, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	if json.Unmarshal(data, &all) != nil { // whose error could show a part of a token
		return all, failed("%s is damaged. Delete it and sign in again with: berth login URL", path)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		s.note("Others on this machine can read your tokens. Run: chmod 600 %s", path)
	}
	return all, nil
}

// save writes the file anew, for its owner only: beside it and then in its place, so that it is never half.
func (s *session) save(all servers) error {
	path, err := s.serversFile()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".servers-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// target returns the server that is meant: --server, else the environment, else the one of the last login.
func (s *session) target() (server, error) {
	url, token, name := s.environ[envURL], s.environ[envToken], s.Server
	if name == "" && url != "" && token != "" {
		return server{url, token}, nil
	}
	all, err := s.loadServers()
	if err != nil {
		return server{}, err
	}
	name = or(name, s.environ[envServer])
	switch found, ok := all.Servers[or(name, all.Current)]; {
	case url != "" && s.Server == "":
		return s.tokenFor(all, url)
	case !ok && name != "":
		return server{}, notSignedIn("You are not signed in to a server named %s. See berth servers, or sign in: berth login URL --as %s", name, name)
	case !ok:
		return server{}, notSignedIn("You are not signed in. Make a token in the portal under Access tokens, then: berth login URL")
	case token != "" && s.Server == "":
		return server{found.URL, token}, nil
	default:
		return found, nil
	}
}

// tokenFor finds the token that was given for an address. A token never goes anywhere else.
func (s *session) tokenFor(all servers, url string) (server, error) {
	for _, name := range slices.Sorted(maps.Keys(all.Servers)) {
		if sameAddress(all.Servers[name].URL, url) {
			return all.Servers[name], nil
		}
	}
	return server{}, notSignedIn("You are not signed in to %s. Set %s too, or sign in: berth login %s", url, envToken, url)
}

func sameAddress(a, b string) bool {
	x, err := client.ParseAddress(a)
	if err != nil {
		return false
	}
	y, err := client.ParseAddress(b)
	return err == nil && strings.EqualFold(x.String(), y.String())
}
