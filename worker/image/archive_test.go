package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

// entry is a file of an archive that a test makes by hand.
type entry struct {
	name string
	data []byte
	kind byte // default a file
	link string
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg, Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func hexOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// dockerEntries is an image as docker save writes it, with these layers.
func dockerEntries(layers ...[]byte) []entry {
	var ids, names []string
	var entries []entry
	for i, l := range layers {
		ids = append(ids, "sha256:"+hexOf(l))
		names = append(names, fmt.Sprintf("l%d/layer.tar", i))
		entries = append(entries, entry{name: names[i], data: l})
	}
	return append(entries, dockerDocuments(ids, names)...)
}

func dockerDocuments(ids, names []string) []entry {
	config, _ := json.Marshal(map[string]any{"os": "linux", "architecture": "amd64", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": ids}})
	manifest, _ := json.Marshal([]map[string]any{{"Config": "c.json", "RepoTags": []string{"bank:1"}, "Layers": names}})
	return []entry{{name: "c.json", data: config}, {name: "manifest.json", data: manifest}}
}

func okLayer(t testing.TB) []byte { return tarOf(t, entry{name: "app", data: []byte("program")}) }

// refuse expects an archive to be refused with a code and a message, and to leave nothing on the disk.
func refuse(t *testing.T, archive io.Reader, code core.Code, key string) {
	t.Helper()
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	_, err := s.Import(t.Context(), "shop", archive)
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != code || e.Message.Key != key {
		t.Errorf("got %v, want %s: %s", err, code, key)
	}
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a folder that goes meanwhile
			return nil
		}
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Row 20: what is no image, or not a whole one.
func TestImportRefusesBroken(t *testing.T) {
	layer := okLayer(t)
	good := tarOf(t, dockerEntries(layer)...)
	doc := func(name, data string) entry { return entry{name: name, data: []byte(data)} }
	id := []string{"sha256:" + hexOf(layer)}
	wrong := []string{"sha256:" + strings.Repeat("0", 64)}
	many := make([][]byte, 1000)
	for i := range many {
		many[i] = tarOf(t, entry{name: fmt.Sprint(i)})
	}
	long := tarOf(t, dockerEntries(tarOf(t, entry{name: "app", data: bytes.Repeat([]byte("x"), 1<<20)}))...)
	damaged := gzipOf(t, long)
	damaged[len(damaged)/2] ^= 0xff
	for name, c := range map[string]struct {
		archive []byte
		key     string
	}{
		"empty":             {nil, "error.image_not_archive"},
		"text":              {[]byte(strings.Repeat("this is no tar\n", 100)), "error.image_not_archive"},
		"short text":        {[]byte("x"), "error.image_not_archive"},
		"zip":               {append([]byte("PK\x03\x04"), make([]byte, 2000)...), "error.image_not_archive"},
		"text in gzip":      {gzipOf(t, []byte(strings.Repeat("no tar\n", 200))), "error.image_not_archive"},
		"truncated":         {long[:len(long)/2], "error.image_truncated"},
		"truncated header":  {good[:len(good)-3*512-100], "error.image_truncated"},
		"truncated gzip":    {gzipOf(t, long)[:len(gzipOf(t, long))/2], "error.image_truncated"},
		"no gzip tail":      {gzipOf(t, good)[:len(gzipOf(t, good))-6], "error.image_truncated"},
		"damaged gzip":      {damaged, "error.image_damaged"},
		"no manifest":       {tarOf(t, entry{name: "a/layer.tar", data: layer}), "error.image_manifest_missing"},
		"empty manifest":    {tarOf(t, doc("manifest.json", "[]")), "error.image_manifest_missing"},
		"manifest no JSON":  {tarOf(t, doc("manifest.json", "[{]")), "error.image_manifest_broken"},
		"no configuration":  {tarOf(t, doc("manifest.json", `[{"Config":"c.json"}]`)), "error.image_config_missing"},
		"two images":        {tarOf(t, doc("manifest.json", `[{"Config":"c"},{"Config":"d"}]`)), "error.image_several"},
		"layer missing":     {tarOf(t, dockerDocuments(id, []string{"a/layer.tar"})...), "error.image_layer_missing"},
		"layer not listed":  {tarOf(t, append(dockerDocuments(nil, []string{"a"}), entry{name: "a", data: layer})...), "error.image_layer_count"},
		"digest mismatch":   {tarOf(t, append(dockerDocuments(wrong, []string{"a"}), entry{name: "a", data: layer})...), "error.image_layer_digest"},
		"layer is no tar":   {tarOf(t, dockerEntries(bytes.Repeat([]byte("rubbish "), 200))...), "error.image_layer_broken"},
		"layer cut off":     {tarOf(t, dockerEntries(long[:2000])...), "error.image_layer_truncated"},
		"layer in zstd":     {tarOf(t, dockerEntries([]byte("\x28\xb5\x2f\xfd0000"))...), "error.image_layer_compression"},
		"1,000 layers":      {tarOf(t, dockerEntries(many...)...), "error.image_blobs"},
		"200 times a layer": {tarOf(t, append(dockerDocuments(slices.Repeat(id, 200), slices.Repeat([]string{"a"}, 200)), entry{name: "a", data: layer})...), "error.image_layers"},
		"blob under a name": {tarOf(t, entry{name: "blobs/sha256/" + hexOf(layer), data: long}), "error.image_digest"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, bytes.NewReader(c.archive), core.EINVALID, c.key) })
	}
}

// Row 21: names and kinds of entries, in the archive and in its layers.
func TestImportRefusesEscapes(t *testing.T) {
	good := dockerEntries(okLayer(t))
	in := func(e ...entry) []byte { return tarOf(t, append(e, good...)...) }
	layer := func(e ...entry) []byte { return tarOf(t, dockerEntries(tarOf(t, e...))...) }
	for name, c := range map[string]struct {
		archive []byte
		key     string
	}{
		"..":                    {in(entry{name: "../../etc/x"}), "error.image_entry_name"},
		".. inside":             {in(entry{name: "a/../../x"}), "error.image_entry_name"},
		"absolute":              {in(entry{name: "/etc/x"}), "error.image_entry_name"},
		"backslash":             {in(entry{name: `..\x`}), "error.image_entry_name"},
		"link out":              {in(entry{name: "a", kind: tar.TypeSymlink, link: "../x"}), "error.image_entry_type"},
		"link to the root":      {in(entry{name: "a", kind: tar.TypeSymlink, link: "/etc"}), "error.image_entry_type"},
		"write through a link":  {in(entry{name: "a", kind: tar.TypeSymlink, link: "b"}, entry{name: "a/x"}), "error.image_entry_name"},
		"write over a link":     {in(entry{name: "a", kind: tar.TypeSymlink, link: "b"}, entry{name: "a"}), "error.image_entry_twice"},
		"twice":                 {in(entry{name: "a"}, entry{name: "./a"}), "error.image_entry_twice"},
		"hard link":             {in(entry{name: "a", kind: tar.TypeLink, link: "c.json"}), "error.image_entry_type"},
		"character device":      {in(entry{name: "a", kind: tar.TypeChar}), "error.image_entry_type"},
		"block device":          {in(entry{name: "a", kind: tar.TypeBlock}), "error.image_entry_type"},
		"FIFO":                  {in(entry{name: "a", kind: tar.TypeFifo}), "error.image_entry_type"},
		".. in a layer":         {layer(entry{name: "../../etc/x"}), "error.image_layer_escapes"},
		"/.. in a layer":        {layer(entry{name: "/../etc/x"}), "error.image_layer_escapes"},
		"hard link in a layer":  {layer(entry{name: "a", kind: tar.TypeLink, link: "../../etc/passwd"}), "error.image_layer_escapes"},
		"device in a layer":     {layer(entry{name: "dev/sda", kind: tar.TypeBlock}), "error.image_layer_device"},
		"device in gzip layer":  {gzipLayer(t, entry{name: "dev/mem", kind: tar.TypeChar}), "error.image_layer_device"},
		"control bytes in name": {in(entry{name: "../\x1b[2J\n"}), "error.image_entry_name"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, bytes.NewReader(c.archive), core.EINVALID, c.key) })
	}
}

func gzipLayer(t testing.TB, e ...entry) []byte {
	plain := tarOf(t, e...)
	entries := append(dockerDocuments([]string{"sha256:" + hexOf(plain)}, []string{"l.tar.gz"}),
		entry{name: "l.tar.gz", data: gzipOf(t, plain)})
	return tarOf(t, entries...)
}

// Row 22: a small file that becomes a large one, and more entries than an image has.
func TestImportStopsAtCaps(t *testing.T) {
	zeros := make([]byte, 256<<20)
	many := make([]entry, 10_001)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	few := func(o *imageOptions) { o.Limits.Files = 10 }
	for name, c := range map[string]struct {
		archive []byte
		key     string
	}{
		"archive":        {gzipOf(t, tarOf(t, entry{name: "l", data: zeros})), "error.image_bomb"},
		"layer":          {gzipLayer(t, entry{name: "zeros", data: zeros}), "error.image_bomb"},
		"10,001 entries": {tarOf(t, many...), "error.image_entries"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, bytes.NewReader(c.archive), core.ETOOLARGE, c.key) })
	}
	t.Run("sparse file", func(t *testing.T) {
		refuse(t, bytes.NewReader(tarOf(t, dockerEntries(sparse(t, "1099511627776"))...)), core.ETOOLARGE, "error.image_expands")
	})
	t.Run("sparse entry", func(t *testing.T) {
		refuse(t, bytes.NewReader(sparse(t, "268435456")), core.ETOOLARGE, "error.image_bomb")
	})
	t.Run("files", func(t *testing.T) {
		_, err := newStore(t, few).Import(t.Context(), "shop", bytes.NewReader(tarOf(t, dockerEntries(tarOf(t, many[:11]...))...)))
		if core.ErrorCode(err) != core.ETOOLARGE {
			t.Error(err)
		}
	})
	t.Run("expanded", func(t *testing.T) {
		s := newStore(t, func(o *imageOptions) { o.Limits.Expanded = core.MiB })
		_, err := s.Import(t.Context(), "shop", bytes.NewReader(tarOf(t, dockerEntries(tarOf(t, entry{name: "a", data: zeros[:2<<20]}))...)))
		if core.ErrorCode(err) != core.ETOOLARGE {
			t.Error(err)
		}
	})
}

// sparse is a tar of one file that is all hole, in the notation of GNU tar 1.0.
func sparse(t testing.TB, size string) []byte {
	t.Helper()
	m := []byte("0\n")
	m = append(m, make([]byte, 512-len(m))...)
	records := map[string]string{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "hole", "GNU.sparse.realsize": size}
	var pax strings.Builder
	for k, v := range records {
		n := len(k) + len(v) + 3
		line := fmt.Sprintf("%d %s=%s\n", n+len(fmt.Sprint(n+2)), k, v)
		pax.WriteString(line)
	}
	plain := tarOf(t, entry{name: "PaxHeaders/hole", data: []byte(pax.String()), kind: tar.TypeReg}, entry{name: "hole", data: m})
	setKind(plain, 'x')
	return plain
}

// setKind changes the kind of a tar's first entry, which Go's writer keeps for itself.
func setKind(b []byte, kind byte) {
	b[156] = kind
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// Row 23: what an archive calls its image elsewhere is nobody's business here.
func TestImportIgnoresNames(t *testing.T) {
	s := newStore(t)
	importFile(t, s, "shop", testenv.Archive(t, testenv.ImageOptions{Tag: "bank:1.0"}))
	_, host := serve(t, s)
	client{t, host, "bob"}.expect(404, "GET", "/v2/bank/manifests/1.0", nil)
}

// Layers that come twice are links in the archives of docker save, skopeo and podman.
func TestImportFollowsAliases(t *testing.T) {
	layer := okLayer(t)
	id := "sha256:" + hexOf(layer)
	entries := append(dockerDocuments([]string{id, id}, []string{"a/layer.tar", "./b/layer.tar"}),
		entry{name: "./", kind: tar.TypeDir}, entry{name: "./x.tar", data: layer}, entry{name: "a/", kind: tar.TypeDir},
		entry{name: "a/layer.tar", kind: tar.TypeSymlink, link: "../x.tar"},
		entry{name: "b/layer.tar", kind: tar.TypeSymlink, link: "../a/layer.tar"},
		entry{name: "a/VERSION", data: []byte("1.0")}, entry{name: "a/json", data: []byte("{}")})
	a, err := newStore(t).Import(t.Context(), "shop", bytes.NewReader(tarOf(t, entries...)))
	if err != nil || a.Detected.Layers != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}

// What Debian's images hold is not refused: links that lead anywhere, names that begin with a slash.
func TestImportTakesOrdinaryLayers(t *testing.T) {
	layer := tarOf(t, entry{name: "/etc/", kind: tar.TypeDir}, entry{name: "./usr/bin/a", data: []byte("a")},
		entry{name: "bin", kind: tar.TypeSymlink, link: "/usr/bin"}, entry{name: "usr/up", kind: tar.TypeSymlink, link: "../../etc"},
		entry{name: "usr/bin/b", kind: tar.TypeLink, link: "usr/bin/a"}, entry{name: "etc/.wh.x"}, entry{name: "run/initctl", kind: tar.TypeFifo})
	if _, err := newStore(t).Import(t.Context(), "shop", bytes.NewReader(tarOf(t, dockerEntries(layer)...))); err != nil {
		t.Error(err)
	}
}

func TestImportEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	f, err := os.Open(testenv.Archive(t, testenv.ImageOptions{Extra: 32 * core.MiB}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := contextAfter(t, f, 8<<20)
	defer cancel()
	if _, err := s.Import(ctx, "shop", ctx); err == nil {
		t.Error("not broken off")
	}
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}
