package client

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// all gathers every page of a list, or at most the first so many items when most is not 0. The JSON is that of one
// page with all of them.
func all[T any](ctx context.Context, c *Client, path string, query url.Values, most int) (Answer[List[T]], error) {
	gathered := rawList{Items: []json.RawMessage{}}
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	if most > 0 {
		query.Set("limit", strconv.Itoa(min(most, 100)))
	}
	for {
		page, err := ask[rawList](ctx, c, http.MethodGet, path, query, nil)
		if err != nil {
			return Answer[List[T]]{}, err
		}
		gathered.Items = append(gathered.Items, page.Value.Items...)
		if page.Value.Next == nil || most > 0 && len(gathered.Items) >= most {
			break
		}
		query.Set("cursor", *page.Value.Next)
	}
	if most > 0 && len(gathered.Items) > most {
		gathered.Items = gathered.Items[:most]
	}
	data, err := json.Marshal(gathered)
	if err != nil {
		return Answer[List[T]]{}, err
	}
	a := Answer[List[T]]{JSON: data}
	return a, json.Unmarshal(data, &a.Value)
}
