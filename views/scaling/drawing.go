package scaling

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/views/i18n"
)

const (
	halfHours = 7 * 48 // half hours of seven days: what a chart can show
	mostRows  = 200
)

// drawing is a replay as a chart: how many would have run, what was wanted beyond the room, and the requests.
type drawing struct {
	replay core.ScaleReplay
	Bars   []bar
	Load   string // the path of the requests
	Top    int    // instances at the upper edge
	Room   int
	RoomY  string // "" when the room is above all
	Short  bool   // anything was wanted that there was no room for
}

type bar struct{ Class, X, Width, Y, Height string }

func newDrawing(r core.ScaleReplay) drawing {
	d := drawing{replay: r, Room: r.Room, Top: max(r.Most, 1)}
	runs, wants := peaks(r)
	for _, n := range wants {
		d.Top = max(d.Top, n)
	}
	for i := 0; i < len(runs); {
		j := i
		for j < len(runs) && runs[j] == runs[i] && wants[j] == wants[i] {
			j++
		}
		d.draw("scaling-run", i, j, 0, runs[i])
		if wants[i] > runs[i] {
			d.Short = true
			d.draw("scaling-short", i, j, runs[i], wants[i])
		}
		i = j
	}
	if r.Room > 0 && r.Room < d.Top {
		d.RoomY = percent(float64(d.Top-r.Room), d.Top)
	}
	d.Load = loadPath(r.Load)
	return d
}

func (d *drawing) draw(class string, from, to, low, high int) {
	if high > low {
		d.Bars = append(d.Bars, bar{class, percent(float64(from), halfHours), percent(float64(to-from), halfHours),
			percent(float64(d.Top-high), d.Top), percent(float64(high-low), d.Top)})
	}
}

// peaks are the most that would have run, and been wanted, in each half hour.
func peaks(r core.ScaleReplay) (runs, wants []int) {
	runs, wants = make([]int, halfHours), make([]int, halfHours)
	span := r.To.Sub(r.From)
	for k, p := range r.Points {
		end := r.To
		if k+1 < len(r.Points) {
			end = r.Points[k+1].At
		}
		first := int(p.At.Sub(r.From) * halfHours / max(span, 1))
		last := int((end.Sub(r.From) - 1) * halfHours / max(span, 1))
		for i := max(first, 0); i <= min(last, halfHours-1); i++ {
			runs[i], wants[i] = max(runs[i], p.Replicas), max(wants[i], p.Wanted, p.Replicas)
		}
	}
	return runs, wants
}

// loadPath draws the mean of the requests in each half hour; where none were measured it is broken.
func loadPath(load []float64) string {
	means, most := make([]float64, halfHours), 0.0
	for i := range means {
		sum, n := 0.0, 0
		for _, v := range load[i*len(load)/halfHours : (i+1)*len(load)/halfHours] {
			if v >= 0 {
				sum, n = sum+v, n+1
			}
		}
		means[i] = math.NaN()
		if n > 0 {
			means[i] = sum / float64(n)
			most = max(most, means[i])
		}
	}
	if most == 0 {
		return ""
	}
	var b strings.Builder
	next := "M"
	for i, v := range means {
		if math.IsNaN(v) {
			next = "M"
			continue
		}
		b.WriteString(next + decimal(100*(float64(i)+0.5)/halfHours) + " " + decimal(100-95*v/most))
		next = "L"
	}
	return b.String()
}

func percent(part float64, whole int) string { return decimal(100*part/float64(whole)) + "%" }

func decimal(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// days are the names of the seven days, each where it begins to be shown.
func (d drawing) days(ctx context.Context) (names []string) {
	l := i18n.From(ctx)
	for i := range 7 {
		day := d.replay.From.Add(time.Duration(i) * 24 * time.Hour).In(l.Zone()).Weekday()
		names = append(names, l.T("weekday."+strconv.Itoa(int(day))))
	}
	return names
}

func (d drawing) label(ctx context.Context) string { return i18n.Text(ctx, Verdict(d.replay)) }

// rows are the changes, the newest first; of many the newest ones.
func (d drawing) rows() (rows []core.ScalePoint) {
	for i := len(d.replay.Points) - 1; i >= 0 && len(rows) < mostRows; i-- {
		rows = append(rows, d.replay.Points[i])
	}
	return rows
}

// trigger is when the part asks for itself.
func (t Trial) trigger() string {
	changes := "change from:closest form delay:300ms, input from:closest form delay:900ms, rows from:closest form"
	if t.Load {
		return "load, " + changes
	}
	return changes
}
