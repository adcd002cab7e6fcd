package views_test

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"berth/core"
)

// metricAnswer is what the API says of an hour in which an app was measured from its second quarter on, with one gap, a
// release and a crash.
func metricAnswer(m core.Metric, each bool) string {
	const step = time.Minute
	from := now.Add(-time.Hour)
	points := func(skip func(i int) bool) string {
		var all []string
		for i := range 60 {
			if v := cmp.Or(usual[m], 3) * (1 + math.Sin(float64(i)/7)/3); !skip(i) {
				all = append(all, fmt.Sprintf("[%d,%g,%g]", from.Add(time.Duration(i)*step).Unix(), v, v*1.2))
			}
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	series, previous := fmt.Sprintf(`{"points":%s}`, points(func(i int) bool { return i < 15 || i == 58 })), ""
	if each {
		series = fmt.Sprintf(`{"instance":"5f0c1a2b3c4d","points":%s},{"instance":"0a1b2c3d4e5f","points":%s}`,
			points(func(i int) bool { return i < 15 }), points(func(i int) bool { return i < 50 }))
	} else {
		previous = fmt.Sprintf(`"previous":[{"points":%s}],`, points(func(i int) bool { return i < 10 || i > 50 }))
	}
	mark := func(minutes int, sign, text string) string {
		return fmt.Sprintf(`{"time":%q,"sign":%q,"text":%q}`, from.Add(time.Duration(minutes)*step).Format(time.RFC3339), sign, text)
	}
	return fmt.Sprintf(`{"from":%q,"to":%q,"step":"1m0s","series":[%s],%s"markers":[%s,%s]}`, from.Format(time.RFC3339),
		now.Format(time.RFC3339), series, previous, mark(20, "release", "Release 4 is online"), mark(40, "crash", "5f0c1a2b3c4d crashed"))
}

// newCharts opens a page of charts in a browser.
func newCharts(t *testing.T, page string) *site {
	t.Helper()
	s := newSite(t, examples()[page])
	s.mux.HandleFunc("GET /api/v1/apps/shop/metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, metricAnswer(core.Metric(r.URL.Query().Get("metric")), page == "metrics-each"))
	})
	s.mux.HandleFunc("GET /apps/tea-shop/head", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.open()
	s.is("document.readyState", "complete")
	s.eval("document.querySelector('[data-metric]').scrollIntoView()") // it is drawn once it is in view
	s.is("document.querySelector('[data-metric] canvas') !== null", "true")
	return s
}

// A chart is reached by the keyboard; arrow keys move over what was measured, and what is under them is shown and said.
func TestChartsByKeyboard(t *testing.T) {
	s := newCharts(t, "metrics")
	const chart = "document.activeElement"
	for range 100 {
		s.run(chromedp.KeyEvent(kb.Tab))
		if s.eval(chart+".matches('[data-metric]')") == "true" {
			break
		}
	}
	s.is(chart+".getAttribute('role')", "slider")
	said := func(words ...string) {
		t.Helper()
		for _, w := range words {
			s.is(fmt.Sprintf("%s.ariaValueText.includes(%q)", chart, w), "true")
			s.is(fmt.Sprintf("%s.querySelector('.metric-tip').innerText.includes(%q)", chart, w), "true")
		}
	}
	clock := func(minute int) string { // as the browser's zone has it
		return s.eval(fmt.Sprintf("new Date(%d).toTimeString().slice(0, 5)", now.Add(time.Duration(minute-60)*time.Minute).UnixMilli()))
	}
	said(clock(59), "Mean ", "Most ")
	s.run(chromedp.KeyEvent(kb.ArrowLeft))
	said(clock(57)) // nothing was measured at 58
	s.run(chromedp.KeyEvent(kb.Home))
	said(clock(10), "The period before ")
	for range 10 {
		s.run(chromedp.KeyEvent(kb.ArrowRight))
	}
	said(clock(20), "Mean ", "Most ", "The period before ", "Release 4 is online")
	s.run(chromedp.KeyEvent(kb.End))
	said(clock(59))
	s.run(chromedp.KeyEvent(kb.Escape))
	s.is(chart+".querySelector('.metric-tip').hidden", "true")
	s.run(chromedp.KeyEvent(kb.ArrowLeft))
	said(clock(59))
	s.run(chromedp.KeyEvent(kb.Tab)) // to the table beside it
	s.is(chart+".matches('summary')", "true")
	s.is("document.querySelector('.metric-tip').hidden", "true")
	s.quiet()
}
