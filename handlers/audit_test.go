package handlers

import (
	"bufio"
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// TestAuditFileIsInert: a spreadsheet reads the file as text, whatever people called things.
func TestAuditFileIsInert(t *testing.T) {
	messages, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest("GET", "/", nil), answer)
	f := &auditFile{c: c, buffer: bufio.NewWriter(c.Response()), tenant: "tea"}
	write := f.csv(messages.Localizer("en"))
	nasty := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "a,\"b\"\r\nc", "茶店"}
	f.begin("csv")
	for _, n := range nasty {
		if err := write(&core.AuditEntry{CreatedAt: time.Now(), Action: "app.rename", Object: n, ActorName: n, Outcome: core.AuditDone}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.flush(true); err != nil {
		t.Fatal(err)
	}
	body, marked := strings.CutPrefix(answer.Body.String(), "\ufeff")
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || !marked || len(lines) != len(nasty)+1 {
		t.Fatalf("%v, marked %v, %d lines", err, marked, len(lines))
	}
	for i, line := range lines[1:] {
		want := nasty[i]
		if i < 6 {
			want = "'" + want
		}
		if got := line[4]; got != strings.ReplaceAll(want, "\r\n", "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, cell := range line {
			if strings.IndexAny(cell, "=+-@\t") == 0 {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	if name := answer.Header().Get("Content-Disposition"); !strings.HasPrefix(name, `attachment; filename="audit-tea-`) {
		t.Error(name)
	}
}
