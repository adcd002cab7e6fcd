package i18n

import (
	"testing"
	"time"

	"berth/core"
)

func load(t *testing.T) *Bundle {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLanguageIsThePersonsElseTheBrowsersElseEnglish(t *testing.T) {
	b := load(t)
	for _, c := range []struct {
		prefs []string
		want  string
	}{
		{nil, "en"},
		{[]string{"", "", ""}, "en"},
		{[]string{"zh-Hans", "", "en"}, "zh-Hans"},
		{[]string{"", "", "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-Hans"},
		{[]string{"", "", "zh"}, "zh-Hans"},
		{[]string{"", "en", "zh"}, "en"},
		{[]string{"", "", "fr-FR,fr"}, "en"},
		{[]string{"", "", "fr, zh;q=0.5"}, "zh-Hans"},
		{[]string{"<script>", "*", "\x00"}, "en"},
	} {
		if got := b.Localizer(c.prefs...).Lang(); got != c.want {
			t.Errorf("Localizer(%q) speaks %s, want %s", c.prefs, got, c.want)
		}
	}
}

func TestCountChoosesThePlural(t *testing.T) {
	b := load(t)
	for _, c := range []struct {
		tag  string
		n    any
		want string
	}{
		{"en", 1, "1 app"}, {"en", 2, "2 apps"}, {"en", 0, "0 apps"}, {"en", "4182", "4,182 apps"}, {"zh-Hans", 1, "1 个应用"},
	} {
		if got := b.Localizer(c.tag).T("home.apps", "count", c.n); got != c.want {
			t.Errorf("%v apps in %s: %q, want %q", c.n, c.tag, got, c.want)
		}
	}
}

func TestTextsAreWordedWhenShown(t *testing.T) {
	text := core.T("error.name_long", "max", "63")
	if got := load(t).Localizer("en").Text(text); got != "A name has at most 63 characters." {
		t.Error(got)
	}
	if got := load(t).Localizer("zh-Hans").Text(text); got != "名称最多 63 个字符。" {
		t.Error(got)
	}
	alert := core.T("alert.rule_quota", "value", "90", "for", "1 h 30 min")
	if got := load(t).Localizer("zh-Hans").Text(alert); got != "某项配额的使用超过 90%，持续 1 小时 30 分。" {
		t.Errorf("a time in a text is said in the language's units: %s", got)
	}
	if got := load(t).Localizer("en").Text(core.Text{}); got != "" {
		t.Errorf("nothing to say is %q", got)
	}
	if got := load(t).Localizer("en").T("no.such.key"); got != "no.such.key" {
		t.Errorf("a missing message is %q", got)
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 3, 12, 10, 42, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	for _, c := range []struct {
		at     time.Time
		en, zh string
	}{
		{ago(time.Hour), "09:42", "09:42"},
		{ago(3 * day), "Mon 10:42", "周一 10:42"},
		{ago(30 * day), "10 Feb 10:42", "2月10日 10:42"},
		{ago(300 * day), "16 May 2025", "2025年5月16日"},
		{time.Time{}, "", ""},
	} {
		for tag, want := range map[string]string{"en": c.en, "zh-Hans": c.zh} {
			l := load(t).Localizer(tag).In(time.UTC)
			l.now = func() time.Time { return now }
			if got := l.Time(c.at); got != want {
				t.Errorf("Time(%v) in %s = %q, want %q", c.at, tag, got, want)
			}
		}
	}
}

func TestTimesAreThoseOfTheZone(t *testing.T) {
	now := time.Date(2026, 3, 12, 10, 42, 0, 0, time.UTC)
	l := load(t).Localizer("en").In(time.FixedZone("UTC+8", 8*3600))
	l.now = func() time.Time { return now }
	if got := l.Time(now); got != "18:42" {
		t.Errorf("Time = %q", got)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 3, 12, 10, 42, 0, 0, time.UTC)
	l := load(t).Localizer("en").In(time.UTC)
	l.now = func() time.Time { return now }
	for d, want := range map[time.Duration]string{
		0: "now", 42 * time.Second: "42 seconds ago", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		5 * time.Hour: "5 hours ago", 26 * time.Hour: "Wed 08:42",
	} {
		if got := l.Ago(now.Add(-d)); got != want {
			t.Errorf("Ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	l := load(t).Localizer("en")
	for d, want := range map[time.Duration]string{
		0: "0 s", 100 * time.Millisecond: "0.1 s", 1800 * time.Millisecond: "1.8 s", 44 * time.Second: "44 s",
		60 * time.Second: "1 min", 98 * time.Second: "1 min 38 s", 90 * time.Minute: "1 h 30 min", 140 * time.Hour: "5 d 20 h",
	} {
		if got := l.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAmounts(t *testing.T) {
	en, zh := load(t).Localizer("en"), load(t).Localizer("zh-Hans")
	for c, want := range map[core.MilliCPU][2]string{
		0: {"processor without a limit", "处理器不限"}, 250: {"¼ core", "¼ 核"}, 750: {"0.75 core", "0.75 核"},
		1000: {"1 core", "1 核"}, 2000: {"2 cores", "2 核"}, 1500: {"1.5 cores", "1.5 核"},
	} {
		if got := [2]string{en.CPU(c), zh.CPU(c)}; got != want {
			t.Errorf("CPU(%d) = %q, want %q", c, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -4182: "-4,182", 1234567: "1,234,567"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	for want, names := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := en.List(names); got != want {
			t.Errorf("List(%v) = %q, want %q", names, got, want)
		}
	}
	if got := zh.List([]string{"甲", "乙", "丙"}); got != "甲、乙和丙" {
		t.Errorf("List = %q", got)
	}
}
