package handlers

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"":                            nil,
		"  ":                          nil,
		"/serve --port 80":            {"/serve", "--port", "80"},
		`sh -c "echo two  words"`:     {"sh", "-c", "echo two  words"},
		`echo 'it''s' "" a\ b`:        {"echo", "its", "", "a b"},
		`echo "a \"quote\"" '\n'`:     {"echo", `a "quote"`, `\n`},
		"line\tone\r\ntwo":            {"line", "one", "two"},
		"$(id) `id` ; rm -rf / && ok": {"$(id)", "`id`", ";", "rm", "-rf", "/", "&&", "ok"},
	} {
		if got, err := splitCommand(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("splitCommand(%q) = %q, %v; want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`"open`, `'open`, `end\`} {
		if _, err := splitCommand(line); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("splitCommand(%q): %v", line, err)
		}
	}
}

func TestJoinedCommandSplitsIntoTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[ -~\n\t]{0,8}`), 0, 5).Draw(t, "words")
		got, err := splitCommand(joinCommand(words))
		if err != nil || len(got) != len(words) || len(words) > 0 && !slices.Equal(got, words) {
			t.Fatalf("%q became %q: %v", words, got, err)
		}
	})
}

func TestNamesAreGuessedFromFiles(t *testing.T) {
	for file, want := range map[string]string{
		"loyalty-1.0.tar.gz": "Loyalty", "shop.tar": "Shop", `C:\images\tea_shop-v2.tgz`: "Tea shop", "../../etc/x.tar": "",
		"1.0.tar": "1 0", "<script>.tar": "", "": "", "image": "Image",
	} {
		if got := appName(file); got != want {
			t.Errorf("appName(%q) = %q, want %q", file, got, want)
		}
	}
	for ref, want := range map[string]string{"ghcr.io/owner/shop:1.4": "shop", "redis": "redis", "host:5000/a/b@sha256:00": "b"} {
		if got := imageName(ref); got != want {
			t.Errorf("imageName(%q) = %q, want %q", ref, got, want)
		}
	}
}
