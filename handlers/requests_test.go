package handlers

import (
	"strings"
	"testing"
	"time"

	"berth/core"
)

// What visitors send is no formula of a spreadsheet.
func TestCellsOfRequestsAreInert(t *testing.T) {
	l := core.AccessLine{Time: time.Unix(1, 0), Method: "=cmd|'/c calc'!A1", Path: "@SUM(1)", Domain: "+x", Agent: "-2+3", Version: "＝1"}
	for i, cell := range requestCells(l) {
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.HasPrefix(cell, "＝") {
			t.Errorf("%s: %q", requestColumns[i], cell)
		}
	}
	if len(requestCells(l)) != len(requestColumns) {
		t.Error("cells and columns differ")
	}
}
