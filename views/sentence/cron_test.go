package sentence

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core/scale"
	"berth/views/i18n"
)

func TestCronInWords(t *testing.T) {
	en, zh := localizers(t)
	for cron, want := range map[string][2]string{
		"* * * * *":               {"Every minute", "每分钟"},
		"*/15 * * * *":            {"Every 15 minutes", "每 15 分钟"},
		"0 * * * *":               {"Every hour on the hour", "每小时整点"},
		"20 * * * ?":              {"Every hour at minute 20", "每小时的第 20 分钟"},
		"5,35 * * * *":            {"Every hour at the minutes 5 and 35", "每小时的第 5、35 分钟"},
		"*/7 * * * *":             {"Every hour at the minutes 0, 7, 14, … 56", "每小时的第 0、7、14……56 分钟"},
		"0 8 * * *":               {"Every day at 08:00", "每天 08:00"},
		"0 8 * * 1-5":             {"Mon to Fri at 08:00", "周一至周五 08:00"},
		"30 6,18 * * sat,SUN":     {"Sat and Sun at 06:30 and 18:30", "周六和周日 06:30、18:30"},
		"0 */2 * * *":             {"Every day, every 2 hours from 00:00 on", "每天，从 00:00 起每 2 小时"},
		"15 8-17 * * mon-fri":     {"Mon to Fri, every hour from 08:15 to 17:15", "周一至周五，08:15 至 17:15 每小时一次"},
		"*/10 9-17 * * 1-5":       {"Mon to Fri, every 10 minutes from 09:00 to 17:59", "周一至周五，09:00 至 17:59 每 10 分钟"},
		"* 8-9,14-15 * * *":       {"Every day, every minute from 08:00 to 09:59 and from 14:00 to 15:59", "每天，08:00 至 09:59、14:00 至 15:59 每分钟"},
		"0,10 1,4,9,16 * * *":     {"Every day, every hour at the minutes 0 and 10 in the hours 1, 4, 9 and 16", "每天，1、4、9、16 点 每小时的第 0、10 分钟"},
		"0 0 1 * *":               {"Day 1 of each month at 00:00", "每月 1 日 00:00"},
		"0 0 1,15 * *":            {"Days 1 and 15 of each month at 00:00", "每月 1、15 日 00:00"},
		"0 0 */2 * *":             {"Days 1, 3, 5, … 31 of each month at 00:00", "每月 1、3、5……31 日 00:00"},
		"0 6 24-26 12 *":          {"Days 24 to 26 of Dec at 06:00", "12月的 24 至 26 日 06:00"},
		"0 0 1 1,7 *":             {"Day 1 of Jan and Jul at 00:00", "1月、7月的 1 日 00:00"},
		"0 8 * jan-mar *":         {"Every day in Jan to Mar at 08:00", "1月 至 3月的每天 08:00"},
		"0 0 13 * 5":              {"Day 13 of each month, and also Fri at 00:00", "每月 13 日，以及周五 00:00"},
		"0 0 1-31 * 5":            {"Every day at 00:00", "每天 00:00"},
		"*/30 * 29 2 *":           {"Day 29 of Feb, every 30 minutes", "2月的 29 日，每 30 分钟"},
		"0 0 31 2 *":              {"0 0 31 2 *", "0 0 31 2 *"},
		"TZ=UTC 0 8 * * *":        {"TZ=UTC 0 8 * * *", "TZ=UTC 0 8 * * *"},
		"0 1,2,3,5,7,11,13 * * *": {"Every day at 01:00, 02:00, 03:00, 05:00, 07:00, 11:00 and 13:00", "每天 01:00、02:00、03:00、05:00、07:00、11:00、13:00"},
	} {
		if got := [2]string{Cron(en, cron), Cron(zh, cron)}; got != want {
			t.Errorf("%s: %q, want %q", cron, got, want)
		}
	}
}

// Every expression has words, and expressions of the same words fire at the same times.
func TestCronWordsSayAll(t *testing.T) {
	en, zh := localizers(t)
	means := map[string]scale.Cron{}
	rapid.Check(t, func(t *rapid.T) {
		text := fires.Draw(t, "cron")
		c, _ := scale.ReadCron(text, time.Now())
		for _, l := range []*i18n.Localizer{en, zh} {
			words := Cron(l, text)
			if words == text || strings.Contains(words, "scaling.") || strings.Contains(words, "no value") {
				t.Fatalf("%s is said as %q", text, words)
			}
			if other, said := means[words]; said && !reflect.DeepEqual(other, c) {
				t.Fatalf("%q is said of %+v and of %+v", words, other, c)
			}
			means[words] = c
		}
	})
}

// fires are expressions that fire at some time.
var fires = rapid.Custom(func(t *rapid.T) string {
	return strings.Join([]string{field(t, 0, 59), field(t, 0, 23), field(t, 1, 31), field(t, 1, 12), field(t, 0, 6)}, " ")
}).Filter(func(text string) bool {
	_, err := scale.ReadCron(text, time.Now())
	return err == nil
})

func field(t *rapid.T, low, high int) string {
	part := rapid.Custom(func(t *rapid.T) string {
		a := rapid.IntRange(low, high).Draw(t, "a")
		b, every := strconv.Itoa(rapid.IntRange(a, high).Draw(t, "b")), strconv.Itoa(rapid.IntRange(1, high).Draw(t, "step"))
		from := strconv.Itoa(a)
		return rapid.SampledFrom([]string{"*", from, from, "*/" + every, from + "-" + b, from + "-" + b + "/" + every, from + "/" + every}).Draw(t, "part")
	})
	return strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "parts"), ",")
}

// The next times are those of the clock of the zone.
func TestNextTimesOfTheZone(t *testing.T) {
	en, _ := localizers(t)
	times, err := Next(en, "30 8 * * *", "Asia/Shanghai")
	if err != nil || len(times) != 3 || !strings.HasSuffix(times[0], ", 08:30") || times[0] == times[1] {
		t.Errorf("%q, %v", times, err)
	}
	for _, bad := range [][2]string{{"0 0 31 2 *", "UTC"}, {"TZ=UTC", "UTC"}, {"CRON_TZ=Asia/Tokyo 0 8 * * *", "UTC"}, {"0 8 * * *", "Europe/Atlantis"}, {"", ""}} {
		if times, err := Next(en, bad[0], bad[1]); err == nil {
			t.Errorf("%q in %s: %q", bad[0], bad[1], times)
		}
	}
}

func localizers(t *testing.T) (en, zh *i18n.Localizer) {
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return b.Localizer("en"), b.Localizer("zh-Hans")
}
