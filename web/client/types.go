package client

import (
	"encoding/json"
	"time"

	"berth/core"
)

// The answers of the API, each as handlers/openapi.yaml describes the schema of the same name.
type (
	Me struct {
		Kind     core.ActorKind `json:"kind"`
		Name     string         `json:"name"`
		Scope    core.Scope     `json:"scope"`
		Operator bool           `json:"operator"`
		Support  bool           `json:"support"`
		Apps     []string       `json:"apps"` // nil is all
		Tenants  []MyTenant     `json:"tenants"`
	}
	MyTenant struct {
		ID   string    `json:"id"`
		Name string    `json:"name"`
		Role core.Role `json:"role"`
	}
	Tenant struct {
		ID        string    `json:"id"`
		Name      string    `json:"name"`
		CreatedAt time.Time `json:"created_at"`
	}
	AppSummary struct {
		AppHead
		Instances struct {
			Ready int `json:"ready"`
			Total int `json:"total"`
		} `json:"instances"`
	}
	App struct {
		AppHead
		Instances []Instance `json:"instances"`
	}
	AppHead struct {
		ID        string            `json:"id"`
		Tenant    string            `json:"tenant"`
		Name      string            `json:"name"`
		Service   *core.ServiceSpec `json:"service"`
		URL       string            `json:"url"`
		State     core.AppState     `json:"state"`
		Reason    string            `json:"reason"`
		Release   int               `json:"release"`
		Serving   int               `json:"serving"`
		Version   string            `json:"version"` // on lists
		CreatedAt time.Time         `json:"created_at"`
	}
	CreatedApp struct {
		ID        string `json:"id"`
		URL       string `json:"url"`
		Operation string `json:"operation"`
	}
	Instance struct {
		ID        string    `json:"id"`
		Version   string    `json:"version"`
		Release   int       `json:"release"`
		Host      string    `json:"host"`
		Address   string    `json:"address"`
		Status    string    `json:"status"`
		Reason    string    `json:"reason"`
		Crashes   int       `json:"crashes"`
		StartedAt time.Time `json:"started_at"`
	}
	Version struct {
		ID        string             `json:"id"`
		Label     string             `json:"label"`
		Digest    string             `json:"digest"`
		Source    core.VersionSource `json:"source"`
		Origin    string             `json:"origin"`
		Size      core.Bytes         `json:"size"`
		Detected  core.Detected      `json:"detected"`
		Author    string             `json:"author"`
		CreatedAt time.Time          `json:"created_at"`
	}
	Release struct {
		Number    int                `json:"number"`
		Status    core.ReleaseStatus `json:"status"`
		Reason    string             `json:"reason"`
		Author    string             `json:"author"`
		Weights   map[string]int     `json:"weights"`
		Replicas  int                `json:"replicas"`
		Memory    core.Bytes         `json:"memory"`
		CPU       core.MilliCPU      `json:"cpu"`
		Port      int                `json:"port"`
		Env       []core.EnvVar      `json:"env"`
		Bindings  []string           `json:"bindings"`
		CreatedAt time.Time          `json:"created_at"`
		OnlineAt  time.Time          `json:"online_at"`
	}
	Accepted struct {
		Number    int    `json:"number"` // of a release
		Operation string `json:"operation"`
	}
	Operation struct {
		ID        string               `json:"id"`
		App       string               `json:"app"`
		Kind      core.OperationKind   `json:"kind"`
		Release   int                  `json:"release"`
		Status    core.OperationStatus `json:"status"`
		Steps     []Step               `json:"steps"`
		Error     string               `json:"error"`
		Log       []string             `json:"log"`
		Author    string               `json:"author"`
		CreatedAt time.Time            `json:"created_at"`
		EndedAt   time.Time            `json:"ended_at"`
	}
	Step struct {
		Name      string          `json:"name"`
		Status    core.StepStatus `json:"status"`
		Text      string          `json:"text"`
		StartedAt time.Time       `json:"started_at"`
		EndedAt   time.Time       `json:"ended_at"`
	}
	Connection struct {
		Host   string            `json:"host"`
		Port   int               `json:"port"`
		URI    string            `json:"uri"`
		Values map[string]string `json:"values"`
		Env    map[string]string `json:"env"`
	}
	CatalogEntry struct {
		Name     string      `json:"name"`
		Title    string      `json:"title"`
		Summary  string      `json:"summary"`
		Versions []string    `json:"versions"`
		Plans    []core.Plan `json:"plans"`
	}
	Event struct {
		Time   time.Time  `json:"time"`
		Kind   string     `json:"kind"`
		Level  core.Level `json:"level"`
		Text   string     `json:"text"`
		Author string     `json:"author"`
	}
)

// Done reports whether the operation has ended.
func (o Operation) Done() bool {
	return core.Operation{Status: o.Status}.Done()
}

// List is a page of items. Of a list that was gathered from several pages Next is nil.
type List[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// rawList keeps the items as they came, to put pages together.
type rawList struct {
	Items []json.RawMessage `json:"items"`
	Next  *string           `json:"next"`
}
