package i18n

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"berth/core"
)

// Localizer words messages, times and amounts in one language and time zone.
type Localizer struct {
	localizer *i18n.Localizer
	keys      []string
	tag       string
	zone      *time.Location
	now       func() time.Time
}

func newLocalizer(b *Bundle, tag string) *Localizer {
	return &Localizer{localizer: i18n.NewLocalizer(b.bundle, tag), keys: b.keys, tag: tag, zone: time.Local, now: time.Now}
}

// Zone is the time zone in which times are shown.
func (l *Localizer) Zone() *time.Location { return l.zone }

// In returns a copy that shows times in zone.
func (l *Localizer) In(zone *time.Location) *Localizer {
	c := *l
	c.zone = zone
	return &c
}

// Has reports whether there is a message.
func (l *Localizer) Has(key string) bool {
	_, found := slices.BinarySearch(l.keys, key)
	return found
}

// Keys returns the keys of the messages that begin with prefix.
func (l *Localizer) Keys(prefix string) []string {
	from, _ := slices.BinarySearch(l.keys, prefix)
	to := from
	for to < len(l.keys) && strings.HasPrefix(l.keys[to], prefix) {
		to++
	}
	return l.keys[from:to]
}

// Lang returns the language as the lang attribute has it: "en", "zh-Hans".
func (l *Localizer) Lang() string { return l.tag }

// T words a message; kv alternates names and values. A value named "count" also chooses the plural. A key without
// a message is returned as it is, so that a fault can be seen and never breaks a page.
func (l *Localizer) T(key string, kv ...any) string {
	args := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		args[fmt.Sprint(kv[i])] = l.value(kv[i+1])
	}
	return l.localize(key, args)
}

// Text words a stored sentence.
func (l *Localizer) Text(t core.Text) string {
	if t.IsZero() {
		return ""
	}
	args := make(map[string]any, len(t.Args))
	for k, v := range t.Args {
		if args[k] = v; times[k] {
			args[k] = l.lasting(v)
		}
	}
	if names, ok := t.Args["settings"]; ok {
		args["settings"] = l.settings(names)
	}
	return l.localize(t.Key, args)
}

// times are the arguments of texts that are times, and never somebody's own words.
var times = map[string]bool{"for": true, "window": true, "idle": true, "cooldown": true}

// lasts is a time as core writes it into its texts: "1 h 30 min".
var lasts = regexp.MustCompile(`^\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))*$`)

var unitKeys = map[string]string{"d": "time.days", "h": "time.hours", "min": "time.minutes", "s": "time.seconds"}

// lasting words what is a time in the language's units, and leaves what is not.
func (l *Localizer) lasting(text string) string {
	if !lasts.MatchString(text) {
		return text
	}
	parts := strings.Fields(text)
	var said []string
	for i := 0; i < len(parts); i += 2 {
		said = append(said, l.T(unitKeys[parts[i+1]], "n", parts[i]))
	}
	return strings.Join(said, " ")
}

// settings words the names of settings; variables keep their own.
func (l *Localizer) settings(names string) string {
	list := strings.Split(names, ", ")
	for i, name := range list {
		if key := "setting." + name; l.Has(key) {
			list[i] = l.T(key)
		}
	}
	return strings.Join(list, l.T("list.comma"))
}

func (l *Localizer) value(v any) any {
	switch v := v.(type) {
	case core.Text:
		return l.Text(v)
	case core.Bytes:
		return l.Bytes(v)
	case time.Duration:
		return l.Duration(v)
	case time.Time:
		return l.Time(v)
	}
	return v
}

func (l *Localizer) localize(key string, args map[string]any) string {
	c := &i18n.LocalizeConfig{MessageID: key, TemplateData: args}
	if n, ok := count(args["count"]); ok {
		c.PluralCount = n
		args["count"] = Number(int64(n))
	}
	if s, err := l.localizer.Localize(c); err == nil || s != "" {
		return s
	}
	return key
}

func count(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

type localizerKey struct{}

// With returns a context whose pages are worded by l.
func With(ctx context.Context, l *Localizer) context.Context {
	return context.WithValue(ctx, localizerKey{}, l)
}

// From returns the localizer of ctx. Every request has one; its absence is a fault of the program.
func From(ctx context.Context) *Localizer {
	l, ok := ctx.Value(localizerKey{}).(*Localizer)
	if !ok {
		panic("i18n: no localizer in the context")
	}
	return l
}

// T words a message for ctx; see Localizer.T.
func T(ctx context.Context, key string, kv ...any) string { return From(ctx).T(key, kv...) }

// Text words a stored sentence for ctx.
func Text(ctx context.Context, t core.Text) string { return From(ctx).Text(t) }

// Space stands between two sentences; Chinese needs none.
func Space(ctx context.Context) string { return From(ctx).T("ui.space") }

// Join puts a comma between the parts that are not empty.
func Join(ctx context.Context, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), From(ctx).T("ui.comma"))
}
