package service

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reads are the methods of the store's parts that change nothing. What is not among them counts as a change, so that
// a new one has to be thought about.
var reads = strings.Fields(`Get List On ByLabel ByEmail ByToken ByHash BySecretHash BySubject Count Counts IDs Open Pick Latest Expired
	MembershipsOf Members Actors Sum Holders UsesVersion Own Owned OpenTenants Of Find Search Size Samples CountCodes Latest SwitchAllowed Before OfReleases`)

// unaudited are the exported methods that change something and leave no entry of their own, and why.
var unaudited = map[string]string{
	"UploadProgress":  "a chunk of a file whose upload is an entry",
	"FinishUpload":    "looks inside a file; what becomes of it, a version, is an entry, and what is refused too",
	"RunFetches":      "carries out what somebody asked for, which is the entry",
	"RunHousekeeping": "removes what is over; pruning the audit notes itself",
	"NewSetupLink":    "asked for at the machine itself, by nobody that Berth knows; using it is an entry",
	"ActorOfToken":    "the last use of a token stands at the token",
	"Login":           "as ActorOfToken",
	"SetPreferences":  "the colours and the language of one's own pages",
	"RequestReset":    "a stranger asks, who learns nothing; the mail that goes out is an entry",
}

// TestEveryChangeIsAudited follows the calls inside the package: an exported method of Service that comes to change
// the store also comes to write an entry.
func TestEveryChangeIsAudited(t *testing.T) {
	p := parsePackage(t)
	if len(p.calls) < 100 || len(p.parts) < 10 {
		t.Fatalf("%d functions, %d parts of the store", len(p.calls), len(p.parts))
	}
	changing := 0
	for _, name := range p.exported {
		if !p.reaches(name, func(f string) bool { return p.writes[f] }) {
			if _, listed := unaudited[name]; listed {
				t.Errorf("%s changes nothing and needs no exception", name)
			}
			continue
		}
		changing++
		noted := p.reaches(name, func(f string) bool { return slices.Contains([]string{"note", "noted", "audited"}, f) })
		_, listed := unaudited[name]
		if refused := p.reaches(name, func(f string) bool { return slices.Contains([]string{"refused", "strange"}, f) }); !listed && (!noted || !refused) {
			t.Errorf("%s changes the store: noted when done %v, when refused %v", name, noted, refused)
		}
	}
	if changing < 15 {
		t.Errorf("only %d methods change anything", changing)
	}
}

// TestEveryActionHasWords: an entry is a sentence, and a choice of the filter, in every language.
func TestEveryActionHasWords(t *testing.T) {
	actions := parsePackage(t).actions
	if len(actions) < 25 {
		t.Fatal(actions)
	}
	for _, language := range []string{"en", "zh-Hans"} {
		words := allMessages(t, language)
		for action := range actions {
			noun, _, _ := strings.Cut(action, ".")
			for _, key := range []string{"audit." + action, "audit." + action + ".name", "audit_noun." + noun} {
				if words[key] == "" {
					t.Errorf("%s: %s has no words", language, key)
				}
			}
		}
	}
}

type servicePackage struct {
	calls    map[string]map[string]bool // of a function or method, by name
	writes   map[string]bool
	exported []string // methods of Service
	parts    map[string]bool
	actions  map[string]bool
}

func parsePackage(t *testing.T) servicePackage {
	t.Helper()
	p := servicePackage{calls: map[string]map[string]bool{}, writes: map[string]bool{}, parts: storeParts(t), actions: map[string]bool{}}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				p.function(fn)
			}
		}
		ast.Inspect(f, p.action)
	}
	return p
}

func (p *servicePackage) function(fn *ast.FuncDecl) {
	name := fn.Name.Name
	if p.calls[name] == nil {
		p.calls[name] = map[string]bool{}
	}
	if star, ok := receiver(fn).(*ast.StarExpr); ok && fn.Name.IsExported() {
		if id, ok := star.X.(*ast.Ident); ok && id.Name == "Service" {
			p.exported = append(p.exported, name)
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident: // also what is handed over as a value
			p.calls[name][n.Name] = true
		case *ast.CallExpr:
			method, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			part, ok := method.X.(*ast.CallExpr)
			if !ok {
				break
			}
			if of, ok := part.Fun.(*ast.SelectorExpr); ok && p.parts[of.Sel.Name] && of.Sel.Name != "Audit" && of.Sel.Name+"."+method.Sel.Name != "Hosts.Use" && !slices.Contains(reads, method.Sel.Name) {
				p.writes[name] = true
			}
		}
		return true
	})
}

func receiver(fn *ast.FuncDecl) ast.Expr {
	if fn.Recv == nil {
		return nil
	}
	return fn.Recv.List[0].Type
}

// action notes what entries say: Action: "app.rename", and assignments to action and note.Action.
func (p *servicePackage) action(n ast.Node) bool {
	note := func(to, v ast.Expr) {
		name := ""
		switch to := to.(type) {
		case *ast.Ident:
			name = to.Name
		case *ast.SelectorExpr:
			name = to.Sel.Name
		}
		if lit, ok := v.(*ast.BasicLit); ok && strings.EqualFold(name, "action") && strings.Contains(lit.Value, ".") {
			p.actions[strings.Trim(lit.Value, `"`)] = true
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "about" && len(n.Args) == 2 {
			note(ast.NewIdent("action"), n.Args[1])
		}
	case *ast.KeyValueExpr:
		note(n.Key, n.Value)
	case *ast.AssignStmt:
		for i := range n.Lhs {
			if i < len(n.Rhs) {
				note(n.Lhs[i], n.Rhs[i])
			}
		}
	}
	return true
}

// reaches reports whether a function comes to call one that is meant.
func (p servicePackage) reaches(from string, meant func(string) bool) bool {
	seen, todo := map[string]bool{}, []string{from}
	for len(todo) > 0 {
		f := todo[0]
		todo = todo[1:]
		if meant(f) {
			return true
		}
		for called := range p.calls[f] {
			if p.calls[called] != nil && !seen[called] {
				seen[called] = true
				todo = append(todo, called)
			}
		}
	}
	return false
}

// storeParts are the methods of core.Store that lead to its parts.
func storeParts(t *testing.T) map[string]bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if i, ok := n.(*ast.InterfaceType); ok {
			for _, m := range i.Methods.List {
				if fn, ok := m.Type.(*ast.FuncType); ok && fn.Params.NumFields() == 0 && fn.Results.NumFields() == 1 {
					parts[m.Names[0].Name] = true
				}
			}
		}
		return true
	})
	delete(parts, "Close")
	return parts
}

// allMessages are the words of a language by their keys.
func allMessages(t *testing.T, language string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../views/i18n/messages/*." + language + ".json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	words := map[string]string{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		some := map[string]any{}
		if err := json.Unmarshal(data, &some); err != nil {
			t.Fatal(path, err)
		}
		for key, value := range some {
			words[key], _ = value.(string)
		}
	}
	return words
}
