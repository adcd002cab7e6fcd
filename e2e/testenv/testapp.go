package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

var compiled = struct {
	once sync.Once
	path string
	err  error
}{}

// TestApp compiles the customer's app of the tests and returns the program's path. It lies in the user's cache under
// a name made from its source, so that it is compiled only when that changed.
func TestApp(t testing.TB) string {
	t.Helper()
	compiled.once.Do(func() { compiled.path, compiled.err = compile() })
	if compiled.err != nil {
		t.Fatal("compile the test app: ", compiled.err)
	}
	return compiled.path
}

func compile() (string, error) {
	_, self, _, _ := runtime.Caller(0)
	source := filepath.Join(filepath.Dir(self), "testapp")
	key, err := sourceKey(source)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path := filepath.Join(cache, "berth-test", "testapp-"+key)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, build(source, path)
}

// build compiles beside path and moves the program there when it is whole: other tests may want it meanwhile.
func build(source, path string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), "build")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "testapp")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	cmd.Dir, cmd.Stderr = source, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := cmd.Run(); err != nil {
		return err
	}
	return os.Rename(program, path)
}

func sourceKey(dir string) (string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write([]byte(runtime.Version()))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum.Write(data)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
