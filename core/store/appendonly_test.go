package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAuditIsAppendOnly reads the store: only audit.go knows the table, it calls nothing that changes a row, and the
// only removal is Prune's.
func TestAuditIsAppendOnly(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil || len(sources) < 20 {
		t.Fatal(sources, err)
	}
	sql := regexp.MustCompile(`(?i)\b(update|delete\s+from|replace(\s+into)?|truncate(\s+table)?|drop\s+table|alter\s+table)\s+["'` + "`" + `]?audit\b`)
	deletes := map[string]int{}
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if text := strings.Trim(n.Value, "`\""); sql.MatchString(text) || path != "audit.go" && text == "audit" {
						t.Errorf("%s names the table: %s", path, n.Value)
					}
				case *ast.Ident:
					if n.Name == "auditRow" && path != "audit.go" {
						t.Errorf("%s uses auditRow", path)
					}
				case *ast.CallExpr:
					called, ok := n.Fun.(*ast.SelectorExpr)
					if !ok || path != "audit.go" {
						break
					}
					if slices.Contains([]string{"Update", "Updates", "UpdateColumn", "UpdateColumns", "Save", "FirstOrCreate", "Clauses",
						"Exec", "Raw", "Assign", "Attrs", "Migrator"}, called.Sel.Name) {
						t.Errorf("audit.go calls %s", called.Sel.Name)
					}
					if called.Sel.Name == "Delete" {
						deletes[d.(*ast.FuncDecl).Name.Name]++
					}
				}
				return true
			})
		}
	}
	if len(deletes) != 1 || deletes["Prune"] != 1 {
		t.Errorf("removals: %v", deletes)
	}
	for _, dialect := range []string{"sqlite", "mysql"} {
		files, err := filepath.Glob("../../migrations/" + dialect + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			up, _, _ := strings.Cut(string(data), "-- +goose Down")
			if found := sql.FindString(up); found != "" {
				t.Errorf("%s: %s", path, found)
			}
		}
	}
}
