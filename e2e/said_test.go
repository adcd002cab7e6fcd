package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// said is what a program wrote, as far as it helps whoever reads a failed test: without the many requests that were
// answered well, and with its goroutines, when it was asked for them, in short.
func said(text string) string {
	text, dump, asked := strings.Cut(text, "SIGQUIT: quit\n")
	var kept []string
	for line := range strings.Lines(text) {
		if !answeredWell.MatchString(line) {
			kept = append(kept, line)
		}
	}
	if asked {
		kept = append(kept, "its goroutines:\n", goroutines(dump))
	}
	return strings.TrimRight(strings.Join(kept, ""), "\n")
}

var answeredWell = regexp.MustCompile(`level=INFO msg=request .* status=[123]\d\d `)

// shortest is how many calls of each goroutine are shown, beginning with the innermost.
const shortest = 6

var (
	called  = regexp.MustCompile(`^(\S+)\(.*\)$`)
	madeBy  = regexp.MustCompile(`^created by (\S+)`)
	waiting = regexp.MustCompile(`^goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[([^\]]*)\]:`)
)

// goroutines puts a dump in a line for every kind of goroutine: how many, what they wait for, and in which calls.
func goroutines(dump string) string {
	count := map[string]int{}
	for block := range strings.SplitSeq(dump, "\n\n") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		m := waiting.FindStringSubmatch(lines[0])
		if m == nil || strings.Contains(block, "\nruntime.") && !strings.Contains(block, "berth/") {
			continue
		}
		calls := []string{}
		by := ""
		for _, line := range lines[1:] {
			if c := called.FindStringSubmatch(line); c != nil && !strings.HasPrefix(c[1], "runtime.") && len(calls) < shortest {
				calls = append(calls, c[1])
			} else if c := madeBy.FindStringSubmatch(line); c != nil {
				by = ", begun by " + c[1]
			}
		}
		count[fmt.Sprintf("[%s] %s%s", m[1], strings.Join(calls, " < "), by)]++
	}
	var text strings.Builder
	kinds := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[a], count[b]), cmp.Compare(a, b))
	})
	for _, kind := range kinds {
		fmt.Fprintf(&text, "%d %s\n", count[kind], kind)
	}
	return text.String()
}

func TestSaidLeavesOutWhatIsWell(t *testing.T) {
	got := said(`time=1 level=INFO msg="ZooKeeper answers" part=zookeeper
time=2 level=INFO msg=request part=portal method=GET path=/api/v1/apps status=200 bytes=13 actor=""
time=3 level=INFO msg=request part=portal method=DELETE path=/api/v1/apps/shop status=409 bytes=13 actor=""
time=4 level=ERROR msg=request part=portal method=GET path=/readyz status=503 bytes=1 actor=""
SIGQUIT: quit
PC=0x1 m=0 sigcode=0

goroutine 1 gp=0xc0 m=nil [sync.WaitGroup.Wait, 1 minutes]:
runtime.gopark(0x1, 0x2)
	/usr/local/go/src/runtime/proc.go:1 +0x1
berth/worker.(*Supervisor).Run(0x1)
	/src/worker/supervisor.go:1 +0x1
main.serve({0x1})
	/src/serve.go:1 +0x1

goroutine 7 gp=0xc1 m=nil [select]:
berth/worker/discovery.wait(...)
	/src/worker/discovery/loop.go:1
created by berth/worker.Run.func1 in goroutine 1
	/src/worker/supervisor.go:2 +0x1

goroutine 8 gp=0xc2 m=nil [select]:
berth/worker/discovery.wait(...)
	/src/worker/discovery/loop.go:1
created by berth/worker.Run.func1 in goroutine 1
	/src/worker/supervisor.go:2 +0x1

goroutine 9 gp=0xc3 m=nil [GC worker (idle)]:
runtime.gopark(0x1, 0x2)
	/usr/local/go/src/runtime/proc.go:1 +0x1
`)
	want := `time=1 level=INFO msg="ZooKeeper answers" part=zookeeper
time=3 level=INFO msg=request part=portal method=DELETE path=/api/v1/apps/shop status=409 bytes=13 actor=""
time=4 level=ERROR msg=request part=portal method=GET path=/readyz status=503 bytes=1 actor=""
its goroutines:
1 [sync.WaitGroup.Wait, 1 minutes] berth/worker.(*Supervisor).Run < main.serve
2 [select] berth/worker/discovery.wait, begun by berth/worker.Run.func1`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
