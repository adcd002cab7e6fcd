package store

import (
	"fmt"
	"time"

	"berth/core"
)

type releaseRow struct {
	AppID     string `gorm:"primaryKey"`
	Number    int    `gorm:"primaryKey;autoIncrement:false"`
	TenantID  string
	Spec      core.ReleaseSpec `gorm:"serializer:json"` // without what is sealed
	Sealed    []byte
	Memory    core.Bytes    // of the spec, for sums over a host
	CPU       core.MilliCPU `gorm:"column:cpu"`
	Reason    core.Text     `gorm:"serializer:json"`
	Author    string
	CreatedAt moment
	Status    core.ReleaseStatus
	Served    int64
	Failed    int64
	OnlineAt  moment
}

func (releaseRow) TableName() string { return "releases" }

// sealedSpec is the part of a spec that may hold secrets. Values are bytes, since JSON would mend what is not UTF-8.
type sealedSpec struct {
	Env     []sealedVar
	Command [][]byte
}

type sealedVar struct {
	Name   string
	Value  []byte
	Secret bool
}

func sealName(appID string, number int) string { return fmt.Sprintf("release/%s/%d", appID, number) }

// sealSpec returns the part of a spec that anybody may read, and the rest sealed for a row.
func (s *sealer) sealSpec(row string, spec core.ReleaseSpec) (open core.ReleaseSpec, sealed []byte, err error) {
	var secret sealedSpec
	for _, v := range spec.Env {
		secret.Env = append(secret.Env, sealedVar{v.Name, []byte(v.Value), v.Secret})
	}
	for _, word := range spec.Command {
		secret.Command = append(secret.Command, []byte(word))
	}
	sealed, err = s.seal(row, secret)
	spec.Env, spec.Command = nil, nil
	return spec, sealed, err
}

// openSpec puts together what sealSpec took apart.
func (s *sealer) openSpec(row string, spec core.ReleaseSpec, sealed []byte) (core.ReleaseSpec, error) {
	var secret sealedSpec
	if err := s.open(row, sealed, &secret); err != nil {
		return spec, err
	}
	for _, v := range secret.Env {
		spec.Env = append(spec.Env, core.EnvVar{Name: v.Name, Value: string(v.Value), Secret: v.Secret})
	}
	for _, word := range secret.Command {
		spec.Command = append(spec.Command, string(word))
	}
	return spec, nil
}

func (s *sealer) releaseRow(r core.Release) (releaseRow, error) {
	open, sealed, err := s.sealSpec(sealName(r.AppID, r.Number), r.Spec)
	return releaseRow{AppID: r.AppID, Number: r.Number, TenantID: r.TenantID, Spec: open, Sealed: sealed,
		Memory: open.Memory, CPU: open.CPU, Reason: r.Reason, Author: r.Author, CreatedAt: moment(r.CreatedAt),
		Status: r.Status, Served: r.Served, Failed: r.Failed, OnlineAt: moment(r.OnlineAt)}, err
}

func (s *sealer) release(r releaseRow) (core.Release, error) {
	spec, err := s.openSpec(sealName(r.AppID, r.Number), r.Spec, r.Sealed)
	if err != nil {
		return core.Release{}, err
	}
	return core.Release{AppID: r.AppID, TenantID: r.TenantID, Number: r.Number, Spec: spec, Reason: r.Reason,
		Author: r.Author, CreatedAt: time.Time(r.CreatedAt), Status: r.Status, Served: r.Served, Failed: r.Failed,
		OnlineAt: time.Time(r.OnlineAt)}, nil
}
