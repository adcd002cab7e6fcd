package elastic

import (
	"strings"
	"time"

	"berth/core"
)

// clause is a part of a question. What somebody typed is a value in it, never a part of its language.
type clause map[string]any

// query asks for the lines of a search between two moments.
func query(s core.LogSearch, from, to time.Time) clause {
	filter := []clause{is("tenant", s.TenantID), is("app", s.AppID), between(from, to)}
	for _, f := range [...]struct{ name, value string }{
		{"level", string(s.Level)}, {"instance", s.Instance}, {"version", s.Version}, {"stream", s.Stream},
	} {
		if f.value != "" {
			filter = append(filter, is(f.name, f.value))
		}
	}
	for _, word := range s.Words {
		filter = append(filter, contains(word))
	}
	for _, f := range s.Fields {
		filter = append(filter, is("fields", term(f.Name, f.Value)))
	}
	not := []clause{}
	for _, word := range s.Not {
		not = append(not, contains(word))
	}
	return clause{"bool": clause{"filter": filter, "must_not": not}}
}

func timesOf(instance string, from, to time.Time) clause {
	return clause{"bool": clause{"filter": []clause{is("instance", instance), between(from, to)}}}
}

// older asks for the lines of an app from before a moment; of all apps of the tenant when appID is "".
func older(tenantID, appID string, moment time.Time) clause {
	filter := []clause{is("tenant", tenantID), between(time.Unix(0, 0), moment)}
	if appID != "" {
		filter = append(filter, is("app", appID))
	}
	return clause{"bool": clause{"filter": filter}}
}

func is(name, value string) clause { return clause{"term": clause{name: clause{"value": value}}} }

// between is from a moment until before another.
func between(from, to time.Time) clause {
	return clause{"range": clause{"@timestamp": clause{"gte": from.UTC(), "lt": to.UTC()}}}
}

// contains asks for a word in one of its cases as a part of the line.
func contains(word string) clause {
	var any []clause
	for _, text := range core.LogWordCases(word) {
		any = append(any, clause{"wildcard": clause{"message": clause{"value": "*" + literal.Replace(text) + "*"}}})
	}
	return clause{"bool": clause{"should": any, "minimum_should_match": 1}}
}

// literal takes the meaning from the signs that have one in a wildcard.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
