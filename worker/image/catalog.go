package image

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"berth/core"
)

// listRepositories answers _catalog with the repositories that the client may pull from, a page of at most maxPage.
func (d *door) listRepositories(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || limit < 1 || limit > maxPage {
		limit = maxPage
	}
	names, more, err := d.ownRepositories(r, r.URL.Query().Get("last"), limit)
	if err != nil {
		d.store.refuse(w, err)
		return
	}
	if more {
		next := "/v2/_catalog?n=" + strconv.Itoa(limit) + "&last=" + names[len(names)-1]
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string][]string{"repositories": names})
}

func (d *door) ownRepositories(r *http.Request, after string, limit int) (names []string, more bool, err error) {
	all, err := d.store.repositories()
	if err != nil {
		return nil, false, err
	}
	slices.Sort(all)
	names = []string{}
	for _, name := range all {
		if name <= after {
			continue
		}
		switch err := d.gate.Allow(r.Context(), name, core.AccessPull); core.ErrorCode(err) {
		case "":
			if len(names) == limit {
				return names, true, nil
			}
			names = append(names, name)
		case core.ENOTFOUND, core.EFORBIDDEN:
		default:
			return nil, false, err
		}
	}
	return names, false, nil
}
