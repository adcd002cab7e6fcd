package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// The Docker engine of the client's own machine, asked over its HTTP API for one thing: an image as an archive. That
// takes less than the SDK, which lives in one room of the server.

var errNoImage = errors.New("the engine has no image of that name")

// engineImage streams an image out of the engine that DOCKER_HOST names, or the usual one.
func (s *session) engineImage(name string) (archive, error) {
	host := or(s.environ["DOCKER_HOST"], "unix:///var/run/docker.sock")
	engine, base, err := s.engine(host)
	if err != nil {
		return archive{}, err
	}
	var image struct{ Size int64 }
	res, err := getFrom(s.ctx, engine, base+"/images/"+url.PathEscape(name)+"/json")
	if err != nil {
		return archive{}, engineFault(s.ctx, name, host, err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&image); err != nil {
		return archive{}, engineFault(s.ctx, name, host, err)
	}
	saved, err := getFrom(s.ctx, engine, base+"/images/get?names="+url.QueryEscape(name))
	if err != nil {
		return archive{}, engineFault(s.ctx, name, host, err)
	}
	return archive{ReadCloser: saved.Body, size: -1, about: image.Size, label: tagOf(name)}, nil
}

func getFrom(ctx context.Context, engine *http.Client, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := engine.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	var problem struct{ Message string }
	_ = json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&problem) // the status says enough
	if res.StatusCode == http.StatusNotFound {
		return nil, errNoImage
	}
	return nil, errors.New(or(problem.Message, res.Status))
}

func engineFault(ctx context.Context, name, host string, err error) error {
	if cause := context.Cause(ctx); cause != nil || errors.Is(err, errNoImage) {
		return errors.Join(cause, err)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return failed("There is no file %q here, and the Docker engine at %s does not give an image: %v. Start it, or set DOCKER_HOST.", name, host, err)
}

// engine returns a client of the engine at host, in the notation of DOCKER_HOST, and the beginning of its addresses.
func (s *session) engine(host string) (*http.Client, string, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, "", usage("DOCKER_HOST: %v", err)
	}
	t := &http.Transport{}
	switch u.Scheme {
	case "unix":
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(host, "unix://"))
		}
		return &http.Client{Transport: t}, "http://docker", nil
	case "tcp", "http", "https":
		if s.environ["DOCKER_TLS_VERIFY"] == "" && u.Scheme != "https" {
			return &http.Client{Transport: t}, "http://" + u.Host, nil
		}
		t.TLSClientConfig, err = engineTLS(or(s.environ["DOCKER_CERT_PATH"], filepath.Join(s.environ["HOME"], ".docker")))
		return &http.Client{Transport: t}, "https://" + u.Host, err
	}
	return nil, "", usage("DOCKER_HOST is %s; only unix:// and tcp:// can be asked for an image. Save it instead: docker save IMAGE | berth push APP -", host)
}

func engineTLS(dir string) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("the certificates for the Docker engine cannot be read: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("the certificates for the Docker engine cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &tls.Config{Certificates: []tls.Certificate{own}, RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// tagOf returns the tag in an image's name, "" when it says nothing about the version.
func tagOf(name string) string {
	rest := name[strings.LastIndex(name, "/")+1:]
	if strings.Contains(rest, "@") {
		return ""
	}
	_, tag, _ := strings.Cut(rest, ":")
	if tag == "latest" {
		return ""
	}
	return tag
}
