package fake

import (
	"slices"
	"strconv"
	"strings"

	"berth/core"
)

// Program says how an instance behaves once it is started.
type Program func(core.ContainerSpec) Behavior

// Behavior is what a program does. The zero value runs until it is asked to end.
type Behavior struct {
	Missing     string   // the program that is not in the image: it cannot be started
	Lines       []string // written at the start
	Farewell    []string // written when asked to end
	Exits       bool     // ends by itself after Lines, with ExitCode
	ExitCode    int
	IgnoresTerm bool // has to be killed
}

// TestApp behaves as the test app of e2e/testenv does in the same environment.
func TestApp(spec core.ContainerSpec) Behavior {
	if code, ok := lookup(spec.Env, "CRASH_AT_START"); ok {
		n, _ := strconv.Atoi(code)
		return Behavior{Lines: []string{"crashing at start with " + code}, Exits: true, ExitCode: n}
	}
	b := Behavior{
		Lines:    []string{"starting instance " + spec.Instance, "listening"},
		Farewell: []string{"stopping", "stopped"},
	}
	_, b.IgnoresTerm = lookup(spec.Env, "IGNORE_TERM")
	return b
}

// Broken is an image whose program does not exist.
func Broken(core.ContainerSpec) Behavior { return Behavior{Missing: "/no-such-program"} }

func lookup(env []string, name string) (string, bool) {
	i := slices.IndexFunc(env, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	if i < 0 {
		return "", false
	}
	return env[i][len(name)+1:], true
}
