package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// keyAt says which argument of a call is a message key, by the name of the function: core.T(key),
// i18n.T(ctx, key), l.T(key), core.Errorf(code, key), core.Wrap(cause, code, key), core.Invalid(field, key),
// core.Conflict(field, key), Faults.Add(field, key).
var keyAt = map[string][]int{"T": {0, 1}, "Errorf": {1}, "Wrap": {2}, "Invalid": {1}, "Conflict": {1}, "Add": {1}}

// worded are the types of core whose values are parts of keys.
var worded = map[string][]string{
	"AppState":        {"state.app."},
	"InstanceState":   {"state.instance."},
	"ReleaseStatus":   {"state.release."},
	"OperationStatus": {"state.operation."},
	"HostStatus":      {"state.host."},
	"OperationKind":   {"op.*.title", "op.*.running", "op.*.done", "op.*.failed", "toast."},
	"VersionSource":   {"source."},
	"Scope":           {"scope.", "scope.*.hint"},
	"Code":            {"problem."},
}

// program collects what the Go source of the project says.
type program struct {
	keys      map[string]token.Position // literal keys
	calls     []wording
	constants map[string][]string // values of the string constants of a type
	all       map[string]bool     // every string literal
}

// wording is a call that names a key and the values for it.
type wording struct {
	at     token.Position
	key    string
	values map[string]bool
}

// read parses every file of the project but tests.
func read(t *testing.T) program {
	t.Helper()
	p := program{keys: map[string]token.Position{}, constants: map[string][]string{}, all: map[string]bool{}}
	files := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != "../.." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "tmpdeps" || name == "e2e" || strings.HasSuffix(name, "test")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool { p.note(files, n); return true })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) note(files *token.FileSet, n ast.Node) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if s, ok := text(n); ok {
			p.all[s] = true
		}
	case *ast.ValueSpec:
		if name, ok := n.Type.(*ast.Ident); ok && len(n.Values) == 1 {
			if s, ok := text(n.Values[0]); ok && s != "" {
				p.constants[name.Name] = append(p.constants[name.Name], s)
			}
		}
	case *ast.CallExpr:
		name := called(n)
		if name == "NewEvent" && len(n.Args) > 2 {
			if kind, ok := text(n.Args[2]); ok {
				p.call(files.Position(n.Pos()), "event."+kind, n, 3)
			}
		}
		for _, at := range keyAt[name] {
			if at < len(n.Args) {
				if key, ok := text(n.Args[at]); ok && looksLikeKey(key) {
					p.call(files.Position(n.Pos()), key, n, at+1)
				}
			}
		}
	}
}

// call notes a key and, when they are all literal, the names of its values, which alternate with them from an argument on.
func (p *program) call(at token.Position, key string, n *ast.CallExpr, from int) {
	p.keys[key] = at
	values := map[string]bool{}
	for i := from; i < len(n.Args); i += 2 {
		name, ok := text(n.Args[i])
		if !ok || n.Ellipsis.IsValid() {
			return
		}
		values[name] = true
	}
	p.calls = append(p.calls, wording{at, key, values})
}

func called(n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// looksLikeKey tells keys from other strings: words of small letters with a dot between them, not at the end.
func looksLikeKey(s string) bool {
	return strings.Contains(s, ".") && !strings.HasSuffix(s, ".") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_.") == ""
}

func TestEveryKeyInTheProgramHasWords(t *testing.T) {
	known, p := keys(t, "en"), read(t)
	if len(p.keys) < 300 {
		t.Fatalf("found %d keys only", len(p.keys))
	}
	for key, at := range p.keys {
		if !known[key] {
			t.Errorf("%s: %s has no words", at, key)
		}
	}
}

// TestEveryValueOfAMessageIsGiven compares the places in a message with the values that the program gives it.
func TestEveryValueOfAMessageIsGiven(t *testing.T) {
	all := map[string]message{}
	for _, list := range messages(t, "en") {
		maps.Copy(all, list)
	}
	for _, c := range read(t).calls {
		for _, name := range placeholders(all[c.key]) {
			if !c.values[name] {
				t.Errorf("%s: %s is not given {{.%s}}", c.at, c.key, name)
			}
		}
	}
}

func TestEveryStateHasWords(t *testing.T) {
	known, p := keys(t, "en"), read(t)
	for kind, patterns := range worded {
		if len(p.constants[kind]) == 0 {
			t.Errorf("core has no %s", kind)
		}
		for _, value := range p.constants[kind] {
			for _, pattern := range patterns {
				key := strings.Replace(pattern, "*", value, 1)
				if key == pattern {
					key += value
				}
				if !known[key] {
					t.Errorf("%s %q has no words: %s", kind, value, key)
				}
			}
		}
	}
}

// TestEveryPageMessageIsUsed finds what was worded for pages and is not shown any more.
func TestEveryPageMessageIsUsed(t *testing.T) {
	p := read(t)
	for room, list := range messages(t, "en") {
		if room != "pages" && room != "core" {
			continue
		}
		for key := range list {
			if !p.all[key] && !p.builds(key) {
				t.Errorf("%s: %s is used nowhere", room, key)
			}
		}
	}
}

// builds reports whether the program makes key of a literal beginning and, perhaps, a literal end.
func (p program) builds(key string) bool {
	for i, c := range key {
		if c != '.' || !p.all[key[:i+1]] {
			continue
		}
		rest := key[i+1:]
		end := strings.Index(rest, ".")
		if end < 0 || p.all[rest[end:]] || p.all[rest[end:end+1]] {
			return true
		}
	}
	return false
}
